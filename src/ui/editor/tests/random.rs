//! Pseudo-random keys, arrivals and sizes: against a naive editor, and against everything hostile.

use std::time::Duration;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Bench, Editor, quoted};

/// Small pseudo-random numbers, the same ones each time.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % n
    }
}

#[test]
fn no_input_at_any_size_controls_the_terminal_or_ends_the_editor() {
    let pieces: [&[u8]; 19] = [
        b"\x1b",
        b"\x1b[200~",
        b"\x1b[201~",
        b"\x1b[",
        b"\x9b",
        "\u{9b}".as_bytes(),
        "\u{202e}".as_bytes(),
        "日".as_bytes(),
        "\u{301}".as_bytes(),
        "👩\u{200d}👧".as_bytes(),
        b"@",
        "\u{a0}\u{ad}".as_bytes(),
        b"\xe2\x80",
        b"\x1b]0;t\x07",
        b"\x12",
        b"\r",
        b"\t",
        b"@a",
        b"abcdefgh",
    ];
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for (columns, rows) in [(1, 1), (2, 1), (2, 3), (7, 2), (80, 24)] {
        let mut editor = Editor::new(columns, rows);
        let (mut out, mut time) = (Vec::new(), Duration::ZERO);
        for name in ["a\u{202e}", "abc\u{9b}def"] {
            editor.add_sender(name.as_bytes());
        }
        for _ in 0..5000 {
            match random.below(14) {
                12 => editor.begin_chat(),
                13 => {
                    time += Duration::from_millis(random.below(1000) as u64);
                    editor.handle_time(time);
                    editor.handle_pause(&mut out);
                }
                0 => editor.hide(&mut out),
                1 => editor.show(&mut out),
                2 => editor.resize(random.below(9) as u16, random.below(5) as u16, &mut out),
                3 => editor.resize(columns, rows, &mut out),
                4 if random.below(2) == 0 => {
                    let answer = format!("\x1b[{};{}R", 1 + random.below(5), 1 + random.below(12));
                    editor.feed(answer.as_bytes(), &mut out);
                }
                5 if random.below(2) == 0 => {
                    time += Duration::from_millis(random.below(150) as u64);
                    editor.handle_time(time);
                    editor.handle_pause(&mut out);
                }
                4 if random.below(9) == 0 => editor.set_prompt([&b"> "[..], b""][random.below(2)]),
                6..9 => drop(editor.feed(&[random.below(256) as u8], &mut out)),
                _ => drop(editor.feed(pieces[random.below(pieces.len())], &mut out)),
            }
        }
        let mut rest = out.as_slice();
        while let Some((byte, after)) = rest.split_first() {
            rest = after;
            match byte {
                0x1b if matches!(rest.first(), Some(b'7' | b'8')) => rest = &rest[1..],
                0x1b => {
                    let known = |b: &u8| matches!(b, b'[' | b'?' | b'>' | b';' | b'0'..=b'9');
                    let end = rest.iter().position(|b| !known(b)).unwrap();
                    assert!(
                        rest.starts_with(b"[") && b"ABCDHJKMchlmn".contains(&rest[end]),
                        "{}",
                        quoted(&rest[..=end])
                    );
                }
                b'\r' | b'\n' | 0x08 => {}
                _ => assert!(!byte.is_ascii_control()),
            }
        }
        let shown = str::from_utf8(&out).expect("all that is not text is made visible");
        assert!(!shown.contains(['\u{9b}', '\u{202e}']));
    }
}

/// The naive editor: clusters in a list, everything drawn from the start.
struct Model {
    columns: usize,
    /// The rows above the line.
    above: Vec<String>,
    line: Vec<&'static str>,
    cursor: usize,
}

impl Model {
    /// The rows of some clusters, and the place behind them.
    fn wrap(&self, clusters: &[&str]) -> (Vec<String>, usize) {
        let (mut rows, mut column) = (vec![String::new()], 0);
        for cluster in clusters {
            let shown = if *cluster == "\x1f" { "^_" } else { cluster };
            for c in shown.chars() {
                let width = c.width().unwrap();
                if column + width > self.columns {
                    rows.push(String::new());
                    column = 0;
                }
                column += width;
                rows.last_mut().unwrap().push(c);
            }
        }
        (rows, column)
    }

    fn end_line(&mut self) {
        let (rows, _) = self.wrap(&self.line);
        self.above.extend(rows);
        self.line.clear();
        self.cursor = 0;
    }

    fn check(&self, bench: &Bench, height: usize) {
        let (rows, _) = self.wrap(&self.line);
        // The place of the cursor is that of the cluster it stands on, if there is one.
        let (before, mut column) = self.wrap(&self.line[..self.cursor]);
        let mut row = before.len() - 1;
        if let Some(next) = self.line.get(self.cursor) {
            let next = if *next == "\x1f" { "^" } else { next };
            if column + next.width() > self.columns {
                (row, column) = (row + 1, 0);
            }
        }
        let (cursor_row, cursor_column) = bench.cursor();
        assert_eq!(cursor_column.min(self.columns - 1), column.min(self.columns - 1));
        let mut screen = bench.rows();
        screen.resize(height, String::new());
        assert_eq!(screen[cursor_row], rows[row].trim_end());
        if rows.len() >= height {
            return;
        }
        let expected: Vec<&str> = self.above.iter().chain(&rows).map(|row| row.trim_end()).collect();
        let first =
            (self.above.len() + row).checked_sub(cursor_row).expect("more rows on the screen than written");
        assert_eq!(screen[..cursor_row + rows.len() - row], expected[first..]);
        assert!(screen[cursor_row + rows.len() - row..].iter().all(String::is_empty));
    }
}

#[test]
fn the_screen_is_what_a_naive_editor_shows() {
    const CLUSTERS: [&str; 9] = ["a", "b", "c", " ", "日", "é", "e\u{301}", "\x1f", "本"];
    const HEIGHT: u16 = 12;
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for columns in [10, 11, 40, 80] {
        let mut bench = Bench::new(columns, HEIGHT);
        let mut model = Model { columns: columns.into(), above: Vec::new(), line: Vec::new(), cursor: 0 };
        for step in 0..3000 {
            let mut read = Vec::new();
            for _ in 0..=random.below(3) {
                match random.below(40) {
                    0 => {
                        read.extend_from_slice(b"\x01");
                        model.cursor = 0;
                    }
                    1..4 => {
                        read.extend_from_slice(b"\x1b[F");
                        model.cursor = model.line.len();
                    }
                    4..9 => {
                        read.extend_from_slice(b"\x1b[D");
                        model.cursor = model.cursor.saturating_sub(1);
                    }
                    9..11 => {
                        read.extend_from_slice(b"\x1bOC");
                        model.cursor = (model.cursor + 1).min(model.line.len());
                    }
                    11..16 => {
                        read.push(0x7f);
                        if model.cursor > 0 {
                            model.cursor -= 1;
                            model.line.remove(model.cursor);
                        }
                    }
                    16 => {
                        read.extend_from_slice(b"\x1b[3~");
                        if model.cursor < model.line.len() {
                            model.line.remove(model.cursor);
                        }
                    }
                    17 if random.below(8) == 0 => {
                        read.push(b'\r');
                        model.end_line();
                    }
                    18 if random.below(8) == 0 => {
                        read.push(0x0b);
                        model.line.truncate(model.cursor);
                    }
                    _ => {
                        for _ in 0..=random.below(3) {
                            let cluster = CLUSTERS[random.below(CLUSTERS.len())];
                            // The control character is text only when pasted.
                            let paste = cluster == "\x1f";
                            read.extend_from_slice(if paste { b"\x1b[200~" } else { b"" });
                            read.extend_from_slice(cluster.as_bytes());
                            read.extend_from_slice(if paste { b"\x1b[201~" } else { b"" });
                            model.line.insert(model.cursor, cluster);
                            model.cursor += 1;
                        }
                    }
                }
            }
            bench.feed(&read);
            assert_eq!(bench.editor.line(), model.line.concat().as_bytes());
            model.check(&bench, HEIGHT.into());
            if random.below(4) == 0 {
                let arrival = format!("From ann: {step} {}", "x".repeat(random.below(30)));
                bench.arrive(&arrival);
                let clusters: Vec<&str> = arrival.split("").collect();
                let (rows, _) = model.wrap(&clusters);
                model.above.extend(rows);
                model.check(&bench, HEIGHT.into());
            }
        }
    }
}
