//! Conversations with a person at a terminal, whose keys are taken one by one.

use super::*;
use crate::ui::display::Style;
use crate::ui::editor::Editor;
use crate::ui::screen::{Look, Screen};
use crate::wire::sizes::TYPED_AHEAD;

const TERMINAL: Look = Look {
    terminal: true,
    style: Style { escape: None, color: false, one_line: false },
    timestamps: false,
    bell: false,
};

/// Logged in as ann, on a terminal whose keys are taken one by one.
/// The log-in waits for its answer.
fn arriving_at_the_keys() -> Scene {
    let mut screen = Screen::new(TERMINAL);
    screen.edit_with(Editor::new(80, 24));
    let settings = Settings { name: Some(b"ann"), is_interactive: true, ..SETTINGS };
    let mut scene = Scene::shown_by(screen, settings);
    scene.connect();
    scene
}

fn at_the_keys() -> Scene {
    let mut scene = arriving_at_the_keys();
    scene.hear("HELLO ann\n");
    scene.run();
    scene.sent();
    scene
}

#[test]
fn keys_become_lines_and_more() {
    // Typed, sent, and what becomes of it.
    let table = [
        ("@bob hi\r", "SEND bob hi\n", None, &[][..]),
        ("@bob hi\r!who\r", "SEND bob hi\nLIST\n", None, &[]),
        ("@bob hi\r\x03@bob never\r", "SEND bob hi\n", Some(Outcome::Interrupted), &[]),
        ("@bob\x03", "", None, &[]),
        ("\x1a@bob hi\r", "SEND bob hi\n", None, &[Event::Suspend]),
        ("@bob hi\r\x04@bob never\r", "SEND bob hi\n", Some(Outcome::Left), &[]),
        ("@bob hi\r!quit\r@bob never\r", "SEND bob hi\n", Some(Outcome::Left), &[]),
    ];
    for (typed, sent, outcome, events) in table {
        let mut scene = at_the_keys();
        scene.type_in(typed);
        scene.run();
        assert_eq!((scene.outcome(), scene.sent()), (outcome, sent.into()), "{typed:?}");
        assert_eq!(scene.conversation.take_events(), events, "{typed:?}");
    }
}

/// Whatever is pasted, and however little can be sent of it.
#[test]
fn keys_count_behind_many_lines_that_wait() {
    for (keys, outcome) in
        [("\x03", Outcome::Interrupted), ("!quit\r", Outcome::Left), ("\x04", Outcome::Left)]
    {
        let mut scene = arriving_at_the_keys();
        for _ in 0..2 {
            scene.type_in(format!("\x1b[200~@bob {}\x1b[201~\r", "x\r".repeat(TYPED_AHEAD)));
            scene.run();
        }
        assert_eq!(scene.outcome(), None);
        scene.type_in(keys);
        scene.run();
        assert_eq!(scene.outcome(), Some(outcome), "{keys:?}");
        assert!(scene.conversation.held().typed < 20 * TYPED_AHEAD);
    }
}

/// Behind an echoed line the cursor is where the next line begins; so it is behind an edited one.
#[test]
fn line_that_the_terminal_has_echoed_ends_the_prompt() {
    for edits in [false, true] {
        let mut screen = Screen::new(TERMINAL);
        if edits {
            screen.edit_with(Editor::new(80, 24));
        }
        let mut scene = Scene::shown_by(screen, Settings { is_interactive: true, ..SETTINGS });
        scene.connect();
        scene.run();
        scene.type_in("ann\n");
        scene.run();
        scene.hear("HELLO ann\n");
        scene.run();
        let echoed = if edits { "ann\n" } else { "" };
        assert_eq!(scene.shown(), format!("{}{echoed}{LOGGED_IN}", PROMPT.trim_end_matches('\n')));
    }
}

/// Keys count, as among them may be a `!quit`; but what they would show has to wait for room.
#[test]
fn keys_typed_before_a_blocked_output_take_no_room() {
    let mut scene = at_the_keys();
    scene.shown();
    scene.set_room(Some(0));
    scene.hear(lines(20_000));
    scene.run();
    let before = scene.conversation.held().to_show;
    scene.type_in("@bob hi");
    for _ in 0..200 {
        scene.type_in("x".repeat(1000));
        scene.run();
    }
    let grown = scene.conversation.held().to_show - before;
    assert!(grown < 2 * SCREEN_FULL, "{grown}");
    scene.set_room(None);
    scene.run();
    let typed = format!("@bob hi{}", "x".repeat(200_000));
    let shown = scene.shown();
    assert_eq!(shown.matches("From bob").count(), 20_000);
    assert!(shown.ends_with(&typed[typed.len() - 80..]), "the line is back");
    scene.type_in("\r");
    scene.run();
    assert_eq!(scene.sent(), format!("SEND bob {}\n", &typed["@bob ".len()..]));
}

#[test]
fn half_of_a_name_outlives_its_connection() {
    let mut screen = Screen::new(TERMINAL);
    screen.edit_with(Editor::new(80, 24));
    let mut scene = Scene::shown_by(screen, Settings { is_interactive: true, ..SETTINGS });
    scene.connect();
    scene.type_in("an");
    scene.run();
    scene.shown();
    scene.end_server(Read::Broken);
    scene.run();
    assert_eq!(scene.shown(), "");
    scene.type_in("n\r");
    scene.run();
    assert_eq!(scene.shown().matches("login").count(), 0, "it is not asked for again");
    scene.connect();
    scene.run();
    assert_eq!(scene.sent(), "HELLO-FROM ann\n");
}
