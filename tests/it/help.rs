//! What the programs say of themselves: help that fits on a screen, and the README's tables.

use crate::program::without_environment;
use crate::runner;
use crate::support::{chinwagd, output};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

const README: &str = include_str!("../../README.md");

fn programs() -> [(&'static str, Command); 2] {
    [("## Options", without_environment(runner::client())), ("## Run a server", chinwagd())]
}

fn answer(mut command: Command, option: &str) -> String {
    command.arg(option);
    let output = output(command);
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    String::from_utf8(output.stdout).unwrap()
}

/// With a row for the command and one for the next prompt.
#[test]
fn brief_help_fits_on_a_screen() {
    for (_, command) in programs() {
        let help = answer(command, "-h");
        assert!(help.lines().count() <= 22 && help.lines().all(|line| line.len() < 80), "{help}");
    }
}

#[test]
fn whole_help_has_short_lines_and_all_that_the_brief_one_names() {
    for ((_, first), (_, second)) in programs().into_iter().zip(programs()) {
        let (help, brief) = (answer(first, "--help"), answer(second, "-h"));
        assert!(help.lines().all(|line| line.len() <= 80), "{help}");
        let is_option = |word: &str| word.starts_with("--") && word.len() > 2;
        for word in brief.split([' ', '\n', '`', ',']).filter(|word| is_option(word)) {
            let is_there = |line: &str| line.contains(&format!(" {word} ")) || line.ends_with(word);
            assert!(help.lines().any(is_there), "{word} is not in {help}");
        }
    }
}

/// Letter, form, variable and a simple default of each option, but for those that every program has.
fn options_of_help(help: &str) -> BTreeSet<[String; 4]> {
    let lines: Vec<&str> = help.lines().collect();
    let starts = lines.iter().enumerate().filter(|(_, line)| line.starts_with("  ") && line.contains("--"));
    let mut options = BTreeSet::new();
    for (index, line) in starts {
        let Some((form, variable)) = line.rsplit_once(" [CHINWAG") else { continue };
        let (letter, form) = form.split_once("--").unwrap();
        let text: Vec<_> =
            lines[index + 1..].iter().take_while(|line| line.starts_with("        ")).collect();
        let text = text.into_iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        let default = text.split_once("[default: ").map_or("", |(_, default)| default.trim_end_matches(']'));
        let default = if default.contains(' ') { "" } else { default };
        let letter = letter.trim().trim_end_matches(',');
        let variable = format!("CHINWAG{}", variable.trim_end_matches(']'));
        options.insert(
            [letter, &format!("--{}", form.trim_end_matches("...")), &variable, default].map(str::to_owned),
        );
    }
    options
}

/// The same of a table of the README.
fn options_of_readme(section: &str) -> BTreeSet<[String; 4]> {
    let text = README.split(&format!("\n{section}\n")).nth(1).unwrap().split("\n## ").next().unwrap();
    let is_built = |line: &str| {
        (cfg!(feature = "rich") || !line.contains("feature `rich`"))
            && (cfg!(feature = "tls") || !line.contains("feature `tls`"))
            && (cfg!(feature = "host") || !line.contains("`--host`"))
    };
    let mut options = BTreeSet::new();
    for row in
        text.lines().filter(|line| line.starts_with("| `-") && line.contains("CHINWAG") && is_built(line))
    {
        let cells: Vec<_> = row.split('|').map(|cell| cell.trim().replace('`', "")).collect();
        let (letter, form) = cells[1].split_once(", ").unwrap_or(("", &cells[1]));
        let default = cells[3].replace(" MiB", "M");
        let default = if default.contains([' ', ',']) { String::new() } else { default };
        options.insert([letter, form, &cells[2], &default].map(str::to_owned));
    }
    options
}

#[test]
fn tables_of_the_readme_have_the_options_that_there_are() {
    for (section, command) in programs() {
        let help = options_of_help(&answer(command, "--help"));
        assert!(help.len() > 10, "{help:?}");
        let readme = options_of_readme(section);
        assert_eq!(help, readme);
    }
}

#[test]
fn exit_statuses_of_the_readme_are_those_of_the_help() {
    let statuses = |text: &str| -> BTreeSet<u8> {
        text.split(|character: char| !character.is_ascii_digit())
            .filter_map(|word| word.parse().ok())
            .collect()
    };
    let rows = README.split("| exit status |").nth(1).unwrap().split("\n\n").next().unwrap();
    let rows = rows.lines().skip(2).map(|row| row.split('|').nth(1).unwrap()).collect::<Vec<_>>().join(" ");
    let help = answer(without_environment(runner::client()), "--help");
    let text = help.split("Exit status:\n").nth(1).unwrap();
    let firsts: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("  ")?.get(..8)).collect();
    assert_eq!(statuses(&rows), statuses(&firsts.join(" ")));
}

/// The lines of a help's list, of which `title` is the first, as names and meanings.
fn list_of_help(help: &str, title: &str) -> Vec<(String, String)> {
    let lines = help.split(&format!("\n{title}\n")).nth(1).unwrap().split("\n\n").next().unwrap().lines();
    let mut items: Vec<(String, String)> = Vec::new();
    for line in lines {
        match (line.starts_with("   "), line.trim().split_once("  "), items.last_mut()) {
            (true, _, Some((_, meaning))) => *meaning = format!("{meaning} {}", line.trim()),
            (false, Some((name, meaning)), _) => items.push((name.to_owned(), meaning.trim().to_owned())),
            _ => {}
        }
    }
    items
}

/// The cells of a row of the README's table that begins with `head`.
fn row_of_readme(head: &str, name: &str) -> Vec<String> {
    let rows = README.split(head).nth(1).unwrap().split("\n\n").next().unwrap().lines();
    let mut rows = rows.map(|row| row.split('|').map(|cell| cell.replace('`', "")).collect::<Vec<_>>());
    rows.find(|row| row.len() > 2 && row[1].contains(name))
        .unwrap_or_else(|| panic!("the README has no {name}"))
}

/// The README may say more of it, but nothing else.
#[test]
fn exit_statuses_of_the_readme_mean_what_the_help_says() {
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|character: char| !character.is_alphanumeric() && character != '-');
        words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
    };
    let items = list_of_help(&answer(without_environment(runner::client()), "--help"), "Exit status:");
    assert!(items.len() > 5, "{items:?}");
    for (status, meaning) in items {
        let said = words(&row_of_readme("| exit status |", &status)[2]);
        let mut said = said.iter();
        for word in words(&meaning) {
            assert!(said.any(|other| *other == word), "the README has no `{word}` of {status}: {meaning}");
        }
    }
}

#[test]
fn chat_commands_of_the_readme_are_those_of_the_help() {
    let help = answer(without_environment(runner::client()), "--help");
    let items = list_of_help(&help, "Once logged in, type:");
    assert_eq!(items.len(), 3);
    for (command, _) in items {
        row_of_readme("| type |", &command);
    }
}

/// A manual page without what makes it look as it does.
fn plain(page: &str) -> String {
    ["\\fB", "\\fI", "\\fR"].iter().fold(page.replace("\\-", "-"), |text, look| text.replace(look, ""))
}

/// They are made by `cargo xtask pages`, of the largest build.
#[test]
fn manual_pages_and_completions_have_the_options_that_there_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging");
    let read = |path: String| fs::read_to_string(folder.join(&path)).unwrap_or_else(|_| panic!("no {path}"));
    for ((_, command), (name, section)) in programs().into_iter().zip([("chinwag", 1), ("chinwagd", 8)]) {
        let page = plain(&read(format!("man/{name}.{section}")));
        let bash = read(format!("completions/{name}.bash"));
        let zsh = read(format!("completions/_{name}"));
        let fish = read(format!("completions/{name}.fish"));
        let common = ["-v, --verbose", "-h, --help", "-V, --version"].map(str::to_owned);
        let mut forms = Vec::from(common);
        for [letter, form, variable, _] in options_of_help(&answer(command, "--help")) {
            let is_there = |text: &str| page.lines().any(|line| line.contains(text));
            assert!(
                is_there(&format!("Variable: {variable}.")) || is_there(&format!("{variable}.")),
                "{variable}"
            );
            forms.push(if letter.is_empty() { form } else { format!("{letter}, {form}") });
        }
        for form in forms {
            assert!(page.lines().any(|line| line == form), "{name}.{section} has no {form}");
            let long = form.split("--").nth(1).unwrap();
            let (long, value) = long.split_once(' ').unwrap_or((long, ""));
            let value = value.split(' ').next().unwrap().replace(':', "\\:");
            assert!(bash.contains(&format!(" --{long}")), "{name}.bash has no {form}");
            assert!(fish.contains(&format!(" -l {long} ")), "{name}.fish has no {form}");
            let begin = if value.is_empty() { format!("--{long}[") } else { format!("--{long}=[") };
            let mut specs = zsh.lines().filter(|line| line.contains(&begin));
            let is_its = |spec: &str| value.is_empty() || spec.contains(&format!("]:{value}:"));
            assert!(specs.any(is_its), "_{name} has no {form}");
        }
    }
}

/// `Ctrl-A E` are two.
fn keys(text: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for piece in text.split([',', '|']) {
        let mut before = "";
        for word in piece.split_ascii_whitespace() {
            let (prefix, key) = word.split_once('-').map_or((before, word), |(prefix, key)| (prefix, key));
            if ["Ctrl", "Alt"].contains(&prefix) && matches!(key.as_bytes(), [b'A'..=b'Z']) {
                before = prefix;
                keys.insert(format!("{prefix}-{key}"));
            } else {
                before = "";
            }
        }
    }
    keys
}

#[test]
fn manual_page_has_the_keys_of_the_readme() {
    let readme = README.split("| keys |").nth(1).unwrap().split("\n\n").next().unwrap();
    let cells: Vec<_> = readme.lines().filter_map(|row| row.split('|').nth(1)).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/man/chinwag.1");
    let page = plain(&fs::read_to_string(path).unwrap());
    let section = page.split("\n.SH KEYS\n").nth(1).unwrap().split("\n.SH ").next().unwrap();
    let titles = section.lines().filter(|line| line.starts_with(".B")).map(|line| line.replace('"', ""));
    let expected = keys(&cells.join(","));
    assert!(expected.len() > 15, "{expected:?}");
    assert_eq!(keys(&titles.collect::<Vec<_>>().join(",")), expected);
}
