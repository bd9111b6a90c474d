//! Which lines of the log are wanted, in the language of env_logger.

use super::log::write;
use env_logger::{Builder, Logger};
use log::{Log, Metadata, Record};

/// Writes what env_logger lets through, without its buffers and formats.
struct Filtered {
    program: &'static str,
    logger: Logger,
}

impl Log for Filtered {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.logger.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if self.logger.matches(record) {
            write(self.program, record);
        }
    }

    fn flush(&self) {}
}

/// From now on the log has what `filters` lets through. It says on standard error what it does not understand.
pub(super) fn install(program: &'static str, filters: &str) {
    // With this format, which nobody asks for, those that env_logger has are no part of the program.
    let logger = Builder::new().parse_filters(filters).format(|_, _| Ok(())).build();
    log::set_max_level(logger.filter());
    let _ = log::set_boxed_logger(Box::new(Filtered { program, logger }));
}
