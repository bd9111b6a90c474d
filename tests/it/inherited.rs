//! What the programs inherit, whatever it is: arguments and variables that are hostile, descriptors that
//! are closed or take nothing (spec S14, S16).

use crate::program::{Program, without_environment};
use crate::runner;
use crate::support::{Daemon, chinwagd, output};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// It ends a line, sets a colour, and turns the text round.
const HOSTILE: &str = "x\nchinwag: \x1b[31m\u{202e}\u{9b}31m";

const OPTIONS: [&str; 15] = [
    "--address",
    "--port",
    "--name",
    "--to",
    "--max-message",
    "--connect-timeout",
    "--linger",
    "--escape",
    "--color",
    "--log",
    "--max-users",
    "--max-memory",
    "--login-timeout",
    "--no-such-option",
    "stray",
];

/// Ends at once, as a rule, for want of a server.
fn client() -> Command {
    let mut command = without_environment(runner::client());
    command.args(["-vvv", "--timestamps", "--connect-timeout", "1"]);
    // Where no log file can be made.
    command.current_dir("/proc");
    command
}

fn server() -> Command {
    let mut command = without_environment(chinwagd());
    // Nobody may listen there, so it ends.
    command.args(["-vvv", "-a", "192.0.2.1"]);
    command
}

#[track_caller]
fn assert_harmless(command: Command) {
    let told = format!("{command:?}");
    let outcome = output(command);
    assert!(outcome.status.code().is_some(), "{told}: {}", outcome.status);
    let said = String::from_utf8(outcome.stderr).unwrap();
    assert!(!said.contains(['\x1b', '\u{9b}', '\u{202e}']), "{told}: {said:?}");
    let fakes = said.lines().filter(|line| line.starts_with("chinwag: ^["));
    assert_eq!(fakes.count(), 0, "{told}: {said:?}");
}

#[test]
fn nothing_that_is_inherited_reaches_standard_error_as_it_is() {
    for start in [client, server] {
        for option in OPTIONS {
            let mut command = start();
            command.args([option, HOSTILE]);
            assert_harmless(command);
            let mut command = start();
            command.arg(format!("{option}{HOSTILE}"));
            assert_harmless(command);
            let variable = option.trim_start_matches('-').replace('-', "_").to_uppercase();
            for prefix in ["CHINWAG_", "CHINWAGD_"] {
                let mut command = start();
                command.env(format!("{prefix}{variable}"), HOSTILE);
                assert_harmless(command);
            }
        }
        for variable in ["RUST_LOG", "TERM", "TZ", "NO_COLOR", "COLUMNS"] {
            let mut command = start();
            command.env(variable, format!("{HOSTILE}=debug={HOSTILE}"));
            assert_harmless(command);
        }
        let mut command = start();
        command.arg0(OsString::from(HOSTILE)).arg("stray");
        assert_harmless(command);
    }
}

/// The writing end of a pipe that is full, and the one who never reads it.
fn full_pipe() -> (io::PipeReader, io::PipeWriter) {
    let (reader, mut writer) = io::pipe().unwrap();
    rustix::io::ioctl_fionbio(&writer, true).unwrap();
    while writer.write(&[0; 512]).is_ok() {}
    rustix::io::ioctl_fionbio(&writer, false).unwrap();
    (reader, writer)
}

/// Last words wait for half a second.
#[test]
fn standard_error_that_takes_nothing_holds_nobody_up() {
    let (_reader, full) = full_pipe();
    let table: [(Command, &[&str], i32); 4] = [
        (client(), &["--port", "1"], 1),
        (client(), &["--port", "x"], 2),
        (server(), &[], 1),
        (server(), &["stray"], 2),
    ];
    for (mut command, arguments, status) in table {
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = runner::start(command.stderr(full.try_clone().unwrap())).unwrap();
        crate::support::until("it ends", || child.try_wait().unwrap().is_some());
        assert_eq!(child.wait().unwrap().code(), Some(status), "{arguments:?}");
    }
}

/// The runtime puts `/dev/null` in the place of a closed descriptor: an empty input, and an output that
/// takes everything.
#[test]
fn closed_descriptors_are_empty_ones() {
    let daemon = Daemon::start(&[]);
    let port = daemon.address.port().to_string();
    for (closed, status) in [("<&-", 0), (">&-", 0), ("2>&-", 0), ("<&- >&- 2>&-", 0)] {
        let script = format!("exec \"$0\" \"$@\" {closed}");
        let mut shell = without_environment(runner::client_behind(&["sh", "-c", &script]));
        shell.args(["-n", "ann", "-p", &port]);
        let outcome = Program::reading(shell, Stdio::null()).finish();
        assert_eq!(outcome.status.code(), Some(status), "{closed}");
    }
    let shell = runner::client_behind(&["sh", "-c", "exec \"$0\" \"$@\" -p x 2>&-"]);
    let shell = without_environment(shell);
    assert_eq!(Program::reading(shell, Stdio::null()).finish().status.code(), Some(2));
}

/// What it says when it starts is for whoever wants to know.
#[test]
fn server_whose_standard_output_takes_nothing_serves() {
    let (_reader, full) = full_pipe();
    for output in [Stdio::from(full), File::options().write(true).open("/dev/full").unwrap().into()] {
        let mut command = without_environment(chinwagd());
        command.arg("-v").stdin(Stdio::null()).stdout(output).stderr(Stdio::piped());
        let mut child = runner::start(&mut command).unwrap();
        let mut errors = crate::program::Collector::new(child.stderr.take().unwrap());
        errors.start();
        errors.expect("listening on 127.0.0.1:");
        errors.expect("\n");
        let text = errors.text();
        let port =
            text.split("listening on 127.0.0.1:").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
        let mut guest = Program::on_pipes(crate::program::chinwag(port, "--name bob"));
        guest.output.expect("Successfully logged in as bob!\n");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
