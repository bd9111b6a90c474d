//! What is typed to one person, without the name.

use super::*;

const TALKING: Settings<'_> = Settings { to: Some(b"bob"), ..SETTINGS };

#[test]
fn lines_that_are_no_commands_go_to_whom_one_talks_to() {
    let mut scene = Scene::chatting(TALKING);
    scene.type_in("hello\n\n!who?\r\n@ x\n @tia hi\n !who \n  \n@tia\n");
    scene.run();
    let expected =
        "SEND bob hello\nSEND bob !who?\nSEND bob @ x\nSEND tia hi\nLIST\nSEND bob   \nSEND tia \n";
    assert_eq!(scene.sent(), expected);
    scene.type_in("last\n!quit\nnever\n");
    scene.run();
    assert_eq!(scene.sent(), "SEND bob last\n");
}

/// Spec L1: the first line is a name, if none is given.
#[test]
fn name_is_a_name_before_there_is_one() {
    let mut scene = Scene::new(TALKING);
    scene.connect();
    scene.type_in("ann\nhello\n");
    scene.run();
    scene.hear("HELLO ann\n");
    scene.run();
    assert_eq!(scene.sent(), "HELLO-FROM ann\nSEND bob hello\n");
}

#[test]
fn long_text_goes_to_whom_one_talks_to_piece_by_piece() {
    let mut scene = Scene::chatting(TALKING);
    let text = "x".repeat(5 * OUTBOX_FULL);
    scene.type_in(format!("{text}\n"));
    scene.run();
    assert!(scene.sent() == format!("SEND bob {text}\n"));
}

/// What is counted as unsent is what would have been sent.
#[test]
fn texts_that_were_not_sent_are_counted() {
    let mut scene = Scene::new(Settings { name: Some(b"ann"), ..TALKING });
    scene.type_in("hello\n\n!who\n");
    scene.end_input();
    scene.run();
    assert_eq!(scene.leave().unsent, 2);
}
