//! Completions for bash, zsh and fish.

use crate::command::command;
use chinwag::cli::pages::Program;
use clap_complete::{Shell, generate};

/// A shell, and the names that its scripts have.
pub(crate) const SHELLS: [(Shell, &str, &str); 3] =
    [(Shell::Bash, "", ".bash"), (Shell::Zsh, "_", ""), (Shell::Fish, "", ".fish")];

/// The script of a program for a shell.
pub(crate) fn script(program: &Program, shell: Shell) -> String {
    let mut script = Vec::new();
    generate(shell, &mut command(program), program.name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
