mod door;
mod memory;
mod random;
mod scene;
mod strangers;

use super::*;
use crate::server::hub::{LOG_IN_LIMIT, Limits};
use crate::wire::lines::CHUNK;
use scene::{LIMITS, Scene, long};

/// Nobody is dropped for it, nothing spins, and no event is needed.
#[test]
fn who_the_system_has_no_memory_for_is_tried_again() {
    let mut scene = Scene::new(LIMITS);
    let [ann, bob] = [scene.user("ann"), scene.user("bob")];
    for wire in [&ann.wire, &bob.wire] {
        wire.borrow_mut().is_starved = true;
    }
    scene.say(&ann, "SEND bob hi\n");
    scene.run();
    assert_eq!(scene.intake().next_deadline(), Some(scene.now + TRY_AGAIN));
    ann.wire.borrow_mut().is_starved = false;
    for heard in ["", "DELIVERY ann hi\n"] {
        assert!(!scene.intake().has_work());
        scene.now = scene.intake().next_deadline().unwrap();
        scene.run();
        assert_eq!((bob.heard(), ann.heard()), (heard.into(), ["SEND-OK\n", ""][heard.len().min(1)].into()));
        bob.wire.borrow_mut().is_starved = false;
    }
    assert_eq!(scene.intake().next_deadline(), None);
}

const NANOSECOND: Duration = Duration::from_nanos(1);

#[test]
fn idle_connection_is_small_and_owns_no_buffer() {
    let mut scene = Scene::new(LIMITS);
    let ann = scene.user("ann");
    scene.say(&ann, "SEND ann hi\nSEND bob");
    scene.run();
    assert_eq!(ann.heard(), "DELIVERY ann hi\nSEND-OK\n");
    let intake = scene.intake();
    assert!(intake.hub.outbox(ann.id).owns_no_memory());
    assert_eq!(intake.connection(ann.id).unwrap().memory(), "SEND bob".len());
    assert!(size_of::<Option<Connection<u32>>>() <= 152, "{}", size_of::<Option<Connection<u32>>>());
    assert_eq!(intake.next_deadline(), None);
}

#[test]
fn lines_are_served_however_they_are_cut() {
    let said = "HELLO-FROM ann\nLIST\nSEND echobot  hi \n";
    let heard = "HELLO ann\nLIST-OK echobot,ann\nDELIVERY echobot  hi \nSEND-OK\n";
    for cut in 1..said.len() {
        for at_once in [cut, 1] {
            let mut scene = Scene::new(LIMITS);
            let ann = scene.come();
            let (first, second) = said.split_at(cut);
            for part in first.as_bytes().chunks(at_once) {
                scene.say(&ann, std::str::from_utf8(part).unwrap());
                scene.run();
            }
            scene.say(&ann, second);
            scene.run();
            assert_eq!(ann.heard(), heard);
        }
    }
}

#[test]
fn nothing_is_read_before_an_event_and_once_a_turn() {
    let mut scene = Scene::new(LIMITS);
    let ann = scene.come();
    ann.wire.borrow_mut().incoming.extend(b"LIST\n");
    scene.run();
    assert_eq!(ann.wire.borrow().calls, 0);
    for _ in 0..3 {
        scene.intake().handle_readable(ann.id);
    }
    scene.turn();
    assert_eq!(ann.heard(), "BAD-RQST-HDR\n");
    assert_eq!(ann.wire.borrow().calls, 2);
    scene.run();
    assert_eq!(ann.wire.borrow().calls, 2);
}

/// One who sends a lot delays another's line by no more than a turn.
#[test]
fn nobody_waits_for_one_who_sends_a_lot() {
    let mut scene = Scene::new(LIMITS);
    let (ann, bob) = (scene.user("ann"), scene.user("bob"));
    scene.say(&ann, &"SEND nobody hi\n".repeat(10 * CHUNK / 15));
    scene.turn();
    for _ in 0..5 {
        assert_eq!(scene.state(&ann), State::Queued);
        let before = ann.wire.borrow().incoming.len();
        scene.say(&bob, "SEND bob hi\n");
        scene.turn();
        assert_eq!(bob.heard(), "DELIVERY bob hi\nSEND-OK\n");
        assert!(before - ann.wire.borrow().incoming.len() <= CHUNK);
    }
}

/// Nor for many who do, or who have not logged in; and of those everybody has its turn.
#[test]
fn nobody_waits_for_many_who_send_a_lot() {
    for logs_in in [false, true] {
        let count = 3 * SERVED_PER_TURN;
        let mut scene = Scene::new(Limits { max_users: 1000, max_connections: 1000, ..LIMITS });
        let bob = scene.user("bob");
        let others: Vec<_> = (0..count)
            .map(|number| if logs_in { scene.user(&format!("user{number}")) } else { scene.come() })
            .collect();
        for other in &others {
            scene.say(other, &"LIST \n".repeat(3 * CHUNK / 6));
        }
        scene.turn();
        for _ in 0..9 {
            let before: Vec<_> = others.iter().map(|other| other.wire.borrow().calls).collect();
            scene.say(&bob, "SEND bob hi\n");
            scene.turn();
            assert_eq!(bob.heard(), "DELIVERY bob hi\nSEND-OK\n");
            let calls = others.iter().map(|other| other.wire.borrow().calls);
            let served = calls.zip(before).filter(|(now, before)| now > before).count();
            assert!((1..=SERVED_PER_TURN).contains(&served), "{served}");
        }
        assert!(others.iter().all(|other| other.wire.borrow().calls > 3), "nobody is passed over");
    }
}

#[test]
fn held_sender_goes_on_when_its_receiver_has_read_or_left() {
    for leaves in [false, true] {
        let mut scene = Scene::new(LIMITS);
        let (ann, bob) = (scene.user("ann"), scene.user("bob"));
        bob.reads_only(0);
        scene.say(&ann, &long("bob").repeat(100));
        scene.run();
        let heard = ann.heard().len() / "SEND-OK\n".len();
        assert!(scene.is_held_on(&ann, &bob) && heard < 100);
        assert_eq!(scene.intake().next_deadline(), Some(scene.now + PATIENCE));
        assert!(!scene.intake().is_quiet());

        // What else it says is not even read, until then.
        let calls = ann.wire.borrow().calls;
        scene.say(&ann, "LIST\n");
        scene.run();
        assert_eq!(ann.wire.borrow().calls, calls);

        if leaves {
            scene.break_off(&bob);
        } else {
            scene.read(&bob, usize::MAX);
        }
        scene.run();
        let (answer, list) = match leaves {
            true => ("BAD-DEST-USER\n", "LIST-OK echobot,ann\n"),
            false => ("SEND-OK\n", "LIST-OK echobot,ann,bob\n"),
        };
        assert_eq!(ann.heard(), answer.repeat(100 - heard) + list);
        assert_eq!((scene.state(&ann), scene.intake().next_deadline()), (State::Idle, None));
    }
}

#[test]
fn patience_ends_at_the_deadline_and_starts_anew_when_the_receiver_takes_something() {
    let mut scene = Scene::new(LIMITS);
    let (ann, bob) = (scene.user("ann"), scene.user("bob"));
    bob.reads_only(0);
    scene.say(&ann, &long("bob").repeat(65));
    scene.run();
    let start = scene.now;
    scene.now = start + PATIENCE / 2;
    scene.read(&bob, 10);
    scene.run();
    assert_eq!(scene.intake().next_deadline(), Some(start + PATIENCE / 2 + PATIENCE));
    let before = ann.heard();
    for (early, insists) in [(NANOSECOND, false), (Duration::ZERO, true)] {
        scene.now = start + PATIENCE / 2 + PATIENCE - early;
        scene.run();
        assert_eq!(!ann.wire.borrow().written.is_empty(), insists);
    }
    scene.run_patiently();
    assert_eq!(before + &ann.heard(), "SEND-OK\n".repeat(65));
    assert_eq!((scene.state(&ann), scene.intake().next_deadline()), (State::Idle, None));
}

#[test]
fn insisting_is_for_what_was_read_and_not_for_what_comes() {
    let mut scene = Scene::new(LIMITS);
    let (ann, bob) = (scene.user("ann"), scene.user("bob"));
    bob.reads_only(0);
    scene.say(&ann, &long("bob").repeat(64));
    scene.run();
    assert!(scene.is_held_on(&ann, &bob));
    scene.say(&ann, &long("bob"));
    scene.now += PATIENCE;
    scene.turn();
    scene.run();
    assert!(scene.is_held_on(&ann, &bob), "the line that came later waits for its own time");
    assert_eq!(ann.heard(), "SEND-OK\n".repeat(64));
    scene.now += PATIENCE;
    scene.turn();
    scene.run();
    assert_eq!(ann.heard(), "SEND-OK\n");
    assert_eq!(scene.state(&ann), State::Idle);
}

/// Its user reads a megabyte a second; its system makes room only when much has been read.
#[test]
fn receiver_whose_system_takes_lumps_sets_the_pace_and_is_not_dropped() {
    let mut scene = Scene::new(Limits { max_queue: 4 << 20, max_memory: 16 << 20, ..LIMITS });
    let (ann, bob) = (scene.user("ann"), scene.user("bob"));
    bob.reads_only(0);
    let count = 20_000;
    scene.say(&ann, &long("bob").repeat(count));
    let mut heard = 0;
    for second in (0..60).step_by(3) {
        let end = Duration::from_secs(second);
        while let Some(at) = scene.intake().next_deadline().filter(|&at| at < end) {
            scene.now = scene.now.max(at);
            scene.run();
        }
        scene.now = end;
        scene.read(&bob, 3_000_000);
        scene.run();
        assert!(!bob.is_closed(), "after {heard} bytes");
        heard += bob.heard().len();
    }
    assert_eq!(heard, count * "DELIVERY ann \n".len() + count * 900);
    assert_eq!(ann.heard(), "SEND-OK\n".repeat(count));
}

#[test]
fn receiver_that_never_reads_is_dropped_and_its_id_is_somebody_else() {
    let mut scene = Scene::new(LIMITS);
    let (ann, bob) = (scene.user("ann"), scene.user("bob"));
    bob.reads_only(0);
    scene.say(&ann, &long("bob").repeat(100));
    scene.run_patiently();
    let answers = ann.heard();
    assert!(answers.ends_with("BAD-DEST-USER\n") && answers.starts_with("SEND-OK\n"));
    assert!(bob.is_closed() && scene.intake().len() == 1);

    let cid = scene.user("cid");
    assert_eq!(cid.id, bob.id);
    scene.say(&ann, "SEND cid hi\nSEND bob hi\nLIST\n");
    scene.run();
    assert_eq!(cid.heard(), "DELIVERY ann hi\n");
    assert_eq!(ann.heard(), "SEND-OK\nBAD-DEST-USER\nLIST-OK echobot,ann,cid\n");
}

/// One who is held for somebody must not be held for whoever gets the id.
#[test]
fn sender_is_not_held_for_one_who_has_the_id_of_another() {
    let mut scene = Scene::new(LIMITS);
    let (ann, bob) = (scene.user("ann"), scene.user("bob"));
    bob.reads_only(0);
    scene.say(&ann, &long("bob").repeat(65));
    scene.run();
    scene.intake().dismiss(bob.id);
    let cid = scene.come();
    assert_eq!(cid.id, bob.id);
    scene.run();
    assert_eq!(scene.state(&ann), State::Idle);
    assert!(ann.heard().ends_with("BAD-DEST-USER\n"));
    assert_eq!(cid.heard(), "");
}

#[test]
fn client_that_never_reads_its_answers_is_left_unread_and_never_insists() {
    let mut scene = Scene::new(LIMITS);
    let ann = scene.user("ann");
    ann.reads_only(0);
    scene.say(&ann, &long("echobot").repeat(1000));
    scene.run();
    assert!(scene.is_held_on(&ann, &ann) && scene.intake().is_quiet());
    assert!(scene.intake().hub.outbox(ann.id).len() < LIMITS.max_queue);
    scene.read(&ann, usize::MAX);
    scene.run();
    assert_eq!(ann.heard().matches("SEND-OK\n").count(), 1000);
}

/// `printf 'HELLO-FROM ann\nLIST\n' | nc -N`, and one that is slow to read.
#[test]
fn client_that_has_said_all_gets_all_answers() {
    for room in [usize::MAX, 0] {
        for count in [1, 10, 2000] {
            let mut scene = Scene::new(LIMITS);
            let ann = scene.come();
            ann.reads_only(room);
            scene.say(&ann, &format!("HELLO-FROM ann\n{}LIS", long("echobot").repeat(count)));
            scene.say_all(&ann);
            scene.run();
            for _ in 0..1000 {
                if ann.is_closed() {
                    break;
                }
                scene.read(&ann, 10_000);
                scene.run();
            }
            let heard = ann.heard();
            assert!(heard.starts_with("HELLO ann\nDELIVERY echobot x") && heard.ends_with("x\nSEND-OK\n"));
            assert_eq!(heard.matches("SEND-OK\n").count(), count);
            assert!(ann.is_closed() && scene.intake().is_empty());
        }
    }
}

/// How somebody can leave so that the server can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    Announced,
    WithLastWords,
    /// Only a read says so.
    Silent,
    Broken,
    BrokenWhileHeld,
}

/// A user who comes back at once must not meet its own ghost.
#[test]
fn returning_user_meets_no_ghost() {
    use Leaving::*;
    for leaving in [Announced, WithLastWords, Silent, Broken, BrokenWhileHeld] {
        for is_full in [false, true] {
            for comes_first in [false, true] {
                let max_users = if is_full { 2 } else { 9 };
                let mut scene = Scene::new(Limits { max_users, ..Limits::default() });
                let (ghost, bob) = (scene.user("ann"), scene.user("bob"));
                let ann = scene.come();
                if leaving == BrokenWhileHeld {
                    bob.reads_only(0);
                    scene.say(&ghost, &long("bob").repeat(1500));
                    scene.run();
                    assert!(scene.is_held_on(&ghost, &bob));
                }
                if comes_first {
                    scene.say(&ann, "HELLO-FROM ann\nLIST\n");
                }
                match leaving {
                    Announced => scene.say_all(&ghost),
                    Broken | BrokenWhileHeld => scene.break_off(&ghost),
                    WithLastWords => {
                        scene.say(&ghost, &long("bob").repeat(3 * CHUNK / 900));
                        scene.say_all(&ghost);
                    }
                    Silent => {
                        ghost.wire.borrow_mut().has_said_all = true;
                        scene.intake().handle_readable(ghost.id);
                    }
                }
                if !comes_first {
                    scene.say(&ann, "HELLO-FROM ann\nLIST\n");
                }
                scene.run();
                let case = (leaving, is_full, comes_first);
                assert_eq!(ann.heard(), "HELLO ann\nLIST-OK echobot,bob,ann\n", "{case:?}");
                assert!(ghost.is_closed());
            }
        }
    }
}

#[test]
fn what_was_said_before_the_connection_broke_is_delivered() {
    for is_announced in [true, false] {
        let mut scene = Scene::new(LIMITS);
        let (ann, bob) = (scene.user("ann"), scene.user("bob"));
        ann.wire.borrow_mut().incoming.extend("SEND bob farewell\n".repeat(2000).as_bytes());
        ann.wire.borrow_mut().is_broken = true;
        if is_announced {
            scene.break_off(&ann);
        } else {
            scene.say(&bob, "SEND ann hi\n"); // A write finds out.
        }
        scene.run();
        assert!(ann.is_closed());
        assert_eq!(bob.heard().matches("DELIVERY ann farewell\n").count(), 2000);
    }
}

#[test]
fn half_closed_client_that_breaks_is_closed_at_once() {
    for is_announced in [true, false] {
        let mut scene = Scene::new(LIMITS);
        let ann = scene.user("ann");
        ann.reads_only(0);
        scene.say(&ann, "LIST\n");
        scene.say_all(&ann);
        scene.run();
        assert_eq!(scene.state(&ann), State::Ended);
        ann.wire.borrow_mut().is_broken = true;
        if is_announced {
            scene.break_off(&ann);
        } else {
            scene.read(&ann, 1);
            scene.run();
        }
        assert!(ann.is_closed() && scene.intake().is_empty());
    }
}

#[test]
fn events_of_those_who_have_left_are_ignored() {
    let mut scene = Scene::new(LIMITS);
    let ann = scene.user("ann");
    scene.say(&ann, "LIST\n");
    let id = ann.id;
    scene.intake().dismiss(id);
    for id in [id, Id::from_index(7).unwrap()] {
        scene.intake().handle_readable(id);
        scene.intake().handle_ending(id);
        scene.intake().handle_broken(id);
        scene.intake().handle_writable(id);
        scene.intake().dismiss(id);
        assert!(scene.intake().transport_mut(id).is_none());
    }
    assert!(ann.is_closed() && !scene.intake().has_work());
}

#[test]
fn strangers_endless_line_is_refused_once_and_costs_nothing() {
    let mut scene = Scene::new(Limits { max_message: 1 << 24, max_queue: 1 << 25, ..LIMITS });
    let ann = scene.come();
    for _ in 0..100 {
        scene.say(&ann, &"x".repeat(LOG_IN_LIMIT));
        scene.run();
        assert!(scene.intake().connection(ann.id).unwrap().memory() <= 2 * LOG_IN_LIMIT);
    }
    scene.say(&ann, "\nHELLO-FROM ann\n");
    scene.run();
    assert_eq!(ann.heard(), "BAD-RQST-BODY\nHELLO ann\n");
}

#[test]
fn shutting_down_writes_what_is_taken_and_ends_everybody() {
    let mut scene = Scene::new(LIMITS);
    let (ann, bob) = (scene.user("ann"), scene.user("bob"));
    bob.reads_only(0);
    scene.say(&ann, "SEND bob hi\n");
    scene.run();
    scene.read(&bob, 10);
    scene.intake.take().unwrap().shut_down();
    assert_eq!((ann.heard().as_str(), bob.heard().as_str()), ("SEND-OK\n", "DELIVERY a"));
    assert!(ann.is_closed() && bob.is_closed());
}
