//! Standard input, in lines.

use crate::client::session::is_quit;
use crate::net::stdio::Stdio;
use crate::ui::editor::Event as Typed;
use crate::ui::screen::Screen;
use crate::wire::lines::{Line, Lines};
use mio::event::Event;
use mio::{Interest, Registry, Token};
use signal_hook::consts::{SIGINT, SIGTSTP};
use std::io::{self, Read};
use std::time::Instant;

/// While commands cannot be sent, standard input is read on until so many bytes wait behind the
/// first of them: among them may be a `!quit`.
const TYPED_AHEAD: usize = 64 * 1024;

/// Standard input as the event loop sees it.
pub(crate) struct Input {
    source: Stdio,
    typed: Lines,
    /// A read may bring something. Cleared when it does not: the poll reports only changes.
    ready: bool,
    /// It cannot be polled, and need not be.
    always_ready: bool,
    /// The poll has seen the end coming: read on until it is there.
    ending: bool,
    /// When the end of input was reached, or a `!quit` seen.
    over_since: Option<Instant>,
    /// There is nothing more to be read.
    ended: bool,
    /// Something was read since the lines were last looked through for a `!quit`.
    fresh: bool,
    /// A `!quit` waits behind lines that cannot be taken now.
    quitting: bool,
    /// What a key asked for that the terminal would have made a signal of.
    signal: Option<i32>,
    /// The length of the first line, if it was offered and not taken.
    refused: Option<usize>,
}

impl Input {
    pub(crate) fn new(registry: &Registry, token: Token) -> io::Result<Self> {
        let source = Stdio::input()?;
        let always_ready = !source.register(registry, token, Interest::READABLE)?;
        Ok(Self {
            source,
            typed: Lines::new(None),
            ready: true,
            always_ready,
            ending: false,
            over_since: None,
            ended: false,
            fresh: false,
            quitting: false,
            signal: None,
            refused: None,
        })
    }

    pub(crate) fn is_terminal(&self) -> bool {
        self.source.is_terminal()
    }

    /// Whether everything was read and taken.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.ended && self.typed.is_empty()
    }

    /// Whether the user wants to leave, even if some lines before that still wait.
    pub(crate) fn wants_to_leave(&self) -> bool {
        self.ended || self.quitting
    }

    /// Whether a `!quit` was read.
    pub(crate) fn is_quitting(&self) -> bool {
        self.quitting
    }

    /// Since when the user has wanted to leave.
    pub(crate) fn over_since(&self) -> Option<Instant> {
        self.over_since
    }

    /// Whether a line waits that was not taken when it was offered.
    pub(crate) fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// Whether a read may bring something that there is room for.
    pub(crate) fn can_read(&self) -> bool {
        let behind = self.refused.map_or(0, |first| self.typed.len() - first);
        self.ready && !self.ended && !self.quitting && behind < TYPED_AHEAD
    }

    pub(crate) fn handle_event(&mut self, event: &Event) {
        self.ending |= event.is_read_closed() || event.is_error();
        self.ready = true;
    }

    /// Reads once: lines, or keys for the line that the screen's editor makes of them.
    pub(crate) fn read(&mut self, screen: &mut Screen) {
        let mut keys = [0; 1024];
        let result = if screen.is_editing() {
            self.source.read(&mut keys)
        } else {
            self.typed.fill_from(&mut self.source)
        };
        match result {
            Ok(0) => self.end(),
            Ok(count) if screen.is_editing() => self.handle_keys(&keys[..count], screen),
            Ok(_) => {
                self.fresh = true;
                let drained = self.source.short_read_is_last() && !self.typed.is_full() && !self.ending;
                self.ready = self.always_ready || !drained;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.ready = false,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                // A terminal that was hung up says EIO; whatever it is, nothing more will come.
                log::info!("standard input: {error}");
                self.end();
            }
        }
    }

    fn handle_keys(&mut self, mut keys: &[u8], screen: &mut Screen) {
        while !keys.is_empty() && !self.ended {
            let (taken, event) = screen.handle_keys(keys);
            keys = &keys[taken..];
            match event {
                Some(Typed::Line(line)) => {
                    self.typed.push_line(&line);
                    self.fresh = true;
                }
                Some(Typed::EndOfInput) => self.end(),
                Some(Typed::Interrupt) => self.signal = Some(SIGINT),
                Some(Typed::Suspend) => self.signal = Some(SIGTSTP),
                None => {}
            }
        }
    }

    /// The signal that a key stands for, if one was typed.
    pub(crate) fn take_signal(&mut self) -> Option<i32> {
        self.signal.take()
    }

    /// Offers the lines to `take`, oldest first, until it refuses one.
    pub(crate) fn drain(&mut self, mut take: impl FnMut(&[u8]) -> bool) {
        let refused = &mut self.refused;
        *refused = None;
        self.typed.drain(|line| {
            let Line::Whole(line) = line else { return true }; // There is no limit for the user.
            let taken = take(line);
            *refused = (!taken).then_some(line.len());
            taken
        });
        let fresh = std::mem::take(&mut self.fresh);
        if fresh && self.refused.is_some() && !self.quitting && self.typed.any(is_quit) {
            self.quitting = true;
            self.over_since.get_or_insert_with(Instant::now);
        }
    }

    /// A `!quit` was taken: what comes after it does not count.
    pub(crate) fn quit(&mut self) {
        self.typed.clear();
        self.refused = None;
        self.end();
    }

    fn end(&mut self) {
        self.typed.finish();
        self.ended = true;
        self.over_since.get_or_insert_with(Instant::now);
    }
}
