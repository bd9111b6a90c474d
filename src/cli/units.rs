//! The units of what is counted on a command line.

use std::num::IntErrorKind;

/// Reads a number, or says what is wrong with it.
pub(crate) type Number = fn(&str) -> Result<u64, &'static str>;

const TOO_LARGE: &str = "number too large";

/// A number of things in memory.
pub(crate) fn count(text: &str) -> Result<u64, &'static str> {
    match digits(text) {
        Ok(number) if usize::try_from(number).is_err() => Err(TOO_LARGE),
        number => number,
    }
}

pub(crate) fn port(text: &str) -> Result<u64, &'static str> {
    let port = digits(text).ok().filter(|&port| port <= u16::MAX.into());
    port.ok_or("not a number from 0 to 65535")
}

/// The mode of a file (chmod(1)).
pub(crate) fn mode(text: &str) -> Result<u64, &'static str> {
    let mode = u64::from_str_radix(text, 8).ok().filter(|mode| !text.starts_with('+') && *mode <= 0o777);
    mode.ok_or("not an octal number from 0 to 777")
}

/// A number of bytes, with or without a unit: K, M, G are 1024, 1024 K, 1024 M.
pub(crate) fn bytes(text: &str) -> Result<u64, &'static str> {
    let (digits, unit) = match text.as_bytes().last().map(u8::to_ascii_uppercase) {
        Some(b'K') => (&text[..text.len() - 1], 1 << 10),
        Some(b'M') => (&text[..text.len() - 1], 1 << 20),
        Some(b'G') => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    let bytes = count(digits)?.checked_mul(unit).filter(|&bytes| usize::try_from(bytes).is_ok());
    bytes.ok_or(TOO_LARGE)
}

/// A time in seconds, with up to nine digits behind a decimal point: in nanoseconds.
pub(crate) fn seconds(text: &str) -> Result<u64, &'static str> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    // The parser of floating-point numbers would be a twentieth of the program.
    let nanoseconds = format!("{whole}{fraction:0<9}");
    if whole.is_empty() || fraction.len() > 9 || !nanoseconds.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err("not a number of seconds");
    }
    digits(&nanoseconds).map_err(|_| "too long")
}

/// The standard library's parser, which is put anew wherever it is called.
#[inline(never)]
fn digits(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|error: std::num::ParseIntError| match error.kind() {
        IntErrorKind::PosOverflow => TOO_LARGE,
        _ => "not a number",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_and_without_units() {
        assert_eq!(bytes("100"), Ok(100));
        assert_eq!(bytes("3k"), Ok(3 << 10));
        assert_eq!(bytes("16M"), Ok(16 << 20));
        assert_eq!(bytes("1G"), Ok(1 << 30));
        for wrong in ["", "M", "1T", "-1", "99999999999999G", "1é"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
        assert_eq!(seconds("0.25"), Ok(250_000_000));
        assert_eq!(seconds("10"), Ok(10_000_000_000));
        assert_eq!(seconds("0"), Ok(0));
        for wrong in ["", "-1", "inf", "NaN", "1e300", "2s", "1.-5", ".5", "1.0000000001", "99999999999999"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
