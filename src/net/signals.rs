//! Signals as events of the poll.

use crate::wire::format::note;
use mio::net::UnixStream;
use mio::{Interest, Registry, Token};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The signals that a program takes into its own hands.
#[derive(Debug)]
pub(crate) struct Signals {
    /// A byte comes when a signal has come.
    wake: UnixStream,
    /// Which ones have come.
    came: Vec<(i32, Arc<AtomicBool>)>,
}

impl Signals {
    /// From now on these signals do nothing but make an event with this token. One that whoever started the
    /// program has had it ignore is ignored still, as a shell expects of what it starts with `&`, and `nohup`
    /// of what it starts; but SIGTERM always ends it.
    ///
    /// # Errors
    /// When the system has no room for it, or a signal cannot be caught.
    pub(crate) fn catch(signals: &[i32], registry: &Registry, token: Token) -> io::Result<Self> {
        let (wake, sender) = std::os::unix::net::UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        let mut came = Vec::with_capacity(signals.len());
        let ignored = ignored();
        for &signal in signals {
            if signal != SIGTERM && ignored >> (signal - 1) & 1 == 1 {
                continue;
            }
            let flag = Arc::new(AtomicBool::new(false));
            // In this order: who is woken finds the flag set.
            signal_hook::flag::register(signal, Arc::clone(&flag))?;
            signal_hook::low_level::pipe::register(signal, sender.try_clone()?)?;
            came.push((signal, flag));
        }
        let mut wake = UnixStream::from_std(wake);
        registry.register(&mut wake, token, Interest::READABLE)?;
        Ok(Self { wake, came })
    }

    /// Whether it is one of those.
    #[cfg(feature = "editor")]
    pub(crate) fn catches(&self, signal: i32) -> bool {
        self.came.iter().any(|(caught, _)| *caught == signal)
    }

    /// Those that have come since the last call. To be called each turn: an event only ends the waiting
    /// for it, and may be lost without its signal.
    pub(crate) fn take(&mut self) -> Vec<i32> {
        if !self.came.iter().any(|(_, flag)| flag.load(Ordering::Relaxed)) {
            return Vec::new();
        }
        while matches!(self.wake.read(&mut [0; 64]), Ok(1..)) {}
        self.came
            .iter()
            .filter(|(_, flag)| flag.swap(false, Ordering::SeqCst))
            .map(|(signal, _)| *signal)
            .collect()
    }
}

/// What a signal asks of the event loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Demand {
    /// To end, as the signal would have ended the program.
    #[cfg(feature = "editor")]
    End(i32),
    /// To stop until it is continued.
    Stop,
    /// To draw what is typed anew.
    #[cfg(feature = "editor")]
    Redraw,
}

/// The signals that are ignored, a bit for each, from 1 on. Only Linux says it without code that could do harm
/// (proc(5): a line of hexadecimal digits).
fn ignored() -> u64 {
    let mut status = [0; 4096];
    let read = File::open("/proc/self/status").and_then(|mut file| file.read(&mut status));
    let mut lines = status[..read.unwrap_or(0)].split(|&byte| byte == b'\n');
    let mask = lines.find_map(|line| line.strip_prefix(b"SigIgn:\t")).unwrap_or_default();
    mask.iter().fold(0, |mask, digit| mask << 4 | (u64::from(digit & 15) + u64::from(digit >> 6) * 9))
}

/// From now on SIGTERM ends the program, though it may have been started to ignore it.
///
/// The first process, of a machine or of a container, is not ended by a signal that it does not catch (kill(2),
/// "NOTES"), and so by none: there the others that people send end it too, with the status that a shell would show.
pub(crate) fn end_by_signals() {
    let is_first = is_first_process();
    for &signal in if is_first { &[SIGTERM, SIGINT, SIGHUP, SIGQUIT][..] } else { &[SIGTERM] } {
        let always = Arc::new(AtomicBool::new(true));
        let registered = if is_first {
            signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, always)
        } else {
            signal_hook::flag::register_conditional_default(signal, always)
        };
        if let Err(error) = registered {
            note!(Debug, "signal {signal}: {error}");
        }
    }
}

fn is_first_process() -> bool {
    rustix::process::getpid().is_init()
}

/// From now on this signal does nothing: the call that it is about says so, too.
pub(crate) fn ignore(signal: i32) {
    if let Err(error) = signal_hook::flag::register(signal, Arc::default()) {
        note!(Debug, "signal {signal}: {error}");
    }
}

/// Does what the signal does to a program that does not care: ends it, or stops it until it is
/// continued. The first process can be neither: this returns.
pub(crate) fn obey(signal: i32) {
    if is_first_process() {
        return;
    }
    if let Err(error) = signal_hook::low_level::emulate_default_handler(signal) {
        note!(Error, "signal {signal}: {error}");
    }
}
