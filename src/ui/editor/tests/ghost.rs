//! The dim text behind the end of the line.

use super::{nonzero, quoted};
use crate::ui::editor::view::View;

/// A view, and the terminal it is seen on.
struct Scene {
    view: View,
    terminal: vt100::Parser,
}

impl Scene {
    fn new(columns: u16, text: &str, cursor: usize) -> Self {
        let terminal = vt100::Parser::new(nonzero(4), nonzero(columns), 0);
        let mut scene = Self { view: View::new(columns, 4), terminal };
        scene.act(|view, out| view.update(text.as_bytes(), cursor, 0, out));
        scene
    }

    fn act(&mut self, act: impl FnOnce(&mut View, &mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        act(&mut self.view, &mut out);
        let written = quoted(&out);
        self.terminal.process(&String::from_utf8(out).unwrap().replace('\n', "\r\n").into_bytes());
        written
    }

    fn ghost(&mut self, ghost: &str) -> String {
        self.act(|view, out| view.set_ghost(ghost.as_bytes(), 0, out))
    }

    fn seen(&self) -> (String, (u16, u16)) {
        (self.terminal.screen().contents(), self.terminal.screen().cursor_position())
    }
}

#[test]
fn it_is_dim_and_the_cursor_stays_in_front_of_it() {
    let mut scene = Scene::new(20, "@bo", 3);
    assert_eq!(scene.ghost("b hello"), r"\x1b[2mb hello\x1b[m\x1b[7D");
    assert_eq!(scene.seen(), ("@bob hello".into(), (0, 3)));
    let cell = |at| scene.terminal.screen().cell(0, at).unwrap().dim();
    assert_eq!((cell(2), cell(3), cell(9)), (false, true, true));
    assert_eq!(scene.ghost("b hello"), "", "it is there");
    assert_eq!(scene.act(|view, out| view.update(b"@bo", 3, usize::MAX, out)), "", "nothing has changed");
    assert_eq!(scene.ghost("?"), r"\x1b[K\x1b[2m?\x1b[m\x1b[D");
    assert_eq!(scene.ghost(""), r"\x1b[K");
    assert_eq!(scene.seen(), ("@bo".into(), (0, 3)));
}

#[test]
fn it_takes_what_the_row_has_left_but_the_last_column() {
    for (columns, text, ghost, expected) in [
        (10, "abc", "defghijkl", "abcdefghi"),
        (10, "abcdefgh", "ij", "abcdefghi"),
        (10, "abcdefghi", "j", "abcdefghi"),
        (10, "abcdefghij", "k", "abcdefghij"),
        (10, "abcdefghijkl", "mn", "abcdefghijklmn"),
        (10, "abcdef", "日本", "abcdef日"),
        (10, "abcdefg", "\x1b[2J", "abcdefg^["),
        (10, "abcdefgh", "\x1b[2J", "abcdefgh"),
        (10, "ab", "c\nd", "abc⏎d"),
        (2, "a", "b", "a"),
    ] {
        let mut scene = Scene::new(columns, text, text.len());
        let cursor = scene.seen().1;
        let written = scene.ghost(ghost);
        assert_eq!(scene.seen(), (expected.into(), cursor));
        assert_eq!(written.is_empty(), expected == text);
        scene.act(|view, out| view.update(format!("{text}.").as_bytes(), text.len() + 1, text.len(), out));
        assert_eq!(scene.seen().0, format!("{text}."));
    }
}

#[test]
fn it_is_nowhere_but_behind_a_shown_text() {
    assert_eq!(Scene::new(20, "abc", 2).ghost("x"), "");
    let mut scene = Scene::new(20, "abc", 3);
    scene.act(View::hide);
    assert_eq!(scene.ghost("x"), "");
    // A prompt that somebody else has printed is a shown text, too.
    scene.act(|view, _| view.assume_drawn(b"abc"));
    assert_ne!(scene.ghost("x"), "");
}

/// What is done, and what is written for it.
type Change<'a> = (&'a dyn Fn(&mut View, &mut Vec<u8>), &'a str);

#[test]
fn it_is_gone_before_anything_else_changes() {
    let changes: [Change<'_>; 7] = [
        (&|view, out| view.update(b"abcd", 4, 3, out), r"\x1b[Kd"),
        (&|view, out| view.update(b"ab", 2, 2, out), r"\x1b[K\x08 \x08"),
        (&|view, out| view.update(b"abc", 2, usize::MAX, out), r"\x1b[K\x08"),
        (&|view, out| view.update(b"abx", 3, 2, out), r"\x1b[K\x08x"),
        (&|view, out| view.hide(out), r"\x1b[K\r\x1b[J"),
        (&|view, out| view.finish(b"abc", usize::MAX, out), r"\x1b[K\n"),
        (&|view, out| view.resize((30, 4), (b"abc", 3), true, out), r"\x1b[J"),
    ];
    for (change, expected) in changes {
        let mut scene = Scene::new(20, "abc", 3);
        scene.ghost("defghi");
        assert_eq!(scene.act(change), expected);
        assert_eq!(scene.act(|view, out| view.erase_ghost(out)), "");
        assert!(!scene.seen().0.contains('f'));
    }
}
