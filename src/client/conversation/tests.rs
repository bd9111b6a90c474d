//! Conversations with scripted ends, turn by turn.

#[cfg(feature = "editor")]
mod keys;
mod leaving;
mod prompt;
mod refused;
mod returning;
#[cfg(feature = "rich")]
mod rich;
mod scene;
mod stalling;
mod talking;

use super::*;
use crate::client::session::{OUTBOX_FULL, Unsaid};
use crate::ui::screen::SCREEN_FULL;
use crate::wire::lines::CHUNK;
use crate::wire::sizes::TYPED_AHEAD;
use crate::wire::source::TRY_AGAIN;
use scene::*;

const RECONNECTING: Settings<'_> = Settings { reconnects: true, ..SETTINGS };

#[test]
fn script_is_played_to_its_end() {
    let mut scene = Scene::new(SETTINGS);
    scene.type_in("ann\n!who\n@bob hi\n");
    scene.end_input();
    scene.connect();
    scene.run();
    assert_eq!((scene.shown(), scene.sent()), (PROMPT.into(), "HELLO-FROM ann\n".into()));
    scene.hear("HELLO ann\n");
    scene.run();
    assert_eq!((scene.sent(), scene.outcome()), ("LIST\nSEND bob hi\n".into(), None));
    scene.hear("LIST-OK ann\nSEND-OK\n");
    scene.run();
    let answers = "There are 1 online users:\nann\nThe message was sent successfully\n";
    assert_eq!((scene.shown(), scene.outcome()), (format!("{LOGGED_IN}{answers}"), Some(Outcome::Left)));
    assert_eq!(scene.leave(), Unsaid::default());
}

/// The last of the reads of a turn is a short one: an event for what it brought will not come.
#[test]
fn lines_of_the_last_read_of_a_turn_do_not_wait_for_an_event() {
    let mut scene = Scene::chatting(SETTINGS);
    let line = format!("{}\n", "x".repeat(CHUNK / 2 - 1));
    scene.hear(line.repeat(2 * (READS_PER_TURN - 1)) + "DELIVERY bob last\n");
    let _ = scene.conversation.turn(&mut scene.ends, scene.now);
    assert_eq!(scene.shown(), "From bob: last\n");
    scene.type_in(line.repeat(2 * (READS_PER_TURN - 1)) + "@bob last\n");
    let _ = scene.conversation.turn(&mut scene.ends, scene.now);
    assert_eq!(scene.sent(), "SEND bob last\n");
}

#[test]
fn blocked_output_stops_the_reading_of_the_server_and_nothing_else() {
    let mut scene = Scene::chatting(SETTINGS);
    scene.set_room(Some(0));
    scene.hear(lines(20_000));
    scene.type_in("@bob hi\n");
    scene.run();
    assert!(!scene.conversation.wants_replies() && scene.conversation.held().to_show >= SCREEN_FULL);
    assert_eq!((scene.shown(), scene.sent()), (String::new(), "SEND bob hi\n".into()));
    scene.set_room(None);
    scene.run();
    assert_eq!(scene.shown().lines().count(), 20_000);
    assert!(scene.conversation.wants_replies());
}

/// The line behind `BUSY` is never taken, and is no work.
#[test]
fn full_server_behind_a_blocked_output_is_no_work() {
    let mut scene = Scene::new(Settings { name: Some(b"ann"), ..SETTINGS });
    scene.connect();
    scene.set_room(Some(0));
    scene.hear("BUSY\nDELIVERY bob hi\n");
    scene.run();
    assert_eq!(scene.outcome(), None);
    scene.set_room(None);
    scene.run();
    assert_eq!(scene.shown(), "Cannot log in. The server is full!\n");
    assert_eq!(scene.outcome(), Some(Outcome::Full));
}

#[test]
fn lost_connection_is_an_end_after_all_that_came_before_it_is_shown() {
    for (end, error) in [(Read::End, None), (Read::Broken, Some("reset"))] {
        let mut scene = Scene::chatting(SETTINGS);
        scene.set_room(Some(10));
        scene.hear("DELIVERY bob 1\nDELIVERY bob 2\nDELIVERY bob cut");
        scene.end_server(end);
        scene.run();
        assert_eq!((scene.outcome(), scene.ends.broken), (None, error));
        scene.set_room(None);
        scene.run();
        assert_eq!(scene.shown(), "From bob: 1\nFrom bob: 2\n");
        assert_eq!(scene.outcome(), Some(Outcome::Lost));
        assert!(scene.ends.server.is_none());
    }
}

/// Whatever the alert, of which the last byte may be a line end; at once, and also if the end is a reset.
#[test]
fn server_that_encrypts_is_told_from_one_that_is_lost() {
    let alerts: [&[u8]; 4] = [
        b"\x15\x03\x03\0\x02\x02\x32",
        b"\x15\x03\x03\0\x02\x02\n",
        b"\x15\x03\x01\0\x02\x02\x46",
        b"\x15\x03\x03\0",
    ];
    for alert in alerts {
        for cut in 0..alert.len() {
            for (end, is_asked) in [(Read::End, true), (Read::Broken, true), (Read::End, false)] {
                let name = (!is_asked).then_some(&b"ann"[..]);
                let mut scene = Scene::new(Settings { name, reconnects: true, ..SETTINGS });
                scene.connect();
                if is_asked {
                    scene.type_in("ann\n");
                }
                scene.type_in("!who\n");
                scene.end_input();
                scene.run();
                scene.shown();
                for part in [&alert[..cut], &alert[cut..]].into_iter().filter(|part| !part.is_empty()) {
                    scene.server.0.borrow_mut().reads.push_back(Read::Bytes(part.to_vec().into()));
                }
                scene.end_server(end);
                scene.run();
                assert_eq!((scene.outcome(), scene.shown()), (Some(Outcome::Encrypted), String::new()));
                assert_eq!(scene.leave(), Unsaid { unanswered: 0, unsent: 1 });
                assert_eq!(Outcome::Encrypted.status(Unsaid::default(), true), 1);
            }
        }
    }
}

#[test]
fn what_only_looks_like_an_alert_is_none() {
    for (said, outcome) in [
        ("\x15\x03\x03\0\x02\x02\nHELLO ann\n", Outcome::Lost),
        ("\x15\x03\x03\0\x02\x02xx", Outcome::Lost),
        ("\x15\x03\n", Outcome::Lost),
        ("HELLO ann\n\x15\x03\x03\0\x02\x02x", Outcome::Lost),
        ("HELLO ann\n\x15\x03\x03\0\x02\x02\n", Outcome::Lost),
        ("BUSY\n\x15\x03\x03\0\x02\x02\n", Outcome::Full),
    ] {
        let mut scene = Scene::new(Settings { name: Some(b"ann"), ..SETTINGS });
        scene.connect();
        scene.hear(said);
        scene.end_server(Read::End);
        scene.run();
        assert_eq!(scene.outcome(), Some(outcome), "{said:?}");
    }
}

/// What is known to be lost is not called an end by choice, though not all could be shown.
#[test]
fn lost_connection_is_an_end_after_lingering_though_the_output_is_blocked() {
    let mut scene = Scene::chatting(SETTINGS);
    scene.set_room(Some(0));
    scene.type_in("@bob hi\n");
    scene.end_input();
    scene.run();
    scene.hear("DELIVERY bob 1\n");
    scene.end_server(Read::End);
    scene.run();
    assert_eq!((scene.outcome(), scene.next_deadline()), (None, Some(scene.now + LINGER)));
    scene.now += LINGER;
    scene.run();
    assert_eq!(scene.outcome(), Some(Outcome::Lost));
    assert_eq!(scene.leave(), Unsaid { unanswered: 1, unsent: 0 });
}

/// A write that fails says nothing of what had come before.
#[test]
fn connection_that_takes_nothing_is_read_to_its_end() {
    let mut scene = Scene::chatting(SETTINGS);
    scene.server.0.borrow_mut().is_broken = true;
    scene.server.0.borrow_mut().reads.push_back(Read::Bytes(b"DELIVERY bob last\n".to_vec().into()));
    scene.server.0.borrow_mut().reads.push_back(Read::End);
    scene.type_in("@bob hi\n");
    scene.run();
    assert_eq!((scene.shown(), scene.outcome()), ("From bob: last\n".into(), Some(Outcome::Lost)));
}

#[test]
fn no_connection_is_an_end_of_the_first_try_only() {
    let mut scene = Scene::new(RECONNECTING);
    assert!(scene.conversation.wants_connection(scene.now));
    scene.conversation.handle_connecting();
    scene.conversation.handle_connect_failed(scene.now);
    assert_eq!(scene.outcome(), Some(Outcome::Unconnected));
}

#[test]
fn input_waits_for_a_log_in_and_a_quit_in_it_counts() {
    let mut scene = Scene::new(SETTINGS);
    scene.connect();
    scene.type_in("ann\n@bob hi\n!quit\n@bob never\n");
    scene.run();
    assert!(!scene.conversation.wants_input());
    assert_eq!(scene.next_deadline(), Some(scene.now + LINGER));
    scene.hear("HELLO ann\n");
    scene.run();
    assert_eq!((scene.sent(), scene.outcome()), ("HELLO-FROM ann\nSEND bob hi\n".into(), None));
    scene.hear("SEND-OK\n");
    scene.run();
    assert_eq!(scene.outcome(), Some(Outcome::Left));
}

/// What was typed before is sent, and its answers are shown.
#[test]
fn broken_input_is_no_mere_end_of_it() {
    for (end, error) in [(Read::End, None), (Read::Broken, Some("reset"))] {
        let mut scene = Scene::chatting(SETTINGS);
        scene.type_in("!who");
        scene.input.0.borrow_mut().reads.push_back(end);
        scene.ends.input.handle_ending();
        scene.run();
        assert_eq!((scene.sent(), scene.outcome()), ("LIST\n".into(), None));
        scene.hear("LIST-OK ann\n");
        scene.run();
        assert_eq!((scene.outcome(), scene.ends.input_broken), (Some(Outcome::Left), error));
        assert_eq!(scene.shown(), "There are 1 online users:\nann\n");
    }
}

/// No event will come: each end is tried again after a while, without spinning.
#[test]
fn what_the_system_has_no_memory_for_is_tried_again() {
    let mut scene = Scene::chatting(SETTINGS);
    scene.hear("DELIVERY bob hi\n");
    scene.type_in("!who\n");
    let ends = [scene.input.clone(), scene.server.clone(), scene.output.clone()];
    let starve = |is_starved| ends.iter().for_each(|end| end.0.borrow_mut().is_starved = is_starved);
    starve(true);
    for _ in 0..3 {
        scene.run();
        assert_eq!(scene.next_deadline(), Some(scene.now + TRY_AGAIN));
        scene.now += TRY_AGAIN;
    }
    starve(false);
    scene.run();
    assert_eq!((scene.shown(), scene.sent()), ("From bob: hi\n".into(), "LIST\n".into()));
    assert_eq!((scene.next_deadline(), scene.outcome()), (None, None));
}

#[test]
fn reader_that_has_gone_ends_it() {
    let mut scene = Scene::chatting(SETTINGS);
    scene.output.0.borrow_mut().is_broken = true;
    scene.hear("DELIVERY bob hi\n");
    assert_eq!(scene.conversation.turn(&mut scene.ends, scene.now), Err("broken pipe"));
    scene.conversation.handle_unseen();
    assert_eq!(scene.outcome(), Some(Outcome::Unseen));
}

/// While commands cannot be sent, a bounded part of the input is read on.
#[test]
fn input_is_read_ahead_up_to_its_bound() {
    let mut scene = Scene::new(SETTINGS);
    scene.connect();
    scene.type_in("ann\n");
    for _ in 0..1000 {
        scene.type_in("@bob hi\n".repeat(100));
    }
    scene.run();
    let typed = scene.conversation.held().typed;
    assert!((TYPED_AHEAD..TYPED_AHEAD + CHUNK).contains(&typed));
    assert!(!scene.conversation.wants_input());
    scene.hear("HELLO ann\n");
    scene.run();
    assert_eq!(scene.sent().lines().count(), 100_001);
}

#[test]
fn server_that_takes_nothing_stops_the_reading_of_the_input() {
    let mut scene = Scene::chatting(SETTINGS);
    scene.server.0.borrow_mut().room = Some(0);
    for _ in 0..1000 {
        scene.type_in("@bob hi\n".repeat(100));
    }
    scene.run();
    let held = scene.conversation.held();
    assert!(held.to_send < OUTBOX_FULL + 100, "{held:?}");
    assert!(held.typed < TYPED_AHEAD + CHUNK, "{held:?}");
    assert!(!scene.conversation.wants_input());
}

#[test]
fn message_over_the_limit_is_dropped_alone() {
    let mut scene = Scene::chatting(Settings { max_message: Some(20), ..SETTINGS });
    scene.hear("DELIVERY bob 0123456789\nDELIVERY bob 1\n");
    scene.run();
    assert_eq!(scene.shown(), "From bob: 1\n");
}
