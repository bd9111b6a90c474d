//! A program's options as one text, of which its parser and its help are made: a field that was a string of
//! its own would cost 40 bytes more. (clap's own help is 34 KB of code for every occasion.)

use clap::builder::ValueParser;
use clap::{Arg, ArgAction};
use std::fmt::Write as _;

/// A program, as its command line shows it.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// What may stand behind the program's name.
    pub(crate) usage: &'static str,
    /// How the names of its environment variables begin.
    pub(crate) prefix: &'static str,
    /// [Rows](Row), a line each.
    pub(crate) options: &'static [&'static str],
    /// Help without options.
    pub(crate) more: &'static str,
}

/// An option: `name|letter|value|default|help`. The value's name is empty for a flag, and `+` for what may be
/// given many times; these have no environment variable. A value with dots behind it may be given many times, too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    letter: &'static str,
    value: &'static str,
    pub(crate) default: &'static str,
    help: &'static str,
}

/// What every program has.
pub(crate) const COMMON: &str = "\
verbose|v|+||Log more on standard error (-vv, -vvv: even more); RUST_LOG overrides it
help|h|+||Print help
version|V|+||Print version
";

impl Program {
    /// All options.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> {
        self.options.iter().flat_map(|table| table.lines()).map(Row::read)
    }

    /// The environment variable of an option.
    pub(crate) fn variable(&self, option: &str) -> String {
        self.prefix.to_owned() + &option.to_ascii_uppercase().replace('-', "_")
    }

    /// All that there is to be known about the command line: what the program is for, its options, and more.
    pub(crate) fn help(&self) -> String {
        let mut text = format!("{}\n\nUsage: {} {}\n\nOptions:\n", self.about, self.name, self.usage);
        for row in self.rows() {
            // Writing to a string cannot fail.
            let _ = match row.letter {
                "" => write!(text, "      --{} {}", row.name, row.value),
                letter => write!(text, "  -{letter}, --{} {}", row.name, row.value),
            };
            text.truncate(text.trim_end_matches([' ', '+']).len());
            if row.value != "+" {
                let _ = write!(text, " [{}]", self.variable(row.name));
            }
            let _ = write!(text, "\n        {}", row.help);
            if !row.default.is_empty() {
                let _ = write!(text, " [default: {}]", row.default);
            }
            text.push('\n');
        }
        text + "\n" + self.more + "\n"
    }
}

impl Row {
    fn read(line: &'static str) -> Self {
        let mut fields = line.split('|');
        let mut next = || fields.next().unwrap_or_default();
        Self { name: next(), letter: next(), value: next(), default: next(), help: next() }
    }

    /// The option as the parser has to know it: values are taken as they are, and read [later](super::given).
    pub(crate) fn to_arg(self) -> Arg {
        let action = match self.value {
            "" => ArgAction::SetTrue,
            "+" => ArgAction::Count,
            #[cfg(feature = "rich")]
            value if value.ends_with("...") => ArgAction::Append,
            _ => ArgAction::Set,
        };
        let arg = Arg::new(self.name).long(self.name).short(self.letter.chars().next()).action(action);
        if matches!(self.value, "" | "+") { arg } else { arg.value_parser(ValueParser::os_string()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_shows_every_option_with_all_that_it_takes() {
        let program = Program {
            name: "program",
            about: "About it.",
            usage: "[OPTIONS]",
            prefix: "PRO_",
            options: &["port|p|PORT|5378|The port\nlog-to||FILE||A file\nquiet||||Say nothing\n", COMMON],
            more: "More.",
        };
        let expected = "\
About it.

Usage: program [OPTIONS]

Options:
  -p, --port PORT [PRO_PORT]
        The port [default: 5378]
      --log-to FILE [PRO_LOG_TO]
        A file
      --quiet [PRO_QUIET]
        Say nothing
  -v, --verbose
        Log more on standard error (-vv, -vvv: even more); RUST_LOG overrides it
  -h, --help
        Print help
  -V, --version
        Print version

More.
";
        assert_eq!(program.help(), expected);
    }
}
