//! The client asked by another one for the addresses of a name.

use crate::runner;
use crate::support::output;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

#[test]
fn client_that_is_asked_answers_and_does_nothing_else() {
    let ask = |arguments: &[&str]| {
        let mut command = runner::client();
        command.args(arguments);
        let output = output(command);
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), output.stderr.len())
    };
    assert_eq!(ask(&["--look-up", "127.0.0.1", "9"]), (Some(0), "127.0.0.1:9\n".to_owned(), 0));
    assert_eq!(ask(&["--look-up", "::1", "9"]), (Some(0), "[::1]:9\n".to_owned(), 0));
    let (status, said, _) = ask(&["--look-up", "no.such.host.invalid", "9"]);
    assert!(status == Some(0) && said.starts_with('!') && said.lines().count() == 1, "{said}");
    // What nobody asks is no question, but a wrong command line.
    for arguments in [&["--look-up"][..], &["--look-up", "::1"], &["--look-up", "::1", "x"]] {
        assert_eq!(ask(arguments).0, Some(2));
    }
}

#[test]
fn arguments_that_are_no_text_are_wrong_usage_and_no_panic() {
    let strange = OsStr::from_bytes(b"\xff");
    for arguments in [[strange, strange], [OsStr::new("--look-up"), strange]] {
        let mut command = runner::client();
        command.args(arguments);
        assert_eq!(output(command).status.code(), Some(2));
    }
}
