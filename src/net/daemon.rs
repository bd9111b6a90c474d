//! The program around the server: a poll of its own, signals, and what it says when it starts.

use super::log as logging;
use super::server::Server;
use crate::net::endpoint;
use crate::net::signals::Signals;
use crate::server::Config;
use crate::wire::format::note;
use mio::{Events, Poll, Registry, Token};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const SIGNALS: Token = Token(0);
const SERVER: usize = 1;

/// So many events are taken from the system at once.
const EVENTS: usize = 1024;

/// macOS refuses a limit of descriptors above its `OPEN_MAX` (setrlimit(2), "Compatibility").
const MOST_DESCRIPTORS: Option<u64> = if cfg!(target_vendor = "apple") { Some(10_240) } else { None };

/// Serves until SIGINT or SIGTERM comes.
///
/// # Errors
/// When it cannot listen, or the system fails it: one sentence, with what to do.
pub(crate) fn run(host: &str, port: u16, config: Config) -> io::Result<()> {
    raise_descriptor_limit();
    // This can take long: a signal still ends the program as it ends any.
    let addresses = resolve(host, port)?;
    let mut poll = Poll::new()?;
    let _signals = Signals::catch(&[SIGINT, SIGTERM], poll.registry(), SIGNALS)?;
    let mut server = listen(&addresses, config, poll.registry())?;
    let address = server.local_addr()?;
    note!(Info, "listening on {address}");
    announce(address);

    let start = Instant::now();
    let mut events = Events::with_capacity(EVENTS);
    loop {
        let now = start.elapsed();
        server.turn(poll.registry(), now);
        logging::flush();
        if events.iter().any(|event| event.token() == SIGNALS) {
            break;
        }
        let rest = server.next_deadline().map(|at| at.saturating_sub(now));
        let timeout = if server.has_work() { Some(Duration::ZERO) } else { rest };
        if let Err(error) = poll.poll(&mut events, timeout)
            && error.kind() != io::ErrorKind::Interrupted
        {
            return Err(error);
        }
        for event in &events {
            server.handle_event(event);
        }
    }
    note!(Info, "stopping: a signal came");
    server.shut_down();
    Ok(())
}

/// Standard output may be closed; the server serves all the same.
fn announce(address: SocketAddr) {
    let mut stdout = io::stdout().lock();
    if let Err(error) = writeln!(stdout, "listening on {address}").and_then(|()| stdout.flush()) {
        note!(Debug, "standard output takes nothing: {error}");
    }
}

/// As many clients as the system lets this program have; as many as before, if it does not.
fn raise_descriptor_limit() {
    let limit = raised(getrlimit(Resource::Nofile), MOST_DESCRIPTORS);
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        note!(Debug, "the limit of descriptors stays as it is: {error}");
    }
}

/// The highest limit that may be set, if there is one (`None` in a limit is "infinity").
fn raised(limit: Rlimit, most: Option<u64>) -> Rlimit {
    let highest = match (limit.maximum, most) {
        (Some(maximum), Some(most)) => Some(maximum.min(most)),
        (maximum, most) => maximum.or(most),
    };
    let is_lower = limit.current.is_some_and(|current| highest.is_none_or(|highest| current < highest));
    Rlimit { current: if is_lower { highest } else { limit.current }, ..limit }
}

/// Finds the addresses of this machine that are meant.
fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    endpoint::resolve(host, port).map_err(|error| {
        said(&error, format!("cannot find the host {host:?}: {error}; give --address one of this machine"))
    })
}

/// Listens on the first of `addresses` where that is possible.
fn listen(addresses: &[SocketAddr], config: Config, registry: &Registry) -> io::Result<Server> {
    endpoint::bind_first(addresses, |address| {
        Server::bind(address, config, registry, SERVER)
            .map_err(|error| said(&error, format!("cannot listen on {address}: {error}; {}", advice(&error))))
    })
}

fn said(error: &io::Error, sentence: String) -> io::Error {
    io::Error::new(error.kind(), sentence)
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "end the program that listens there, or choose another --port",
        io::ErrorKind::PermissionDenied => "choose a --port from 1024 up",
        _ => "choose another --address or --port",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_of_descriptors_is_only_ever_raised() {
        let table = [
            ((Some(256), Some(4096)), None, Some(4096)),
            ((Some(256), Some(4096)), Some(10_240), Some(4096)),
            ((Some(256), None), Some(10_240), Some(10_240)),
            ((Some(256), Some(20_000)), Some(10_240), Some(10_240)),
            ((Some(12_000), None), Some(10_240), Some(12_000)),
            ((Some(256), None), None, None),
            ((None, None), Some(10_240), None),
        ];
        for ((current, maximum), most, expected) in table {
            let limit = raised(Rlimit { current, maximum }, most);
            assert_eq!(limit, Rlimit { current: expected, maximum }, "{current:?} {maximum:?} {most:?}");
        }
    }
}
