//! What the programs say of themselves: help that fits on a screen, and the README's tables.

use crate::program::without_environment;
use crate::runner;
use crate::support::{chinwagd, output};
use std::collections::BTreeSet;
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
