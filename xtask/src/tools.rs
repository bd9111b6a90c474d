//! Programs that tests ask about what was made.

use std::env;
use std::process::Command;

/// Whether there is such a program. Where nothing is to be left out, there is.
pub(crate) fn is_there(name: &str) -> bool {
    let found = Command::new("sh").args(["-c", "command -v \"$1\" >/dev/null", "sh", name]).status();
    let found = found.is_ok_and(|status| status.success());
    assert!(found || env::var_os("CI").is_none(), "{name} is not installed");
    found
}

/// What a program prints, on either output.
pub(crate) fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let [printed, complained] =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{command:?}: {printed}{complained}");
    printed + &complained
}
