//! Connections that end while a name is asked for (spec L3): the prompt is no conversation yet.

use super::*;

/// Spec L3.
#[test]
fn connection_that_ends_at_the_prompt_is_made_again_for_the_name() {
    for refusal in ["", "ann\n"] {
        let mut scene = Scene::new(SETTINGS);
        scene.connect();
        scene.type_in(refusal);
        scene.run();
        if !refusal.is_empty() {
            scene.hear("IN-USE\n");
            scene.run();
        }
        scene.shown();
        scene.end_server(Read::End);
        scene.run();
        assert!(!scene.conversation.wants_connection(scene.now) && scene.outcome().is_none());
        scene.type_in("bob\n");
        scene.run();
        scene.connect();
        scene.run();
        assert_eq!((scene.shown(), scene.sent()), (String::new(), "HELLO-FROM bob\n".into()));
    }
}

const TAKEN: &str = "Cannot log in as bob. That username is already in use.\n";

/// At the prompt, which has just been shown, over a connection that stands.
fn at_the_prompt(settings: Settings<'_>, is_refused: bool) -> Scene {
    let mut scene = Scene::new(settings);
    scene.connect();
    scene.run();
    assert_eq!(scene.shown(), PROMPT);
    if is_refused {
        scene.type_in("bob\n");
        scene.run();
        scene.hear("IN-USE\n");
        scene.run();
        assert_eq!(scene.shown(), format!("{TAKEN}{PROMPT}"));
    }
    scene.sent();
    scene
}

/// However it ends, how often, and whether a lost connection is to be made again.
#[test]
fn prompt_outlives_any_number_of_connections() {
    for reconnects in [false, true] {
        for end in [|| Read::End, || Read::Broken] {
            for is_refused in [false, true] {
                let mut scene = at_the_prompt(Settings { reconnects, ..SETTINGS }, is_refused);
                for _ in 0..5 {
                    scene.end_server(end());
                    scene.run();
                    assert_eq!((scene.shown(), scene.outcome()), (String::new(), None));
                    assert!(!scene.conversation.wants_connection(scene.now));
                    assert_eq!(scene.next_deadline(), None);
                    scene.type_in("bob\n");
                    scene.run();
                    scene.connect();
                    scene.run();
                    assert_eq!(scene.sent(), "HELLO-FROM bob\n");
                    scene.hear("IN-USE\n");
                    scene.run();
                    assert_eq!(scene.shown(), format!("{TAKEN}{PROMPT}"));
                }
                scene.type_in("ann\n");
                scene.run();
                scene.hear("HELLO ann\n");
                scene.run();
                assert_eq!(scene.shown(), LOGGED_IN);
                assert_eq!(scene.conversation.take_events(), []);
            }
        }
    }
}

/// The server closes at the moment when a name is typed: it may have been sent, in part, or not at all.
#[test]
fn name_that_crosses_the_end_is_tried_once_more() {
    for room in [0, 5, 100] {
        for is_refused in [false, true] {
            let mut scene = at_the_prompt(SETTINGS, is_refused);
            scene.server.0.borrow_mut().room = Some(room);
            scene.type_in("ann\n!who\n");
            scene.run();
            scene.end_server(Read::End);
            scene.run();
            assert_eq!((scene.shown(), scene.outcome()), (String::new(), None));
            scene.connect();
            scene.run();
            assert_eq!(scene.sent(), "HELLO-FROM ann\n");
            scene.end_server(Read::End);
            scene.run();
            assert_eq!(scene.outcome(), Some(Outcome::Lost), "it was made for this name");
            assert_eq!(scene.leave(), Unsaid { unanswered: 0, unsent: 1 });
        }
    }
}

/// It is a connection as the first was: nothing was there yet that could be made again.
#[test]
fn connection_that_cannot_be_made_for_the_name_is_an_end() {
    for reconnects in [false, true] {
        let mut scene = at_the_prompt(Settings { reconnects, ..SETTINGS }, false);
        scene.end_server(Read::End);
        scene.run();
        scene.type_in("ann\n");
        scene.run();
        scene.conversation.handle_connecting();
        scene.conversation.handle_connect_failed(scene.now);
        assert_eq!(scene.outcome(), Some(Outcome::Unconnected));
    }
}

/// Before or after the connection does, with a last name or without.
#[test]
fn input_may_end_at_a_prompt_without_a_connection() {
    for ends_first in [false, true] {
        let mut scene = at_the_prompt(SETTINGS, false);
        if !ends_first {
            scene.end_server(Read::End);
            scene.run();
        }
        scene.type_in("ann\n!who");
        scene.end_input();
        scene.run();
        if ends_first {
            scene.end_server(Read::End);
            scene.run();
        }
        scene.now += LINGER / 2;
        scene.connect();
        scene.hear("HELLO ann\nLIST-OK ann\n");
        scene.run();
        assert_eq!(scene.sent(), "HELLO-FROM ann\nLIST\n");
        assert!(scene.shown().starts_with(LOGGED_IN));
    }
    for is_blocked in [false, true] {
        let mut scene = at_the_prompt(SETTINGS, true);
        scene.set_room(is_blocked.then_some(0));
        scene.end_server(Read::End);
        scene.end_input();
        scene.run();
        assert_eq!(scene.outcome(), Some(Outcome::Left));
        assert_eq!(scene.leave(), Unsaid::default());
    }
}

/// The server says that it is full, and closes, before a name is typed (spec L4).
#[test]
fn full_server_ends_the_prompt_though_it_closes() {
    for end in [Read::End, Read::Broken] {
        let mut scene = at_the_prompt(SETTINGS, false);
        scene.hear("BUSY\n");
        scene.end_server(end);
        scene.run();
        assert_eq!(scene.outcome(), Some(Outcome::Full));
    }
}

/// What waits for the screen may be of a connection that has ended.
#[test]
fn name_typed_before_a_blocked_output_is_tried_when_that_moves() {
    let mut scene = at_the_prompt(SETTINGS, false);
    scene.set_room(Some(0));
    scene.type_in("a,b\n");
    scene.run();
    scene.end_server(Read::End);
    scene.type_in("ann\n");
    scene.run();
    assert_eq!(scene.outcome(), None);
    scene.set_room(None);
    scene.run();
    scene.connect();
    scene.run();
    assert_eq!(scene.sent(), "HELLO-FROM ann\n");
}
