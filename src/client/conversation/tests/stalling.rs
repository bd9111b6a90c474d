//! More was typed than is read ahead, and the server does not take it.

use super::leaving::leaves_within;
use super::*;
use crate::client::linger::{SILENT, TRICKLE};

/// So much that its end is not read.
const MUCH: usize = 2 * TYPED_AHEAD;

/// The end of it is known to come: it is a file, or whoever wrote to the pipe has gone. It is left as if the
/// end had been read; what waits on a server that takes it is not.
#[test]
fn end_that_waits_behind_more_than_is_read_ahead_counts() {
    for mute_before in ["", "HELLO ann\n"] {
        let mut scene = Scene::new(Settings { name: Some(b"ann"), ..SETTINGS });
        scene.connect();
        scene.hear(mute_before);
        scene.server.0.borrow_mut().room = Some(100);
        scene.run();
        scene.type_in("@bob hi\n".repeat(MUCH));
        scene.end_input();
        scene.run();
        assert_eq!((scene.next_deadline(), scene.outcome()), (Some(scene.now + LINGER), None));
        scene.now += LINGER;
        scene.run();
        assert_eq!(scene.outcome(), Some(Outcome::Stalled));
        let unsaid = scene.leave();
        assert!((1..10).contains(&unsaid.unanswered) && unsaid.unsent > 8000, "{unsaid:?}");
    }
}

#[test]
fn end_behind_more_than_is_read_ahead_is_come_to_while_the_server_takes_it() {
    let mut scene = Scene::chatting(SETTINGS);
    scene.server.0.borrow_mut().room = Some(0);
    scene.type_in("@bob hi\n".repeat(MUCH));
    scene.end_input();
    scene.run();
    leaves_within(3000, &mut scene, |scene| {
        scene.server.0.borrow_mut().room = Some(TRICKLE * 4);
        scene.ends.server.as_mut().unwrap().handle_writable();
    });
    assert_eq!(scene.outcome(), Some(Outcome::Left));
    assert_eq!(scene.leave(), Unsaid { unanswered: MUCH as u64, unsent: 0 });
}

/// Who ends the input of a terminal by hanging it up leaves at once, however much was typed.
#[test]
fn terminal_that_is_hung_up_is_left_at_once_however_much_was_typed() {
    let mut scene = Scene::new(Settings { is_interactive: true, name: Some(b"ann"), ..SETTINGS });
    scene.connect();
    scene.type_in("@bob hi\n".repeat(MUCH));
    scene.run();
    assert_eq!((scene.next_deadline(), scene.outcome()), (None, None));
    scene.end_input();
    scene.run();
    assert_eq!(scene.outcome(), Some(Outcome::Left));
}

/// More may come, so it is waited for longer, and only as long as the server is silent, and read.
#[test]
fn open_input_that_waits_for_a_silent_server_is_left_in_the_end() {
    for linger in [LINGER, SILENT * 2] {
        let mut scene = Scene::chatting(Settings { linger, ..SETTINGS });
        let wait = linger.max(SILENT);
        scene.server.0.borrow_mut().room = Some(100);
        scene.type_in("@bob hi\n".repeat(MUCH));
        scene.run();
        assert_eq!(scene.next_deadline(), Some(scene.now + wait));
        scene.now += wait / 2;
        scene.hear("SEND-OK\nDELIVERY bob hi\n");
        scene.run();
        assert_eq!(scene.next_deadline(), Some(scene.now + wait), "it has answered");
        scene.now += wait / 2;
        for count in [1, 20_000] {
            scene.set_room(Some(0));
            scene.hear(lines(count));
            scene.run();
            assert_eq!(scene.next_deadline(), None, "nobody reads it");
            scene.now += wait;
            scene.set_room(None);
            scene.run();
            assert_eq!((scene.next_deadline(), scene.outcome()), (Some(scene.now + wait), None));
        }
        scene.now += wait;
        scene.run();
        assert_eq!(scene.outcome(), Some(Outcome::Stalled));
    }
}

/// Who is not logged in is not held back for anybody, and who has only texts wants to know.
#[test]
fn open_input_that_waits_for_a_log_in_or_is_text_is_left_sooner() {
    let texts = Settings { texts_to: Some(b"bob"), is_strict: true, ..SETTINGS };
    for (settings, said) in [(SETTINGS, ""), (texts, "HELLO ann\n")] {
        let mut scene = Scene::new(Settings { name: Some(b"ann"), ..settings });
        scene.connect();
        scene.hear(said);
        scene.type_in("@bob hi\n".repeat(MUCH));
        scene.run();
        assert_eq!((scene.next_deadline(), scene.outcome()), (Some(scene.now + LINGER), None));
        scene.now += LINGER;
        scene.run();
        assert_eq!(scene.outcome(), Some(Outcome::Stalled));
    }
}

/// A person may have to look after something else, and a lost connection is still tried.
#[test]
fn open_input_that_waits_otherwise_is_not_left() {
    let typed = "@bob hi\n".repeat(MUCH);
    let mut scene = Scene::chatting(Settings { is_interactive: true, ..SETTINGS });
    scene.server.0.borrow_mut().room = Some(0);
    scene.type_in(typed.clone());
    scene.run();
    assert_eq!((scene.next_deadline(), scene.outcome()), (None, None));
    let mut scene = Scene::chatting(RECONNECTING);
    scene.end_server(Read::End);
    scene.run();
    scene.type_in(typed);
    scene.run();
    for _ in 0..5 {
        scene.now += SILENT;
        scene.run();
        assert_eq!(scene.outcome(), None);
        scene.connect();
        scene.end_server(Read::End);
        scene.run();
    }
}
