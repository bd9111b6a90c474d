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
    /// What may be given besides options, if anything.
    pub(crate) operand: &'static str,
    /// How the names of its environment variables begin.
    pub(crate) prefix: &'static str,
    /// [Rows](Row), a line each.
    pub(crate) options: &'static [&'static str],
    /// What stands before the options where there is room for little,
    pub(crate) brief: &'static str,
    /// before them where there is room for all,
    pub(crate) before: &'static str,
    /// and behind them.
    pub(crate) after: &'static str,
}

/// An option: `name|letter|value|default|brief|more`. The brief text, followed by more, is the whole help; an
/// option without a brief one is but named in the brief help.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    letter: &'static str,
    /// What follows it: nothing if it is a flag. `+` is a flag that counts, and has no environment variable;
    /// `NAME [TEXT]` are one or two values, and with `NAME...` the option can be given many times.
    value: &'static str,
    pub(crate) default: &'static str,
    brief: &'static str,
    more: &'static str,
}

/// What every program has.
pub(crate) const COMMON: &str = "\
verbose|v|+||Log more on standard error| (-vv, -vvv: more); RUST_LOG overrides it
help|h|+||Print help: -h in brief, --help all of it
version|V|+|||Print version
";

/// No line of help is longer.
const WIDTH: usize = 79;

/// Before a text in the help.
const INDENT: &str = "        ";

impl Program {
    /// All options.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> {
        self.options.iter().flat_map(|table| table.lines()).map(Row::read)
    }

    /// The environment variable of an option.
    pub(crate) fn variable(&self, option: &str) -> String {
        self.prefix.to_owned() + &option.to_ascii_uppercase().replace('-', "_")
    }

    /// How to call it, in a line.
    pub(crate) fn usage(&self) -> String {
        let operand = if self.operand.is_empty() { String::new() } else { format!(" [{}]", self.operand) };
        format!("Usage: {} [OPTIONS]{operand}\n", self.name)
    }

    /// Help that fits on the smallest screen. Writing to a string cannot fail.
    pub(crate) fn brief_help(&self) -> String {
        let mut text = format!("{}\n{}\n", self.usage(), self.brief);
        let mut others = String::new();
        let is_brief = |row: &Row| !row.brief.is_empty();
        let width = self.rows().filter(is_brief).map(|row| row.form().len()).max().unwrap_or_default();
        for row in self.rows() {
            if !is_brief(&row) {
                let _ = write!(others, " --{}", row.name);
                continue;
            }
            let _ = write!(text, "{:width$}  {}", row.form(), row.brief);
            if !row.default.is_empty() {
                let _ = write!(text, " [{}]", row.default);
            }
            text.push('\n');
        }
        if !others.is_empty() {
            text += "  and";
            fill(&others[1..], INDENT, &mut text);
        }
        text
    }

    /// All that there is to be known about the command line. Writing to a string cannot fail.
    pub(crate) fn help(&self) -> String {
        let mut text = format!("{}\n\n{}\n{}\nOptions:\n", self.about, self.usage(), self.before);
        for row in self.rows() {
            text += &row.form();
            if row.value != "+" {
                let _ = write!(text, " [{}]", self.variable(row.name));
            }
            text.push('\n');
            let mut meaning = format!("{}{}", row.brief, row.more);
            if !row.default.is_empty() {
                let _ = write!(meaning, " [default: {}]", row.default);
            }
            text += INDENT;
            fill(&meaning, INDENT, &mut text);
        }
        text + "\n" + self.after
    }
}

/// Appends words to the line that is begun, and to as many more as they need; these begin with `indent`.
fn fill(words: &str, indent: &str, out: &mut String) {
    let mut begin = out.rfind('\n').map_or(0, |end| end + 1);
    for word in words.split(' ') {
        if out.len() + 1 + word.len() - begin > WIDTH {
            out.push('\n');
            begin = out.len();
            out.push_str(indent);
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
        out.push_str(word);
    }
    out.push('\n');
}

impl Row {
    fn read(line: &'static str) -> Self {
        let mut fields = line.split('|');
        let mut next = || fields.next().unwrap_or_default();
        Self { name: next(), letter: next(), value: next(), default: next(), brief: next(), more: next() }
    }

    /// How it is written.
    fn form(&self) -> String {
        let letter = if self.letter.is_empty() { "   ".to_owned() } else { format!("-{},", self.letter) };
        let form = format!("  {letter} --{} {}", self.name, self.value);
        form.trim_end_matches([' ', '+']).to_owned()
    }

    /// The option as the parser has to know it: values are taken as they are, and read [later](super::given).
    pub(crate) fn to_arg(self) -> Arg {
        let action = match self.value {
            "" => ArgAction::SetTrue,
            "+" => ArgAction::Count,
            value if value.ends_with("...") => ArgAction::Append,
            _ => ArgAction::Set,
        };
        let arg = Arg::new(self.name).long(self.name).short(self.letter.chars().next()).action(action);
        match self.value {
            "" | "+" => arg,
            value => {
                let most = 1 + usize::from(value.contains('['));
                arg.num_args(1..=most).value_parser(ValueParser::os_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: Program = Program {
        name: "program",
        about: "About it.",
        operand: "WHAT",
        prefix: "PRO_",
        options: &[
            "port|p|PORT|5378|The port\nlog-to||FILE|||A file\nquiet||||Say nothing|, ever\n",
            "send||NAME [TEXT]||Send\nskip||NAME...||Skip\n",
            COMMON,
        ],
        brief: "Brief.\n",
        before: "Before.\n",
        after: "After.\n",
    };

    #[test]
    fn help_shows_every_option_with_all_that_it_takes() {
        let expected = "\
About it.

Usage: program [OPTIONS] [WHAT]

Before.

Options:
  -p, --port PORT [PRO_PORT]
        The port [default: 5378]
      --log-to FILE [PRO_LOG_TO]
        A file
      --quiet [PRO_QUIET]
        Say nothing, ever
      --send NAME [TEXT] [PRO_SEND]
        Send
      --skip NAME... [PRO_SKIP]
        Skip
  -v, --verbose
        Log more on standard error (-vv, -vvv: more); RUST_LOG overrides it
  -h, --help
        Print help: -h in brief, --help all of it
  -V, --version
        Print version

After.
";
        assert_eq!(PROGRAM.help(), expected);
    }

    #[test]
    fn brief_help_shows_what_is_needed_often() {
        let expected = "\
Usage: program [OPTIONS] [WHAT]

Brief.

  -p, --port PORT         The port [5378]
      --quiet             Say nothing
      --send NAME [TEXT]  Send
      --skip NAME...      Skip
  -v, --verbose           Log more on standard error
  -h, --help              Print help: -h in brief, --help all of it
  and --log-to --version
";
        assert_eq!(PROGRAM.brief_help(), expected);
        let rare: String = (10..60).map(|number| format!("option-{number}||X|||Rare\n")).collect();
        let program = Program { options: &*vec![&*rare.leak()].leak(), ..PROGRAM };
        let help = program.brief_help();
        assert!(help.lines().count() > 9 && help.lines().all(|line| line.len() <= WIDTH), "{help}");
        assert!(help.lines().skip(5).all(|line| line.starts_with(INDENT) && !line.ends_with(' ')), "{help}");
        assert_eq!(help.split_whitespace().filter(|word| word.starts_with("--option-")).count(), 50);
    }
}
