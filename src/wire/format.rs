//! Formatted text into a vector of bytes, where there is no standard library to do that.

use alloc::vec::Vec;
use core::fmt;

/// A vector that text can be formatted into: writing to it cannot fail.
pub(crate) struct Text<'a>(pub(crate) &'a mut Vec<u8>);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
