//! The programs on a machine with nothing on it: no /proc, /dev and /etc, no network, little memory; and as
//! the first process of a container.

use crate::program::{PROMPT, Program, fifo, without_environment};
use crate::runner::{self, client_behind, server_behind};
use crate::support::{Daemon, output};
use std::process::{Command, Output, Stdio};

/// Nothing is left of what a system has to say.
const BARE: &str = "for folder in /proc /dev /etc; do mount -t tmpfs -o ro none $folder || exit 99; done";

/// Whether this system lets the tests have a system of their own (user_namespaces(7)).
#[allow(clippy::print_stderr, reason = "whoever runs the tests is to know")]
fn can_be_alone() -> bool {
    let nothing = |words: &[&str]| {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg("true");
        command
    };
    let started = runner::start(&mut alone("-m -n -p -f", BARE, nothing));
    let can = started.and_then(|mut child| child.wait()).is_ok_and(|status| status.success());
    let must = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(can || !must, "unshare(1) makes no user namespace here");
    if !can {
        eprintln!("left out: unshare(1) makes no user namespace here");
    }
    can
}

/// A program, which is started behind other words, in namespaces of its own, after this script.
fn alone(namespaces: &str, script: &str, behind: impl Fn(&[&str]) -> Command) -> Command {
    let script = format!("{script}\nexec \"$0\" \"$@\"");
    let mut words = vec!["unshare", "-r"];
    words.extend(namespaces.split(' ').chain(["sh", "-c", &script]));
    let mut command = without_environment(behind(&words));
    command.env_remove("TZ").stderr(Stdio::null());
    command
}

fn says(output: &Output) -> (Option<i32>, &str, &str) {
    let text = |bytes| std::str::from_utf8(bytes).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// The client on a machine with nothing but a network, where it says nothing and leaves.
fn bare(arguments: &[&str], zone: Option<&str>) -> Output {
    let mut command = alone("-m", BARE, client_behind);
    command.args(arguments).envs(zone.map(|zone| ("TZ", zone)));
    output(command)
}

#[test]
fn bare_machine_is_enough_to_chat() {
    if !can_be_alone() {
        return;
    }
    let server = Daemon::start(&["--echobot"]);
    let port = server.address.port();
    for host in ["127.0.0.1", "localhost"] {
        let ended = bare(&[&format!("ann@{host}:{port}")], None);
        assert_eq!(says(&ended), (Some(0), "Successfully logged in as ann!\n", ""), "{host}");
        let sent = bare(&[&format!("ann@{host}:{port}"), "--send", "echobot", "hi"], None);
        assert_eq!(says(&sent), (Some(0), "", ""), "{host}");
    }
}

#[test]
fn bare_machine_has_names_looked_up_by_a_child() {
    if !can_be_alone() {
        return;
    }
    let ended = bare(&["-v", "-a", "no.such.host.invalid", "--connect-timeout", "5"], None);
    let (status, _, errors) = says(&ended);
    assert!(!errors.contains("no other program"), "{errors}");
    assert!(status == Some(1) && errors.contains("no.such.host.invalid has no address"), "{errors}");
}

#[test]
fn zone_that_cannot_be_read_is_said_once_if_it_was_asked_for() {
    if !can_be_alone() {
        return;
    }
    let server = Daemon::start(&[]);
    let address = format!("ann@{}", server.address);
    for (zone, lines) in [
        (None, 0),
        (Some(""), 0),
        (Some("UTC0"), 0),
        (Some("CET-1CEST,M3.5.0,M10.5.0/3"), 0),
        (Some("Europe/Nowhere"), 1),
        (Some(":Europe/Nowhere"), 1),
        (Some("\u{1b}[31m"), 1),
    ] {
        let ended = bare(&[&address, "--timestamps"], zone);
        let (status, shown, errors) = says(&ended);
        assert!(status == Some(0) && shown.contains("] Successfully"), "{zone:?}: {errors}");
        assert_eq!(errors.lines().count(), lines, "{zone:?}: {errors}");
        assert!(!errors.contains('\u{1b}') && (lines == 0 || errors.contains("in UTC")), "{errors}");
    }
}

#[test]
fn log_file_that_cannot_be_made_is_one_sentence() {
    if !can_be_alone() {
        return;
    }
    let server = Daemon::start(&[]);
    let ended = bare(&[&format!("ann@{}", server.address), "--log", "/etc/chat.log"], None);
    let (status, shown, errors) = says(&ended);
    assert_eq!((status, shown, errors.lines().count()), (Some(1), "", 1), "{errors}");
    assert!(errors.starts_with("chinwag: cannot write to /etc/chat.log: choose another --log ("), "{errors}");
}

#[cfg(feature = "host")]
#[test]
fn network_that_is_down_is_said_with_what_to_do() {
    if !can_be_alone() {
        return;
    }
    let run = |arguments: &[&str]| {
        let mut command = alone("-n", ":", client_behind);
        command.args(arguments);
        output(command)
    };
    for (arguments, address) in [
        (&["ann@127.0.0.1"][..], "127.0.0.1:5378"),
        (&["ann@localhost"], "localhost:5378"),
        (&["ann@192.0.2.1:9"], "192.0.2.1:9"),
        (&["ann@[::1]:9"], "[::1]:9"),
    ] {
        let ended = run(arguments);
        let (status, shown, errors) = says(&ended);
        let said =
            format!("chinwag: there is no way to {address}: bring the network up (`ip link set lo up`");
        assert_eq!((status, shown, errors.lines().count()), (Some(1), "", 1), "{errors}");
        assert!(errors.starts_with(&said), "{errors}");
    }
    let ended = run(&["--host", "-p", "0"]);
    let (status, shown, errors) = says(&ended);
    assert_eq!((status, shown), (Some(1), ""), "{errors}");
    let last = errors.lines().last().unwrap();
    assert!(last.starts_with("chinwag: there is no way to 127.0.0.1:") && !last.contains(":0:"), "{errors}");
}

/// Signals that it does not catch do nothing to it (kill(2)).
#[cfg(feature = "host")]
#[test]
fn first_process_of_a_container_is_ended_by_signals() {
    if !can_be_alone() {
        return;
    }
    type Behind = fn(&[&str]) -> Command;
    let (server, client): (Behind, Behind) = (server_behind, client_behind);
    for (program, arguments, said, signal, status) in [
        (server, &[][..], "listening on ", "TERM", 0),
        (server, &[], "listening on ", "INT", 0),
        (client, &["--host"], PROMPT, "TERM", 143),
        (client, &["--host"], PROMPT, "INT", 130),
        (client, &["--host"], PROMPT, "HUP", 129),
    ] {
        let fifo = fifo();
        let script = format!("(read -r _ <{fifo} && kill -{signal} $$) &");
        let mut command = alone("-p -f --kill-child", &script, program);
        command.args(arguments).args(["-p", "0"]);
        let mut program = Program::on_pipes(command);
        program.output.expect(said);
        std::fs::write(&fifo, "now\n").unwrap();
        assert_eq!(program.wait().code(), Some(status), "{signal}");
        std::fs::remove_file(&fifo).unwrap();
    }
}

/// With whatever memory it has, a message of a stranger is shown, or dropped and said: it is not the end.
#[test]
fn message_that_takes_nearly_all_memory_is_shown_or_dropped() {
    let server = Daemon::start(&["--echobot"]);
    let mut line = b"@echobot ".to_vec();
    line.resize(1 << 20, b'x');
    line.push(b'\n');
    let mut ends = [0; 2];
    for step in 0..13 {
        let script = format!("ulimit -d {}; exec \"$0\" \"$@\"", 1024 + step * 256);
        let mut command = without_environment(client_behind(&["sh", "-c", &script]));
        command.arg(format!("ann{step}@{}", server.address));
        let mut program = Program::reading(command, crate::program::file(&line));
        let status = program.wait();
        assert_eq!(status.code(), Some(0), "{step}: {status}");
        ends[usize::from(program.output.text().contains("From echobot"))] += 1;
    }
    assert!(ends[0] > 0 && ends[1] > 0, "{ends:?}");
}

/// glibc has its own way to say so.
#[cfg(not(target_env = "gnu"))]
#[test]
fn programs_that_have_no_memory_to_begin_say_so() {
    for behind in [client_behind, server_behind] {
        let command = behind(&["sh", "-c", "ulimit -d 256; exec \"$0\" \"$@\" -p 0"]);
        let ended = output(without_environment(command));
        let (status, shown, errors) = says(&ended);
        assert_eq!((status, shown, errors.lines().count()), (Some(1), "", 1), "{errors}");
        assert!(errors.contains(": there is too little memory to begin: "), "{errors}");
    }
}
