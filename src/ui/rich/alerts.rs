//! How a terminal calls its user to it (`--notify`), and whether the user looks at it.
//!
//! A terminal says when it gets and loses the focus, if it is asked to and can (xterm's `CSI ? 1004 h`;
//! then `CSI I` and `CSI O`). One that cannot says nothing: then nobody knows, and it calls always.

use crate::ui::moment::Moment;
use crate::wire::escape::{self, Rule};
use alloc::vec::Vec;
use core::time::Duration;

/// Calls no sooner after the last one.
const INTERVAL: Duration = Duration::from_secs(1);
/// So much of the name and of the text is in a call, and no character of it is more than ten bytes when made
/// harmless.
const MOST_NAME: usize = 32;
const MOST_TEXT: usize = 96;

const REPORTS_ON: &[u8] = b"\x1b[?1004h";
const REPORTS_OFF: &[u8] = b"\x1b[?1004l";

/// A way to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alert {
    /// The bell.
    Bell,
    /// `OSC 9 ; text`, as iTerm2 has it, and kitty, foot, WezTerm.
    Osc9,
    /// `OSC 777 ; notify ; title ; text`, as urxvt has it, and foot, WezTerm.
    Osc777,
}

/// What stands between this program and the terminal, and has to be told to let a call pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Passage {
    /// Nothing.
    #[default]
    Open,
    /// tmux (which has to be allowed to: `set -g allow-passthrough on`).
    Tmux,
    /// GNU screen.
    Screen,
}

/// Who has to be called, and when that was done.
#[derive(Debug, Default)]
pub(in crate::ui) struct Alerts {
    alert: Option<Alert>,
    passage: Passage,
    /// When it was called last.
    called: Option<Duration>,
    reports: Reports,
    /// Whether the terminal has the focus, as far as it has said.
    has_focus: Option<bool>,
    /// Since when nothing has been looked at, if nothing new was shown since.
    unseen_since: Option<Moment>,
}

/// Whether the terminal says when it gets and loses the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Reports {
    /// It is not to.
    #[default]
    Unwanted,
    /// It is to be asked to as soon as something may be written.
    Wanted,
    On,
}

impl Alerts {
    pub(in crate::ui) fn new(alert: Option<Alert>, passage: Passage) -> Self {
        Self { alert, passage, ..Self::default() }
    }

    /// The terminal is to say when it gets and loses the focus.
    pub(in crate::ui) fn want_reports(&mut self) {
        self.reports = Reports::Wanted;
    }

    /// Asks for the reports, if that is still to be done.
    pub(in crate::ui) fn ask_for_reports(&mut self, out: &mut Vec<u8>) {
        if self.reports == Reports::Wanted {
            self.reports = Reports::On;
            out.extend_from_slice(REPORTS_ON);
        }
    }

    pub(in crate::ui) fn is_asking(&self) -> bool {
        self.reports == Reports::Wanted
    }

    /// Ends the reports, until they are asked for again.
    pub(in crate::ui) fn end_reports(&mut self, out: &mut Vec<u8>) {
        if self.reports == Reports::On {
            self.reports = Reports::Wanted;
            out.extend_from_slice(REPORTS_OFF);
        }
        (self.has_focus, self.unseen_since) = (None, None);
    }

    /// Ends them for good.
    pub(in crate::ui) fn leave(&mut self, out: &mut Vec<u8>) {
        self.end_reports(out);
        self.reports = Reports::Unwanted;
    }

    /// The terminal has said whether it has the focus.
    pub(in crate::ui) fn handle_focus(&mut self, has_focus: bool, now: Option<Moment>) {
        if self.has_focus != Some(has_focus) {
            self.has_focus = Some(has_focus);
            self.unseen_since = now.filter(|_| !has_focus);
        }
    }

    /// Since when nothing has been looked at: for the first message after that.
    pub(in crate::ui) fn take_unseen_since(&mut self) -> Option<Moment> {
        self.unseen_since.take()
    }

    /// Calls for a message, unless the user looks at it, or was called just now.
    pub(in crate::ui) fn call(&mut self, name: &[u8], text: &[u8], now: Duration, out: &mut Vec<u8>) {
        let is_soon = self.called.is_some_and(|called| now < called + INTERVAL);
        let Some(alert) = self.alert else { return };
        if is_soon || self.has_focus == Some(true) {
            return;
        }
        self.called = Some(now);
        if alert == Alert::Bell {
            // tmux and screen hand a bell on by themselves, to the right window.
            return out.push(b'\x07');
        }
        let (before, after): (&[u8], &[u8]) = match self.passage {
            Passage::Open => (b"\x1b", b""),
            Passage::Tmux => (b"\x1bPtmux;\x1b\x1b", b"\x1b\\"),
            Passage::Screen => (b"\x1bP\x1b", b"\x1b\\"),
        };
        out.extend_from_slice(before);
        out.extend_from_slice(if alert == Alert::Osc9 { b"]9;" } else { b"]777;notify;" });
        append_field(name, MOST_NAME, out);
        out.extend_from_slice(if alert == Alert::Osc9 { b": " } else { b";" });
        append_field(text, MOST_TEXT, out);
        out.push(b'\x07');
        out.extend_from_slice(after);
    }
}

/// Appends the start of what a stranger wrote, harmless, and without what separates fields.
fn append_field(theirs: &[u8], most: usize, out: &mut Vec<u8>) {
    let start = out.len();
    let piece = escape::piece(theirs, most);
    escape::append_by(Rule::Names, piece, out);
    out[start..].iter_mut().filter(|byte| **byte == b';').for_each(|byte| *byte = b',');
    if piece.len() < theirs.len() {
        out.extend_from_slice("…".as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn called(alert: Alert, passage: Passage, name: &[u8], text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Alerts::new(Some(alert), passage).call(name, text, Duration::ZERO, &mut out);
        out
    }

    #[test]
    fn each_way_to_call() {
        use Alert::{Bell, Osc9, Osc777};
        use Passage::{Open, Screen, Tmux};
        let table: [(Alert, Passage, &[u8]); 7] = [
            (Bell, Open, b"\x07"),
            (Bell, Tmux, b"\x07"),
            (Osc9, Open, b"\x1b]9;bob: hi, there\x07"),
            (Osc9, Tmux, b"\x1bPtmux;\x1b\x1b]9;bob: hi, there\x07\x1b\\"),
            (Osc9, Screen, b"\x1bP\x1b]9;bob: hi, there\x07\x1b\\"),
            (Osc777, Open, b"\x1b]777;notify;bob;hi, there\x07"),
            (Osc777, Tmux, b"\x1bPtmux;\x1b\x1b]777;notify;bob;hi, there\x07\x1b\\"),
        ];
        for (alert, passage, expected) in table {
            assert_eq!(
                called(alert, passage, b"bob", b"hi; there").escape_ascii().to_string(),
                expected.escape_ascii().to_string()
            );
        }
    }

    /// Neither can they end the sequence, nor make it another one (`OSC 9 ; 4 ; ...` is a progress bar).
    #[test]
    fn strangers_say_nothing_to_the_terminal() {
        for hostile in
            ["\x07\x1b]0;x\x07", "\u{9c}\u{9d}52;c;x", "4;1;50", "\x1b\\\x1b[2J", "\u{202e}\u{200d}"]
        {
            for alert in [Alert::Osc9, Alert::Osc777] {
                for (name, text) in [(hostile, "hi"), ("bob", hostile)] {
                    let out = called(alert, Passage::Open, name.as_bytes(), text.as_bytes());
                    let inside = String::from_utf8(out[1..out.len() - 1].to_vec()).unwrap();
                    assert!(!inside.chars().any(escape::is_harmful), "{inside}");
                    let fields = if alert == Alert::Osc9 { 1 } else { 3 };
                    assert_eq!(inside.matches(';').count(), fields, "{inside}");
                }
            }
        }
    }

    #[test]
    fn long_messages_are_called_by_their_beginnings() {
        for text in ["x".repeat(1_000_000), "é".repeat(100_000), "\0".repeat(100_000)] {
            let out = called(Alert::Osc9, Passage::Tmux, text.as_bytes(), text.as_bytes());
            assert!(out.len() <= 30 + 10 * (MOST_NAME + MOST_TEXT), "{}", out.len());
            assert!(String::from_utf8(out).unwrap().contains("…: "));
        }
    }

    #[test]
    fn nobody_is_called_twice_a_second_or_while_looking() {
        let mut alerts = Alerts::new(Some(Alert::Bell), Passage::Open);
        let calls = |alerts: &mut Alerts, now: Duration| {
            let mut out = Vec::new();
            alerts.call(b"bob", b"hi", now, &mut out);
            !out.is_empty()
        };
        assert!(calls(&mut alerts, Duration::ZERO));
        assert!(!calls(&mut alerts, SECOND / 2) && calls(&mut alerts, SECOND));
        alerts.handle_focus(true, None);
        assert!(!calls(&mut alerts, 3 * SECOND));
        alerts.handle_focus(false, None);
        assert!(calls(&mut alerts, 3 * SECOND));
    }

    #[test]
    fn reports_are_asked_for_once_and_again_after_an_end() {
        let mut alerts = Alerts::default();
        let mut out = Vec::new();
        alerts.ask_for_reports(&mut out);
        alerts.end_reports(&mut out);
        assert!(out.is_empty(), "nobody wants them");
        alerts.want_reports();
        for _ in 0..2 {
            for _ in 0..2 {
                alerts.ask_for_reports(&mut out);
            }
            for _ in 0..2 {
                alerts.end_reports(&mut out);
            }
        }
        assert_eq!(out, [REPORTS_ON, REPORTS_OFF].concat().repeat(2));
        alerts.ask_for_reports(&mut out);
        alerts.leave(&mut out);
        alerts.ask_for_reports(&mut out);
        alerts.leave(&mut out);
        assert_eq!(out, [REPORTS_ON, REPORTS_OFF].concat().repeat(3));
    }
}
