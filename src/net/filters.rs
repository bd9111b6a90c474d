//! Which lines of the log are wanted, in the language of env_logger.

use super::log::{Sink, write_line};
use env_logger::{Builder, Target};

/// From now on the log has what `filters` lets through. It says on standard error what it does not understand.
pub(super) fn install(program: &'static str, filters: &str) {
    Builder::new()
        .parse_filters(filters)
        .target(Target::Pipe(Box::new(Sink)))
        .format(move |line, record| write_line(program, record, line))
        .init();
}
