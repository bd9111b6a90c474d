//! Connections that are lost and made again.

use super::*;
use crate::client::retry::{ANSWERED, GHOST, HURRIED, STANDS};

#[test]
fn what_was_not_sent_when_a_write_failed_is_sent_after_the_return() {
    let mut scene = Scene::chatting(RECONNECTING);
    scene.server.0.borrow_mut().room = Some("SEND bob one\nSEND".len());
    scene.type_in("@bob one\n@bob two\n@bob three\n");
    scene.run();
    scene.server.0.borrow_mut().is_broken = true;
    scene.end_server(Read::Broken);
    scene.ends.server.as_mut().unwrap().handle_writable();
    scene.run();
    assert_eq!(scene.conversation.take_events(), [Event::Lost, Event::Unanswered(2)]);
    scene.connect();
    scene.run();
    scene.hear("HELLO ann\n");
    scene.run();
    assert_eq!(scene.sent(), "HELLO-FROM ann\nSEND bob three\n");
    assert_eq!(scene.conversation.take_events(), [Event::Back]);
}

#[test]
fn long_message_cut_by_the_end_of_the_connection_is_sent_whole_after_the_return() {
    let mut scene = Scene::chatting(RECONNECTING);
    let text = "x".repeat(300_000);
    scene.server.0.borrow_mut().room = Some(100_000);
    scene.type_in(format!("@bob {text}\n"));
    scene.end_input();
    scene.run();
    scene.end_server(Read::End);
    scene.run();
    assert_eq!(scene.conversation.take_events(), [Event::Lost]);
    scene.connect();
    scene.hear("HELLO ann\n");
    scene.run();
    assert_eq!(scene.sent(), format!("HELLO-FROM ann\nSEND bob {text}\n"));
    scene.hear("SEND-OK\n");
    scene.run();
    assert_eq!(scene.outcome(), Some(Outcome::Left));
}

/// Neither one's own ghost nor a full server is an end at the return: it is tried again, ever later.
#[test]
fn return_that_is_refused_is_tried_again_later() {
    let mut scene = Scene::chatting(RECONNECTING);
    scene.end_server(Read::End);
    scene.run();
    for (refusal, wait) in [("IN-USE\n", 1), ("BUSY\n", 2), ("BUSY\nIN-USE\n", 4)] {
        scene.connect();
        scene.hear(refusal);
        scene.run();
        assert_eq!((scene.shown(), scene.outcome()), (String::new(), None));
        assert!(scene.ends.server.is_none() && !scene.conversation.wants_connection(scene.now));
        let at = scene.next_deadline().unwrap();
        let wait = Duration::from_secs(wait);
        assert!((wait / 2..=wait).contains(&(at - scene.now)));
    }
    scene.connect();
    scene.conversation.handle_connect_failed(scene.now);
    scene.connect();
    scene.hear("HELLO ann\n");
    scene.run();
    assert_eq!(scene.shown(), LOGGED_IN);
    assert_eq!(scene.conversation.take_events(), [Event::Lost, Event::Back]);
    scene.now += STANDS;
    scene.end_server(Read::End);
    scene.run();
    let at = scene.next_deadline().unwrap();
    assert!(at - scene.now < Duration::from_secs(1), "the waits begin anew");
}

/// A server that says `HELLO` and closes is not asked thousands of times a second, nor is that said.
#[test]
fn connection_that_flaps_is_made_ever_later_and_said_once() {
    let mut scene = Scene::chatting(RECONNECTING);
    let start = scene.now;
    let mut events = Vec::new();
    for _ in 0..100 {
        scene.end_server(Read::End);
        scene.run();
        scene.connect();
        scene.hear("HELLO ann\n");
        scene.run();
        events.append(&mut scene.conversation.take_events());
    }
    assert!(scene.now - start > Duration::from_secs(93 * 30), "{:?}", scene.now - start);
    assert_eq!(events, [Event::Lost, Event::Back, Event::Lost]);
    assert_eq!(scene.next_deadline(), Some(scene.now + STANDS));
    scene.now += STANDS;
    scene.run();
    assert_eq!(scene.conversation.take_events(), [Event::Back]);
    assert_eq!(scene.next_deadline(), None);
}

/// What was sent and not answered is said of each loss.
#[test]
fn requests_lost_while_it_flaps_are_said() {
    let mut scene = Scene::chatting(RECONNECTING);
    let mut events = Vec::new();
    for _ in 0..4 {
        scene.type_in("@bob hi\n");
        scene.run();
        scene.end_server(Read::End);
        scene.run();
        scene.connect();
        scene.hear("HELLO ann\n");
        scene.run();
        events.append(&mut scene.conversation.take_events());
    }
    assert_eq!(events.iter().filter(|event| **event == Event::Unanswered(1)).count(), 4);
    assert_eq!(events.len(), 7, "{events:?}");
}

/// Lost for long, and then a line is entered; by a person, and by a script that enters many.
#[test]
fn line_entered_while_away_has_it_tried_now_and_then_not_for_a_while() {
    let mut scene = Scene::chatting(RECONNECTING);
    scene.end_server(Read::End);
    scene.run();
    let fail = |scene: &mut Scene| {
        scene.conversation.handle_connecting();
        scene.conversation.handle_connect_failed(scene.now);
    };
    for _ in 0..8 {
        scene.now = scene.next_deadline().unwrap();
        fail(&mut scene);
    }
    scene.now += HURRIED;
    assert!(!scene.conversation.wants_connection(scene.now));
    scene.type_in("@bob hi\n");
    scene.run();
    assert!(scene.conversation.wants_connection(scene.now));
    fail(&mut scene);
    for _ in 0..10 {
        scene.type_in("@bob hi\n");
        scene.run();
        assert_eq!(scene.next_deadline(), Some(scene.now + HURRIED));
    }
}

/// Turned away as the name is taken, for longer than one's own ghost can have it.
fn find_name_taken(scene: &mut Scene) {
    let start = scene.now;
    while scene.now < start + GHOST + Duration::from_secs(61) && scene.next_deadline().is_some() {
        scene.connect();
        scene.hear("IN-USE\n");
        scene.run();
    }
}

#[test]
fn name_that_somebody_else_has_by_now_is_said_once_and_tried_on() {
    // With a name of the settings it would be the end (spec section 5).
    let mut scene = Scene::new(RECONNECTING);
    scene.connect();
    scene.type_in("ann\n");
    scene.run();
    scene.hear("HELLO ann\n");
    scene.run();
    scene.shown();
    scene.end_server(Read::End);
    scene.run();
    find_name_taken(&mut scene);
    find_name_taken(&mut scene);
    assert_eq!(scene.conversation.take_events(), [Event::Lost, Event::Taken]);
    scene.connect();
    scene.hear("HELLO ann\n");
    scene.run();
    assert_eq!(scene.shown(), LOGGED_IN);
}

/// Commands typed while away are no names, and are sent in the end.
#[test]
fn who_sits_at_a_terminal_is_asked_for_another_name() {
    let mut scene = Scene::chatting(Settings { is_interactive: true, ..RECONNECTING });
    scene.server.0.borrow_mut().room = Some(0);
    scene.type_in("@bob one\n");
    scene.run();
    scene.end_server(Read::End);
    scene.run();
    scene.type_in("@bob two\nnothing\n!who\n@bob thr");
    scene.run();
    find_name_taken(&mut scene);
    let taken = "Cannot log in as ann. That username is already in use.\n";
    assert_eq!(scene.shown(), format!("{taken}{PROMPT}"));
    assert_eq!(scene.conversation.take_events(), [Event::Lost, Event::Taken]);
    assert_eq!((scene.next_deadline(), scene.outcome()), (None, None));
    scene.type_in("ee\n\nann2\n@bob three\n");
    scene.run();
    let disallowed = "Cannot log in as @bob three. That username contains disallowed characters.\n";
    assert_eq!(scene.shown(), format!("{disallowed}{PROMPT}{PROMPT}"));
    scene.connect();
    scene.hear("IN-USE\n");
    scene.run();
    scene.shown();
    scene.type_in("ann3\n");
    scene.run();
    scene.hear("HELLO ann3\n");
    scene.run();
    assert_eq!(
        scene.sent(),
        "HELLO-FROM ann2\nHELLO-FROM ann3\nSEND bob one\nSEND bob two\nLIST\n",
        "`@bob three` was a name by then"
    );
}

/// Nothing is tried any more, so that no time comes for it: a script whose output takes nothing does not spin.
#[test]
fn name_that_is_given_up_for_good_leaves_no_deadline() {
    let mut scene = Scene::chatting(RECONNECTING);
    scene.end_server(Read::End);
    scene.run();
    scene.set_room(Some(0));
    find_name_taken(&mut scene);
    assert_eq!((scene.outcome(), scene.next_deadline()), (None, None));
    scene.now += Duration::from_secs(1000);
    scene.run();
    assert_eq!((scene.outcome(), scene.next_deadline()), (None, None));
    scene.set_room(None);
    scene.run();
    assert_eq!(scene.outcome(), Some(Outcome::NameRefused));
}

/// What is lost from the new prompt on is no end either.
#[test]
fn other_name_is_come_back_to_as_the_first_was() {
    for loss in ["connect", "lost", "busy"] {
        let mut scene = Scene::chatting(Settings { is_interactive: true, ..RECONNECTING });
        scene.end_server(Read::End);
        scene.run();
        find_name_taken(&mut scene);
        scene.type_in("bea\n");
        scene.run();
        match loss {
            "connect" => {
                scene.conversation.handle_connecting();
                scene.conversation.handle_connect_failed(scene.now);
            }
            "lost" => {
                scene.connect();
                scene.end_server(Read::End);
            }
            _ => {
                scene.connect();
                scene.hear("BUSY\n");
            }
        }
        scene.run();
        assert_eq!(scene.outcome(), None, "{loss}");
        scene.connect();
        scene.run();
        assert_eq!(scene.sent(), "HELLO-FROM bea\n", "{loss}");
    }
}

/// What waits for the return is bounded, whatever is typed.
#[test]
fn lines_kept_for_the_return_have_a_bound() {
    let mut scene = Scene::chatting(Settings { is_interactive: true, ..RECONNECTING });
    scene.server.0.borrow_mut().room = Some(0);
    for _ in 0..30 {
        scene.type_in("@bob hi\n".repeat(1000));
        scene.run();
    }
    scene.end_server(Read::End);
    scene.run();
    find_name_taken(&mut scene);
    assert!(scene.shown().matches("disallowed").count() > 1000, "what there is no room for is no name");
    scene.type_in("ann\n");
    scene.run();
    scene.connect();
    scene.hear("HELLO ann\n");
    scene.run();
    let sent = scene.sent();
    assert!((OUTBOX_FULL..2 * OUTBOX_FULL).contains(&sent.len()), "{}", sent.len());
}

/// Behind a proxy, or of a server that hangs, nobody closes what is never answered.
#[test]
fn return_that_is_never_answered_is_tried_again() {
    let mut scene = Scene::chatting(RECONNECTING);
    scene.end_server(Read::End);
    scene.run();
    scene.connect();
    scene.run();
    assert_eq!(scene.next_deadline(), Some(scene.now + ANSWERED));
    scene.now += ANSWERED;
    scene.run();
    assert!(scene.ends.server.is_none() && scene.outcome().is_none());
    scene.connect();
    scene.hear("HELLO ann\n");
    scene.run();
    assert_eq!(scene.conversation.take_events(), [Event::Lost, Event::Back]);
}

/// The answer is there, and waits for the screen.
#[test]
fn return_answered_behind_a_blocked_output_is_waited_for() {
    let mut scene = Scene::chatting(RECONNECTING);
    scene.end_server(Read::End);
    scene.run();
    scene.connect();
    scene.set_room(Some(0));
    scene.hear(lines(20_000) + "HELLO ann\n");
    scene.run();
    for _ in 0..3 {
        scene.now = scene.next_deadline().unwrap();
        scene.run();
        assert!(scene.ends.server.is_some());
    }
    scene.set_room(None);
    scene.run();
    assert!(scene.shown().ends_with(LOGGED_IN));
}

/// A server with a limit answers before the end of a message, and closes: it would do so again.
#[test]
fn long_message_that_was_refused_is_not_sent_again() {
    let mut scene = Scene::chatting(RECONNECTING);
    scene.server.0.borrow_mut().room = Some(100_000);
    scene.type_in(format!("@bob {}\n!who\n", "x".repeat(300_000)));
    scene.run();
    scene.hear("BAD-RQST-BODY\n");
    scene.run();
    scene.end_server(Read::End);
    scene.run();
    scene.connect();
    scene.hear("HELLO ann\n");
    scene.run();
    assert_eq!(scene.sent(), "HELLO-FROM ann\nLIST\n");
    assert_eq!(scene.conversation.take_events(), [Event::Lost, Event::Back]);
}
