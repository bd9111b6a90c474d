//! The time, for those who asked for it, and the log file.
//!
//! A log file may be a pipe or a terminal: it is written without waiting. What it does not take waits in
//! the screen, which holds the conversation back when that is much; and a log file that takes nothing even
//! then is given up.

use super::failure::Failure;
use super::log;
use super::options::Options;
use super::transport;
use crate::net::clock::Clock;
use crate::ui::screen::Screen;
use crate::wire::format::note;
use crate::wire::source::Stop;
use memchr::memrchr;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use rustix::fs::OFlags;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// A log file that holds the conversation back, and takes nothing for so long, is given up.
const PATIENCE: Duration = Duration::from_secs(2);

/// So much goes into what is no file at a time, whole lines if they are not longer. All of that is taken or nothing
/// if it is a pipe (PIPE_BUF of Linux; POSIX has 512), so that what is given up is cut between lines.
const PIECE: usize = 4096;

/// Tells the screen the time, and writes to the log file what it has for it.
#[derive(Debug)]
pub(crate) struct Journal {
    clock: Option<Clock>,
    file: Option<File>,
    /// The most that is written at a time.
    piece: usize,
    /// Since when it takes nothing, though the conversation waits for it.
    blocked_since: Option<Duration>,
}

impl Journal {
    /// Opens the log file, if there is to be one, to append to. A new one can be read by its owner only.
    /// There is an event with the token when one that took no more takes something.
    pub(crate) fn open(
        options: &Options,
        screen: &mut Screen,
        registry: &Registry,
        token: Token,
    ) -> Result<Self, Failure> {
        let mut file = None;
        let mut piece = usize::MAX;
        if let Some(path) = &options.log {
            let opened = open(path).map_err(|error| Failure::Log { path: path.clone(), error })?;
            // A file never says that it would block, and cannot be waited for.
            let registered = registry.register(&mut SourceFd(&opened.as_raw_fd()), token, Interest::WRITABLE);
            if registered.is_ok() {
                piece = PIECE;
            }
            file = Some(opened);
            screen.keep_journal();
        }
        Ok(Self { clock: screen.needs_time().then(Clock::local), file, piece, blocked_since: None })
    }

    /// Tells the screen what time it is.
    pub(crate) fn tell_time(&self, screen: &mut Screen) {
        if let Some(clock) = &self.clock {
            screen.set_time(clock.at(SystemTime::now()));
        }
    }

    /// Writes what there is for the log file, as far as it takes it.
    pub(crate) fn write(&mut self, screen: &mut Screen, now: Duration) {
        let Some(waiting) = screen.journal() else { return };
        let Self { file: Some(file), piece, .. } = self else { return waiting.clear() };
        let before = waiting.len();
        let written = waiting.drain(|bytes| transport::write(file, whole_lines(bytes, *piece)));
        let has_moved = waiting.len() < before;
        let failed = match written {
            Err(Stop::Broken(error)) => Some(error),
            Err(_) if screen.is_journal_full() => {
                let since = self.blocked_since.filter(|_| !has_moved).unwrap_or(now);
                self.blocked_since = Some(since);
                (now >= since + PATIENCE).then(|| io::ErrorKind::TimedOut.into())
            }
            _ => {
                self.blocked_since = None;
                None
            }
        };
        if let Some(error) = failed {
            note!(Error, "nothing more is written to the log file: {error}");
            (self.file, self.blocked_since) = (None, None);
            if let Some(waiting) = screen.journal() {
                waiting.clear();
            }
        }
    }

    /// When a log file that takes nothing is given up.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.blocked_since.map(|since| since + PATIENCE)
    }

    /// The end: what is not written now is not written.
    pub(crate) fn finish(&mut self, screen: &mut Screen, now: Duration) {
        self.write(screen, now);
        let left = screen.journal().map_or(0, |waiting| waiting.len());
        if left > 0 {
            note!(Error, "the log file took no more: {left} bytes are not in it");
        }
    }
}

fn whole_lines(bytes: &[u8], most: usize) -> &[u8] {
    let piece = &bytes[..bytes.len().min(most)];
    &piece[..memrchr(b'\n', piece).map_or(piece.len(), |end| end + 1)]
}

/// Without waiting: neither for the reader of a pipe nor for a line of a modem.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut options = OpenOptions::new();
    let file = options.append(true).create(true).mode(0o600).custom_flags(flags.bits() as i32).open(path)?;
    let status = file.metadata()?;
    if status.is_file() && status.permissions().mode() & 0o077 != 0 {
        log::say("chinwag", &format_args!("the log file {} is not yours alone: chmod 600", path.display()));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole_lines_if_one_fits() {
        for (bytes, piece) in
            [("", ""), ("ab", "ab"), ("ab\ncd\ne", "ab\n"), ("abcdefg", "abcde"), ("a\n\nb\nc", "a\n\nb\n")]
        {
            assert_eq!(whole_lines(bytes.as_bytes(), 5), piece.as_bytes());
        }
    }
}
