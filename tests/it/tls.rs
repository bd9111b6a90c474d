//! Encrypted connections: whom the client trusts, and what it says of the others.

use crate::program::{Outcome, PROMPT, Program, unused_path, without_environment};
use crate::runner::{self, deadline};
use crate::support::{Daemon, LOGGED_IN, chinwagd};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use ring::digest::{SHA256, digest};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

/// A folder with an authority in it, and what that vouches for.
pub(crate) struct Folder {
    path: String,
    authority: CertifiedIssuer<'static, KeyPair>,
}

/// Files of a certificate and its key, and the certificate's fingerprint.
#[derive(Clone)]
pub(crate) struct Papers {
    pub(crate) certificate: String,
    pub(crate) key: String,
    pub(crate) fingerprint: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let path = unused_path();
        fs::create_dir(&path).unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, &path);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        fs::write(format!("{path}/ca.pem"), authority.pem()).unwrap();
        Self { path, authority }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    pub(crate) fn authority(&self) -> String {
        self.path("ca.pem")
    }

    /// A certificate for these hosts, that the authority vouches for.
    pub(crate) fn vouch(&self, name: &str, hosts: &[&str]) -> Papers {
        self.sign(
            name,
            CertificateParams::new(hosts.iter().map(|&host| host.to_owned()).collect::<Vec<_>>()).unwrap(),
        )
    }

    pub(crate) fn sign(&self, name: &str, params: CertificateParams) -> Papers {
        let key = KeyPair::generate().unwrap();
        self.write(name, params.signed_by(&key, &self.authority).unwrap(), &key)
    }

    /// One that vouches for itself.
    pub(crate) fn self_sign(&self, name: &str, params: CertificateParams) -> Papers {
        let key = KeyPair::generate().unwrap();
        self.write(name, params.self_signed(&key).unwrap(), &key)
    }

    fn write(&self, name: &str, certificate: rcgen::Certificate, key: &KeyPair) -> Papers {
        let papers = Papers {
            certificate: self.path(&format!("{name}.pem")),
            key: self.path(&format!("{name}.key")),
            fingerprint: fingerprint(certificate.der()),
        };
        fs::write(&papers.certificate, certificate.pem()).unwrap();
        fs::write(&papers.key, key.serialize_pem()).unwrap();
        fs::set_permissions(&papers.key, fs::Permissions::from_mode(0o600)).unwrap();
        papers
    }

    /// The client, which knows no other files than those here.
    pub(crate) fn client(&self, arguments: &str) -> Command {
        self.at_home(without_environment(runner::client()), arguments)
    }

    pub(crate) fn at_home(&self, mut command: Command, arguments: &str) -> Command {
        command.env("CHINWAG_LINGER", deadline().as_secs().to_string());
        command.env("HOME", &self.path).env_remove("XDG_DATA_HOME").env_remove("XDG_STATE_HOME");
        command.args(arguments.split_whitespace());
        command
    }

    /// Runs the client, which logs in as `ann` and asks who is there.
    pub(crate) fn visit(&self, arguments: &str) -> Outcome {
        let mut program = Program::on_pipes(self.client(arguments));
        program.enter_all("ann\n!who\n");
        program.finish()
    }

    /// A server with these papers.
    pub(crate) fn serve(&self, papers: &Papers, arguments: &[&str]) -> Daemon {
        let mut all = vec!["--tls-cert", &papers.certificate, "--tls-key", &papers.key];
        all.extend(arguments);
        self.serve_with(&all)
    }

    pub(crate) fn serve_with(&self, arguments: &[&str]) -> Daemon {
        let mut command = self.at_home(chinwagd(), "");
        command.env_remove("STATE_DIRECTORY").args(arguments).stderr(Stdio::null());
        Daemon::spawn(command)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

pub(crate) fn fingerprint(certificate: &[u8]) -> String {
    let digits =
        digest(&SHA256, certificate).as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("SHA256:{digits}")
}

/// What `ann` sees who is alone.
pub(crate) fn alone() -> String {
    format!("{PROMPT}{LOGGED_IN}\nThere are 1 online users:\nann\n")
}

/// A peer that says something in TLS to whoever comes, and then goes: with a word, or without one.
fn say_once(papers: &Papers, said: &'static [u8], with_a_word: bool) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let chain = vec![CertificateDer::from_pem_file(&papers.certificate).unwrap()];
    let key = PrivateKeyDer::from_pem_file(&papers.key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream);
        let mut request = [0; 64];
        let _ = stream.read(&mut request);
        stream.write_all(said).unwrap();
        if with_a_word {
            stream.conn.send_close_notify();
        }
        stream.flush().unwrap();
    });
    port
}

#[test]
fn server_that_an_authority_vouches_for_is_trusted() {
    let folder = Folder::new();
    let server = folder.serve(&folder.vouch("server", &["localhost", "127.0.0.1", "::1"]), &[]);
    let (ca, port) = (folder.authority(), server.address.port());
    for place in ["localhost", "127.0.0.1"] {
        folder.visit(&format!("--tls-ca {ca} {place}:{port}")).assert(0, alone());
    }
    folder.visit(&format!("--tls-ca {ca} --address tls:localhost:{port}")).assert(0, alone());
}

/// The authorities of the system are where the variables of OpenSSL say.
#[test]
fn authorities_of_the_system_count_where_no_other_is_named() {
    let folder = Folder::new();
    let server = folder.serve(&folder.vouch("server", &["localhost"]), &[]);
    let visit = |authorities: &str| {
        let mut command = folder.client(&format!("--tls localhost:{}", server.address.port()));
        command.env("SSL_CERT_FILE", authorities).env("SSL_CERT_DIR", folder.path("absent"));
        let mut program = Program::on_pipes(command);
        program.enter_all("ann\n!who\n");
        program.finish()
    };
    visit(&folder.authority()).assert(0, alone());
    visit(&folder.path("none")).assert_broken("", &["not trusted", "knows no authorities", "--tls-ca"]);
}

#[test]
fn pinned_server_is_trusted_whatever_else_is_wrong_with_it() {
    let folder = Folder::new();
    let mut params = CertificateParams::new(["elsewhere".to_owned()]).unwrap();
    params.not_after = date_time_ymd(2001, 1, 1);
    for papers in [folder.self_sign("own", params.clone()), folder.sign("old", params)] {
        let server = folder.serve(&papers, &[]);
        let port = server.address.port();
        let other = "SHA256:".to_owned() + &"ab".repeat(32);
        let pins = format!("--tls-pin {other} --tls-pin {}", papers.fingerprint);
        folder.visit(&format!("{pins} 127.0.0.1:{port}")).assert(0, alone());
        // Nor is one pinned in vain: what an authority says does not matter then.
        let outcome = folder.visit(&format!("--tls-pin {other} 127.0.0.1:{port}"));
        outcome.assert_broken("", &["not trusted", "none of those pinned", &papers.fingerprint]);
    }
}

#[test]
fn every_refusal_is_one_line_with_what_to_do() {
    let folder = Folder::new();
    let hosts = || CertificateParams::new(["localhost".to_owned()]).unwrap();
    let (mut expired, mut early, mut authority) = (hosts(), hosts(), hosts());
    expired.not_after = date_time_ymd(2001, 1, 1);
    early.not_before = date_time_ymd(3000, 1, 1);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let other = Folder::new();
    for (papers, words) in [
        (folder.vouch("other", &["chat.example.org"]), &["is for chat.example.org", "check --address"][..]),
        (folder.sign("expired", expired.clone()), &["expired ", " days ago", "clock"]),
        (folder.self_sign("both", expired), &["expired "]),
        (folder.sign("early", early), &["not valid for another", "clock"]),
        (other.vouch("stranger", &["localhost"]), &["nobody who is trusted here vouches"]),
        (folder.self_sign("own", hosts()), &["nobody who is trusted here vouches"]),
        (folder.self_sign("authority", authority), &["nobody who is trusted here vouches"]),
    ] {
        let server = folder.serve(&papers, &[]);
        let place = format!("localhost:{}", server.address.port());
        let outcome = folder.visit(&format!("--tls-ca {} {place}", folder.authority()));
        let accepts = format!("accept it with --tls-pin {}", papers.fingerprint);
        outcome.assert_broken("", &[words, &[&place, "is not trusted", &accepts]].concat());
        // What the line says is so.
        folder.visit(&format!("--tls-pin {} {place}", papers.fingerprint)).assert(0, alone());
    }
}

#[test]
fn known_server_is_trusted_until_it_changes() {
    let folder = Folder::new();
    let papers = folder.self_sign("own", CertificateParams::default());
    let server = folder.serve(&papers, &[]);
    let place = format!("localhost:{}", server.address.port());
    let known = folder.path(".local/share/chinwag/known-servers");
    fs::create_dir_all(folder.path(".local/share/chinwag")).unwrap();
    fs::write(&known, format!("# mine\nLOCALHOST:{} {}\n", server.address.port(), papers.fingerprint))
        .unwrap();
    folder.visit(&format!("--tls {place}")).assert(0, alone());
    // An authority's word does not make up for it.
    let vouched = folder.vouch("vouched", &["localhost"]);
    let server = folder.serve(&vouched, &[]);
    let place = format!("localhost:{}", server.address.port());
    fs::write(&known, format!("# mine\n\n{place} {}\n", papers.fingerprint)).unwrap();
    let outcome = folder.visit(&format!("--tls-ca {} {place}", folder.authority()));
    let line = format!("remove line 3 of {known}");
    outcome.assert_broken("", &["HAS ANOTHER CERTIFICATE", &papers.fingerprint, &vouched.fingerprint, &line]);
    for (text, words) in
        [(format!("{place} MD5:00\n"), "line 1 of"), ("\n".repeat(2 << 20), "longer than 1 MiB")]
    {
        fs::write(&known, text).unwrap();
        folder
            .visit(&format!("--tls-ca {} {place}", folder.authority()))
            .assert_broken("", &["not trusted", words]);
    }
    // A file of another name can be given.
    let other = folder.path("other");
    fs::write(&other, format!("{place} {}", vouched.fingerprint)).unwrap();
    folder.visit(&format!("--tls-known {other} {place}")).assert(0, alone());
}

#[test]
fn what_is_not_tls_is_said_on_either_side() {
    let folder = Folder::new();
    let plain = folder.serve_with(&[]);
    let outcome = folder.visit(&format!("--tls 127.0.0.1:{}", plain.address.port()));
    outcome.assert_broken("", &["no encrypted connection", "not TLS"]);
    let encrypted = folder.serve_with(&["--tls"]);
    let outcome = folder.visit(&format!("127.0.0.1:{}", encrypted.address.port()));
    outcome.assert_broken(PROMPT, &["127.0.0.1", "speaks TLS: add --tls"]);
}

#[test]
fn handshake_has_a_deadline_and_an_end() {
    let folder = Folder::new();
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let place = format!("127.0.0.1:{}", silent.local_addr().unwrap().port());
    let outcome = folder.visit(&format!("--tls --connect-timeout 0.2 {place}"));
    outcome.assert_broken("", &["does not answer in TLS", "--port"]);
    let closing = thread::spawn(move || {
        let (mut stream, _) = silent.accept().unwrap();
        let (mut second, _) = silent.accept().unwrap();
        let _ = stream.read(&mut [0; 9]);
        let _ = second.read(&mut [0; 4096]);
        let _ = second.write_all(b"\x16\x03\x03\x00\x7a\x02");
        let _ = second.shutdown(std::net::Shutdown::Both);
    });
    let outcome = folder.visit(&format!("--tls {place}"));
    outcome.assert_broken("", &["no encrypted connection", "in the middle of the TLS handshake"]);
    closing.join().unwrap();
}

/// Whole lines are shown; the end of the connection may be somebody else's doing.
#[test]
fn end_without_a_word_is_a_lost_connection() {
    let folder = Folder::new();
    let papers = folder.self_sign("own", CertificateParams::default());
    let said = b"HELLO ann\nDELIVERY bob hello\nDELIVERY bob cut of";
    for (with_a_word, words) in
        [(false, "broke: run chinwag again to come back (it ended without"), (true, "closed the connection")]
    {
        let port = say_once(&papers, said, with_a_word);
        let program =
            Program::on_pipes(folder.client(&format!("--tls-pin {} -p {port}", papers.fingerprint)));
        program.enter("ann\n");
        let outcome = program.finish();
        outcome.assert_broken(format!("{PROMPT}{LOGGED_IN}\nFrom bob: hello\n"), &[words]);
    }
}

#[test]
fn certificate_is_made_once_and_kept_from_others() {
    let folder = Folder::new();
    let state = folder.path(".local/state/chinwag");
    let shown = || {
        let server = folder.serve_with(&["--tls"]);
        let certificate = CertificateDer::from_pem_file(format!("{state}/tls.pem")).unwrap();
        let shown = fingerprint(&certificate);
        folder.visit(&format!("--tls-pin {shown} -p {}", server.address.port())).assert(0, alone());
        shown
    };
    assert_eq!(shown(), shown());
    let mode = |path: &str| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&state), mode(&format!("{state}/tls.pem"))), (0o700, 0o600));
    assert_eq!(fs::read_dir(&state).unwrap().count(), 1);
}

#[test]
fn what_does_not_go_together_is_said() {
    let folder = Folder::new();
    let (one, two) = (folder.vouch("one", &["a"]), folder.vouch("two", &["b"]));
    let empty = folder.path("empty");
    fs::write(&empty, "nothing").unwrap();
    let (absent, long) = (folder.path("absent"), folder.path("long"));
    fs::write(&long, "\n".repeat(1 << 20) + &fs::read_to_string(&one.certificate).unwrap()).unwrap();
    for (arguments, status, words) in [
        (vec!["--tls-cert", &one.certificate], 2, vec!["--tls-cert and --tls-key go together"]),
        (
            vec!["--tls-cert", &one.certificate, "--tls-key", &two.key],
            1,
            vec!["do not go together", &one.certificate],
        ),
        (vec!["--tls-cert", &one.key, "--tls-key", &one.key], 1, vec!["no certificate in it", &one.key]),
        (vec!["--tls-cert", &one.certificate, "--tls-key", &empty], 1, vec!["no private key in it", &empty]),
        (vec!["--tls-cert", &absent, "--tls-key", &one.key], 1, vec!["cannot read", &absent]),
        (vec!["--tls", "--tls-client-ca", &empty], 1, vec![&empty]),
        (vec!["--tls-cert", &long, "--tls-key", &one.key], 1, vec!["longer than 1 MiB", &long]),
    ] {
        let mut command = folder.at_home(chinwagd(), "");
        command.args(arguments);
        let output = crate::support::output(command);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{said}");
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
    }
    let mut command = folder.at_home(chinwagd(), "--address 127.0.0.1:1 --tls-cert ");
    fs::set_permissions(&one.key, fs::Permissions::from_mode(0o604)).unwrap();
    command.args([&one.certificate, "--tls-key", &one.key, "--tls-client-ca", &empty]);
    let said = String::from_utf8(crate::support::output(command).stderr).unwrap();
    assert!(said.contains(&format!("can read the key in {0}: chmod o= {0}", one.key)), "{said}");
    let outcome = folder.visit("--tls-pin SHA1:00 127.0.0.1:1");
    assert_eq!(outcome.status.code(), Some(2));
    folder
        .visit(&format!("--tls-ca {empty} localhost:{}", say_once(&one, b"", true)))
        .assert_broken("", &["no certificate in it", &empty]);
}

/// Each with a record of its own, whatever becomes of them on their way: both ways through a narrow one.
#[test]
fn every_byte_may_come_alone() {
    let folder = Folder::new();
    let papers = folder.vouch("server", &["localhost"]);
    let server = folder.serve(&papers, &["--echobot"]);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let address = server.address;
    thread::spawn(move || {
        let (near, _) = listener.accept().unwrap();
        let far = TcpStream::connect(address).unwrap();
        let pass = |mut from: TcpStream, mut to: TcpStream| {
            let _ = to.set_nodelay(true);
            let mut byte = [0];
            while let Ok(1) = from.read(&mut byte) {
                if to.write_all(&byte).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(std::net::Shutdown::Write);
        };
        let (near_too, far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
        thread::spawn(move || pass(near_too, far_too));
        pass(far, near);
    });
    let mut program =
        Program::on_pipes(folder.client(&format!("--tls-ca {} -n ann localhost:{port}", folder.authority())));
    let (mut typed, mut expected) = (String::new(), format!("{PROMPT}{LOGGED_IN}\n"));
    for number in 0..50 {
        let text = format!("{number} {}", "x".repeat(number * 7 % 300));
        typed += &format!("@echobot {text}\n");
        expected += &format!("From echobot: {text}\nThe message was sent successfully\n");
    }
    program.enter_all(typed);
    let outcome = program.finish();
    assert!(expected.contains("From echobot: 49 "));
    outcome.assert(0, expected.replacen(PROMPT, "", 1));
}
