//! A program's options as one text, of which its parser and its help are made: a field that was a string of
//! its own would cost 40 bytes more. (clap's own help is 34 KB of code for every occasion.)

/// A program, as its command line shows it.
#[derive(Debug)]
pub struct Program {
    /// How it is called.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// What may be given besides options, if anything.
    pub operand: &'static str,
    /// How the names of its environment variables begin.
    pub prefix: &'static str,
    /// [Rows](Row), a line each.
    pub(crate) options: &'static [&'static str],
    /// What stands before the options where there is room for little,
    pub brief: &'static str,
    /// before them where there is room for all,
    pub before: &'static str,
    /// and behind them.
    pub after: &'static str,
}

/// An option: `name|letter|value|default|brief|more`. The brief text, followed by more, is the whole help; an
/// option without a brief one is but named in the brief help.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The long form, without its dashes.
    pub name: &'static str,
    /// The short one, or nothing.
    pub letter: &'static str,
    /// What follows it: nothing if it is a flag. `+` is a flag that counts, and has no environment variable;
    /// `NAME [TEXT]` are one or two values, and with `NAME...` the option can be given many times.
    pub value: &'static str,
    /// What its value is if nobody says one.
    pub default: &'static str,
    /// What the brief help says.
    pub brief: &'static str,
    /// What the whole help goes on with.
    pub more: &'static str,
}

/// The name of the word without one.
pub(crate) const OPERAND: &str = "";

/// What is wrong with the words of a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    NeedsValue,
    GivenTwice,
    TakesNoValue,
    Unexpected,
}

/// What every program has.
pub(crate) const COMMON: &str = "\
verbose|v|+||Log more on standard error| (-vv, -vvv: more); RUST_LOG overrides it
help|h|+||Print help: -h in brief, --help all of it
version|V|+|||Print version
";

/// No line of help is longer.
const WIDTH: usize = 79;

/// Before a text in the help, and as far as texts are from the margin where they stand beside the options.
const INDENT: &str = "        ";
const MARGIN: &str = "                               ";

impl Program {
    /// All options.
    #[inline(never)]
    pub fn rows(&self) -> Vec<Row> {
        self.options.iter().flat_map(|table| table.lines()).map(Row::read).collect()
    }

    /// The environment variable of an option.
    #[inline(never)]
    pub fn variable(&self, option: &str) -> String {
        [self.prefix, option].concat().to_ascii_uppercase().replace('-', "_")
    }

    /// How to call it, in a line.
    #[inline(never)]
    pub fn usage(&self) -> String {
        let mut text = String::new();
        put(&mut text, &["Usage: ", self.name, " [OPTIONS]"]);
        if !self.operand.is_empty() {
            put(&mut text, &[" [", self.operand, "]"]);
        }
        text + "\n"
    }

    /// All that there is to be known about the command line, or what fits on the smallest screen.
    pub(crate) fn help(&self, is_whole: bool) -> String {
        let (mut text, mut others, usage) = (String::new(), String::new(), self.usage());
        if is_whole {
            put(&mut text, &[self.about, "\n\n", &usage, "\n", self.before, "\nOptions:\n"]);
        } else {
            put(&mut text, &[&usage, "\n", self.brief, "\n"]);
        }
        for row in self.rows() {
            if is_whole {
                self.put_whole(&row, &mut text);
            } else if row.brief.is_empty() {
                put(&mut others, &[" --", row.name]);
            } else {
                let begin = text.len();
                row.put_form(&mut text);
                let distance = MARGIN.get(text.len() - begin..).unwrap_or("  ");
                put(&mut text, &[distance, row.brief]);
                if !row.default.is_empty() {
                    put(&mut text, &[" [", row.default, "]"]);
                }
                text.push('\n');
            }
        }
        if is_whole {
            put(&mut text, &["\n", self.after]);
        } else if !others.is_empty() {
            fill("  and", &others, &mut text);
        }
        text
    }

    fn put_whole(&self, row: &Row, text: &mut String) {
        row.put_form(text);
        if row.value != "+" {
            put(text, &[" [", &self.variable(row.name), "]"]);
        }
        text.push('\n');
        let mut meaning = String::new();
        put(&mut meaning, &[row.brief, row.more]);
        if !row.default.is_empty() {
            put(&mut meaning, &[" [default: ", row.default, "]"]);
        }
        fill(&INDENT[1..], &meaning, text);
    }
}

/// Appends all of them. (Each kind of formatting would be code of its own.)
#[inline(never)]
fn put(text: &mut String, pieces: &[&str]) {
    text.extend(pieces.iter().copied());
}

/// Appends words, in as many lines as they need, behind `start`.
#[inline(never)]
fn fill(start: &str, words: &str, text: &mut String) {
    let mut begin = text.len();
    put(text, &[start]);
    for word in words.split_ascii_whitespace() {
        if text.len() + 1 + word.len() - begin > WIDTH {
            begin = text.len() + 1;
            put(text, &["\n", &INDENT[1..]]);
        }
        put(text, &[" ", word]);
    }
    put(text, &["\n"]);
}

impl Row {
    fn read(line: &'static str) -> Self {
        let mut fields = line.split('|');
        let mut next = || fields.next().unwrap_or_default();
        Self { name: next(), letter: next(), value: next(), default: next(), brief: next(), more: next() }
    }

    /// How it is written.
    #[inline(never)]
    fn put_form(&self, text: &mut String) {
        match self.letter {
            "" => put(text, &["      --", self.name]),
            letter => put(text, &["  -", letter, ", --", self.name]),
        }
        if !self.is_flag() {
            put(text, &[" ", self.value]);
        }
    }

    /// Whether it takes no value.
    pub fn is_flag(&self) -> bool {
        matches!(self.value, "" | "+")
    }

    /// Whether it may be given more than once.
    pub fn can_be_repeated(&self) -> bool {
        self.value == "+" || self.value.ends_with("...")
    }

    /// How many values it takes at most.
    pub(crate) fn most_values(&self) -> usize {
        1 + usize::from(self.value.ends_with(']'))
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
        assert_eq!(PROGRAM.help(true), expected);
    }

    #[test]
    fn brief_help_shows_what_is_needed_often() {
        let expected = "\
Usage: program [OPTIONS] [WHAT]

Brief.

  -p, --port PORT              The port [5378]
      --quiet                  Say nothing
      --send NAME [TEXT]       Send
      --skip NAME...           Skip
  -v, --verbose                Log more on standard error
  -h, --help                   Print help: -h in brief, --help all of it
  and --log-to --version
";
        assert_eq!(PROGRAM.help(false), expected);
        let rare: String = (10..60).map(|number| format!("option-{number}||X|||Rare\n")).collect();
        let program = Program { options: &*vec![&*rare.leak()].leak(), ..PROGRAM };
        let help = program.help(false);
        assert!(help.lines().count() > 9 && help.lines().all(|line| line.len() <= WIDTH), "{help}");
        assert!(help.lines().skip(5).all(|line| line.starts_with(INDENT) && !line.ends_with(' ')), "{help}");
        assert_eq!(help.split_whitespace().filter(|word| word.starts_with("--option-")).count(), 50);
    }
}
