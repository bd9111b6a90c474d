//! The manual pages and completions of both programs: written, or compared with what is there.

use crate::completions::{SHELLS, script};
use crate::manual;
use chinwag::cli::pages::programs;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::fs;
use std::path::{Path, PathBuf};

/// A program's section of the manual, and what was written of it by hand. A server that others depend on is looked for
/// in section 8, with its kind (sshd, named, ngircd), though nobody has to be root to run it.
const MANUALS: [(&str, &str); 2] =
    [("1", include_str!("../pages/chinwag.1")), ("8", include_str!("../pages/chinwagd.8"))];

/// What the command line has of it.
pub(crate) fn task() -> Command {
    let check = Arg::new("check").long("check").action(ArgAction::SetTrue);
    Command::new("pages")
        .about("Writes the manual pages and completions in packaging/")
        .arg(check.help("Write nothing: fail if what is there is not what would be written"))
}

/// Writes them, or compares them.
///
/// # Errors
/// What does not work, or is not the same.
pub(crate) fn run(top: &Path, given: &ArgMatches) -> Result<(), String> {
    let mut wrong = Vec::new();
    for (path, text) in pages()? {
        let failed = |error| format!("{}: {error}", path.display());
        if given.get_flag("check") {
            wrong.extend(difference(&fs::read_to_string(top.join(&path)).unwrap_or_default(), &text, &path));
        } else {
            fs::write(top.join(&path), text).map_err(failed)?;
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    wrong.push("Run `cargo xtask pages`, look at `git diff packaging`, and commit it.".to_owned());
    Err(wrong.join("\n"))
}

/// All of them, with the paths where they belong.
///
/// # Errors
/// What in a text is not understood.
pub(crate) fn pages() -> Result<Vec<(PathBuf, String)>, String> {
    let mut pages = Vec::new();
    for (program, (section, written)) in programs().into_iter().zip(MANUALS) {
        let name = program.name;
        let page = manual::page(program, section, written)?;
        pages.push((PathBuf::from(format!("packaging/man/{name}.{section}")), page));
        for (shell, before, behind) in SHELLS {
            let path = format!("packaging/completions/{before}{name}{behind}");
            pages.push((path.into(), script(program, shell)?));
        }
    }
    Ok(pages)
}

/// Where what is there is another text.
fn difference(is: &str, should_be: &str, path: &Path) -> Option<String> {
    if is == should_be {
        return None;
    }
    let path = path.display();
    let (is, should_be): (Vec<_>, Vec<_>) = (is.lines().collect(), should_be.lines().collect());
    let at = is.iter().zip(&should_be).take_while(|(one, other)| one == other).count();
    let line = |lines: &[&str]| lines.get(at).map_or("nothing", |line| line).to_owned();
    Some(format!(
        "{path} does not fit the options of the programs. Line {}\n    is        {}\n    should be {}",
        at + 1,
        line(&is),
        line(&should_be)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::{is_there, output};
    use std::process;

    #[test]
    fn what_is_committed_is_what_would_be_written() {
        let check = task().get_matches_from(["pages", "--check"]);
        if let Err(sentence) = run(crate::top(), &check) {
            panic!("{sentence}");
        }
    }

    /// Those of the two kinds that there are.
    #[test]
    fn readers_of_manual_pages_find_nothing_wrong() {
        for (reader, words) in [("mandoc", &["-T", "lint"][..]), ("groff", &["-ww", "-man", "-Tutf8", "-z"])]
        {
            if !is_there(reader) {
                continue;
            }
            for (path, _) in
                pages().unwrap().into_iter().filter(|(path, _)| path.starts_with("packaging/man"))
            {
                let said = output(process::Command::new(reader).args(words).arg(crate::top().join(path)));
                assert_eq!(said, "", "{reader}");
            }
        }
    }

    #[test]
    fn first_line_that_differs_is_shown() {
        let path = Path::new("a");
        assert_eq!(difference("x\ny\n", "x\ny\n", path), None);
        let sentence = difference("x\ny\n", "x\nz\nw\n", path).unwrap();
        assert!(sentence.contains("Line 2\n") && sentence.contains("is        y\n"), "{sentence}");
        assert!(difference("x\n", "x\ny\n", path).unwrap().contains("is        nothing\n"));
    }
}
