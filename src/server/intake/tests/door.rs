//! Those who have to greet first, whose name is known, or who have come to the wrong door.

use super::scene::{Client, LIMITS, Scene};
use super::*;
use crate::server::hub::Limits;

#[test]
fn who_has_to_greet_has_less_time_for_that_and_then_as_much_as_others() {
    let mut scene = Scene::new(LIMITS);
    let start = scene.now;
    let (ann, bob) = (scene.come_as(None, 9), scene.come_as(None, 9));
    scene.say(&ann, "greeting?");
    scene.say(&bob, "greeting");
    scene.run();
    assert_eq!(scene.intake().next_deadline(), Some(start + GREETING_TIMEOUT));
    scene.now = start + GREETING_TIMEOUT - Duration::from_nanos(1);
    scene.run();
    assert!(!bob.is_closed());
    scene.now = start + GREETING_TIMEOUT;
    scene.run();
    assert!(bob.is_closed() && !ann.is_closed());
    assert_eq!(scene.intake().next_deadline(), Some(start + LIMITS.login_timeout));
    scene.say(&ann, "HELLO-FROM ann\n");
    scene.run();
    assert_eq!((&*ann.heard(), scene.intake().next_deadline()), ("HELLO ann\n", None));
}

/// It does not wait for them, a few are served in each turn, in their order, and in the end all are.
#[test]
fn nobody_waits_for_many_who_greet() {
    for announces_end in [false, true] {
        let mut scene = Scene::new(Limits { max_users: 1000, max_connections: 1000, ..LIMITS });
        let bob = scene.user("bob");
        let others: Vec<_> = (0..200).map(|_| scene.come_as(None, 10)).collect();
        for other in &others {
            scene.say(other, "greeting!");
            if announces_end {
                scene.intake().handle_ending(other.id);
            }
        }
        for turn in 1..=200 / GREETED_PER_TURN {
            scene.say(&bob, "SEND bob hi\n");
            let guest = scene.come();
            scene.say(&guest, "LIST\n");
            scene.turn();
            assert_eq!(bob.heard(), "DELIVERY bob hi\nSEND-OK\n");
            assert_eq!(guest.heard(), "BAD-RQST-HDR\n", "nor do other guests");
            let served = |other: &Client| other.wire.borrow().greeting == 1;
            let count = others.iter().filter(|other| served(other)).count();
            assert_eq!(count, turn * GREETED_PER_TURN);
            assert!(others[..count].iter().all(served) && scene.intake().has_work() == (count < 200));
        }
    }
}

/// There is nothing to be taken from it, which may cost a lot.
#[test]
fn broken_connection_that_has_not_greeted_is_not_read() {
    let mut scene = Scene::new(LIMITS);
    let ann = scene.come_as(None, 10);
    scene.say(&ann, "greeting?!");
    scene.break_off(&ann);
    assert!(ann.is_closed() && ann.wire.borrow().calls == 0 && scene.intake().is_empty());
}

#[test]
fn who_is_known_logs_in_under_that_name_alone() {
    for greeting in [0, 3] {
        let mut scene = Scene::new(LIMITS);
        let ann = scene.come_as(Some("ann"), greeting);
        scene.say(&ann, &"!!!"[..greeting]);
        for line in ["HELLO-FROM bob\n", "HELLO-FROM Ann\n", "HELLO-FROM \n", "HELLO-FROM an\n"] {
            scene.say(&ann, line);
            scene.run();
            assert_eq!(ann.heard(), "BAD-RQST-BODY\n", "{line}");
        }
        scene.say(&ann, "LIST\nHELLO-FROM ann\n");
        scene.run();
        assert_eq!(ann.heard(), "BAD-RQST-HDR\nHELLO ann\n");
        let again = scene.come_as(Some("ann"), 0);
        scene.say(&again, "HELLO-FROM ann\nHELLO-FROM bob\n");
        scene.run();
        assert_eq!(again.heard(), "IN-USE\nBAD-RQST-BODY\n");
        scene.say(&ann, "SEND ann hi\n");
        scene.run();
        assert_eq!(ann.heard(), "DELIVERY ann hi\nSEND-OK\n");
        assert_eq!(
            scene.user("bob").heard(),
            "",
            "others have any name, and so has the next one with this id"
        );
    }
    let mut scene = Scene::new(LIMITS);
    let nobody = scene.come_as(Some(""), 0);
    scene.say(&nobody, "HELLO-FROM ann\nHELLO-FROM \n");
    scene.run();
    assert_eq!(nobody.heard(), "BAD-RQST-BODY\nBAD-RQST-BODY\n");
    scene.break_off(&nobody);
    scene.run();
    let next = scene.user("ann");
    assert_eq!(next.id, nobody.id);
}

/// A record of a handshake, with line ends in it.
const HELLO: &[u8] = b"\x16\x03\x01\x00\x08\n\n\x03\x03\n\x16\x03\n";

#[test]
fn who_begins_with_tls_is_told_at_once_that_it_is_none() {
    for at_once in 1..=HELLO.len() {
        let mut scene = Scene::new(LIMITS);
        let (ann, bob) = (scene.come(), scene.user("bob"));
        let start = scene.now;
        for part in HELLO.chunks(at_once) {
            scene.send(&ann, part);
            scene.run();
            if ann.is_closed() {
                break;
            }
        }
        assert!(ann.is_closed() && ann.wire.borrow().was_ended && scene.now == start, "{at_once}");
        assert_eq!(ann.heard(), "BAD-RQST-HDR\n", "{at_once}");
        assert!(!bob.is_closed() && scene.intake().len() == 1);
    }
}

/// It waits, and then it goes, as others who send no more.
#[test]
fn who_begins_with_tls_and_does_not_read_is_closed_in_the_end() {
    let mut scene = Scene::new(LIMITS);
    let ann = scene.come();
    ann.reads_only(3);
    scene.send(&ann, HELLO);
    scene.run();
    assert_eq!((scene.state(&ann), scene.intake().memory() < 1024), (State::Ended, true));
    scene.run_patiently();
    assert!(ann.is_closed());
}

#[test]
fn bytes_of_tls_are_lines_as_any_where_nobody_begins_with_them() {
    let cases: [&[&[u8]]; 5] = [
        &[b"\x16\n", b"\x16\x03\n"],
        &[b"LIST\n", b"\x16\x03\x01\n"],
        &[b"LIST\n\x16\x03\x01\n"],
        &[b"\x16\x02\n", b"\x15\x03\n"],
        &[b"\n", b"\x16", b"\x03\n"],
    ];
    for said in cases {
        let mut scene = Scene::new(LIMITS);
        let ann = scene.come();
        for part in said {
            scene.send(&ann, part);
            scene.run();
        }
        assert_eq!(ann.heard(), "BAD-RQST-HDR\nBAD-RQST-HDR\n", "{said:?}");
        scene.say(&ann, "HELLO-FROM ann\n\x16\x03\n");
        scene.run();
        assert_eq!(ann.heard(), "HELLO ann\nBAD-RQST-HDR\n", "{said:?}");
    }
    let mut scene = Scene::new(LIMITS);
    let long = scene.come();
    scene.say(&long, &"x".repeat(LOG_IN_LIMIT + 1));
    scene.run();
    scene.say(&long, "\n\x16\x03\n");
    scene.run();
    assert_eq!(long.heard(), "BAD-RQST-BODY\nBAD-RQST-HDR\n");
}
