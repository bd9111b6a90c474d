//! What whoever started the server hands over, and is told: sockets that listen already (sd_listen_fds(3)), and
//! how the server is (sd_notify(3)).

use super::endpoint::unix_address;
use super::listener::Listener;
use crate::wire::format::note;
use listenfd::ListenFd;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

/// More sockets are not taken over.
const MOST: u32 = 64;

/// Nobody waits longer for one who asked to be told, and reads nothing.
const PATIENCE: Duration = Duration::from_secs(1);

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
    say("READY=1");
}

/// It ends.
pub(crate) fn say_stopping() {
    say("STOPPING=1");
}

fn say(state: &str) {
    let Some(path) = std::env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(error) = tell(&path.to_string_lossy(), state) {
        note!(Warn, "NOTIFY_SOCKET takes nothing: {error}");
    }
}

fn tell(path: &str, state: &str) -> io::Result<()> {
    let address = unix_address(path).map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(PATIENCE))?;
    socket.send_to_addr(state.as_bytes(), &address)?;
    Ok(())
}
