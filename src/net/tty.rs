//! The terminal of a person: its line mode, its size, and the signals that it brings.

use super::raw_mode;
use crate::client::frontend::Frontend as _;
use crate::net::signals::{self, Demand, Signals};
use crate::ui::editor::Editor;
use crate::ui::screen::Screen;
use crate::wire::format::note;
use mio::{Registry, Token};
use signal_hook::consts::*;
use std::env;
use std::io;
use std::time::Duration;

/// The signals that are caught: what stops or redraws, and all that end a program and can be caught
/// safely. Not SIGBUS, SIGFPE, SIGILL and SIGSEGV: who returns from those makes the same mistake again.
const CAUGHT: &[i32] = &[
    SIGTSTP,
    SIGCONT,
    SIGWINCH,
    SIGINT,
    SIGTERM,
    SIGHUP,
    SIGQUIT,
    SIGABRT,
    SIGALRM,
    SIGPROF,
    SIGSYS,
    SIGTRAP,
    SIGUSR1,
    SIGUSR2,
    SIGVTALRM,
    SIGXCPU,
    #[cfg(target_os = "linux")]
    SIGIO,
    #[cfg(target_os = "linux")]
    rustix::process::Signal::POWER.as_raw(),
    #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
    rustix::process::Signal::STKFLT.as_raw(),
];

/// A terminal that is in our hands until this is dropped.
#[derive(Debug)]
pub(crate) struct Tty {
    signals: Signals,
    /// So many answers of the terminal are still to come.
    awaited: usize,
}

/// For so long those are waited for at the end, when somebody else would take them for keys.
const LAST_ANSWERS: Duration = Duration::from_millis(50);

impl Tty {
    /// Whether what is typed on the terminal is to be edited here.
    pub(crate) fn makes_sense() -> bool {
        raw_mode::makes_sense()
    }

    /// Takes the terminal, and has the screen edit what is typed on it.
    pub(crate) fn take(registry: &Registry, token: Token, screen: &mut Screen) -> io::Result<Self> {
        let signals = Signals::catch(CAUGHT, registry, token)?;
        raw_mode::restore_on_panic();
        let early = raw_mode::enter()?;
        let (columns, rows) = raw_mode::size();
        let mut editor = Editor::new(columns, rows);
        editor.expect_early(early);
        if env::var_os("TERM").is_some_and(|name| name.as_encoded_bytes().starts_with(b"screen")) {
            editor.expect_kept_wraps();
        }
        screen.edit_with(editor);
        Ok(Self { signals, awaited: 0 })
    }

    /// What the signals that have come ask for.
    pub(crate) fn demands(&mut self) -> Vec<Demand> {
        self.signals.take().into_iter().map(Demand::from).collect()
    }

    /// The terminal has another size, or was somebody else's for a while.
    pub(crate) fn redraw(&mut self, screen: &mut Screen) {
        let (columns, rows) = raw_mode::size();
        screen.resize(columns, rows);
        // A shell that stopped and continued us may have set the terminal as it likes.
        match raw_mode::enter() {
            Ok(early) => screen.expect_early(early),
            Err(error) => note!(Error, "the terminal: {error}"),
        }
    }

    /// To be told after each turn: the screen may have asked the terminal.
    pub(crate) fn note_questions(&mut self, screen: &mut Screen) {
        self.awaited = screen.awaited_answers();
    }

    /// Gives the terminal back, stops the program until it is continued, and takes the terminal
    /// again. What is typed must be off the screen.
    pub(crate) fn stop(&mut self, screen: &mut Screen) {
        let keys = raw_mode::read_answers(screen.awaited_answers(), LAST_ANSWERS);
        screen.handle_keys(&keys);
        raw_mode::restore();
        // Where it is ignored nobody would continue the program.
        if self.signals.catches(SIGTSTP) {
            signals::obey(SIGTSTP);
        }
        self.redraw(screen);
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        raw_mode::read_answers(self.awaited, LAST_ANSWERS);
        raw_mode::restore();
    }
}

impl From<i32> for Demand {
    fn from(signal: i32) -> Self {
        match signal {
            SIGTSTP => Self::Stop,
            SIGCONT | SIGWINCH => Self::Redraw,
            _ => Self::End(signal),
        }
    }
}
