//! Unix sockets: the server entered from its own machine, and several addresses at once.

use crate::program::{Program, unused_path, without_environment};
use crate::runner::{self, deadline};
use crate::support::{Client, Daemon, chinwagd, output};
use rustix::process::Signal;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A path for a socket: short, whatever folder the tests are in.
struct Folder(String);

impl Folder {
    fn new() -> Self {
        let name = unused_path().rsplit('/').next().unwrap().to_owned();
        let path = std::env::temp_dir().join(format!("chinwag-{name}")).to_str().unwrap().to_owned();
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.0)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A server at a port, and at these places.
fn serve(places: &[&str]) -> Daemon {
    let mut arguments = vec!["--address", "127.0.0.1"];
    for place in places {
        arguments.extend(["--address", place]);
    }
    Daemon::start(&arguments)
}

fn client(arguments: &[&str]) -> Command {
    let mut command = without_environment(runner::client());
    command.env("CHINWAG_LINGER", deadline().as_secs().to_string()).args(arguments);
    command
}

fn is_socket(path: &str) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket())
}

/// As `nc -U` does it.
fn hears(stream: &UnixStream, expected: &str) {
    let mut line = String::new();
    BufReader::with_capacity(expected.len(), stream).read_line(&mut line).unwrap();
    assert_eq!(line, expected);
}

#[test]
fn all_entrances_lead_to_one_server() {
    let folder = Folder::new();
    let (path, other) = (folder.path("a@b"), folder.path("other"));
    let mut daemon = serve(&[&path, &format!("unix:{other}")]);
    let mut bob = daemon.user("bob");
    for (arguments, name) in [
        (vec!["-n", "ann", "-a", &path], "ann"),
        (vec![&*format!("ann@{path}")], "ann"),
        (vec![&*format!("ann@unix:{other}")], "ann"),
    ] {
        let mut ann = Program::on_pipes(client(&arguments));
        ann.output.expect(format!("Successfully logged in as {name}!\n"));
        bob.says("SEND ann hi\n");
        ann.output.expect("From bob: hi\n");
        bob.hears("SEND-OK\n");
        ann.enter_all("@bob ho\n");
        bob.hears("DELIVERY ann ho\n");
        assert_eq!(ann.finish().status.code(), Some(0));
    }
    assert!(is_socket(&path) && is_socket(&other));
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.wait().code(), Some(0));
    assert!(!Path::new(&path).exists() && !Path::new(&other).exists());
}

#[test]
fn any_program_that_knows_unix_sockets_is_a_client() {
    let folder = Folder::new();
    let path = folder.path("socket");
    let _daemon = serve(&[&path]);
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.set_read_timeout(Some(deadline())).unwrap();
    stream.write_all(b"HELLO-FROM ann\n").unwrap();
    hears(&stream, "HELLO ann\n");
}

#[test]
fn mode_is_the_one_asked_for() {
    for mode in ["600", "0660", "666", "777"] {
        let folder = Folder::new();
        let path = folder.path("socket");
        let _daemon = Daemon::start(&["-a", "127.0.0.1", "-a", &path, "--socket-mode", mode]);
        let permissions = std::fs::metadata(&path).unwrap().permissions();
        assert_eq!(permissions.mode() & 0o7777, u32::from_str_radix(mode, 8).unwrap());
    }
}

#[test]
fn socket_that_a_killed_server_left_is_taken_over_and_one_in_use_is_not() {
    let folder = Folder::new();
    let path = folder.path("socket");
    let mut daemon = serve(&[&path]);
    daemon.signal(Signal::KILL);
    daemon.wait();
    assert!(is_socket(&path));
    let daemon = serve(&[&path]);
    let mut command = chinwagd();
    command.args(["-a", &path]);
    let second = output(command);
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!((second.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.starts_with(&format!("chinwagd: cannot listen on {path}: ")), "{said}");
    let mut ann = Program::on_pipes(client(&[&format!("ann@{path}")]));
    ann.enter_all("@ann hi\n");
    ann.finish()
        .assert(0, "Successfully logged in as ann!\nFrom ann: hi\nThe message was sent successfully\n");
    drop(daemon);
}

#[test]
fn file_that_is_no_socket_is_left_alone() {
    let folder = Folder::new();
    let path = folder.path("precious");
    std::fs::write(&path, "precious").unwrap();
    let mut command = chinwagd();
    command.args(["-a", &path]);
    assert_eq!(output(command).status.code(), Some(1));
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
}

#[test]
#[cfg(target_os = "linux")]
fn name_in_no_file_system_is_entered_too() {
    let name = format!("unix:@chinwag-{}", std::process::id());
    let _daemon = serve(&[&name]);
    let mut ann = Program::on_pipes(client(&[&format!("ann@{name}")]));
    ann.enter_all("");
    ann.finish().assert(0, "Successfully logged in as ann!\n");
}

#[test]
fn nobody_at_a_socket_is_said_in_one_line() {
    let folder = Folder::new();
    let (missing, stale) = (folder.path("missing"), folder.path("stale"));
    drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
    for path in [&missing, &stale] {
        let program = Program::on_pipes(client(&["-n", "ann", path]));
        program.finish().assert_broken("", &[&format!("nothing listens on {path}"), "chinwagd"]);
    }
}

#[test]
fn path_that_is_too_long_is_wrong_usage() {
    let path = format!("/{}", "x".repeat(200));
    for mut command in [client(&[]), chinwagd()] {
        command.args(["--address", &path]);
        let output = output(command);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("its path is too long") && said.contains("bytes at most"), "{said}");
    }
}

#[test]
#[cfg(feature = "host")]
fn chat_can_be_hosted_at_a_socket() {
    let folder = Folder::new();
    let path = folder.path("socket");
    let mut host = Program::on_pipes(client(&["--host", &format!("ann@{path}")]));
    host.errors.expect(format!("others on this machine enter: chinwag {path}\n"));
    host.output.expect("Successfully logged in as ann!\n");
    let mut guest = Program::on_pipes(client(&[&format!("bob@{path}")]));
    guest.output.expect("Successfully logged in as bob!\n");
    guest.enter_all("@ann hi\n");
    host.output.expect("From bob: hi\n");
    guest.finish();
    host.enter_all("!quit\n");
    assert_eq!(host.finish().status.code(), Some(0));
    assert!(!Path::new(&path).exists());
}

#[test]
fn server_that_comes_back_at_its_socket_is_found_again() {
    let folder = Folder::new();
    let path = folder.path("socket");
    let mut daemon = serve(&[&path]);
    let mut ann = Program::on_pipes(client(&["--reconnect", &format!("ann@{path}")]));
    ann.output.expect("Successfully logged in as ann!\n");
    daemon.signal(Signal::KILL);
    daemon.wait();
    ann.errors.expect("was lost");
    let daemon = serve(&[&path]);
    ann.errors.expect(format!("connected to {path} again"));
    let mut bob = Client::connect(daemon.address);
    bob.says("HELLO-FROM bob\nSEND ann hi\n");
    bob.hears("HELLO bob\n");
    ann.output.expect("From bob: hi\n");
    ann.enter_all("!quit\n");
    ann.finish();
}

/// The name of the user who runs the tests.
fn own_name() -> String {
    let mut command = Command::new("id");
    command.arg("-un");
    let answer = output(command);
    String::from_utf8(answer.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn one_logs_in_under_ones_own_name() {
    let folder = Folder::new();
    let server = Naming::start(&folder.path("socket"), 256);
    let name = own_name();
    let mut stream = server.connect();
    for (line, answer) in [
        ("HELLO-FROM bob\n".to_owned(), "BAD-RQST-BODY\n".to_owned()),
        ("LIST\n".to_owned(), "BAD-RQST-HDR\n".to_owned()),
        (format!("HELLO-FROM {name}\n"), format!("HELLO {name}\n")),
        ("LIST\n".to_owned(), format!("LIST-OK {name}\n")),
    ] {
        stream.write_all(line.as_bytes()).unwrap();
        hears(&stream, &answer);
    }
    let log = server.log();
    assert!(log.contains(&format!("who is {name}, tried to log in as bob")), "{log}");
}

/// A server that names those who come, ended with the test.
struct Naming {
    child: Child,
    path: String,
}

impl Drop for Naming {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Naming {
    fn start(path: &str, descriptors: usize) -> Self {
        let script = format!("ulimit -n {descriptors}; exec \"$0\" \"$@\"");
        let mut command = runner::server_behind(&["sh", "-c", &script]);
        command.args(["--address", path, "--names", "peer", "--socket-mode", "0666"]);
        let mut child = runner::start(command.stdout(Stdio::piped()).stderr(Stdio::piped())).unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        Self { child, path: path.to_owned() }
    }

    fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(&self.path).unwrap();
        stream.set_read_timeout(Some(deadline())).unwrap();
        stream
    }

    /// Ends it; what it has logged.
    fn log(mut self) -> String {
        self.child.kill().unwrap();
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        log
    }
}

/// To look a name up takes a descriptor.
#[test]
fn one_has_ones_name_where_all_descriptors_are_taken() {
    let folder = Folder::new();
    let server = Naming::start(&folder.path("socket"), 32);
    let _silent: Vec<_> = (0..100).map(|_| server.connect()).collect();
    let mut stream = server.connect();
    let name = own_name();
    stream.write_all(format!("HELLO-FROM {name}\n").as_bytes()).unwrap();
    hears(&stream, &format!("HELLO {name}\n"));
}

/// Only root can be somebody else, and only if all others may run the client.
#[test]
#[cfg(target_os = "linux")]
fn others_have_the_names_that_the_system_has_for_them() {
    use std::os::unix::process::CommandExt;
    let may_be = |user| {
        let started = runner::start(runner::client().uid(user).arg("--version").stdout(Stdio::null()));
        started.and_then(|mut child| child.wait()).is_ok_and(|status| status.success())
    };
    if own_name() != "root" || !may_be(1) {
        return;
    }
    let folder = Folder::new();
    let server = Naming::start(&folder.path("socket"), 256);
    for (user, name, status) in
        [(1, "daemon", 0), (1, "root", 4), (65_534, "nobody", 4), (64_999, "64999", 4), (0, "daemon", 4)]
    {
        let mut command = client(&["--name", name, &server.path]);
        command.uid(user);
        let mut program = Program::on_pipes(command);
        if status == 0 {
            program.enter_all("");
        }
        assert_eq!(program.finish().status.code(), Some(status), "{user} as {name}");
    }
    let log = server.log();
    for said in ["who is daemon, tried to log in as root", "who is nobody, tried to log in as 64999"] {
        assert!(log.contains(said), "{log}");
    }
}
