//! A table of text with aligned columns.

/// Rows of cells under a title and headings. The first columns are words, the others numbers.
pub(crate) struct Table {
    title: String,
    words: usize,
    rows: Vec<Vec<String>>,
    notes: Vec<String>,
}

impl Table {
    /// A table whose first `words` columns hold words.
    pub(crate) fn new(title: &str, words: usize, headings: &[&str]) -> Self {
        let headings = headings.iter().map(|&heading| heading.to_owned()).collect();
        Self { title: title.to_owned(), words, rows: vec![headings], notes: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Adds a line of words below the rows.
    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Prints it to standard output.
    pub(crate) fn print(&self) {
        println!("\n{}\n", self.title);
        let widths: Vec<usize> = (0..self.rows[0].len()).map(|column| self.width(column)).collect();
        for row in &self.rows {
            let cells = row.iter().zip(&widths).enumerate();
            let line: String =
                cells.map(|(column, (cell, &width))| self.aligned(column, cell, width)).collect();
            println!("{}", line.trim_end());
        }
        self.notes.iter().for_each(|note| println!("  {note}"));
    }

    fn aligned(&self, column: usize, cell: &str, width: usize) -> String {
        if column < self.words { format!("  {cell:<width$}") } else { format!("  {cell:>width$}") }
    }

    fn width(&self, column: usize) -> usize {
        self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    }
}

/// A number with three digits that count, or all of its whole ones in groups.
pub(crate) fn number(value: f64) -> String {
    match value {
        _ if !value.is_finite() => "-".to_owned(),
        ..1000.0 if value < 9.995 => format!("{value:.2}"),
        ..1000.0 if value < 99.95 => format!("{value:.1}"),
        _ => grouped(value.round() as u64),
    }
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
