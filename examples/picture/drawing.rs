//! What a screen shows, as SVG.

use crate::seat::COLUMNS;
use std::fmt::Write as _;

/// The size of a cell of the picture, and where the first one is.
const CELL: (f64, f64) = (8.4, 20.0);
const ORIGIN: (f64, f64) = (20.0, 62.0);

/// A terminal in the dark, and in the light for those who like it so; names are the same in both.
const STYLE: &str = "\
    .screen { fill: #16181d; stroke: #2b2f38 } .bar { fill: #21242c } .dot { fill: #454b58 } \
    text, .cursor { fill: #dde1e8 } .dim { fill: #7d8593 } .title { fill: #8b93a3 } \
    text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre } \
    .title { font-size: 12px; text-anchor: middle } \
    @media (prefers-color-scheme: light) { \
    .screen { fill: #ffffff; stroke: #d5d9e0 } .bar { fill: #eef0f4 } .dot { fill: #c5cad4 } \
    text, .cursor { fill: #22262e } .dim { fill: #808896 } .title { fill: #69707d } }";

/// What stands in one picture at one time: a piece of SVG for each row, and where the cursor is.
#[derive(Clone)]
pub(crate) struct Still {
    pub(crate) rows: Vec<String>,
    pub(crate) cursor: (u16, u16),
}

impl Still {
    pub(crate) fn of(screen: &vt100::Screen) -> Self {
        let (rows, _) = screen.size();
        let row = |row| {
            let mut svg = String::new();
            write_row(screen, row, &mut svg);
            svg
        };
        Self { rows: (0..rows.get()).map(row).collect(), cursor: screen.cursor_position() }
    }

    /// As a whole picture.
    pub(crate) fn picture(&self, title: &str, words: &str) -> String {
        let rows = self.rows.iter().filter(|row| !row.is_empty());
        let rows: String = rows.map(|row| row.replace("<text", "\n<text")).collect();
        let inside = format!("{}\n{}", rows.trim_start(), cursor(self.cursor, ""));
        window(title, words, self.rows.len(), "", &inside)
    }
}

/// A window with a title, and the same in words; `inside` is drawn in it, with `style` beside that of all pictures.
pub(crate) fn window(title: &str, words: &str, rows: usize, style: &str, inside: &str) -> String {
    let (width, height) = (2.0 * ORIGIN.0 + CELL.0 * f64::from(COLUMNS), ORIGIN.1 + CELL.1 * rows as f64);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{words}\">\n<style>{STYLE}{style}</style>\n\
         <rect class=\"screen\" x=\"0.5\" y=\"0.5\" width=\"{:.1}\" height=\"{:.1}\" rx=\"9\"/>\n\
         <path class=\"bar\" d=\"M1 32V10a9 9 0 0 1 9-9h{:.1}a9 9 0 0 1 9 9v22z\"/>\n",
        width - 1.0,
        height - 1.0,
        width - 20.0
    );
    for dot in 0..3 {
        let _ = writeln!(svg, "<circle class=\"dot\" cx=\"{}\" cy=\"16.5\" r=\"5.5\"/>", 20 + 18 * dot);
    }
    let _ = writeln!(svg, "<text class=\"title\" x=\"{:.1}\" y=\"21\">{title}</text>", width / 2.0);
    svg + inside + "</svg>\n"
}

/// The cursor, drawn where the first cell is and moved from there.
pub(crate) fn cursor((row, column): (u16, u16), attributes: &str) -> String {
    let (x, y) = (CELL.0 * f64::from(column), CELL.1 * f64::from(row));
    format!(
        "<rect class=\"cursor\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"17\" opacity=\"0.75\" \
         transform=\"translate({x:.1} {y:.0})\"{attributes}/>\n",
        ORIGIN.0,
        ORIGIN.1 - 13.5,
        CELL.0
    )
}

/// The same move in a style.
pub(crate) fn cursor_style((row, column): (u16, u16)) -> String {
    format!("transform:translate({:.1}px,{}px)", CELL.0 * f64::from(column), CELL.1 * f64::from(row))
}

/// Each run of cells that look the same is stretched to its cells, whatever the font.
fn write_row(screen: &vt100::Screen, row: u16, svg: &mut String) {
    let mut column = 0;
    while column < COLUMNS {
        let Some(look) = look(screen, row, column) else {
            column += 1;
            continue;
        };
        let start = column;
        let mut text = String::new();
        while column < COLUMNS
            && (self::look(screen, row, column).as_ref() == Some(&look)
                || is_inner_blank(screen, row, column))
        {
            text += screen
                .cell(row, column)
                .map_or(" ", |cell| if cell.has_contents() { cell.contents() } else { " " });
            column += 1;
        }
        let text = text.trim_end();
        let length = CELL.0 * text.chars().count() as f64;
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        let (x, y) = (ORIGIN.0 + CELL.0 * f64::from(start), ORIGIN.1 + CELL.1 * f64::from(row));
        let _ = write!(svg, "<text{look} x=\"{x:.1}\" y=\"{y:.0}\" textLength=\"{length:.1}\">{text}</text>");
    }
}

/// How a cell looks that is not blank.
fn look(screen: &vt100::Screen, row: u16, column: u16) -> Option<String> {
    let cell = screen.cell(row, column).filter(|cell| !cell.contents().trim().is_empty())?;
    Some(match cell.fgcolor() {
        vt100::Color::Idx(color @ 16..=231) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * u16::from(step) };
            let color = color - 16;
            let (red, green, blue) = (level(color / 36), level(color / 6 % 6), level(color % 6));
            // As a style, which is stronger than the one of all texts.
            format!(" style=\"fill:#{red:02x}{green:02x}{blue:02x}\"")
        }
        _ if cell.dim() => " class=\"dim\"".to_owned(),
        _ => String::new(),
    })
}

/// A single blank does not end a run.
fn is_inner_blank(screen: &vt100::Screen, row: u16, column: u16) -> bool {
    let is_blank = |column| screen.cell(row, column).is_none_or(|cell| cell.contents().trim().is_empty());
    is_blank(column) && !is_blank(column + 1) && column > 0 && !is_blank(column - 1)
}
