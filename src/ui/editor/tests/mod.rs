//! The whole editor against a terminal emulator, and its exact bytes where they are promised.

use std::num::NonZero;
use std::time::Duration;

use super::{Editor, Event};
use crate::ui::display::PROMPT;

mod answers;
mod ghost;
mod hidden;
mod keys;
mod lines;
mod model;
mod pauses;
mod random;
mod reflow;
mod sizes;

/// An editor, the terminal it believes in, and all that it wrote.
struct Bench {
    editor: Editor,
    terminal: vt100::Parser,
    events: Vec<Event>,
    written: usize,
    time: Duration,
}

impl Bench {
    fn new(columns: u16, rows: u16) -> Self {
        let mut editor = Editor::new(columns, rows);
        editor.begin_chat();
        let terminal = vt100::Parser::new(nonzero(rows), nonzero(columns), 0);
        Self { editor, terminal, events: Vec::new(), written: 0, time: Duration::ZERO }
    }

    /// The same for one that marks pastes already.
    fn marking(columns: u16, rows: u16) -> Self {
        let mut bench = Self::new(columns, rows);
        bench.feed(b"x");
        bench.feed(b"\x7f");
        bench
    }

    /// Writes to the terminal as its output processing would.
    fn write(&mut self, out: &[u8]) {
        self.written += out.len();
        for part in out.split_inclusive(|&b| b == b'\n') {
            match part.split_last() {
                Some((b'\n', line)) => {
                    self.terminal.process(line);
                    self.terminal.process(b"\r\n");
                }
                _ => self.terminal.process(part),
            }
        }
    }

    /// Feeds one read, and gives what was written in answer.
    fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let (mut at, mut out) = (0, Vec::new());
        loop {
            let (taken, event) = self.editor.feed(&bytes[at..], &mut out);
            at += taken;
            let Some(event) = event else { break };
            self.events.push(event);
        }
        assert_eq!(at, bytes.len());
        self.write(&out);
        out
    }

    /// So many milliseconds pass without a key.
    fn wait(&mut self, milliseconds: u64) -> Vec<u8> {
        let mut out = Vec::new();
        self.time += Duration::from_millis(milliseconds);
        self.editor.handle_time(self.time);
        self.editor.handle_pause(&mut out);
        self.write(&out);
        out
    }

    fn arrive(&mut self, line: &str) -> Vec<u8> {
        let mut out = Vec::new();
        self.editor.hide(&mut out);
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
        self.editor.show(&mut out);
        self.write(&out);
        out
    }

    /// Changes the size; the emulator, which cuts off, answers what it is asked.
    fn resize(&mut self, columns: u16, rows: u16) {
        self.terminal.screen_mut().set_size(nonzero(rows), nonzero(columns));
        let mut out = Vec::new();
        self.editor.resize(columns, rows, &mut out);
        let out = String::from_utf8(out).unwrap();
        let mut answers = String::new();
        for (number, part) in out.split("\x1b[6n").enumerate() {
            if number > 0 {
                let (row, column) = self.cursor();
                answers += &format!("\x1b[{};{}R", row + 1, column + 1);
            }
            self.write(part.as_bytes());
        }
        self.feed(answers.as_bytes());
    }

    /// The rows of the screen down to the last that is not empty.
    fn rows(&self) -> Vec<String> {
        let screen = self.terminal.screen();
        let mut rows: Vec<String> =
            screen.rows(0, screen.size().1.get()).map(|row| row.trim_end().to_string()).collect();
        while rows.last().is_some_and(String::is_empty) {
            rows.pop();
        }
        rows
    }

    fn cursor(&self) -> (usize, usize) {
        let (row, column) = self.terminal.screen().cursor_position();
        (row.into(), column.into())
    }

    fn lines<'a>(&'a self) -> Vec<&'a str> {
        let text = |event: &'a Event| match event {
            Event::Line(line) => str::from_utf8(line).unwrap(),
            _ => "?",
        };
        self.events.iter().map(text).collect()
    }
}

fn nonzero(size: u16) -> NonZero<u16> {
    NonZero::new(size).unwrap()
}

fn quoted(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

#[test]
fn each_read_is_answered_with_these_bytes() {
    // What is read, and what is written in answer; 10 columns, 4 rows. The reads of two characters ask for nothing (S15).
    let table: &[&[(&str, &str)]] = &[
        &[("ann\n", "ann\n")],
        &[("ann\rbob\r", "ann\nbob\n")],
        &[("an", "an"), ("n", "n"), ("\n", "\n")],
        &[("a", "a\x1b[?2004h"), ("b", "b"), ("\r", "\n"), ("c", "c")],
        &[("ab", "ab"), ("\x7f", "\x08 \x08"), ("\x7f", "\x08 \x08"), ("\x7f", "")],
        &[("a日", "a日"), ("\x7f", "\x08\x08  \x08\x08")],
        &[("ab", "ab"), ("\x1b[D", "\x08"), ("\x1b[D", "\x08"), ("\x1b[D", ""), ("\x1b[C", "\x1b[C")],
        &[("abc", "abc"), ("\x01", "\x1b[3D"), ("\x05", "\x1b[3C")],
        &[("ab", "ab"), ("\x02x", "\x08xb\x08"), ("\n", "\x1b[C\n")],
        &[("abcdefghij", "abcdefghij"), ("k", "k"), ("\x01", "\r\x1b[A"), ("\r", "\r\x1b[B\x1b[C\n")],
        &[("abcdefghij", "abcdefghij"), ("\r", "\n")],
        &[("abcdefghij", "abcdefghij"), ("\x7f", "\r\x1b[9C\x1b[K")],
        &[
            ("abcdefghijkl", "abcdefghijkl"),
            ("\x02\x02\x02x", "\r\x1b[A\x1b[9Cxjkl\x1b[3D"),
            ("\x7f", "\r\x1b[A\x1b[9C\x1b[Jjkl\r\x1b[A\x1b[9C"),
        ],
        &[("ab", "ab"), ("\x03", "^C\n"), ("\x03", ""), ("\x04", ""), ("\x1a", "")],
        &[("ab", "ab"), ("\x0c", "\x1b[H\x1b[2Jab")],
        &[("e", "e\x1b[?2004h"), ("\u{301}", "\u{301}"), ("x", "x")],
        &[("a\x1b[Zb", "ab"), ("\x1b", ""), ("[", ""), ("D", "\x08")],
        &[("a\tb", "ab"), ("\x1b[200~\t\x1b[201~", "^I")],
    ];
    for reads in table {
        let mut bench = Bench::new(10, 4);
        for (read, expected) in *reads {
            let written = bench.feed(read.as_bytes());
            assert_eq!(quoted(&written), quoted(expected.as_bytes()), "{read:?} of {reads:?}");
        }
    }
}

#[test]
fn nothing_typed_nothing_written() {
    let mut out = Vec::new();
    let mut editor = Editor::new(80, 24);
    for prompt in ["", "Enter your login: "] {
        editor.set_prompt(prompt.as_bytes());
        for _ in 0..2 {
            editor.hide(&mut out);
            editor.hide(&mut out);
            editor.show(&mut out);
            editor.show(&mut out);
            editor.resize(40, 10, &mut out);
            editor.resize(80, 24, &mut out);
            editor.feed(b"\x1b[A\x1b[B\x1b[D\x7f\t\x15\x0b\x19\x14\x17\x1b", &mut out);
            editor.leave(&mut out);
        }
        assert_eq!(quoted(&out), "", "prompt {prompt:?}");
    }
}

#[test]
fn hide_and_show_take_a_few_bytes() {
    let mut bench = Bench::new(80, 24);
    bench.feed(b"half a line");
    assert_eq!(quoted(&bench.arrive("hi")), r"\r\x1b[Jhi\nhalf a line");
    bench.feed(b"\x02\x02");
    assert_eq!(quoted(&bench.arrive("hi")), r"\r\x1b[Jhi\nhalf a line\x1b[2D");
    bench.feed(b"\x05\x15");
    assert_eq!(quoted(&bench.arrive("hi")), r"hi\n");
    assert_eq!(bench.rows(), ["hi", "hi", "hi"]);
}

#[test]
fn the_prompt_comes_and_goes_with_the_line() {
    let mut bench = Bench::new(20, 6);
    bench.write(b"login: ");
    bench.editor.set_prompt(b"login: ");
    assert_eq!(quoted(&bench.feed(b"an")), "an");
    assert_eq!(quoted(&bench.arrive("news")), r"\r\x1b[Jnews\nlogin: an");
    assert_eq!(quoted(&bench.feed(b"\x03")), r"^C\nlogin: ");
    bench.feed(b"bob\x01X\r");
    assert_eq!(bench.lines(), ["Xbob"]);
    assert_eq!(bench.rows(), ["news", "login: an^C", "login: Xbob"]);
    assert_eq!(bench.cursor(), (3, 0));
    // The next prompt is printed while a line is half typed.
    bench.feed(b"ea");
    let mut out = Vec::new();
    bench.editor.hide(&mut out);
    out.extend_from_slice(b"taken\nagain: ");
    bench.editor.set_prompt(b"again: ");
    bench.editor.show(&mut out);
    assert_eq!(quoted(&out), r"\r\x1b[Jtaken\nagain: ea");
    bench.write(&out);
    assert_eq!(quoted(&bench.arrive("x")), r"\r\x1b[Jx\nagain: ea");
    bench.feed(b"\x7f\x7f\x7f");
    assert_eq!(bench.rows()[3..], ["taken", "x", "again:"]);
    assert_eq!(bench.cursor(), (5, 7));
}

#[test]
fn a_prompt_set_while_the_line_is_shown_counts_from_the_next_key() {
    let mut bench = Bench::new(20, 6);
    bench.feed(b"ab");
    bench.editor.set_prompt(b"> ");
    assert_eq!(quoted(&bench.feed(b"c")), r"\x1b[2D> abc");
    bench.editor.set_prompt(b"");
    assert_eq!(quoted(&bench.arrive("hi")), r"\r\x1b[Jhi\nabc");
}

#[test]
fn history_walks_and_search_finds() {
    let mut bench = Bench::new(60, 10);
    bench.feed(b"@ann one\n@bob two\n@bob two\nthree\n");
    bench.feed(b"half\x1b[A\x1b[A");
    assert_eq!(bench.editor.line(), b"@bob two");
    bench.feed(b"\x10");
    assert_eq!(bench.editor.line(), b"@ann one");
    bench.feed(b"\x0e\x0e\x0e");
    assert_eq!(bench.editor.line(), b"half");
    bench.feed(b"\x12");
    assert_eq!(bench.rows()[4], "(reverse-i-search)`': half");
    bench.feed(b"o");
    assert_eq!(bench.rows()[4], "(reverse-i-search)`o': @bob two");
    assert_eq!(bench.cursor(), (4, 30));
    bench.arrive("From ann: hello");
    assert_eq!(bench.rows()[4..], ["From ann: hello", "(reverse-i-search)`o': @bob two"]);
    bench.feed(b"\x12");
    assert_eq!(bench.rows()[5], "(reverse-i-search)`o': @ann one");
    bench.feed(b"xx");
    assert_eq!(bench.rows()[5], "(failed reverse-i-search)`oxx': @ann one");
    bench.feed(b"\x07");
    assert_eq!(bench.rows()[5], "half");
    bench.feed(b"\x12ann\x05!");
    assert_eq!((bench.rows()[5].as_str(), bench.editor.line()), ("@ann one!", &b"@ann one!"[..]));
    bench.feed(b"\x12bob\x03\x12bob\n");
    assert_eq!(bench.lines(), ["@ann one", "@bob two", "@bob two", "three", "@bob two"]);
    assert_eq!(bench.rows()[5..], ["@bob two"]);
}

#[test]
fn tab_completes_names_seen_and_commands() {
    let mut bench = Bench::new(40, 10);
    for name in ["ann", "bob", "anton"] {
        bench.editor.add_name(name.as_bytes());
    }
    assert_eq!(quoted(&bench.feed(b"@b\t")), "@bob ");
    bench.feed(b"\x15@a\t");
    assert_eq!(bench.editor.line(), b"@anton ");
    bench.feed(b"\t");
    assert_eq!(bench.editor.line(), b"@ann ");
    bench.feed(b"hi\t");
    assert_eq!(bench.editor.line(), b"@ann hi");
    bench.feed(b"\x15!w\t");
    assert_eq!(bench.editor.line(), b"!who");
    bench.feed(b"\x15@b hi\x02\x02\x02\t");
    assert_eq!(bench.editor.line(), b"@bob hi");
}

/// Spec S14: at the prompt, and behind the `@` that Tab completes.
#[test]
fn nothing_is_hidden_in_names_that_are_typed_or_completed() {
    let mut bench = Bench::new(80, 10);
    bench.editor.set_prompt(PROMPT);
    bench.write(PROMPT);
    bench.feed("ann\u{200d}\u{a0} x".as_bytes());
    assert_eq!(bench.rows(), [r"Welcome to Chat Client. Enter your login: ann\u{200d}\u{a0} x"]);
    bench.feed(b"\n");
    for name in ["ann", "ann\u{fe0f}"] {
        bench.editor.add_name(name.as_bytes());
    }
    bench.feed(b"@an\t");
    assert_eq!(bench.rows()[1..], [r"@ann\u{fe0f}"]);
    bench.feed("❤\u{fe0f}\n\x12@ann".as_bytes());
    assert_eq!(bench.rows()[2..], ["(reverse-i-search)`@ann': @ann\\u{fe0f} ❤\u{fe0f}"]);
}

#[test]
fn however_reads_are_cut_the_outcome_is_the_same() {
    let inputs = [
        "one two\x1b[1;5D\x1b\x7fx\x1b[3~\x1b[H\x1b[F!\n",
        "日本é e\u{301}\x1b[D\x7f\x19\x1bb\x0b\x01\x19y\x12o\x12\x07z\r",
        "\x1b[200~a\tb\r\nc\rd\x1b[A\x1b[201~e\x1b[A\x1b[A\x0e\x14",
        "a\x1b[[Ab\x1bxc\x1b[27;5;9~\x1b[1\x1b[Cd\x15\x04",
        "half a line that is wrapped\x01\x06x\x1b\x1b[Cy\x03z",
    ];
    for input in inputs {
        let input = input.as_bytes();
        let outcome = |pieces: &[&[u8]]| {
            let mut bench = Bench::new(10, 8);
            // Which read is the first to ask for marked pastes depends on the cut.
            bench.feed(b"\x20");
            for piece in pieces {
                bench.feed(piece);
            }
            (bench.rows(), bench.cursor(), bench.editor.line().to_vec(), bench.events)
        };
        let whole = outcome(&[input]);
        for at in 1..input.len() {
            assert_eq!(outcome(&[&input[..at], &input[at..]]), whole, "{:?} cut at {at}", quoted(input));
        }
        assert_eq!(outcome(&input.chunks(1).collect::<Vec<_>>()), whole, "{:?} byte by byte", quoted(input));
    }
}

/// Where the terminal does not mark what is pasted, or a program types.
#[test]
fn lines_that_come_as_keys_are_sent_one_by_one() {
    let lines: Vec<String> = (0..200).map(|n| format!("@ann line {n}")).collect();
    let mut bench = Bench::new(80, 24);
    let text = format!("{}\r", lines.join("\r"));
    for piece in text.as_bytes().chunks(64) {
        bench.feed(piece);
    }
    assert_eq!(bench.lines(), lines);
    assert_eq!(bench.cursor(), (23, 0));
    assert_eq!(bench.rows()[22], "@ann line 199");
}

#[test]
fn a_paste_without_an_end_is_left_by_ctrl_c() {
    let mut bench = Bench::new(80, 24);
    bench.feed(b"\x1b[200~abc");
    bench.feed(b"\x03");
    bench.feed(b"\x03");
    assert_eq!(bench.events, [Event::Interrupt]);
}

#[test]
fn marked_pastes_end_with_the_editor() {
    let mut bench = Bench::new(80, 24);
    bench.feed(b"a");
    let mut out = Vec::new();
    bench.editor.leave(&mut out);
    bench.editor.leave(&mut out);
    assert_eq!(quoted(&out), r"\x1b[?2004l");
}

#[test]
fn a_broken_character_completed_later_is_made_visible() {
    let mut bench = Bench::new(40, 4);
    // Shown as eight cells broken, and as eight cells whole.
    bench.feed(b"\xe2\x80\x1b[Z");
    assert_eq!(bench.rows(), [r"\xe2\x80"]);
    bench.feed(b"\xae");
    assert_eq!(bench.rows(), [r"\u{202e}"]);
}
