//! New sizes, messages and answers, on terminals that wrap again what they show and on those that cut it off.

use super::model::{Kind, Model};
use super::random::Random;
use crate::ui::editor::Editor;
use core::time::Duration;

const KINDS: [Kind; 3] = [Kind::Rewraps, Kind::RewrapsDown, Kind::CutsOff];
const TMUX: &str = "\x1b[>84;0;0c";
const XTERM: &str = "\x1b[>41;379;0c";

/// An editor on a terminal, and what is to be seen there.
struct Desk {
    editor: Editor,
    terminal: Model,
    expected: Vec<String>,
    time: Duration,
}

impl Desk {
    fn new(kind: Kind, name: Option<&'static str>, columns: usize, rows: usize) -> Self {
        let editor = Editor::new(columns as u16, rows as u16);
        let terminal = Model::new(kind, name, columns, rows);
        Self { editor, terminal, expected: Vec::new(), time: Duration::ZERO }
    }

    fn press(&mut self, keys: &[u8]) {
        let mut out = Vec::new();
        assert_eq!(self.editor.feed(keys, &mut out), (keys.len(), None));
        self.terminal.process(&out);
    }

    /// A message, when nothing speaks against it.
    fn arrive(&mut self, text: &str) {
        self.wait(300);
        assert!(!self.editor.is_restless());
        let mut out = Vec::new();
        self.editor.hide(&mut out);
        out.extend_from_slice(format!("{text}\n").as_bytes());
        self.editor.show(&mut out);
        self.terminal.process(&out);
        self.expected.push(text.to_owned());
    }

    fn wait(&mut self, milliseconds: u64) {
        let mut out = Vec::new();
        for part in [0, milliseconds] {
            self.time += Duration::from_millis(part);
            self.editor.handle_time(self.time);
            self.editor.handle_pause(&mut out);
        }
        self.terminal.process(&out);
    }

    /// The terminal changes its size, and the editor is told.
    fn resize(&mut self, columns: usize, rows: usize) {
        self.terminal.resize(columns, rows);
        self.tell(columns, rows);
    }

    fn tell(&mut self, columns: usize, rows: usize) {
        let mut out = Vec::new();
        self.editor.resize(columns as u16, rows as u16, &mut out);
        self.terminal.process(&out);
    }

    fn answer(&mut self) {
        let answers = self.terminal.take_answers();
        self.press(&answers);
    }

    /// The line is there once, below all messages, each once and whole.
    #[track_caller]
    fn check(&self, columns: usize) {
        let mut expected = self.expected.clone();
        let line = str::from_utf8(self.editor.line()).unwrap();
        expected.push(line.to_owned());
        let mut seen = self.terminal.lines();
        if let Some(first) = seen.iter().rposition(|row| *row == line[..columns.min(line.len())]) {
            // A terminal that cuts off knows nothing of lines.
            let rows = seen.drain(first..).collect::<String>();
            seen.push(rows);
        }
        assert_eq!(seen, expected);
    }
}

fn text(len: usize) -> String {
    (0..).flat_map(|n: usize| format!("{n}.").into_bytes()).map(char::from).take(len).collect()
}

#[test]
fn a_row_of_widths_leaves_one_line_and_all_messages() {
    for (kind, name) in [
        (Kind::Rewraps, Some(TMUX)),
        (Kind::RewrapsDown, Some(TMUX)),
        (Kind::CutsOff, Some(XTERM)),
        (Kind::CutsOff, Some("")),
    ] {
        for back in [0, 1, 8, 30, 87] {
            let mut desk = Desk::new(kind, name, 100, 24);
            (0..9).for_each(|n| desk.arrive(&format!("before {n}")));
            desk.press(format!("@{}", text(87)).as_bytes());
            desk.press(&b"\x02".repeat(back));
            for (number, columns) in [80, 41, 20, 60, 30, 100, 41, 25, 40].into_iter().enumerate() {
                desk.resize(columns, 24);
                desk.answer();
                desk.check(columns);
                desk.arrive(&format!("message {number}"));
                desk.check(columns);
            }
        }
    }
}

#[test]
fn what_is_not_known_of_a_terminal_erases_no_message_and_is_made_good() {
    for kind in KINDS {
        let mut desk = Desk::new(kind, None, 80, 24);
        (0..9).for_each(|n| desk.arrive(&format!("before {n}")));
        desk.press(text(88).as_bytes());
        // The column is the same whatever the terminal has done.
        desk.resize(40, 24);
        desk.answer();
        assert_eq!(desk.terminal.lines()[..9], desk.expected[..]);
        // This time it is not.
        desk.resize(31, 24);
        desk.answer();
        desk.check(31);
        desk.arrive("message");
        desk.check(31);
    }
}

#[test]
fn random_sizes_messages_and_keys_leave_one_line() {
    let mut random = Random(0x510e_527f_ade6_82d1);
    for round in 0..400 {
        let kind = KINDS[random.below(3)];
        let name = if kind == Kind::CutsOff { XTERM } else { TMUX };
        let (mut columns, rows) = (20 + random.below(80), 24);
        let mut desk = Desk::new(kind, Some(name), columns, rows);
        // So many rows that the line never scrolls off.
        (0..16).for_each(|n| desk.arrive(&format!("before {n}")));
        desk.press(format!("@{}", text(random.below(100) + 1)).as_bytes());
        for step in 0..12 {
            match random.below(6) {
                0 => desk.press(text(random.below(9) + 1).as_bytes()),
                1 => desk.press(&b"\x7f".repeat(random.below(4).min(desk.editor.line().len() - 1))),
                2 => desk.press(&b"\x02".repeat(random.below(60))),
                3 => desk.press(b"\x05"),
                _ => {
                    columns = 17 + random.below(90);
                    desk.resize(columns, rows);
                    if random.below(3) == 0 {
                        desk.press(b"+");
                    }
                    if random.below(3) == 0 {
                        // Another one before the answer, which is for the one before, and comes with it.
                        columns = 17 + random.below(90);
                        desk.resize(columns, rows);
                    }
                    desk.answer();
                }
            }
            if desk.editor.line().len() < 2 {
                desk.press(b"\x05@more");
            }
            desk.check(columns);
            if random.below(3) == 0 {
                desk.arrive(&format!("m {round} {step}"));
                desk.check(columns);
            }
        }
    }
}

/// Where the terminal has scrolled off all that was above.
#[test]
fn a_line_at_the_top_of_the_screen_leaves_no_copy_above() {
    for kind in KINDS {
        let name = if kind == Kind::CutsOff { XTERM } else { TMUX };
        let mut desk = Desk::new(kind, Some(name), 80, 24);
        desk.arrive("before");
        desk.press(text(88).as_bytes());
        for columns in [40, 80] {
            desk.resize(columns, 24);
            desk.answer();
            desk.arrive(&format!("message at {columns}"));
            desk.check(columns);
        }
    }
}

/// The first rows of the line are above the screen, where nothing can be erased.
#[test]
fn a_line_that_has_scrolled_off_in_part_stays_one_and_tears_no_message() {
    for keys in ["", "\x02\x02\x02x", "\x01", "\x01x", "\x7f", "more"] {
        let mut desk = Desk::new(Kind::Rewraps, Some(TMUX), 80, 24);
        desk.arrive("before");
        desk.press(text(88).as_bytes());
        desk.resize(20, 24);
        desk.answer();
        desk.check(20);
        desk.press(keys.as_bytes());
        if keys.contains('\x01') {
            // What is drawn again has a copy above, until the screen reaches it.
            assert!(
                desk.terminal.lines().last().unwrap().ends_with(str::from_utf8(desk.editor.line()).unwrap())
            );
        } else {
            desk.check(20);
        }
        desk.resize(60, 24);
        desk.answer();
        desk.check(60);
        desk.resize(15, 24);
        desk.answer();
        desk.arrive("message");
        let lines = desk.terminal.lines();
        let line = str::from_utf8(desk.editor.line()).unwrap();
        assert_eq!(lines[lines.len() - 2..], ["message", line], "{keys:?}");
        assert_eq!(lines.iter().filter(|text| text.contains("message")).count(), 1);
        assert_eq!(lines[0], "before");
    }
}

#[test]
fn a_lower_screen_leaves_one_line() {
    for kind in KINDS {
        let name = if kind == Kind::CutsOff { XTERM } else { TMUX };
        let mut desk = Desk::new(kind, Some(name), 40, 24);
        (0..9).for_each(|n| desk.arrive(&format!("before {n}")));
        desk.press(text(100).as_bytes());
        for rows in [24, 9, 12, 6, 5, 24] {
            desk.resize(40, rows);
            desk.answer();
            desk.check(40);
            desk.arrive(&format!("{rows} rows"));
            desk.check(40);
        }
    }
}

/// The terminal is ahead of the size that it tells.
#[test]
fn an_answer_tells_the_size_too() {
    for kind in KINDS {
        let name = if kind == Kind::CutsOff { XTERM } else { TMUX };
        let mut desk = Desk::new(kind, Some(name), 80, 24);
        (0..9).for_each(|n| desk.arrive(&format!("before {n}")));
        desk.press(text(95).as_bytes());
        desk.terminal.resize(33, 24);
        desk.tell(50, 24);
        desk.answer();
        desk.check(33);
        desk.tell(33, 24);
        assert_eq!(desk.terminal.take_answers(), b"");
        desk.arrive("message");
        desk.check(33);
    }
}
