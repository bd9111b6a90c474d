//! The time, for those who asked for it, and the log file.

use super::failure::Failure;
use super::options::Options;
use crate::net::clock::Clock;
use crate::ui::screen::Screen;
use crate::wire::format::note;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::time::SystemTime;

/// Tells the screen the time, and writes to the log file what it has for it.
#[derive(Debug)]
pub(crate) struct Journal {
    clock: Option<Clock>,
    file: Option<File>,
}

impl Journal {
    /// Opens the log file, if there is to be one: to append to, readable by its owner only.
    pub(crate) fn open(options: &Options, screen: &mut Screen) -> Result<Self, Failure> {
        let file = match &options.log {
            None => None,
            Some(path) => {
                let opened = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
                screen.keep_journal();
                Some(opened.map_err(|error| Failure::Log { path: path.clone(), error })?)
            }
        };
        Ok(Self { clock: screen.needs_time().then(Clock::local), file })
    }

    /// Tells the screen what time it is.
    pub(crate) fn tell_time(&self, screen: &mut Screen) {
        if let Some(clock) = &self.clock {
            screen.set_time(clock.at(SystemTime::now()));
        }
    }

    /// Writes what there is for the log file. One that takes no more is given up: the conversation
    /// goes on.
    pub(crate) fn write(&mut self, screen: &mut Screen) {
        let Some(waiting) = screen.journal() else { return };
        let Some(file) = &mut self.file else { return waiting.clear() };
        if let Err(error) = file.write_all(waiting.as_slice()) {
            note!(Error, "nothing more is written to the log file: {error}");
            self.file = None;
        }
        waiting.clear();
    }
}
