//! What strangers can make chinwagd hold, and whom they can keep out.

use crate::support::{Client, Daemon, raise_descriptor_limit};
use std::io::{ErrorKind, Write};

const MIB: usize = 1024 * 1024;

/// The program itself, and what the system's allocator keeps: in KiB.
const PROGRAM: usize = 8 * 1024;

/// `ann` writes to `bob`.
fn chat(ann: &mut Client, bob: &mut Client) {
    ann.says("SEND bob hi\n");
    ann.hears("SEND-OK\n");
    bob.hears("DELIVERY ann hi\n");
}

/// What one says as fast as it can, until nobody takes more.
fn flood(client: &mut Client, bytes: &[u8], most: usize) {
    let stream = client.stream.get_mut();
    stream.set_nonblocking(true).unwrap();
    let mut sent = 0;
    while sent < most {
        match stream.write(&bytes[sent % bytes.len()..]) {
            Ok(count) => sent += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(_) => break,
        }
    }
    stream.set_nonblocking(false).unwrap();
}

#[test]
fn more_silent_strangers_than_descriptors_keep_nobody_out() {
    raise_descriptor_limit();
    let daemon = Daemon::start_with_descriptors(64, &[]);
    let (mut ann, mut bob) = (daemon.user("ann"), daemon.user("bob"));
    let silent: Vec<_> = (0..200).map(|_| daemon.client()).collect();
    daemon.user("late");
    chat(&mut ann, &mut bob);
    assert_eq!(silent.into_iter().next().unwrap().hears_the_end(), b"", "the first one made way");
}

#[test]
fn more_silent_strangers_than_connections_keep_nobody_out() {
    let daemon = Daemon::start(&["--max-connections", "20"]);
    let (mut ann, mut bob) = (daemon.user("ann"), daemon.user("bob"));
    let silent: Vec<_> = (0..100).map(|_| daemon.client()).collect();
    daemon.user("late");
    chat(&mut ann, &mut bob);
    drop(silent);
}

#[test]
fn connection_that_is_one_too_many_is_told_so() {
    let daemon = Daemon::start(&["--max-connections", "2"]);
    let (mut ann, mut bob) = (daemon.user("ann"), daemon.user("bob"));
    assert_eq!(daemon.client().hears_the_end(), b"BUSY\n");
    chat(&mut ann, &mut bob);
}

#[test]
fn who_does_not_log_in_is_closed_in_time() {
    let daemon = Daemon::start(&["--login-timeout", "0.05"]);
    let mut guest = daemon.client();
    guest.says("LIST\nHELLO-FROM an");
    assert_eq!(guest.hears_the_end(), b"BAD-RQST-HDR\n");
}

/// Each of them fills what the system takes for it; the server holds next to nothing.
#[test]
fn floods_before_the_log_in_cost_next_to_nothing() {
    let daemon = Daemon::start(&[]);
    let before = daemon.memory("VmRSS");
    let mut guests: Vec<_> = (0..100).map(|_| daemon.client()).collect();
    for guest in &mut guests {
        flood(guest, &b"\n".repeat(MIB), 4 * MIB);
    }
    let (mut ann, mut bob) = (daemon.user("ann"), daemon.user("bob"));
    chat(&mut ann, &mut bob);
    let more = daemon.memory("VmHWM") - before;
    assert!(more < 2 * 1024, "{more} KiB");
}

/// Long lines that never end, and readers that never read: all of them together have one bound.
#[test]
fn all_strangers_together_have_one_bound() {
    for (said, size) in [("SEND nobody ", 3 * MIB), ("SEND user0 ", 3 * MIB), ("LIST\n", 5)] {
        let limits = ["--max-memory", "16M", "--max-users", "100", "--max-message", "4M"];
        let daemon = Daemon::start(&limits);
        let (mut ann, mut bob) = (daemon.user("ann"), daemon.user("bob"));
        let mut others: Vec<_> = (0..20).map(|number| daemon.user(&format!("user{number}"))).collect();
        for other in &mut others {
            let mut words = said.as_bytes().to_vec();
            words.resize(size, b'x');
            if said.contains("user0") {
                words.push(b'\n');
            }
            flood(other, &words, if size > 5 { words.len() } else { MIB });
            chat(&mut ann, &mut bob);
        }
        let most = daemon.memory("VmHWM");
        assert!(most < 16 * 1024 + PROGRAM, "{said:?}: {most} KiB");
    }
}
