//! What whoever started the server hands over, and is told: sockets that listen already (sd_listen_fds(3)), and
//! how the server is (sd_notify(3)).

use super::listener::Listener;
use crate::wire::format::note;
use listenfd::ListenFd;
use sd_notify::NotifyState;
use std::io;

/// More sockets are not taken over.
const MOST: u32 = 64;

/// The sockets that were handed over, in their order. They stay open for whoever did so.
///
/// # Errors
/// When one of them is none that a server can listen on: a sentence.
pub(crate) fn listeners() -> io::Result<Vec<Listener>> {
    match count() {
        // Variables that are not for this process stay as they are.
        0 => return Ok(Vec::new()),
        1..=MOST => {}
        _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "there are more than 64")),
    }
    let mut handed = ListenFd::from_env();
    (0..handed.len()).map(|index| take(&mut handed, index)).collect()
}

/// How many were handed over to this very process.
pub(crate) fn count() -> u32 {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u32>().ok();
    let is_ours = number("LISTEN_PID") == Some(std::process::id());
    number("LISTEN_FDS").filter(|_| is_ours).unwrap_or_default()
}

fn take(handed: &mut ListenFd, index: usize) -> io::Result<Listener> {
    // It is left to be taken as the other kind, if it is not of this one.
    let listener = match handed.take_tcp_listener(index) {
        Ok(socket) => socket.map(Listener::handed_tcp),
        Err(_) => handed.take_unix_listener(index)?.map(Listener::handed_unix),
    };
    listener.unwrap_or_else(|| Err(io::ErrorKind::NotFound.into()))
}

/// Whether somebody wants to be told.
pub(crate) fn is_asked() -> bool {
    std::env::var_os("NOTIFY_SOCKET").is_some()
}

/// The server serves, or does so again.
pub(crate) fn say_ready() {
    say(&[NotifyState::Ready]);
}

/// It ends.
pub(crate) fn say_stopping() {
    say(&[NotifyState::Stopping]);
}

fn say(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        note!(Warn, "NOTIFY_SOCKET takes nothing: {error}");
    }
}
