//! Which lines of the log are wanted, in a build without filters: those of one level and above.

use super::log::{say, write};
use log::{LevelFilter, Log, Metadata, Record};

/// Writes for the program of this name.
struct Logger(&'static str);

/// From now on the log has all that is not below `level`, a word. Says what it does not understand.
pub(super) fn install(program: &'static str, level: &str) {
    let level = level.parse().unwrap_or_else(|_| {
        say(
            program,
            &format_args!("RUST_LOG={level}: only off, error, warn, info, debug and trace are known here"),
        );
        LevelFilter::Error
    });
    log::set_max_level(level);
    // There is no other one yet: nothing else here sets a logger.
    let _ = log::set_logger(Box::leak(Box::new(Logger(program))));
}

impl Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        write(self.0, record);
    }

    fn flush(&self) {}
}
