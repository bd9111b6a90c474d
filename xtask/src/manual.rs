//! A manual page: what people wrote of a program (`pages/`), and between it what the program's own table says.
//!
//! Lines of what they wrote that begin with `.\" @` are replaced by parts of the table, or begin what is to be
//! said of an option beyond its help.

use crate::command::{self, command, possible_values};
use crate::help::{Item, Part, parts};
use crate::roff::{Accents, bold, folded, verbatim};
use chinwag::cli::pages::{self, Program, Row};
use clap_mangen::Man;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const DIRECTIVE: &str = ".\\\" @";

/// The page of a program, of what was written about it.
///
/// # Errors
/// What in it is not understood.
pub(crate) fn page(program: &Program, section: &str, written: &str) -> Result<String, String> {
    let mut page = Page { program, accents: Accents::of(program), more: BTreeMap::new() };
    let written = page.take_more(written)?;
    page.check(written)?;
    let mut text = format!(
        ".\\\" Made by `cargo xtask pages` of xtask/pages/{}.{section} and src/cli: change those.\n",
        program.name
    );
    for line in written.lines() {
        match line.strip_prefix(DIRECTIVE) {
            Some(directive) => text += &page.part(section, directive)?,
            None => text += &format!("{line}\n"),
        }
    }
    Ok(folded(&text))
}

struct Page<'a> {
    program: &'a Program,
    accents: Accents,
    /// What is said of options beyond their help.
    more: BTreeMap<&'a str, String>,
}

impl<'a> Page<'a> {
    /// Takes what is said of options out of what was written, and returns the rest: it stands behind all else.
    fn take_more(&mut self, written: &'a str) -> Result<&'a str, String> {
        let mark = format!("{DIRECTIVE}more ");
        let mut blocks = written.split(&*mark);
        let rest = blocks.next().unwrap_or_default();
        for block in blocks {
            let (option, text) = block.split_once('\n').unwrap_or((block, ""));
            if !self.program.rows().iter().any(|row| row.name == option) {
                return Err(format!("{} has no option --{option}", self.program.name));
            }
            self.more.insert(option, text.to_owned());
        }
        Ok(rest)
    }

    fn part(&self, section: &str, directive: &str) -> Result<String, String> {
        let (what, which) = directive.split_once(' ').unwrap_or((directive, ""));
        match what {
            "name" => self.name(section, which),
            "synopsis" => Ok(self.synopsis()),
            "options" => Ok(self.options()),
            "list" => self.list(which),
            "paragraph" => self.paragraph(which),
            "examples" => self.examples(),
            _ => Err(format!("{}: `{directive}` is not understood", self.program.name)),
        }
    }

    /// The title, and what whatis(1) finds.
    fn name(&self, section: &str, words: &str) -> Result<String, String> {
        let (date, manual) = words.split_once(' ').unwrap_or((words, ""));
        let man = Man::new(command(self.program)).title(self.program.name.to_uppercase()).section(section);
        let mut text = Vec::new();
        let written = man.date(date).manual(manual).render_title(&mut text);
        let man = Man::new(command(self.program));
        written.and_then(|()| man.render_name_section(&mut text)).map_err(|error| error.to_string())?;
        let text = String::from_utf8(text).map_err(|error| error.to_string())?;
        // A program's name is not to be taken apart, nor an option.
        Ok(without_preamble(&text).replacen(".SH", ".nh\n.ad l\n.SH", 1))
    }

    fn synopsis(&self) -> String {
        let Program { name, operand, .. } = self.program;
        let mut text = format!("{} [\\fIOPTION\\fR]...", bold(name));
        if !operand.is_empty() {
            let _ = write!(text, " [{}]", self.accents.metas(operand));
        }
        text + "\n"
    }

    /// A list of the help, with what stands before its items.
    fn list(&self, title: &str) -> Result<String, String> {
        let Part { text, items, .. } = self.find(title, |part| part.title.as_deref() == Some(title))?;
        let mut list = if text.is_empty() { text } else { self.accents.text(&text) + "\n" };
        for item in items {
            // What is typed may have a part that stands for something.
            let key = match item.key.strip_prefix('@') {
                Some(rest) => bold("@") + &self.accents.metas(rest),
                None => bold(&item.key),
            };
            let _ = write!(list, ".TP\n{key}\n{}\n", self.accents.sentence(&item.meaning));
        }
        Ok(list)
    }

    /// The examples of the help. A command line is no title, as long as it can be.
    fn examples(&self) -> Result<String, String> {
        let Part { items, .. } = self.find("Examples", |part| part.title.as_deref() == Some("Examples"))?;
        let example = |item: &Item| {
            let meaning = self.accents.sentence(&item.meaning);
            let meaning = meaning.trim_end_matches('.');
            format!("{meaning}:\n.PP\n.in +4n\n.nf\n{}\n.fi\n.in\n", verbatim(&item.key))
        };
        Ok(items.iter().map(example).collect::<Vec<_>>().join(".PP\n"))
    }

    /// What is no list, and begins so.
    fn paragraph(&self, begin: &str) -> Result<String, String> {
        let part = self.find(begin, |part| part.title.is_none() && part.text.starts_with(begin))?;
        Ok(format!(".PP\n{}\n", self.accents.text(&part.text)))
    }

    fn find(&self, name: &str, is_it: impl Fn(&Part) -> bool) -> Result<Part, String> {
        let found = self.parts().into_iter().find(|part| is_it(part));
        found.ok_or_else(|| format!("the help of {} has no `{name}`", self.program.name))
    }

    /// Whether all of the help is on the page.
    fn check(&self, written: &str) -> Result<(), String> {
        let directives: Vec<_> = written.lines().filter_map(|line| line.strip_prefix(DIRECTIVE)).collect();
        for part in self.parts() {
            let is_there = |directive: &&str| match (&part.title, directive.split_once(' ')) {
                (Some(title), _) if title == "Examples" => *directive == "examples",
                (Some(title), Some(("list", which))) => title == which,
                (None, Some(("paragraph", which))) => part.text.starts_with(which),
                _ => false,
            };
            if !directives.iter().any(is_there) {
                let what = part.title.unwrap_or(part.text);
                return Err(format!("the page of {} has not all of its help: `{what}`", self.program.name));
            }
        }
        Ok(())
    }

    fn parts(&self) -> Vec<Part> {
        [parts(self.program.before), parts(self.program.after)].into_iter().flatten().collect()
    }

    /// All of them, those of a feature below a heading.
    fn options(&self) -> String {
        let mut text = String::new();
        let mut heading = "";
        for row in self.program.rows() {
            let new = match pages::feature(row.name) {
                Some("tls") => "Encrypted connections (feature tls)",
                Some("rich") => "For people (feature rich)",
                Some(other) => other,
                None if heading.is_empty() => "",
                None => "Of the program itself",
            };
            if heading != new {
                heading = new;
                let _ = writeln!(text, ".SS {heading}");
            }
            text += &self.option(&row);
        }
        text
    }

    fn option(&self, row: &Row) -> String {
        let names = if row.is_flag() { Vec::new() } else { command::value_names(row) };
        let mut text = String::from(".TP\n");
        if !row.letter.is_empty() {
            let _ = write!(text, "{}, ", bold(&format!("-{}", row.letter)));
        }
        text += &bold(&format!("--{}", row.name));
        for (index, name) in names.iter().enumerate() {
            let value = self.accents.metas(name);
            text += &if index == 0 { format!(" {value}") } else { format!(" [{value}]") };
        }
        let help = [row.brief, row.more].concat();
        let (help, default) = match help.split_once(" [default: ") {
            Some((help, default)) => (help, default.trim_end_matches(']')),
            None => (&*help, row.default),
        };
        let mut accents = Accents::of(self.program);
        let literals = names.iter().flat_map(|name| possible_values(name)).copied().chain(["tls:"]);
        accents.literals.extend(literals.map(str::to_owned));
        let _ = writeln!(text, "\n{}", accents.sentence(help));
        text += self.more.get(row.name).map_or("", |more| more);
        let mut facts = Vec::new();
        match default {
            "" => {}
            // One that is no value is words.
            words if words.contains(' ') => facts.push(format!("Default: {}", accents.text(words))),
            value => facts.push(format!("Default: {}", bold(value))),
        }
        if row.value != "+" {
            facts.push(format!("Variable: {}", bold(&self.program.variable(row.name))));
        }
        if !facts.is_empty() {
            let _ = writeln!(text, ".br\n{}.", facts.join(". "));
        }
        text
    }
}

/// What the generator puts first is for what it writes in, and is not needed here: quotes are written out.
fn without_preamble(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with(".ie ") && !line.starts_with(".el "));
    lines.map(|line| format!("{line}\n")).collect()
}
