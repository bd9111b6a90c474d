//! Whoever wants to leave waits for what is still to come, and not for ever (spec C3).

use super::*;
use crate::client::linger::{OTHERS, TRICKLE};

/// Spec C3: the wait is counted from the last answer, and a message of others is none.
#[test]
fn lingering_ends_while_others_chat() {
    let mut scene = Scene::chatting(SETTINGS);
    scene.type_in("!who\n@bob hi\n");
    scene.end_input();
    scene.run();
    let end = scene.now + LINGER;
    assert_eq!(scene.next_deadline(), Some(end));
    scene.now += Duration::from_secs(1);
    scene.hear("LIST-OK ann\n");
    scene.run();
    let end = end + Duration::from_secs(1);
    assert_eq!(scene.next_deadline(), Some(end));
    while scene.now < end {
        assert_eq!(scene.outcome(), None);
        scene.now += Duration::from_millis(100);
        scene.hear("DELIVERY bob hi\n");
        scene.run();
    }
    assert_eq!(scene.outcome(), Some(Outcome::Left));
    assert_eq!(scene.leave(), Unsaid { unanswered: 1, unsent: 0 });
}

/// Even if the server takes nothing behind it.
#[test]
fn answer_to_the_log_in_is_one_that_lingering_is_counted_from() {
    let mut scene = Scene::new(Settings { name: Some(b"ann"), ..SETTINGS });
    scene.connect();
    scene.type_in("!who\n");
    scene.end_input();
    scene.run();
    scene.server.0.borrow_mut().room = Some(0);
    scene.now += Duration::from_secs(1);
    scene.hear("HELLO ann\n");
    scene.run();
    assert_eq!(scene.next_deadline(), Some(scene.now + LINGER));
}

#[test]
fn what_was_typed_in_vain_is_counted() {
    // Typed, sent at once, and what is known then.
    let table = [
        ("", "", Unsaid { unanswered: 0, unsent: 0 }),
        ("@bob hi\n", "SEND bob hi\n", Unsaid { unanswered: 1, unsent: 0 }),
        ("@bob hi\n", "SEND bob", Unsaid { unanswered: 1, unsent: 0 }),
        ("@bob hi\n!who\nhello\n", "SEND bob hi\n", Unsaid { unanswered: 1, unsent: 1 }),
        ("@bob hi\n!who", "", Unsaid { unanswered: 0, unsent: 2 }),
    ];
    for (typed, sent, unsaid) in table {
        let mut scene = Scene::chatting(SETTINGS);
        scene.server.0.borrow_mut().room = Some(sent.len());
        scene.type_in(typed);
        scene.end_input();
        scene.run();
        scene.now += LINGER;
        assert_eq!((scene.outcome(), scene.sent()), (Some(Outcome::Left), sent.into()));
        assert_eq!(scene.leave(), unsaid, "{typed:?}");
    }
    let mut scene = Scene::new(SETTINGS);
    scene.connect();
    scene.type_in("ann\n!who\nhello\n@bob hi\n!quit\n@bob never\n");
    scene.run();
    scene.now += LINGER;
    assert_eq!(scene.leave(), Unsaid { unanswered: 1, unsent: 2 }, "the log-in is a request, too");
}

/// Who comes to the end of a script has time until the connection stands; who quits has not.
#[test]
fn lingering_begins_with_the_connection_unless_the_user_quits() {
    for (typed, waits) in [("ann\n", false), ("ann\n!quit\n", true)] {
        let mut scene = Scene::new(Settings { name: Some(b"bob"), ..SETTINGS });
        scene.conversation.handle_connecting();
        scene.type_in(typed);
        scene.end_input();
        scene.run();
        assert_eq!(scene.next_deadline().is_some(), waits, "{typed}");
    }
}

#[test]
fn who_ends_the_input_on_a_terminal_leaves_at_once() {
    let mut scene = Scene::chatting(Settings { is_interactive: true, ..SETTINGS });
    scene.type_in("@bob hi\n!quit\n");
    scene.run();
    assert_eq!((scene.sent(), scene.outcome()), ("SEND bob hi\n".into(), Some(Outcome::Left)));
}

#[test]
fn output_that_blocks_for_ever_keeps_nobody() {
    for typed in ["!quit\n", ""] {
        let mut scene = Scene::chatting(SETTINGS);
        scene.set_room(Some(0));
        scene.hear(lines(20_000));
        scene.type_in(typed);
        scene.end_input();
        scene.run();
        assert_eq!(scene.outcome(), None);
        scene.now += LINGER;
        assert_eq!(scene.outcome(), Some(Outcome::Left));
    }
}

/// The screen is full in between: what was typed is taken as far as that needs nobody else.
#[test]
fn who_does_not_linger_has_done_what_can_be_done_at_once() {
    let mut scene = Scene::new(Settings { linger: Duration::ZERO, ..SETTINGS });
    scene.connect();
    let name = format!("@{}\n", "x".repeat(300_000));
    scene.type_in(name.repeat(4));
    scene.end_input();
    let mut turns = 0;
    while scene.outcome().is_none() && turns < 100 {
        let _ = scene.conversation.turn(&mut scene.ends, scene.now);
        turns += 1;
    }
    assert_eq!(scene.shown().matches("disallowed").count(), 4);
    assert_eq!(scene.leave(), Unsaid::default());
}

/// What waits to be shown when all is answered is waited for as long as it moves.
#[test]
fn slow_reader_gets_all_of_it() {
    for (room, gets_all) in [(TRICKLE, true), (3, false)] {
        let mut scene = Scene::chatting(SETTINGS);
        scene.set_room(Some(0));
        scene.type_in("!who\n");
        scene.end_input();
        scene.run();
        let names = vec!["somebody"; 1000].join(",");
        scene.hear(format!("LIST-OK {names}\n"));
        scene.run();
        let mut rounds = 0;
        while scene.outcome().is_none() {
            rounds += 1;
            scene.now += LINGER / 2;
            scene.set_room(Some(room));
            scene.run();
        }
        assert_eq!(scene.shown().lines().count() == 1001, gets_all, "{rounds} rounds");
        assert_eq!(rounds > 3, gets_all, "{rounds} rounds");
    }
}

/// The same while the answer itself is shown in pieces, however long that takes.
#[test]
fn slow_reader_gets_all_of_a_long_answer() {
    let mut scene = Scene::chatting(SETTINGS);
    scene.set_room(Some(0));
    scene.type_in("!who\n");
    scene.end_input();
    scene.run();
    let names = vec!["somebody"; 400_000].join(",");
    scene.hear(format!("LIST-OK {names}\n"));
    scene.run();
    while scene.outcome().is_none() {
        scene.now += LINGER / 2;
        scene.set_room(Some(100_000));
        scene.run();
    }
    assert_eq!(scene.shown().lines().count(), 400_001);
    assert_eq!(scene.leave(), Unsaid::default());
}

/// Leaves, asked at most so often, a tenth of the wait apart; returns after how many tenths.
#[track_caller]
pub(super) fn leaves_within(most: u32, scene: &mut Scene, mut next: impl FnMut(&mut Scene)) -> u32 {
    for tenths in 0..most {
        if scene.outcome().is_some() {
            return tenths;
        }
        scene.now += LINGER / 10;
        next(scene);
        scene.run();
    }
    panic!("it lingers without end");
}

/// A request that is never answered; the server says all that it can say unasked.
#[test]
fn nothing_that_was_not_asked_for_prolongs_the_wait() {
    for unasked in ["DELIVERY bob hi\n", "HELLO ann\n", "IN-USE\n", "BUSY\n", "junk\n", "\n", "LIST-OK", "x"]
    {
        let mut scene = Scene::chatting(SETTINGS);
        scene.type_in("@bob hi\n");
        scene.end_input();
        scene.run();
        assert_eq!(leaves_within(11, &mut scene, |scene| scene.hear(unasked)), 10, "{unasked}");
        assert_eq!(scene.leave(), Unsaid { unanswered: 1, unsent: 0 });
    }
}

/// Each answer is one to a request, of which there are so many.
#[test]
fn answers_that_nobody_asked_for_do_not_count() {
    for answer in ["SEND-OK\n", "LIST-OK ann\n", "BAD-RQST-HDR\n"] {
        let mut scene = Scene::chatting(SETTINGS);
        scene.server.0.borrow_mut().room = Some("SEND bob 1\n".len());
        scene.type_in("@bob 1\n@bob 2\n@bob 3\n");
        scene.end_input();
        scene.run();
        assert_eq!(leaves_within(30, &mut scene, |scene| scene.hear(answer)), 13, "{answer}");
    }
}

/// A server that takes a byte now and then.
#[test]
fn server_that_takes_hardly_anything_keeps_nobody() {
    for last in ["", "!quit\n@bob never\n"] {
        let mut scene = Scene::chatting(SETTINGS);
        scene.server.0.borrow_mut().room = Some(0);
        scene.type_in("@bob hi\n".repeat(1000) + last);
        scene.end_input();
        scene.run();
        let dribble = |scene: &mut Scene| {
            scene.server.0.borrow_mut().room = Some(1);
            scene.ends.server.as_mut().unwrap().handle_writable();
        };
        assert_eq!(leaves_within(11, &mut scene, dribble), 10);
        assert_eq!(scene.leave(), Unsaid { unanswered: 1, unsent: 999 });
    }
}

/// Whoever takes all of it slowly gets it.
#[test]
fn server_that_takes_it_slowly_gets_all_of_it() {
    let mut scene = Scene::chatting(SETTINGS);
    scene.server.0.borrow_mut().room = Some(0);
    scene.type_in("@bob hi\n".repeat(1000));
    scene.end_input();
    scene.run();
    leaves_within(500, &mut scene, |scene| {
        scene.server.0.borrow_mut().room = Some(TRICKLE / 8);
        scene.ends.server.as_mut().unwrap().handle_writable();
    });
    assert_eq!(scene.leave(), Unsaid { unanswered: 1000, unsent: 0 });
}

/// The answer may stand behind what others write; but that has no end.
#[test]
fn flood_before_a_slow_reader_keeps_nobody() {
    let mut scene = Scene::chatting(SETTINGS);
    scene.set_room(Some(0));
    scene.hear(lines(10_000));
    scene.type_in("!who\n");
    scene.end_input();
    scene.run();
    let flood = |scene: &mut Scene| {
        scene.hear(lines(10_000));
        scene.set_room(Some(10_000));
    };
    let most = (OTHERS / 10_000) as u32;
    let tenths = leaves_within(most + 30, &mut scene, flood);
    assert!(tenths > most / 2, "{tenths}");
    assert_eq!(scene.leave(), Unsaid { unanswered: 1, unsent: 0 });
}

/// With a wait that is longer than the time between two tries.
#[test]
fn connection_that_is_lost_again_and_again_keeps_nobody() {
    let settings = Settings { linger: Duration::from_secs(1000), ..RECONNECTING };
    for answer in
        ["HELLO ann\n", "IN-USE\n", "BUSY\n", "HELLO ann\nBAD-RQST-BODY\n", "HELLO ann\nDELIVERY a b\n"]
    {
        let mut scene = Scene::chatting(settings);
        scene.server.0.borrow_mut().room = Some(50_000);
        scene.type_in(format!("@bob {}\n", "x".repeat(300_000)));
        scene.end_input();
        scene.run();
        let end = scene.now + Duration::from_secs(10_000);
        scene.end_server(Read::End);
        scene.run();
        while scene.outcome().is_none() {
            if !scene.conversation.wants_connection(scene.now) {
                scene.now = scene.next_deadline().unwrap();
                scene.run();
                continue;
            }
            scene.connect();
            scene.server.0.borrow_mut().room = Some(50_000);
            scene.hear(answer);
            scene.run();
            if scene.ends.server.is_some() {
                scene.end_server(Read::End);
                scene.run();
            }
            assert!(scene.now < end, "it lingers without end: {answer}");
        }
        assert_eq!(scene.leave().unsent, 1, "{answer}");
    }
}

/// Who was asked for another name, and leaves instead: what was never sent is said.
#[test]
fn what_was_typed_while_away_is_said_on_every_way_out() {
    for end in ["!quit\n", ""] {
        let mut scene = Scene::chatting(Settings { is_interactive: true, ..RECONNECTING });
        scene.end_server(Read::End);
        scene.run();
        scene.type_in("@bob hi\n!who\n");
        scene.run();
        scene.connect();
        scene.hear("BAD-RQST-BODY\n");
        scene.run();
        assert!(scene.shown().ends_with(PROMPT));
        scene.type_in(end);
        scene.end_input();
        scene.run();
        assert_eq!(scene.outcome(), Some(Outcome::Left));
        assert_eq!(scene.leave(), Unsaid { unanswered: 0, unsent: 2 });
    }
}
