//! A terminal that answers, and that wraps again what it shows, or cuts it off, when its size changes.

use std::mem;

/// What a terminal does with its rows at a new size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// Wraps again; the empty rows below the cursor stay, and others scroll off above (tmux, Alacritty).
    Rewraps,
    /// Wraps again, downwards while there is room (kitty).
    RewrapsDown,
    CutsOff,
}

#[derive(Clone, Debug, Default)]
struct Row {
    cells: Vec<u8>,
    /// The next one is the same line.
    wrapped: bool,
}

/// A terminal of ASCII, with all that it has scrolled off.
pub(super) struct Model {
    kind: Kind,
    name: Option<&'static str>,
    columns: usize,
    height: usize,
    /// The last `height` are the screen.
    rows: Vec<Row>,
    /// Counted from the screen's first row; `column == columns` is the pending wrap.
    row: usize,
    column: usize,
    saved: (usize, usize),
    answers: Vec<u8>,
}

impl Model {
    pub(super) fn new(kind: Kind, name: Option<&'static str>, columns: usize, height: usize) -> Self {
        let rows = vec![Row::default(); height];
        Self { kind, name, columns, height, rows, row: 0, column: 0, saved: (0, 0), answers: Vec::new() }
    }

    pub(super) fn take_answers(&mut self) -> Vec<u8> {
        mem::take(&mut self.answers)
    }

    /// All lines that there are, wrapped rows joined, without empty ones at the end.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![String::new()];
        for row in &self.rows {
            let line = lines.last_mut().unwrap();
            line.push_str(&String::from_utf8_lossy(&row.cells));
            if !row.wrapped {
                *line = line.trim_end().to_owned();
                lines.push(String::new());
            }
        }
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    fn current(&mut self) -> &mut Row {
        let at = self.rows.len() - self.height + self.row;
        &mut self.rows[at]
    }

    fn feed_line(&mut self) {
        if self.row + 1 < self.height {
            self.row += 1;
        } else {
            self.rows.push(Row::default());
        }
    }

    fn put(&mut self, byte: u8) {
        if self.column == self.columns {
            self.current().wrapped = true;
            self.feed_line();
            self.column = 0;
        }
        let column = self.column;
        let cells = &mut self.current().cells;
        cells.resize(cells.len().max(column + 1), b' ');
        cells[column] = byte;
        self.column += 1;
    }

    /// Erases all from the cursor on, in its row or down to the last. What is erased from the screen's first cell on,
    /// tmux keeps above.
    fn erase(&mut self, down: bool) {
        if down && self.kind == Kind::Rewraps && (self.row, self.column) == (0, 0) {
            let screen = self.rows.len() - self.height;
            let used =
                self.rows.iter().rposition(|row| !row.cells.is_empty()).map_or(screen, |last| last + 1);
            let kept = self.rows[screen..used.max(screen)].to_vec();
            self.rows.splice(screen..screen, kept);
        }
        let column = self.column.min(self.columns - 1);
        let row = self.current();
        row.cells.truncate(column);
        row.wrapped = false;
        let below = self.rows.len() - self.height + self.row + 1;
        if down {
            self.rows[below..].fill(Row::default());
        }
    }

    pub(super) fn process(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            match byte {
                b'\r' => self.column = 0,
                b'\n' => {
                    self.feed_line();
                    self.column = 0;
                }
                0x08 => self.column = self.column.min(self.columns - 1).saturating_sub(1),
                0x1b => rest = self.escape(after),
                _ => self.put(byte),
            }
        }
    }

    fn escape<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        match bytes[0] {
            b'7' => self.saved = (self.row, self.column),
            b'8' => (self.row, self.column) = self.saved,
            _ => {
                let last = bytes.iter().skip(1).position(u8::is_ascii_alphabetic).unwrap() + 1;
                self.sequence(str::from_utf8(&bytes[1..last]).unwrap(), bytes[last]);
                return &bytes[last + 1..];
            }
        }
        &bytes[1..]
    }

    fn sequence(&mut self, parameters: &str, last: u8) {
        let numbers: Vec<usize> = parameters.split(';').map(|n| n.parse().unwrap_or(1)).collect();
        let (bottom, right) = (self.height - 1, self.columns - 1);
        match last {
            b'A' => self.row = self.row.saturating_sub(numbers[0]),
            b'B' => self.row = (self.row + numbers[0]).min(bottom),
            b'C' => self.column = (self.column + numbers[0]).min(right),
            b'D' => self.column = self.column.min(right).saturating_sub(numbers[0]),
            b'H' => {
                let column = numbers.get(1).map_or(0, |n| n - 1);
                (self.row, self.column) = ((numbers[0] - 1).min(bottom), column.min(right));
            }
            b'J' | b'K' => self.erase(last == b'J'),
            b'n' => {
                let answer = format!("\x1b[{};{}R", self.row + 1, self.column.min(right) + 1);
                self.answers.extend_from_slice(answer.as_bytes());
            }
            b'c' => self.answers.extend_from_slice(self.name.unwrap_or_default().as_bytes()),
            b'h' | b'l' | b'm' => {}
            _ => panic!("{parameters} {last}"),
        }
    }

    pub(super) fn resize(&mut self, columns: usize, height: usize) {
        let column = self.column;
        if self.kind == Kind::CutsOff {
            self.rows.iter_mut().for_each(|row| row.cells.truncate(columns));
            self.columns = columns;
        } else if columns != self.columns {
            self.rewrap(columns);
        }
        self.change_height(height);
        self.column = if self.kind == Kind::CutsOff { column.min(columns - 1) } else { self.column };
    }

    fn change_height(&mut self, height: usize) {
        while self.height > height {
            self.height -= 1;
            // Empty rows below go first.
            if self.row < self.height {
                self.rows.pop();
            } else {
                self.row -= 1;
            }
        }
        while self.height < height {
            self.rows.push(Row::default());
            self.height += 1;
        }
    }

    fn rewrap(&mut self, columns: usize) {
        let cursor = self.rows.len() - self.height + self.row;
        let below = self.rows[cursor + 1..].iter().rev();
        let blank = below.take_while(|row| row.cells.is_empty() && !row.wrapped).count();
        let (mut rows, mut place) = (Vec::new(), (0, 0));
        let mut line: Vec<u8> = Vec::new();
        let mut in_line = None;
        for (number, row) in mem::take(&mut self.rows).into_iter().enumerate() {
            if number == cursor {
                in_line = Some(line.len() + self.column);
            }
            line.extend_from_slice(&row.cells);
            if row.wrapped {
                continue;
            }
            let line = mem::take(&mut line);
            let first = rows.len();
            let mut chunks: Vec<&[u8]> = line.chunks(columns).collect();
            chunks.extend((chunks.is_empty()).then_some(&[][..]));
            let count = chunks.len();
            let whole = |n: usize| n + 1 < count;
            rows.extend(
                chunks.iter().enumerate().map(|(n, cells)| Row { cells: cells.to_vec(), wrapped: whole(n) }),
            );
            if let Some(at) = in_line.take() {
                // Behind a full row it waits for its wrap.
                place = (first + at / columns, at % columns);
                if at > 0 && at == line.len() && at % columns == 0 {
                    place = (place.0 - 1, columns);
                }
            }
        }
        if self.kind == Kind::RewrapsDown {
            let fitting = self.height.saturating_sub(rows.len() - blank).min(blank);
            rows.truncate(rows.len() - blank + fitting);
        }
        while rows.len() < self.height || place.0 >= rows.len() {
            rows.push(Row::default());
        }
        self.columns = columns;
        self.row = (place.0 + self.height).saturating_sub(rows.len());
        self.column = place.1;
        self.rows = rows;
    }
}
