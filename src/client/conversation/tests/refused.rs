//! What ends when a name is refused that is the only one, or a message where that is the end.

use super::*;

const NAMED: Settings<'_> = Settings { name: Some(b"ann"), ..SETTINGS };
const STRICT: Settings<'_> = Settings { is_strict: true, ..SETTINGS };
const TEXTS: Settings<'_> = Settings { texts_to: Some(b"bob"), ..STRICT };

/// The lines of a script are no names (spec section 5). It is shown, and nothing is asked.
#[test]
fn refused_name_ends_a_script() {
    let taken = "Cannot log in as ann. That username is already in use.\n";
    let disallowed = "Cannot log in as ann. That username contains disallowed characters.\n";
    let unknown = "Error: Unknown issue in previous message header.\n";
    for (refusal, shown) in
        [("IN-USE\n", taken), ("BAD-RQST-BODY\n", disallowed), ("BAD-RQST-HDR\nHELLO ann\n", unknown)]
    {
        let mut scene = Scene::new(NAMED);
        scene.connect();
        scene.type_in("@bob hi\n!who\n");
        scene.end_input();
        scene.set_room(Some(5));
        scene.hear(refusal);
        scene.run();
        assert_eq!(scene.outcome(), None, "it is not shown yet");
        scene.set_room(None);
        scene.end_server(Read::End);
        scene.run();
        assert_eq!((scene.shown(), scene.sent()), (shown.into(), "HELLO-FROM ann\n".into()));
        assert_eq!(scene.outcome(), Some(Outcome::NameRefused));
        let refusal = scene.conversation.refusal().unwrap();
        assert_eq!((refusal.message, refusal.name), (None, &b"ann"[..]));
        assert_eq!(scene.leave(), Unsaid { unanswered: 0, unsent: 2 });
    }
}

#[test]
fn name_that_the_client_refuses_needs_no_server() {
    let mut scene = Scene::new(Settings { name: Some(b"a,b"), ..SETTINGS });
    scene.run();
    assert!(!scene.conversation.wants_connection(scene.now));
    assert_eq!(scene.shown(), "Cannot log in as a,b. That username contains disallowed characters.\n");
    assert_eq!(scene.outcome(), Some(Outcome::NameRefused));
}

/// A person is asked again, and so is a script whose first line is the name (spec L2).
#[test]
fn who_can_be_asked_for_another_name_is() {
    for settings in [Settings { is_interactive: true, ..NAMED }, SETTINGS] {
        let mut scene = Scene::new(settings);
        scene.connect();
        scene.type_in(if settings.name.is_some() { "" } else { "ann\n" });
        scene.run();
        scene.hear("IN-USE\n");
        scene.run();
        assert!(scene.shown().ends_with(PROMPT) && scene.outcome().is_none());
    }
}

/// Whoever reads it may be slow, and the server gone: it was refused all the same.
#[test]
fn what_was_refused_stays_so_though_the_connection_ends_and_nobody_reads() {
    let mut scene = Scene::new(NAMED);
    scene.connect();
    scene.type_in("!quit\n");
    scene.run();
    scene.hear("IN-USE\n");
    scene.set_room(Some(0));
    scene.end_server(Read::Broken);
    scene.run();
    assert_eq!(scene.outcome(), None);
    scene.now += LINGER;
    scene.run();
    assert_eq!(scene.outcome(), Some(Outcome::NameRefused));
}

/// The name of before is waited for as long as a ghost can have it.
#[test]
fn script_whose_name_was_given_away_ends_when_no_ghost_can_have_it() {
    use crate::client::retry::GHOST;
    for (settings, ends) in [(RECONNECTING, false), (Settings { name: Some(b"ann"), ..RECONNECTING }, true)] {
        let mut scene = Scene::new(settings);
        scene.connect();
        scene.type_in(if ends { "" } else { "ann\n" });
        scene.run();
        scene.hear("HELLO ann\n");
        scene.run();
        scene.end_server(Read::End);
        scene.type_in("@bob hi\n");
        scene.run();
        let start = scene.now;
        while scene.now < start + GHOST * 2 && scene.outcome().is_none() {
            scene.connect();
            scene.hear("IN-USE\n");
            scene.run();
        }
        assert!(scene.now >= start + GHOST);
        assert_eq!(scene.outcome(), ends.then_some(Outcome::NameRefused));
        assert_eq!(scene.conversation.take_events().contains(&Event::Taken), !ends);
        assert_eq!(scene.leave(), Unsaid { unanswered: 0, unsent: 1 });
    }
}

/// Spec section 5: nothing is sent after it, and it is known which it was.
#[test]
fn first_message_that_is_refused_ends_a_strict_script() {
    let reasons = [
        ("BAD-DEST-USER\n", "destination"),
        ("BAD-RQST-BODY\n", "text"),
        ("BAD-RQST-HDR\nSEND-OK\n", "header"),
    ];
    for (refusal, reason) in reasons {
        let mut scene = Scene::chatting(STRICT);
        scene.type_in("@bob one\n!who\nnothing\n@cid two\n@bob three\n");
        scene.end_input();
        scene.run();
        for (sent, answer) in [("SEND bob one\n", "SEND-OK\n"), ("LIST\n", "LIST-OK ann\n")] {
            assert_eq!(scene.sent(), sent, "one waits for the other");
            scene.hear(answer);
            scene.run();
        }
        assert_eq!(scene.sent(), "SEND cid two\n");
        scene.hear(refusal);
        scene.run();
        assert_eq!((scene.outcome(), scene.sent()), (Some(Outcome::MessageRefused), String::new()));
        let refusal = scene.conversation.refusal().unwrap();
        assert_eq!((refusal.message, refusal.name), (Some(2), &b"cid"[..]));
        assert!(refusal.reason.contains(reason), "{refusal:?}");
        assert_eq!(scene.leave(), Unsaid { unanswered: 0, unsent: 1 });
    }
}

/// What was refused is a list, or nothing that was asked, or a message where that is no end.
#[test]
fn what_is_no_message_or_no_end_is_none() {
    for (settings, typed) in [(STRICT, "!who\n"), (STRICT, ""), (SETTINGS, "@bob hi\n")] {
        let mut scene = Scene::chatting(settings);
        scene.type_in(typed);
        scene.run();
        scene.hear("BAD-DEST-USER\nBAD-RQST-BODY\nBAD-RQST-HDR\n");
        scene.run();
        assert_eq!(scene.outcome(), None, "{typed}");
        scene.type_in("@bob ho\n");
        scene.end_input();
        scene.run();
        scene.hear("SEND-OK\n");
        scene.run();
        assert_eq!(scene.outcome(), Some(Outcome::Left));
        assert_eq!(scene.leave(), Unsaid::default());
    }
}

/// A server with a limit answers when a message crosses it. A name is kept as far as it would be shown.
#[test]
fn long_message_that_is_refused_before_its_end_is_the_first_to_be() {
    let mut scene = Scene::chatting(STRICT);
    let name = "x".repeat(5000);
    scene.server.0.borrow_mut().room = Some(100_000);
    scene.type_in(format!("@{name} {}\n@bob hi\n", "x".repeat(300_000)));
    scene.run();
    scene.hear("BAD-RQST-BODY\n");
    scene.run();
    assert_eq!(scene.outcome(), Some(Outcome::MessageRefused));
    let refusal = scene.conversation.refusal().unwrap();
    assert_eq!((refusal.message, refusal.name), (Some(1), &name.as_bytes()[..256]));
}

/// A message that was cut is the same message when it is sent again.
#[test]
fn messages_are_counted_once_though_they_are_sent_again() {
    let mut scene = Scene::chatting(Settings { reconnects: true, ..STRICT });
    scene.server.0.borrow_mut().room = Some(100_000);
    scene.type_in(format!("@bob {}\n", "x".repeat(300_000)));
    scene.run();
    scene.end_server(Read::End);
    scene.run();
    scene.connect();
    scene.hear("HELLO ann\n");
    scene.run();
    scene.hear("BAD-DEST-USER\n");
    scene.run();
    assert_eq!(scene.outcome(), Some(Outcome::MessageRefused));
    assert_eq!(scene.conversation.refusal().unwrap().message, Some(1));
}

/// However much is typed, one waits for its answer, and what is read ahead has its bound.
#[test]
fn strict_script_is_read_ahead_up_to_its_bound() {
    let mut scene = Scene::chatting(STRICT);
    scene.type_in("@bob hi\n".repeat(100_000));
    scene.run();
    let held = scene.conversation.held();
    assert!((TYPED_AHEAD..TYPED_AHEAD + CHUNK).contains(&held.typed), "{held:?}");
    assert_eq!(scene.sent(), "SEND bob hi\n");
}

/// None of them is a command, and an empty one is no message.
#[test]
fn texts_are_sent_as_they_are() {
    let texts = ["!quit", "@cid hi", " two  words ", "!who", "\x1b[2J", "x"];
    for ends_at_once in [false, true] {
        let mut scene = Scene::new(Settings { name: Some(b"ann"), ..TEXTS });
        let typed = texts.join("\n\n\r\n");
        if ends_at_once {
            scene.conversation.type_all(typed.as_bytes(), scene.now);
        } else {
            scene.type_in(typed);
            scene.end_input();
        }
        scene.run();
        scene.connect();
        scene.run();
        assert!(scene.outcome().is_none() && scene.conversation.held().typed > 0, "all of it waits");
        scene.hear("HELLO ann\n");
        scene.run();
        assert_eq!(scene.sent(), "HELLO-FROM ann\nSEND bob !quit\n");
        for text in &texts[1..] {
            scene.hear("SEND-OK\n");
            scene.run();
            assert_eq!((scene.sent(), scene.outcome()), (format!("SEND bob {text}\n"), None));
        }
        scene.hear("SEND-OK\n");
        scene.run();
        assert_eq!(scene.outcome(), Some(Outcome::Left));
        assert_eq!(scene.leave(), Unsaid::default());
    }
}

#[test]
fn texts_that_were_not_sent_are_counted() {
    let mut scene = Scene::chatting(TEXTS);
    scene.type_in("one\n\n!quit\nthree");
    scene.end_input();
    scene.run();
    scene.hear("BAD-DEST-USER\n");
    scene.run();
    assert_eq!(scene.conversation.refusal().unwrap().name, b"bob");
    assert_eq!(scene.leave(), Unsaid { unanswered: 0, unsent: 2 });
}
