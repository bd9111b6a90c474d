//! What the two programs' command lines have in common: how an option is declared, and the units of
//! its value. Every option can be set by an environment variable.

use clap::{Arg, ArgAction};
use std::time::Duration;

/// An option with a value.
pub(crate) fn option(
    name: &'static str,
    value: &'static str,
    variable: &'static str,
    help: &'static str,
) -> Arg {
    Arg::new(name).long(name).value_name(value).env(variable).hide_env_values(true).help(help)
}

/// An option without one. In its environment variable `0`, `no`, `off`, `false` and nothing mean no.
pub(crate) fn flag(name: &'static str, variable: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .env(variable)
        .hide_env_values(true)
        .action(ArgAction::SetTrue)
        .value_parser(truth)
        .help(help)
}

/// `-v`, `-vv` ...
pub(crate) fn verbose() -> Arg {
    Arg::new("verbose")
        .short('v')
        .long("verbose")
        .action(ArgAction::Count)
        .help("Log more on standard error (-vv, -vvv: even more); RUST_LOG overrides it")
}

/// Whether a flag's environment variable says yes. (clap's own parsers for this and for numbers
/// bring tables of letters and ranges that weigh more than they do.)
fn truth(text: &str) -> Result<bool, String> {
    Ok(!["", "0", "n", "no", "f", "false", "off"].iter().any(|no| text.eq_ignore_ascii_case(no)))
}

/// A port.
pub(crate) fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "not a number from 0 to 65535".to_owned())
}

/// A number of bytes, with or without a unit: K, M, G are 1024, 1024 K, 1024 M.
pub(crate) fn bytes(text: &str) -> Result<usize, String> {
    let (digits, unit) = match text.as_bytes().last().map(u8::to_ascii_uppercase) {
        Some(b'K') => (&text[..text.len() - 1], 1 << 10),
        Some(b'M') => (&text[..text.len() - 1], 1 << 20),
        Some(b'G') => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    let number: usize = digits.parse().map_err(|error| format!("{error}"))?;
    number.checked_mul(unit).ok_or_else(|| "number too large".to_owned())
}

/// A time in seconds, with up to nine digits behind a decimal point.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    // The parser of floating-point numbers would be a twentieth of the program.
    let digits = format!("{whole}{fraction:0<9}");
    if whole.is_empty() || fraction.len() > 9 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err("not a number of seconds".to_owned());
    }
    let nanoseconds: u64 = digits.parse().map_err(|_| "too long".to_owned())?;
    Ok(Duration::from_nanos(nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        assert_eq!(bytes("100"), Ok(100));
        assert_eq!(bytes("3k"), Ok(3 << 10));
        assert_eq!(bytes("16M"), Ok(16 << 20));
        assert_eq!(bytes("1G"), Ok(1 << 30));
        for wrong in ["", "M", "1T", "-1", "99999999999999G", "1é"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
        assert_eq!(seconds("10"), Ok(Duration::from_secs(10)));
        assert_eq!(seconds("0"), Ok(Duration::ZERO));
        for wrong in ["", "-1", "inf", "NaN", "1e300", "2s", "1.-5", ".5", "1.0000000001", "99999999999999"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
