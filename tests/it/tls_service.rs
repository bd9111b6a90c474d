//! The server of encrypted connections: certificates that change, clients that need one, and who else there is.

use crate::program::{PROMPT, Program};
use crate::runner;
use crate::support::{LOGGED_IN, chinwagd, until};
use crate::tls::{Folder, Papers, alone};
use rcgen::{CertificateParams, DistinguishedName, DnType};
use rustix::process::Signal;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A certificate of this person.
fn of_person(folder: &Folder, name: &str) -> Papers {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    folder.sign(&name.replace(' ', "-"), params)
}

#[test]
fn certificate_is_exchanged_while_everybody_stays() {
    let folder = Folder::new();
    let (first, second) = (folder.vouch("first", &["localhost"]), folder.vouch("second", &["localhost"]));
    let shown =
        Papers { certificate: folder.path("shown.pem"), key: folder.path("shown.key"), ..first.clone() };
    let show = |papers: &Papers| {
        fs::copy(&papers.certificate, &shown.certificate).unwrap();
        fs::copy(&papers.key, &shown.key).unwrap();
    };
    show(&first);
    let server = folder.serve(&shown, &["--echobot"]);
    let place = format!("localhost:{}", server.address.port());
    let mut talking =
        Program::on_pipes(folder.client(&format!("--tls-pin {} -n bob {place}", first.fingerprint)));
    talking.output.expect("Successfully logged in as bob!\n");
    let visits = |papers: &Papers| {
        folder.visit(&format!("--tls-pin {} {place}", papers.fingerprint)).status.code() == Some(0)
    };
    assert!(visits(&first) && !visits(&second));
    for round in 0..3 {
        let (old, new) = if round % 2 == 0 { (&first, &second) } else { (&second, &first) };
        // What cannot be used changes nothing.
        fs::write(&shown.certificate, "rubbish").unwrap();
        server.signal(Signal::HUP);
        for number in 0..20 {
            talking.enter(format!("@echobot {round}.{number}\n"));
            talking.output.expect(format!("From echobot: {round}.{number}\n"));
        }
        assert!(visits(old));
        show(new);
        server.signal(Signal::HUP);
        until("the new certificate is shown", || visits(new));
        talking.enter("@echobot still here\n");
        talking.output.expect("From echobot: still here\n");
    }
    talking.enter("!quit\n");
    assert_eq!(talking.finish().status.code(), Some(0));
}

#[test]
fn command_may_stand_between() {
    let folder = Folder::new();
    let papers = folder.vouch("server", &["localhost"]);
    let server = folder.serve(&papers, &[]);
    let (port, pin) = (server.address.port(), &papers.fingerprint);
    if Other::start("ncat --version").is_none() {
        return;
    }
    let mut command = folder.client(&format!("--tls-pin {pin} -n ann"));
    command.args(["--via", &format!("ncat 127.0.0.1 {port}")]);
    let mut client = Program::on_pipes(command);
    client.enter_all("!who\n");
    client.finish().assert(0, alone().replacen(PROMPT, "", 1));
}

/// Nobody is asked in the middle of a conversation.
#[test]
fn who_comes_back_to_another_server_is_told() {
    let folder = Folder::new();
    let (first, second) = (folder.vouch("first", &["localhost"]), folder.vouch("second", &["localhost"]));
    let port = free_port();
    let address = format!("localhost:{port}");
    let serve = |papers: &Papers| folder.serve(papers, &["--address", &address]);
    let server = serve(&first);
    let pin = &first.fingerprint;
    let mut client =
        Program::on_pipes(folder.client(&format!("--reconnect --tls-pin {pin} -n ann {address}")));
    client.output.expect(LOGGED_IN);
    drop(server);
    client.errors.expect("was lost: trying to come back\n");
    let server = serve(&second);
    client.errors.expect(format!("{address} is not trusted: its certificate is none of those pinned"));
    drop(server);
    let _server = serve(&first);
    client.errors.expect("again\n");
    client.enter("!who\n");
    client.output.expect("There are 1 online users:\nann\n");
    assert_eq!(client.errors.text().matches("is not trusted").count(), 1);
    client.enter("!quit\n");
    assert_eq!(client.wait().code(), Some(0));
}

#[test]
fn only_those_come_in_who_have_a_certificate() {
    let folder = Folder::new();
    let other = Folder::new();
    let eve = of_person(&other, "eve");
    let ann = of_person(&folder, "ann");
    let papers = folder.vouch("server", &["localhost"]);
    let server = folder.serve(&papers, &["--tls-client-ca", &folder.authority()]);
    let place = format!("--tls-ca {} localhost:{}", folder.authority(), server.address.port());
    let with =
        |papers: &Papers| format!("--tls-cert {} --tls-key {} {place}", papers.certificate, papers.key);
    folder.visit(&with(&ann)).assert(0, alone());
    for arguments in [place.clone(), with(&eve)] {
        let outcome = folder.visit(&arguments);
        assert_eq!(outcome.status.code(), Some(1));
        let said = outcome.only_error();
        assert!(said.contains("--tls-cert"), "{said}");
    }
    // The others are not disturbed.
    folder.visit(&with(&ann)).assert(0, alone());
}

#[test]
fn certificate_says_under_which_name_one_comes_in() {
    let folder = Folder::new();
    let [ann, nobody] = ["ann", "an impossible name"].map(|name| of_person(&folder, name));
    let mut params = CertificateParams::new(["bob.example.org".to_owned()]).unwrap();
    params.distinguished_name = DistinguishedName::new();
    let by_host = folder.sign("by-host", params);
    let papers = folder.vouch("server", &["localhost"]);
    let server = folder.serve(&papers, &["--tls-client-ca", &folder.authority(), "--names", "certificate"]);
    let place = format!("--tls-ca {} localhost:{}", folder.authority(), server.address.port());
    let status = |papers: &Papers, name: &str| {
        let (certificate, key) = (&papers.certificate, &papers.key);
        let arguments = format!("--tls-cert {certificate} --tls-key {key} --name {name} {place}");
        folder.visit(&arguments).status.code()
    };
    assert_eq!((status(&ann, "ann"), status(&by_host, "bob.example.org")), (Some(0), Some(0)));
    for (papers, name) in [(&ann, "bob"), (&ann, "an"), (&ann, "anna"), (&by_host, "ann"), (&nobody, "an")] {
        assert_eq!(status(papers, name), Some(4), "{name}");
    }
}

#[test]
fn one_address_may_be_encrypted_and_another_not() {
    let folder = Folder::new();
    let Papers { certificate, key, .. } = folder.vouch("server", &["localhost"]);
    let mut command = folder.at_home(chinwagd(), &format!("--tls-cert {certificate} --tls-key {key}"));
    command.args(["--address", "tls:localhost", "--address", "127.0.0.1"]);
    let mut server = Other::spawn(command).unwrap();
    let [encrypted, plain] =
        [(); 2].map(|()| server.line().rsplit(':').next().unwrap().trim_end().to_owned());
    folder.visit(&format!("--tls-ca {} localhost:{encrypted}", folder.authority())).assert(0, alone());
    folder.visit(&format!("127.0.0.1:{plain}")).assert(0, alone());
}

#[test]
#[cfg(feature = "host")]
fn who_hosts_is_encrypted_too() {
    let folder = Folder::new();
    let mut host = Program::on_pipes(folder.client("--host --tls -p 0 -n ann"));
    host.output.expect(LOGGED_IN);
    host.errors.expect("once logged in");
    let said = host.errors.text();
    let command =
        said.lines().find_map(|line| line.split_once("others enter: chinwag ")).unwrap().1.to_owned();
    let mut guest = Program::on_pipes(folder.client(&format!("-n bob {command}")));
    guest.enter_all("@ann hello\n");
    host.output.expect("From bob: hello\n");
    assert_eq!(guest.finish().status.code(), Some(0));
    host.enter("!quit\n");
    assert_eq!(host.wait().code(), Some(0));
}

/// A program of others that talks TLS: it is typed to, and listened to.
struct Other {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Other {
    /// Not there, if it is not installed; in CI everything is.
    fn start(words: &str) -> Option<Self> {
        let mut words = words.split_whitespace();
        let mut command = Command::new(words.next().unwrap());
        command.args(words);
        match Self::spawn(command) {
            Err(_) if std::env::var_os("CI").is_none() => None,
            spawned => Some(spawned.unwrap()),
        }
    }

    fn spawn(mut command: Command) -> std::io::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = runner::start(&mut command)?;
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Ok(Self { child, input, output })
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }

    fn says(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    fn hears(&mut self, expected: &str) {
        assert_eq!(self.line(), format!("{expected}\n"));
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn clients_of_others_are_served() {
    let folder = Folder::new();
    let papers = folder.vouch("server", &["localhost"]);
    let server = folder.serve(&papers, &["--echobot"]);
    let (ca, port) = (folder.authority(), server.address.port());
    for client in [
        format!("openssl s_client -quiet -verify_return_error -CAfile {ca} -connect localhost:{port}"),
        format!("ncat --ssl-verify --ssl-trustfile {ca} localhost {port}"),
    ] {
        let Some(mut client) = Other::start(&client) else { continue };
        client.says("HELLO-FROM ann");
        client.hears("HELLO ann");
        let text = "x".repeat(100_000);
        client.says(&format!("SEND echobot {text}"));
        client.hears(&format!("DELIVERY echobot {text}"));
        client.hears("SEND-OK");
    }
}

#[test]
fn servers_of_others_are_talked_to() {
    let folder = Folder::new();
    let Papers { certificate, key, fingerprint } = folder.vouch("server", &["localhost"]);
    for server in [
        format!("openssl s_server -quiet -naccept 1 -cert {certificate} -key {key} -accept"),
        format!("ncat --ssl --ssl-cert {certificate} --ssl-key {key} -l 127.0.0.1"),
    ] {
        let port = free_port();
        let Some(mut server) = Other::start(&format!("{server} {port}")) else { continue };
        until("it listens", || is_listening(port));
        let mut client =
            Program::on_pipes(folder.client(&format!("--tls-pin {fingerprint} 127.0.0.1:{port}")));
        client.enter("ann\n");
        server.hears("HELLO-FROM ann");
        server.says("HELLO ann");
        client.output.expect(format!("{PROMPT}{LOGGED_IN}\n"));
        let text = "y".repeat(100_000);
        server.says(&format!("DELIVERY bob {text}"));
        client.output.expect(format!("From bob: {text}\n"));
        client.enter("@bob bye\n");
        server.hears("SEND bob bye");
        client.enter("!quit\n");
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// As the system tells it: whoever tried would be the one whom the server waits for.
fn is_listening(port: u16) -> bool {
    sockets(port, "0A") > 0
}

/// How many sockets there are on this side of this port, in this state (proc(5), /proc/net/tcp).
pub(crate) fn sockets(port: u16, state: &str) -> usize {
    let end = format!(":{port:04X}");
    let is_one = |line: &&str| {
        let words: Vec<_> = line.split_whitespace().collect();
        words.get(1).is_some_and(|local| local.ends_with(&end)) && words.get(3) == Some(&state)
    };
    let count = |path| fs::read_to_string(path).unwrap_or_default().lines().filter(is_one).count();
    count("/proc/net/tcp") + count("/proc/net/tcp6")
}

/// openssl makes such ones where it is told of no extension.
#[test]
fn certificate_of_the_first_version_of_all_is_named() {
    let folder = Folder::new();
    let [key, request, certificate] = ["old.key", "old.csr", "old.pem"].map(|name| folder.path(name));
    let old = format!(
        "exec 2>&-; openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=ann -keyout {key} \
         -out {request} && openssl x509 -req -in {request} -signkey {key} -out {certificate}"
    );
    if !runner::start(Command::new("sh").args(["-c", &old])).unwrap().wait().unwrap().success() {
        assert!(std::env::var_os("CI").is_none(), "there is no openssl");
        return;
    }
    let papers = format!("--tls-cert {certificate} --tls-key {key}");
    let said = folder.visit(&format!("--tls {papers} localhost:1")).only_error();
    assert!(said.contains("version 1 of X.509") && said.contains(&certificate), "{said}");
}
