//! Formatted text: into a vector of bytes, where there is no standard library to do that, and into the
//! log.

use alloc::vec::Vec;
use core::fmt;
use log::Level;

/// A vector that text can be formatted into: writing to it cannot fail.
pub(crate) struct Text<'a>(pub(crate) &'a mut Vec<u8>);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Logs a line: `note!(Warn, "what happened: {why}")`, as `log::warn!` does in 250 bytes more at each
/// place.
macro_rules! note {
    ($level:ident, $($text:tt)+) => {
        $crate::wire::format::write_note(::log::Level::$level, ::core::module_path!(), ::core::format_args!($($text)+))
    };
}
pub(crate) use note;

/// Does it for the macro.
#[cold]
#[inline(never)]
pub(crate) fn write_note(level: Level, module: &str, text: fmt::Arguments<'_>) {
    log::log!(target: module, level, "{text}");
}
