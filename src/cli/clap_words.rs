//! The words of a command line, by clap: which options they are, and with which values.

use super::table::{OPERAND, Program, Row, Wrong};
use clap::builder::ValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::ffi::OsString;

/// What was given.
#[derive(Debug)]
pub(crate) struct Words(ArgMatches);

impl Words {
    /// Takes a command line apart, the program's name first.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub(crate) fn parse(program: &'static Program, words: &[OsString]) -> Result<Self, Wrong> {
        command(program).try_get_matches_from(words).map(Self).map_err(|error| match error.kind() {
            ErrorKind::InvalidValue => Wrong::NeedsValue,
            ErrorKind::ArgumentConflict => Wrong::GivenTwice,
            ErrorKind::TooManyValues => Wrong::TakesNoValue,
            _ => Wrong::Unexpected,
        })
    }

    /// Whether there was such an option.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.value_source(name) == Some(ValueSource::CommandLine)
    }

    /// Its value, the first if there are many.
    #[inline(never)]
    pub(crate) fn first(&self, name: &str) -> Option<&OsString> {
        self.0.get_one(name)
    }

    /// Its values.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &OsString> {
        self.0.get_many(name).into_iter().flatten()
    }

    /// How often it was given, as a flag.
    pub(crate) fn count(&self, name: &str) -> u8 {
        self.0.get_count(name)
    }
}

fn command(program: &'static Program) -> Command {
    let mut command = Command::new(program.name).disable_help_flag(true).disable_version_flag(true);
    // One at a time: they take 600 bytes each, and all of them would be on the stack at once, in pages
    // that are never given back.
    for row in program.rows() {
        command = command.arg(to_arg(row));
    }
    if !program.operand.is_empty() {
        command = command.arg(Arg::new(OPERAND).value_parser(ValueParser::os_string()));
    }
    command
}

/// The option as the parser has to know it: values are taken as they are, and read [later](super::given).
fn to_arg(row: Row) -> Arg {
    let action = match row.value {
        "" => ArgAction::SetTrue,
        "+" => ArgAction::Count,
        _ if row.can_be_repeated() => ArgAction::Append,
        _ => ArgAction::Set,
    };
    let arg = Arg::new(row.name).long(row.name).short(row.letter.chars().next()).action(action);
    if row.is_flag() {
        return arg;
    }
    arg.num_args(1..=row.most_values()).value_parser(ValueParser::os_string())
}
