//! A server that nobody vouches for: asked about once, on a terminal, before the conversation begins.

use crate::program::without_environment;
use crate::runner;
use crate::support::until;
use crate::terminal::{PROMPT, Seat};
use crate::tls::Folder;
use crate::tls_service::sockets;
use rcgen::CertificateParams;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const QUESTION: &str = "Is that the right one, and to be remembered (yes/no)? ";

/// The client, all of it on a terminal of its own.
fn seat(folder: &Folder, arguments: &str) -> Seat {
    let shell = ["setsid", "--ctty", "sh", "-c", "exec \"$0\" \"$@\" 2>&1"];
    let command = without_environment(runner::client_behind(&shell));
    Seat::sized(120, 24, folder.at_home(command, arguments))
}

#[test]
fn yes_is_remembered_and_a_change_refused() {
    let folder = Folder::new();
    let papers = folder.self_sign("own", CertificateParams::default());
    let server = folder.serve(&papers, &[]);
    let place = format!("127.0.0.1:{}", server.address.port());
    let mut first = seat(&folder, &format!("--tls {place}"));
    first.program.output.expect(format!("vouches for {place}"));
    first.program.output.expect(&papers.fingerprint);
    first.program.output.expect(QUESTION);
    first.enter("of course");
    first.program.output.expect("Please type yes or no: ");
    first.enter("yes");
    first.program.output.expect(PROMPT);
    first.enter("ann");
    first.program.output.expect("Successfully logged in as ann!");
    first.enter("!quit");
    assert_eq!(first.finish().status.code(), Some(0));
    let known = folder.path(".local/share/chinwag/known-servers");
    assert_eq!(fs::read_to_string(&known).unwrap(), format!("{place} {}\n", papers.fingerprint));
    let mode = |path: &str| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&known), mode(&folder.path(".local/share/chinwag"))), (0o600, 0o700));

    let mut second = seat(&folder, &format!("--tls {place}"));
    second.program.output.expect(PROMPT);
    assert!(!second.program.output.text().contains("yes/no"));
    second.enter("ann");
    second.program.output.expect("Successfully logged in as ann!");
    second.enter("!quit");
    assert_eq!(second.finish().status.code(), Some(0));

    fs::write(&known, format!("{place} SHA256:{}\n", "ab".repeat(32))).unwrap();
    let outcome = seat(&folder, &format!("--tls {place}")).finish();
    assert_eq!(outcome.status.code(), Some(1));
    let said = String::from_utf8(outcome.stdout).unwrap();
    assert!(
        said.contains("HAS ANOTHER CERTIFICATE") && !said.contains("yes/no") && !said.contains(PROMPT),
        "{said}"
    );
}

#[test]
fn no_and_control_c_and_the_end_of_input_are_refusals() {
    let folder = Folder::new();
    let papers = folder.self_sign("own", CertificateParams::default());
    let server = folder.serve(&papers, &[]);
    let place = format!("127.0.0.1:{}", server.address.port());
    for (keys, status) in [("no\r", Some(1)), ("\x04", Some(1)), ("\x03", None)] {
        let mut seat = seat(&folder, &format!("--tls {place}"));
        seat.program.output.expect(QUESTION);
        seat.press(keys);
        let outcome = seat.finish();
        assert_eq!(outcome.status.code(), status, "{keys:?}");
        let said = String::from_utf8(outcome.stdout).unwrap();
        let is_said = said.contains(&format!("accept it with --tls-pin {}", papers.fingerprint));
        assert_eq!((is_said, said.contains(PROMPT)), (status.is_some(), false), "{said}");
    }
    assert!(!fs::exists(folder.path(".local/share/chinwag/known-servers")).unwrap());
}

#[test]
fn what_cannot_be_remembered_is_not_trusted() {
    let folder = Folder::new();
    let papers = folder.self_sign("own", CertificateParams::default());
    let server = folder.serve(&papers, &[]);
    let place = format!("127.0.0.1:{}", server.address.port());
    let mut seat = seat(&folder, &format!("--tls-known /proc/chinwag/known {place}"));
    seat.program.output.expect(QUESTION);
    seat.enter("yes");
    seat.program.output.expect("chinwag: it cannot be remembered: ");
    seat.program.output.expect("--tls-known");
    seat.program.output.expect(format!("accept it with --tls-pin {}", papers.fingerprint));
    assert_eq!(seat.finish().status.code(), Some(1));
}

#[test]
fn nobody_is_asked_where_the_answer_is_known() {
    let folder = Folder::new();
    let papers = folder.vouch("server", &["127.0.0.1"]);
    let server = folder.serve(&papers, &[]);
    let place = format!("127.0.0.1:{}", server.address.port());
    for arguments in [format!("--tls-ca {}", folder.authority()), format!("--tls-pin {}", papers.fingerprint)]
    {
        let mut seat = seat(&folder, &format!("{arguments} {place}"));
        seat.program.output.expect(PROMPT);
        seat.enter("!quit");
        assert_eq!(seat.finish().status.code(), Some(0));
    }
    // Nor where an authority was named that does not vouch.
    let stranger = Folder::new();
    let outcome = seat(&folder, &format!("--tls-ca {} {place}", stranger.authority())).finish();
    assert_eq!(outcome.status.code(), Some(1));
    assert!(!String::from_utf8(outcome.stdout).unwrap().contains("yes/no"));
}

/// The log-in prompt is not torn by what a lost connection brings.
#[test]
fn connection_that_ended_meanwhile_is_made_again_without_a_question() {
    let folder = Folder::new();
    let papers = folder.self_sign("own", CertificateParams::default());
    let server = folder.serve(&papers, &["--login-timeout", "0.2"]);
    let place = format!("127.0.0.1:{}", server.address.port());
    let mut seat = seat(&folder, &format!("--tls -v {place}"));
    seat.program.output.expect(QUESTION);
    seat.enter("yes");
    seat.program.output.expect(PROMPT);
    until("the server has closed it", || sockets(server.address.port(), "01") == 0);
    seat.enter("ann");
    seat.program.output.expect("Successfully logged in as ann!");
    seat.enter("!quit");
    assert_eq!(seat.finish().status.code(), Some(0));
}
