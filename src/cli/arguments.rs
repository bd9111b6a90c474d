//! What the two programs' command lines have in common: how an option is declared, the units of its
//! value, and how all of them are shown. (clap's own help is 34 KB of code for every occasion.)

use crate::net::log;
use crate::wire::escape;
use clap::error::ContextValue;
use clap::{Arg, ArgAction, Command, value_parser};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::num::ParseIntError;
use std::path::PathBuf;
use std::process;

/// An option, as a row of a program's table.
///
/// Rows become clap's arguments one at a time. Those take 600 bytes each: to write down all of them in
/// one expression is to hold them on the stack at once, in pages that are never given back.
pub(crate) struct Row {
    name: &'static str,
    short: Option<char>,
    value: Value,
    default: Option<&'static str>,
    variable: Option<&'static str>,
    help: &'static str,
}

/// Says what follows an option: one of the functions below.
pub(crate) type Value = fn(Arg) -> Arg;

/// `-v`, `-vv` ...
pub(crate) const VERBOSE: Row = Row {
    name: "verbose",
    short: Some('v'),
    value: times,
    default: None,
    variable: None,
    help: "Log more on standard error (-vv, -vvv: even more); RUST_LOG overrides it",
};

/// `-h`. Like the version, it is an answer by itself, whatever else was asked.
pub(crate) const HELP: Row =
    Row { name: "help", short: Some('h'), value: flag, default: None, variable: None, help: "Print help" };

/// Shows the help, if it is asked for; says whether that is so.
pub(crate) fn answer_help(command: fn() -> Command) -> bool {
    let is_asked = ask_for_help(std::env::args_os().skip(1));
    if is_asked {
        // Who has closed standard output does not want to read.
        let _ = io::stdout().write_all(help(command()).as_bytes());
    }
    is_asked
}

/// Says what is wrong with a command line, or the version if that is asked for, and ends the program.
pub(crate) fn leave(mut error: clap::Error) -> ! {
    if !error.use_stderr() {
        error.exit();
    }
    // The line ends of what was given are not those of the message.
    let given = error.context().filter_map(|(kind, value)| match value {
        ContextValue::String(text) => Some((kind, ContextValue::String(escape::harmless(text)))),
        _ => None,
    });
    for (kind, text) in given.collect::<Vec<_>>() {
        error.insert(kind, text);
    }
    log::say_lines("", &error);
    log::say_lines("", &"\nFor more information, try '--help'.\n");
    log::finish();
    process::exit(error.exit_code());
}

/// Whether the arguments ask for help, even if they are wrong otherwise.
fn ask_for_help(arguments: impl IntoIterator<Item = OsString>) -> bool {
    let mut options = arguments.into_iter().take_while(|argument| argument != "--");
    options.any(|argument| {
        let argument = argument.as_encoded_bytes();
        let letters = argument.strip_prefix(b"-").unwrap_or_default();
        argument == b"--help"
            || letters.contains(&b'h') && letters.iter().all(|letter| b"hv".contains(letter))
    })
}

/// All that there is to be known about a program's command line: what it is for, its options, and more.
fn help(mut command: Command) -> String {
    command.build();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut text = format!("{about}\n\nUsage: {} [OPTIONS]\n\nOptions:\n", command.get_name());
    for arg in command.get_arguments() {
        write_option(arg, &mut text);
    }
    let more = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    text + "\n" + &more + "\n"
}

/// Writing to a string cannot fail.
fn write_option(arg: &Arg, text: &mut String) {
    let short = arg.get_short().map_or(String::from("   "), |short| format!("-{short},"));
    let _ = write!(text, "  {short} --{}", arg.get_id());
    for value in arg.get_value_names().unwrap_or_default() {
        let _ = write!(text, " {value}");
    }
    if let Some(variable) = arg.get_env() {
        let _ = write!(text, " [{}]", variable.to_string_lossy());
    }
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let _ = write!(text, "\n        {help}");
    if arg.get_action().takes_values() {
        let mut before = ": ";
        for value in arg.get_possible_values() {
            let _ = write!(text, "{before}{}", value.get_name());
            before = ", ";
        }
        for value in arg.get_default_values() {
            let _ = write!(text, " [default: {}]", value.to_string_lossy());
        }
    }
    text.push('\n');
}

/// An option that can be set by an environment variable, too.
pub(crate) const fn option(
    name: &'static str,
    value: Value,
    variable: &'static str,
    help: &'static str,
) -> Row {
    Row { name, short: None, value, default: None, variable: Some(variable), help }
}

impl Row {
    pub(crate) const fn short(self, short: char) -> Self {
        Self { short: Some(short), ..self }
    }

    pub(crate) const fn default(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }
}

impl From<&Row> for Arg {
    fn from(row: &Row) -> Self {
        let arg = Arg::new(row.name)
            .long(row.name)
            .short(row.short)
            .env(row.variable)
            .hide_env_values(true)
            .default_value(row.default)
            .help(row.help);
        (row.value)(arg)
    }
}

/// A name or an address of a machine.
pub(crate) fn host(arg: Arg) -> Arg {
    arg.value_name("HOST").value_parser(parse_host)
}

pub(crate) fn name(arg: Arg) -> Arg {
    arg.value_name("NAME")
}

const TOO_LARGE: &str = "number too large";

/// What is counted is read by parsers of one type, so that clap's code round them is there once.
type Number = fn(&str) -> Result<u64, String>;

pub(crate) fn port(arg: Arg) -> Arg {
    arg.value_name("PORT").value_parser(parse_port as Number)
}

pub(crate) fn number(arg: Arg) -> Arg {
    arg.value_name("N").value_parser(parse_number as Number)
}

pub(crate) fn bytes(arg: Arg) -> Arg {
    arg.value_name("BYTES").value_parser(parse_bytes as Number)
}

/// A time, in nanoseconds.
pub(crate) fn seconds(arg: Arg) -> Arg {
    arg.value_name("SECONDS").value_parser(parse_seconds as Number)
}

/// `auto`, `always` or `never`.
pub(crate) fn when(arg: Arg) -> Arg {
    arg.value_name("WHEN").value_parser(["auto", "always", "never"])
}

pub(crate) fn file(arg: Arg) -> Arg {
    arg.value_name("FILE").value_parser(value_parser!(PathBuf))
}

/// Nothing: the option is given or not. In its environment variable `0`, `no`, `off`, `false` and
/// nothing mean that it is not.
pub(crate) fn flag(arg: Arg) -> Arg {
    arg.action(ArgAction::SetTrue).value_parser(parse_truth)
}

/// Nothing: the option is given so many times.
fn times(arg: Arg) -> Arg {
    arg.action(ArgAction::Count)
}

/// Whether a flag's environment variable says yes. (clap's own parsers for this and for numbers
/// bring tables of letters and ranges that weigh more than they do.)
fn parse_truth(text: &str) -> Result<bool, String> {
    Ok(!["", "0", "n", "no", "f", "false", "off"].iter().any(|no| text.eq_ignore_ascii_case(no)))
}

fn parse_host(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("a name or an address is needed".to_owned()) } else { Ok(text.to_owned()) }
}

/// A number of things in memory.
fn parse_number(text: &str) -> Result<u64, String> {
    let number = parse_digits(text).map_err(|error| error.to_string())?;
    if usize::try_from(number).is_err() { Err(TOO_LARGE.to_owned()) } else { Ok(number) }
}

fn parse_port(text: &str) -> Result<u64, String> {
    let port = parse_digits(text).ok().filter(|&port| port <= u16::MAX.into());
    port.ok_or_else(|| "not a number from 0 to 65535".to_owned())
}

/// A number of bytes, with or without a unit: K, M, G are 1024, 1024 K, 1024 M.
fn parse_bytes(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.as_bytes().last().map(u8::to_ascii_uppercase) {
        Some(b'K') => (&text[..text.len() - 1], 1 << 10),
        Some(b'M') => (&text[..text.len() - 1], 1 << 20),
        Some(b'G') => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    let bytes = parse_number(digits)?.checked_mul(unit).filter(|&bytes| usize::try_from(bytes).is_ok());
    bytes.ok_or_else(|| TOO_LARGE.to_owned())
}

/// A time in seconds, with up to nine digits behind a decimal point.
fn parse_seconds(text: &str) -> Result<u64, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    // The parser of floating-point numbers would be a twentieth of the program.
    let digits = format!("{whole}{fraction:0<9}");
    if whole.is_empty() || fraction.len() > 9 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err("not a number of seconds".to_owned());
    }
    parse_digits(&digits).map_err(|_| "too long".to_owned())
}

/// The standard library's parser, which is put anew wherever it is called.
#[inline(never)]
fn parse_digits(text: &str) -> Result<u64, ParseIntError> {
    text.parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_an_answer_whatever_else_is_asked() {
        let table = [
            ("-h", true),
            ("--help", true),
            ("--port x --help", true),
            ("-vvh", true),
            ("-hv stray", true),
            ("", false),
            ("-v", false),
            ("-ahost", false),
            ("--host", false),
            ("-- --help", false),
        ];
        for (arguments, expected) in table {
            let arguments = arguments.split_whitespace().map(OsString::from);
            assert_eq!(ask_for_help(arguments.clone()), expected, "{arguments:?}");
        }
    }

    #[test]
    fn help_shows_every_option_with_all_that_it_takes() {
        const ROWS: &[Row] = &[
            option("port", port, "PORT", "The port").short('p').default("5378"),
            option("escape", when, "ESCAPE", "Escape or not"),
            HELP,
        ];
        let command = Command::new("program").version("1").about("About it.").after_help("More.").args(ROWS);
        let expected = "\
About it.

Usage: program [OPTIONS]

Options:
  -p, --port PORT [PORT]
        The port [default: 5378]
      --escape WHEN [ESCAPE]
        Escape or not: auto, always, never
  -h, --help
        Print help
  -V, --version
        Print version

More.
";
        assert_eq!(help(command), expected);
    }

    #[test]
    fn units() {
        assert_eq!(parse_bytes("100"), Ok(100));
        assert_eq!(parse_bytes("3k"), Ok(3 << 10));
        assert_eq!(parse_bytes("16M"), Ok(16 << 20));
        assert_eq!(parse_bytes("1G"), Ok(1 << 30));
        for wrong in ["", "M", "1T", "-1", "99999999999999G", "1é"] {
            assert!(parse_bytes(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_seconds("0.25"), Ok(250_000_000));
        assert_eq!(parse_seconds("10"), Ok(10_000_000_000));
        assert_eq!(parse_seconds("0"), Ok(0));
        for wrong in ["", "-1", "inf", "NaN", "1e300", "2s", "1.-5", ".5", "1.0000000001", "99999999999999"] {
            assert!(parse_seconds(wrong).is_err(), "{wrong}");
        }
    }
}
