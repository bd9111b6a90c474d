//! Text as a manual page has it (groff_man(7), man-pages(7)): what is typed as it stands is bold, what stands for
//! something is in italics.

use chinwag::cli::pages::Program;
use std::collections::BTreeSet;

/// No line that is written anew is longer.
const WIDTH: usize = 79;

/// Words with a look of their own.
#[derive(Debug, Default)]
pub(crate) struct Accents {
    /// Names of values, `FILE`.
    values: BTreeSet<String>,
    /// What else is typed as it stands, beside options and variables.
    pub(crate) literals: BTreeSet<String>,
}

impl Accents {
    /// Those of a program's texts.
    pub(crate) fn of(program: &Program) -> Self {
        let rows = program.rows();
        let names = rows.iter().filter(|row| row.value != "+").map(|row| row.value).chain([program.operand]);
        // The two kinds of sockets and of networks are written with these.
        let names = names.chain(["PATH", "ADDRESS", "BITS"]);
        let values = names.flat_map(runs).filter(|(_, is_name)| *is_name).map(|(run, _)| run.to_owned());
        Self { values: values.collect(), literals: BTreeSet::new() }
    }

    /// A sentence.
    pub(crate) fn text(&self, sentence: &str) -> String {
        let mut text = String::new();
        for (index, piece) in sentence.split('`').enumerate() {
            // Every second one is quoted.
            if index % 2 == 1 {
                text += &self.quoted(piece);
            } else {
                text += &piece.split(' ').map(|word| self.word(word)).collect::<Vec<_>>().join(" ");
            }
        }
        text
    }

    /// `listening on ADDRESS`
    fn quoted(&self, text: &str) -> String {
        runs(text).map(|(run, _)| if self.values.contains(run) { italic(run) } else { bold(run) }).collect()
    }

    /// The same, begun and ended as one.
    pub(crate) fn sentence(&self, text: &str) -> String {
        let text = text.trim();
        let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
        let end = if text.ends_with(['.', '?']) { "" } else { "." };
        self.text(&format!("{}{rest}{end}", first.to_uppercase()))
    }

    fn word(&self, word: &str) -> String {
        let core = word.trim_start_matches('(');
        let (before, core) = word.split_at(word.len() - core.len());
        let end = core.trim_end_matches(['.', ',', ';', ':', ')']).len();
        // A name may end so: `tls:`.
        let end =
            if core.get(..=end).is_some_and(|longer| self.literals.contains(longer)) { end + 1 } else { end };
        let (core, behind) = core.split_at(end);
        let is_option = core.len() > 1 && core.starts_with('-');
        let is_typed = is_option || self.literals.contains(core);
        format!("{before}{}{behind}", if is_typed { bold(core) } else { self.metas(core) })
    }

    /// `unix:PATH`
    pub(crate) fn metas(&self, word: &str) -> String {
        let accent = |(run, is_name): (&str, bool)| match is_name {
            true if self.values.contains(run) => italic(run),
            true if run.contains('_') => bold(run),
            _ => escaped(run),
        };
        runs(word).map(accent).collect()
    }
}

/// The pieces of a word: those that look like a name of a value or a variable, and those between.
fn runs(word: &str) -> impl Iterator<Item = (&str, bool)> {
    let is_name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let chunks = word.as_bytes().chunk_by(move |&one, &other| is_name(one) == is_name(other));
    let mut at = 0;
    chunks.map(move |chunk| {
        at += chunk.len();
        (&word[at - chunk.len()..at], is_name(chunk[0]))
    })
}

/// What is typed as it stands.
pub(crate) fn bold(text: &str) -> String {
    format!("\\fB{}\\fR", verbatim(text))
}

/// What stands for something.
fn italic(text: &str) -> String {
    format!("\\fI{text}\\fR")
}

/// Text in which each character is to be itself, so that it can be copied.
pub(crate) fn verbatim(text: &str) -> String {
    escaped(text).replace('-', "\\-").replace('^', "\\(ha").replace('~', "\\(ti")
}

/// Text in which nothing is a command.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('\'', "\\(aq").replace('`', "\\(ga").replace('"', "\\(dq")
}

/// A page in which no line is longer than people write them, but for those that stand as they are.
pub(crate) fn folded(page: &str) -> String {
    let mut text = String::new();
    let mut is_filled = true;
    for line in page.lines() {
        match line {
            ".nf" => is_filled = false,
            ".fi" => is_filled = true,
            _ => {}
        }
        if is_filled && !line.starts_with('.') {
            fold(line, &mut text);
        } else {
            text += line;
            text.push('\n');
        }
    }
    text
}

fn fold(line: &str, text: &mut String) {
    let mut room = WIDTH;
    let mut is_end = false;
    for (index, word) in line.split(' ').enumerate() {
        if index > 0 && word.len() < room && !is_end {
            text.push(' ');
            room -= 1;
        } else if index > 0 {
            text.push('\n');
            room = WIDTH;
        }
        // What would be a request at the start of a line is none.
        if room == WIDTH && word.starts_with(['.', '\'']) {
            text.push_str("\\&");
        }
        text.push_str(word);
        room = room.saturating_sub(word.len());
        // The page's reader puts more room between sentences, or less.
        is_end = word.ends_with(['.', '?']) && !word.ends_with("...");
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_bold_and_what_stands_for_something_is_not() {
        let mut accents = Accents::default();
        accents.values.extend(["HOST", "PATH"].map(str::to_owned));
        accents.literals.extend(["auto", "tls:"].map(str::to_owned));
        for (text, expected) in [
            ("At HOST, or unix:PATH; in PEM", "At \\fIHOST\\fR, or unix:\\fIPATH\\fR; in PEM"),
            ("(-v, --max-name: more)", "(\\fB\\-v\\fR, \\fB\\-\\-max\\-name\\fR: more)"),
            ("auto; `dumb`, tls: NO_COLOR.", "\\fBauto\\fR; \\fBdumb\\fR, \\fBtls:\\fR \\fBNO_COLOR\\fR."),
            ("print `at HOST` if", "print \\fBat \\fR\\fIHOST\\fR if"),
            ("behind - of a look-up", "behind - of a look-up"),
            ("it's \\", "it\\(aqs \\e"),
        ] {
            assert_eq!(accents.text(text), expected);
        }
        assert_eq!(verbatim("--a '^~'"), "\\-\\-a \\(aq\\(ha\\(ti\\(aq");
    }

    #[test]
    fn lines_are_folded_where_they_are_filled() {
        assert_eq!(folded("A. B\n"), "A.\nB\n");
        let long = "word ".repeat(20);
        let text = folded(&format!(".B {long}\n{long}.x\n.nf\n{long}\n.fi\nend\n"));
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 7, "{text}");
        assert!(lines[1].len() <= WIDTH && lines[2].ends_with("word .x") && lines[4] == long, "{text}");
        assert_eq!(folded(&format!("{} .x\n", "y".repeat(WIDTH))), format!("{}\n\\&.x\n", "y".repeat(WIDTH)));
    }
}
