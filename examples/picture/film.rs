//! A session as it went: one SVG that moves by its style alone, and shows the end to those who want no motion.

use crate::drawing::{Still, cursor, cursor_style, window};
use std::fmt::Write as _;

/// How long keys take that follow each other, in milliseconds.
const KEYS: [u32; 5] = [70, 110, 60, 130, 90];

/// What stands on the screen, each with the time when it is over. The times are those of the script, not of the
/// run, so that the same session gives the same film.
#[derive(Default)]
pub(crate) struct Film {
    stills: Vec<(Still, u32)>,
    keys: usize,
}

impl Film {
    fn length(&self) -> u32 {
        self.stills.last().map_or(0, |(_, end)| *end)
    }

    /// Shows a screen for some milliseconds.
    pub(crate) fn show(&mut self, screen: &vt100::Screen, milliseconds: u32) {
        let end = self.length() + milliseconds;
        self.stills.push((Still::of(screen), end));
    }

    /// Shows a screen until the next key.
    pub(crate) fn show_key(&mut self, screen: &vt100::Screen) {
        self.keys += 1;
        self.show(screen, KEYS[self.keys % KEYS.len()]);
    }

    pub(crate) fn picture(&self, title: &str, words: &str) -> String {
        let Some((last, _)) = self.stills.last() else { return String::new() };
        let mut style = format!(
            " .past {{ visibility: hidden }} @media (prefers-reduced-motion: no-preference) {{ \
             g, .cursor {{ animation: {}ms step-end infinite }} }}\n",
            self.length()
        );
        let mut inside = String::new();
        let mut count = 0;
        for row in 0..last.rows.len() {
            for (text, times) in self.contents(row) {
                count += 1;
                let past = if last.rows[row] == text { "" } else { " class=\"past\"" };
                let _ = writeln!(inside, "<g{past} style=\"animation-name:r{count}\">{text}</g>");
                let _ = writeln!(style, "@keyframes r{count}{{{}}}", self.appearances(&times));
            }
        }
        inside += &cursor(last.cursor, " style=\"animation-name:c\"");
        let _ = write!(style, "@keyframes c{{{}}}", self.moves());
        window(title, words, last.rows.len(), &style, &inside)
    }

    /// All that stands in a row at some time, with the times when it does.
    fn contents(&self, row: usize) -> Vec<(&str, Vec<(u32, u32)>)> {
        let mut contents: Vec<(&str, Vec<(u32, u32)>)> = Vec::new();
        let mut begin = 0;
        for (still, end) in &self.stills {
            let text = still.rows[row].as_str();
            let known = contents.iter_mut().find(|(other, _)| *other == text);
            match known.map(|(_, times)| times) {
                None => contents.push((text, vec![(begin, *end)])),
                Some(times) => match times.last_mut() {
                    Some(time) if time.1 == begin => time.1 = *end,
                    _ => times.push((begin, *end)),
                },
            }
            begin = *end;
        }
        contents.retain(|(text, _)| !text.is_empty());
        contents
    }

    fn appearances(&self, times: &[(u32, u32)]) -> String {
        let mut frames = String::new();
        if times[0].0 > 0 {
            frames += "0%{visibility:hidden}";
        }
        for (begin, end) in times {
            let _ = write!(frames, "{}{{visibility:visible}}", self.percent(*begin));
            if *end < self.length() {
                let _ = write!(frames, "{}{{visibility:hidden}}", self.percent(*end));
            }
        }
        frames
    }

    fn moves(&self) -> String {
        let mut frames = String::new();
        let (mut begin, mut place) = (0, None);
        for (still, end) in &self.stills {
            if place.replace(still.cursor) != Some(still.cursor) {
                let _ = write!(frames, "{}{{{}}}", self.percent(begin), cursor_style(still.cursor));
            }
            begin = *end;
        }
        frames
    }

    fn percent(&self, time: u32) -> String {
        format!("{:.3}%", 100.0 * f64::from(time) / f64::from(self.length()))
    }
}
