//! Completions for bash, zsh and fish: those of clap_complete, and what these shells can that it does not know.

use crate::command::{command, value_names};
use chinwag::cli::pages::{Program, Row};
use clap_complete::{Shell, generate};

/// A shell, and the names that its scripts have.
pub(crate) const SHELLS: [(Shell, &str, &str); 3] =
    [(Shell::Bash, "", ".bash"), (Shell::Zsh, "_", ""), (Shell::Fish, "", ".fish")];

/// The script of a program for a shell.
///
/// # Errors
/// What of a script is not as it was.
pub(crate) fn script(program: &Program, shell: Shell) -> Result<String, String> {
    let mut script = Vec::new();
    generate(shell, &mut command(program), program.name, &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Bash => for_bash(program, script),
        Shell::Fish => Ok(script + &operand_for_fish(program)),
        _ => Ok(script),
    }
}

/// Hosts and commands are completed as such, and a value behind `=` too, which is a word of its own there.
fn for_bash(program: &Program, script: String) -> Result<String, String> {
    const BEFORE: &str = "    prev=\"$3\"\n";
    let behind = "    [[ \"${prev}\" != \"=\" ]] || prev=\"${COMP_WORDS[COMP_CWORD-2]}\"\n";
    let mut script = replaced(&script, BEFORE, &format!("{BEFORE}{behind}"))?;
    for row in program.rows() {
        // A Unix socket is a file.
        let what = match value_names(&row)[0] {
            "HOST" => "-A hostname -f",
            "COMMAND" => "-c",
            _ => continue,
        };
        for form in forms(&row) {
            let case = |what: &str| {
                format!("{form})\n                    COMPREPLY=($(compgen {what} \"${{cur}}\"))")
            };
            script = replaced(&script, &case("-f"), &case(&format!("{what} --")))?;
        }
    }
    Ok(script)
}

/// The option as it is typed.
fn forms(row: &Row) -> Vec<String> {
    let letter = if row.letter.is_empty() { None } else { Some(format!("-{}", row.letter)) };
    letter.into_iter().chain([format!("--{}", row.name)]).collect()
}

/// What stands without an option is a host, or there is nothing such.
fn operand_for_fish(program: &Program) -> String {
    let hosts = if program.operand.is_empty() { "" } else { " -a \"(__fish_print_hostnames)\"" };
    format!("complete -c {} -f{hosts}\n", program.name)
}

fn replaced(text: &str, from: &str, to: &str) -> Result<String, String> {
    match text.matches(from).count() {
        1 => Ok(text.replace(from, to)),
        count => {
            Err(format!("clap_complete's script for bash has {count} times what was there once: {from}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::{is_there, output};
    use chinwag::cli::pages::programs;
    use std::collections::BTreeSet;
    use std::env;
    use std::fs;
    use std::process::Command;

    /// Each has the script and the line to be completed as its arguments.
    const ASK_BASH: &str = r#"
        . "$1" && words=($2)
        [[ $2 != *" " ]] || words+=("")
        COMP_WORDS=("${words[@]}") COMP_CWORD=$((${#words[@]} - 1))
        # Outside of a completion there are no options of one.
        compopt() { :; }
        "_${words[0]}" "${words[0]}" "${words[COMP_CWORD]}" "${words[COMP_CWORD - 1]}"
        printf "%s\n" "${COMPREPLY[@]}""#;
    const ASK_FISH: &str = r#"source $argv[1]; complete --do-complete $argv[2]"#;
    /// Nobody else can ask it than somebody at a terminal. The last of the words that are expected is waited for.
    const ASK_ZSH: &str = r#"
        zmodload zsh/zpty && export TERM=vt100 && zpty shell zsh -f -i
        zpty -w shell "autoload -U compinit; compinit -u -D; source $1; unsetopt list_ambiguous; echo set' 'up"
        zpty -r shell said "*set up*"
        zpty -w -n shell "$2"$'\t'
        zpty -r shell said "*$3*"
        print -r -- "$said""#;

    /// Who asks a shell, so that it cannot last for ever.
    fn question(shell: Shell) -> Command {
        let words: &[&str] = match shell {
            Shell::Bash => &["bash", "--norc", "-c", ASK_BASH, "bash"],
            Shell::Zsh => &["zsh", "-f", "-c", ASK_ZSH, "zsh"],
            _ => &["fish", "--no-config", "-c", ASK_FISH],
        };
        let mut command = Command::new("timeout");
        command.arg("60").args(words);
        command
    }

    #[test]
    fn shells_complete_what_there_is() {
        let folder = env::temp_dir().join(format!("chinwag-xtask-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (shell, _, _) in SHELLS {
            if !is_there(&shell.to_string()) {
                continue;
            }
            for (line, expected) in [
                ("chinwag --color ", "always auto never"),
                ("chinwag --reco", "--reconnect"),
                ("chinwag --log Cargo.", "Cargo.lock Cargo.toml"),
                ("chinwag --notify ", "bell osc777 osc9"),
                ("chinwagd --names ", "certificate peer"),
                ("chinwagd --max-m", "--max-memory --max-message"),
            ] {
                let expected: BTreeSet<&str> = expected.split(' ').collect();
                let program = programs()[usize::from(line.starts_with("chinwagd"))];
                let path = folder.join(format!("script.{shell}"));
                fs::write(&path, script(program, shell).unwrap()).unwrap();
                let mut question = question(shell);
                question.arg(&path).arg(line).args(expected.last());
                let answer = output(question.env("HOME", &folder));
                if shell == Shell::Zsh {
                    // It is a terminal's screen.
                    assert!(expected.iter().all(|word| answer.contains(word)), "{line}: {answer}");
                } else {
                    let words: BTreeSet<_> =
                        answer.lines().filter_map(|line| line.split('\t').next()).collect();
                    assert_eq!(words, expected, "{shell}: {line}");
                }
            }
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn value_behind_an_equals_sign_is_a_word_of_its_own_for_bash() {
        if !is_there("bash") {
            return;
        }
        let path = env::temp_dir().join(format!("chinwag-xtask-{}.bash", std::process::id()));
        fs::write(&path, script(programs()[0], Shell::Bash).unwrap()).unwrap();
        let answer = output(question(Shell::Bash).arg(&path).arg("chinwag --color = ne"));
        assert_eq!(answer, "never\n");
        fs::remove_file(path).unwrap();
    }
}
