//! A terminal, with the program and a person in front of it.

use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

pub(crate) const COLUMNS: u16 = 66;

/// What has not come after so long does not come.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Seat {
    child: Child,
    keyboard: File,
    shown: Receiver<Vec<u8>>,
    emulator: vt100::Parser,
}

/// An emulator that shows nothing yet.
pub(crate) fn blank(rows: u16) -> vt100::Parser {
    let size = |number| NonZero::new(number).unwrap();
    vt100::Parser::new(size(rows), size(COLUMNS), 0)
}

/// A new terminal: its side with the screen, and the name of the other.
#[cfg(target_os = "linux")]
fn open_terminal() -> (File, PathBuf) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    (master.into(), name.into_string().unwrap().into())
}

#[cfg(not(target_os = "linux"))]
fn open_terminal() -> (File, PathBuf) {
    panic!("the pictures are made on Linux")
}

impl Seat {
    /// Goes on with what the emulator shows already.
    pub(crate) fn start(mut command: Command, emulator: vt100::Parser) -> Self {
        let (master, path) = open_terminal();
        let (rows, columns) = emulator.screen().size();
        let size = Winsize { ws_col: columns.into(), ws_row: rows.into(), ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).unwrap();
        let line = || File::options().read(true).write(true).open(&path).unwrap();
        // What the environment could say otherwise.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CHINWAG") {
                command.env_remove(name);
            }
        }
        command.env("TERM", "xterm-256color").env_remove("NO_COLOR").env_remove("RUST_LOG");
        let child = command.stdin(line()).stdout(line()).spawn().unwrap();
        let mut output = master.try_clone().unwrap();
        let (sender, shown) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, keyboard: master, shown, emulator }
    }

    pub(crate) fn screen(&self) -> &vt100::Screen {
        self.emulator.screen()
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Types, key by key; each one is seen on the screen.
    pub(crate) fn types(&mut self, text: &str, mut seen: impl FnMut(&vt100::Screen)) {
        let before = left_of_cursor(self.screen());
        for (at, key) in text.char_indices() {
            let end = at + key.len_utf8();
            let expected = format!("{before}{}", &text[..end]);
            self.press(&text[at..end]);
            self.until(|screen| left_of_cursor(screen) == expected);
            seen(self.screen());
        }
    }

    /// Until the screen shows a text.
    pub(crate) fn until_it_shows(&mut self, text: &str) {
        self.until(|screen| screen.contents().contains(text));
    }

    /// Until a text is the last one, and the cursor is behind its end of line.
    pub(crate) fn until_it_ends_with(&mut self, text: &str) {
        self.until(|screen| screen.contents().trim_end().ends_with(text) && screen.cursor_position().1 == 0);
    }

    /// Not until nothing more comes: that could be sooner or later, and then the picture another one.
    pub(crate) fn until(&mut self, is_so: impl Fn(&vt100::Screen) -> bool) {
        while !is_so(self.screen()) {
            let Ok(bytes) = self.shown.recv_timeout(PATIENCE) else {
                panic!("something is missing here:\n{}", self.screen().contents());
            };
            self.emulator.process(&bytes);
        }
    }

    /// Until the program has ended, and everything has been seen.
    pub(crate) fn until_it_leaves(mut self) -> vt100::Parser {
        assert!(self.child.wait().unwrap().success());
        while let Ok(bytes) = self.shown.recv_timeout(PATIENCE) {
            self.emulator.process(&bytes);
        }
        std::mem::replace(&mut self.emulator, blank(1))
    }
}

/// What stands in the cursor's row before it.
pub(crate) fn left_of_cursor(screen: &vt100::Screen) -> String {
    let (row, column) = screen.cursor_position();
    screen.contents_between(row, 0, row, column)
}

impl Drop for Seat {
    fn drop(&mut self) {
        let _ = (self.child.kill(), self.child.wait());
    }
}
