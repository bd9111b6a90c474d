//! The terminal without the kernel's line mode, and back on every way out.
//!
//! Off: echo, line mode, and the keys that send signals; the editor takes them all. On: the output's
//! translation of `\n`, so that lines are the same bytes on a terminal and a pipe (spec S15), and
//! Ctrl-S and Ctrl-Q.

use crate::net::stdio::Stdio;
use nix::errno::Errno;
use nix::sys::termios::{
    InputFlags, LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::ioctl_fionread;
use rustix::stdio;
use rustix::termios::tcgetwinsize;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How the terminal was found, while it is otherwise.
static FOUND: Mutex<Option<Termios>> = Mutex::new(None);

/// What ends the lasting modes, marked pastes and, with the feature `rich`, reports of the focus; harmless where
/// they are not on.
const LASTING_MODES_OFF: &[u8] =
    if cfg!(feature = "rich") { b"\x1b[?2004l\x1b[?1004l" } else { b"\x1b[?2004l" };

/// Whether what is typed on the terminal is shown: a program that has switched the echo off does not
/// want to see its input again, from whomever.
pub(crate) fn makes_sense() -> bool {
    tcgetattr(stdio::stdin()).is_ok_and(|modes| modes.local_flags.contains(LocalFlags::ECHO))
}

/// Takes the terminal, or takes it again when somebody else may have changed it. Returns how many bytes
/// wait that its line mode took before that.
///
/// # Errors
/// When standard input is no terminal, or it was hung up.
pub(crate) fn enter() -> io::Result<usize> {
    let mut saved = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    let present = tcgetattr(stdio::stdin())?;
    let was_line_mode = present.local_flags.contains(LocalFlags::ICANON);
    let found = saved.take().unwrap_or(present);
    let mut raw = found.clone();
    raw.local_flags -= LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG | LocalFlags::IEXTEN;
    raw.input_flags -= InputFlags::ICRNL | InputFlags::INLCR | InputFlags::IGNCR | InputFlags::ISTRIP;
    raw.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
    raw.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
    *saved = Some(found);
    set(&raw)?;
    let waiting = was_line_mode.then(|| ioctl_fionread(stdio::stdin()).unwrap_or(0));
    Ok(waiting.unwrap_or(0) as usize)
}

/// The columns and rows of the terminal; 0 where they are not known.
pub(crate) fn size() -> (u16, u16) {
    tcgetwinsize(stdio::stdout()).map_or((0, 0), |size| (size.ws_col, size.ws_row))
}

/// With `panic = "abort"` nothing is dropped: gives the terminal back before the panic is reported.
pub(crate) fn restore_on_panic() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if restore()
            && let Ok(mut output) = Stdio::output()
        {
            let _ = output.write(LASTING_MODES_OFF);
        }
        report(panic);
    }));
}

/// Reads so many answers of the terminal, as long as they come in time, byte by byte, to leave what is behind them to whoever
/// reads next; returns what was read.
pub(crate) fn read_answers(mut count: usize, patience: Duration) -> Vec<u8> {
    let end = Instant::now() + patience;
    let (mut read, mut byte) = (Vec::new(), [0]);
    while count > 0 {
        let rest = Timespec::try_from(end.saturating_duration_since(Instant::now()));
        let mut input = [PollFd::from_borrowed_fd(stdio::stdin(), PollFlags::IN)];
        let is_ready = poll(&mut input, rest.ok().as_ref()).is_ok_and(|ready| ready > 0);
        if !is_ready || !rustix::io::read(stdio::stdin(), &mut byte).is_ok_and(|len| len > 0) {
            break;
        }
        count -= usize::from(byte == *b"R");
        read.extend(byte);
    }
    read
}

/// Gives the terminal back; returns whether it was taken.
pub(crate) fn restore() -> bool {
    let found = FOUND.lock().unwrap_or_else(PoisonError::into_inner).take();
    found.is_some_and(|found| set(&found).is_ok())
}

/// Now, not when the output has drained: on a paused terminal it never would.
fn set(modes: &Termios) -> nix::Result<()> {
    loop {
        let result = tcsetattr(stdio::stdin(), SetArg::TCSANOW, modes);
        if result != Err(Errno::EINTR) {
            return result;
        }
    }
}
