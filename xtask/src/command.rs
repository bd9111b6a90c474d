//! A program's options, as the program has them in its own table, as a command of clap with all that tools want
//! to know of it.

use chinwag::cli::pages::{self, Program, Row};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command, ValueHint};

/// The name of the word without an option.
const OPERAND: &str = "destination";

/// A description in a completion is cut at its next comma from here on.
const LONG: usize = 60;

/// The program as a command.
pub(crate) fn command(program: &Program) -> Command {
    let mut command = Command::new(program.name)
        .version(pages::VERSION)
        .about(about(program))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args(program.rows().iter().map(option));
    if !program.operand.is_empty() {
        command = command.arg(Arg::new(OPERAND).value_name(program.operand).value_hint(ValueHint::Hostname));
    }
    command
}

/// What it is for, as a part of a sentence.
fn about(program: &Program) -> String {
    let about = program.about.split([':', '.']).next().unwrap_or_default();
    let (first, rest) = about.split_at(about.len().min(1));
    first.to_lowercase() + rest
}

fn option(row: &Row) -> Arg {
    let arg = Arg::new(row.name).long(row.name).short(row.letter.chars().next()).help(summary(row));
    if row.is_flag() {
        let counts = row.name == "verbose";
        return arg.action(if counts { ArgAction::Count } else { ArgAction::SetTrue });
    }
    let names = value_names(row);
    let arg = arg
        .action(if row.can_be_repeated() { ArgAction::Append } else { ArgAction::Set })
        .num_args(1..=names.len())
        // zsh's script has them as they are, and a colon ends them there.
        .value_names(names.iter().map(|name| name.replace(':', "\\:")));
    match possible_values(names[0]) {
        [] => arg.value_hint(hint(names[0])),
        values => arg.value_parser(PossibleValuesParser::new(values)),
    }
}

/// `NAME [TEXT]` are two, and `NAME...` is one.
pub(crate) fn value_names(row: &Row) -> Vec<&'static str> {
    let value = row.value.trim_end_matches("...");
    value.split(' ').map(|name| name.trim_matches(['[', ']'])).collect()
}

/// The values that there are. (A test has the programs themselves read them.)
pub(crate) fn possible_values(value_name: &str) -> &'static [&'static str] {
    match value_name {
        "WHEN" => &["auto", "always", "never"],
        "WHAT" => &["bell", "osc9", "osc777"],
        "WHO" => &["peer", "certificate"],
        _ => &[],
    }
}

fn hint(value_name: &str) -> ValueHint {
    match value_name {
        "FILE" => ValueHint::FilePath,
        "HOST" => ValueHint::Hostname,
        "COMMAND" => ValueHint::CommandName,
        _ => ValueHint::Other,
    }
}

/// The help of an option in a few words, for where only a line is.
fn summary(row: &Row) -> String {
    let text = if row.brief.is_empty() { row.more } else { row.brief };
    let mut text = text.split([';', ':']).next().unwrap_or(text);
    text = text.split(" [default").next().unwrap_or(text).split(". ").next().unwrap_or(text);
    if text.len() > LONG {
        text = text.split_once(", ").map_or(text, |(first, _)| first);
    }
    let text = text.replace('`', "");
    match pages::feature(row.name) {
        Some(feature) => format!("{text} (feature {feature})"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chinwag::cli::{probes, server};
    use std::ffi::OsString;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    fn read(program: &Program, row: &Row, value: &str) -> Result<(), String> {
        // Names are known at some places only.
        let more = match (row.name, value) {
            ("names", "peer") => " --address /run/x",
            ("names", _) => " --address tls:h --tls-client-ca ca.pem",
            _ => "",
        };
        let line = words(&format!("{}{more} --{} {value}", program.name, row.name));
        match program.name {
            "chinwag" => probes::parse_client(&line),
            _ => server::Options::parse(&line).map(drop),
        }
    }

    #[test]
    fn possible_values_are_those_that_the_programs_read() {
        let mut seen = 0;
        for program in pages::programs() {
            for row in program.rows() {
                let values = possible_values(value_names(&row)[0]);
                for value in values {
                    assert_eq!(read(program, &row, value), Ok(()), "{value}");
                    seen += 1;
                }
                if !values.is_empty() {
                    let sentence = read(program, &row, "smoke").unwrap_err();
                    let (_, named) = sentence.split_once("not ").unwrap();
                    assert_eq!(named.replace(" or ", ", ").split(", ").collect::<Vec<_>>(), values);
                }
            }
        }
        assert_eq!(seen, 3 + 3 + 3 + 2);
    }

    #[test]
    fn every_command_is_one_that_clap_takes() {
        for program in pages::programs() {
            command(program).debug_assert();
            for row in program.rows() {
                let summary = summary(&row);
                assert!((5..90).contains(&summary.len()) && !summary.contains('\n'), "{summary}");
            }
        }
    }
}
