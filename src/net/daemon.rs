//! The program around the server: a poll of its own, signals, and what it says when it starts.

use super::failure::TOO_LITTLE_MEMORY;
use super::handed;
use super::log as logging;
use super::server::Server;
use crate::net::endpoint::Place;
use crate::net::listener::{self, Listener};
use crate::net::signals::Signals;
use crate::net::stdio::Stdio;
use crate::net::tls::{keeper::Keeper, options::Service};
use crate::server::Config;
use crate::server::doors::Networks;
use crate::wire::format::note;
use crate::wire::sizes::{CAN_ASK, LEAST, is_there};
use mio::{Events, Poll, Token};
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, rlim_t, setrlimit};
use signal_hook::consts::SIGHUP;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const SIGNALS: Token = Token(0);
const SERVER: usize = 1;

/// So many events are taken from the system at once.
const EVENTS: usize = 1024;

/// macOS refuses a limit of descriptors above its `OPEN_MAX` (setrlimit(2), "Compatibility").
const MOST_DESCRIPTORS: rlim_t = if cfg!(target_vendor = "apple") { 10_240 } else { RLIM_INFINITY };

/// What the program is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Where to listen,
    pub(crate) places: Vec<Place>,
    /// also if sockets are handed over,
    pub(crate) always_there: bool,
    /// with this mode of Unix sockets.
    pub(crate) socket_mode: Option<u32>,
    /// From where one may come.
    pub(crate) networks: Networks,
    /// Whose names are those that they have elsewhere.
    pub(crate) names: Names,
    /// What the server is to be like.
    pub(crate) config: Config,
    /// How connections are encrypted, if some are.
    pub(crate) tls: Option<Service>,
}

impl Settings {
    /// Whether those who come to this place, which has this number, do not choose their names; if nobody else does.
    pub(crate) fn names_those_at(&self, index: usize, place: &Place) -> bool {
        let certifies = self.tls.as_ref().is_some_and(|tls| tls.certifies(index));
        match place {
            _ if self.names == Names::default() => true,
            Place::Unix(_) => self.names.peer,
            Place::Tcp { .. } => self.names.certificate && certifies,
        }
    }
}

/// Who does not choose a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Names {
    /// Users of this machine, at Unix sockets.
    pub(crate) peer: bool,
    /// Those who have a certificate.
    pub(crate) certificate: bool,
}

/// Serves until SIGINT or SIGTERM comes.
///
/// # Errors
/// When it cannot listen, or the system fails it: one sentence, with what to do.
pub(crate) fn run(settings: Settings) -> io::Result<()> {
    if CAN_ASK && !is_there(LEAST) {
        return Err(io::Error::new(io::ErrorKind::OutOfMemory, TOO_LITTLE_MEMORY));
    }
    raise_descriptor_limit();
    let mut poll = Poll::new()?;
    // To find a host can take long: a signal still ends the program as it ends any. From the first socket on it does
    // not: none is left behind.
    let found = find(&settings)?;
    // A supervisor's SIGHUP asks to read again what there is; a terminal's ends a server that has nothing of it.
    let rereads = settings.tls.is_some() || handed::is_asked();
    let caught = &[SIGINT, SIGTERM, SIGHUP][..if rereads { 3 } else { 2 }];
    let mut signals = Signals::catch(caught, poll.registry(), SIGNALS)?;
    let listeners = listen(&settings, &found)?;
    let keeper = keeper(settings.tls, &listeners)?;
    announce(&listeners);
    let mut server = Server::new(listeners, settings.config, poll.registry(), SERVER)?;
    server.guard(settings.networks);
    if settings.names.peer {
        server.name_peers();
    }
    server.encrypt(keeper);
    handed::say_ready();

    let start = Instant::now();
    let mut events = Events::with_capacity(EVENTS);
    let mut ends = |server: &mut Server| !reload(signals.take(), server).is_empty();
    loop {
        let now = start.elapsed();
        server.turn(poll.registry(), now);
        logging::flush();
        // The poll is not waited for if one has come, nor is anybody let in if it was that what ended the waiting.
        if ends(&mut server) {
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
        if ends(&mut server) {
            break;
        }
    }
    note!(Info, "stopping: a signal came");
    handed::say_stopping();
    server.close_entrances();
    // What has been said already is heard.
    server.turn(poll.registry(), start.elapsed());
    server.shut_down();
    Ok(())
}

/// What encrypts connections, if that is asked for; says how to find it.
fn keeper(service: Option<Service>, listeners: &[Listener]) -> io::Result<Option<Keeper>> {
    let Some(service) = service else { return Ok(None) };
    let keeper = Keeper::new(service).map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
    for (index, listener) in listeners.iter().enumerate() {
        if keeper.is_for(index, listener.address().is_some()) {
            let how = keeper.invitation(listener.place(), listener.address());
            logging::say("chinwagd", &format_args!("clients enter: {how}"));
        }
    }
    logging::flush();
    Ok(Some(keeper))
}

/// Reads the certificates again if a signal asks for it; returns the others.
fn reload(mut signals: Vec<i32>, server: &mut Server) -> Vec<i32> {
    let count = signals.len();
    signals.retain(|&signal| signal != SIGHUP);
    if let Some(keeper) = server.keeper()
        && signals.len() < count
    {
        match keeper.reload() {
            Ok(()) => {
                let shown = keeper.fingerprint();
                logging::say("chinwagd", &format_args!("new connections are shown the certificate {shown}"));
            }
            Err(why) => note!(Error, "the certificate stays as it was: {why}"),
        }
    }
    signals
}

/// Standard output may be closed, or take nothing: the server serves all the same.
fn announce(listeners: &[Listener]) {
    let mut said = String::new();
    for listener in listeners {
        note!(Info, "listening on {}", listener.place());
        said += &format!("listening on {}\n", listener.place());
    }
    let written = Stdio::output().and_then(|mut output| output.write_all(said.as_bytes()));
    if let Err(error) = written {
        note!(Debug, "standard output takes nothing: {error}");
    }
}

/// As many clients as the system lets this program have; as many as before, if it does not.
pub(crate) fn raise_descriptor_limit() {
    let raise = |(current, maximum)| {
        setrlimit(Resource::RLIMIT_NOFILE, raised(current, maximum, MOST_DESCRIPTORS), maximum)
    };
    // Not with rustix: it takes for granted that the limit can be read, and a sandbox may refuse that.
    // In the words of the standard library: nix brings 20 KB of its own.
    if let Err(error) = getrlimit(Resource::RLIMIT_NOFILE).and_then(raise).map_err(io::Error::from) {
        note!(Debug, "the limit of descriptors stays as it is: {error}");
    }
}

/// The highest limit that may be set, but none that is lower than the current one.
fn raised(current: rlim_t, maximum: rlim_t, most: rlim_t) -> rlim_t {
    current.max(maximum.min(most))
}

/// The addresses of each place.
fn find(settings: &Settings) -> io::Result<Vec<Vec<SocketAddr>>> {
    let found = |place| listener::find(place).map_err(|error| unheard(place, &error));
    settings.places.iter().map(found).collect()
}

/// Nobody can listen there.
#[cold]
fn unheard(place: &Place, error: &io::Error) -> io::Error {
    said(error, format!("cannot listen on {place}: {error}; {}", advice(error)))
}

/// Listens at all places, which have these addresses, and with what is handed over.
fn listen(settings: &Settings, found: &[Vec<SocketAddr>]) -> io::Result<Vec<Listener>> {
    let handed = handed::listeners().map_err(|error| {
        said(&error, format!("a socket that was handed over cannot be used: {error}; see LISTEN_FDS"))
    })?;
    let mut listeners = Vec::new();
    if settings.always_there || handed.is_empty() {
        for (place, addresses) in settings.places.iter().zip(found) {
            let listener = Listener::at(place, addresses, settings.socket_mode);
            listeners.push(listener.map_err(|error| unheard(place, &error))?);
        }
    }
    listeners.extend(handed);
    let mut entrances = listeners.iter().map(Listener::place).enumerate();
    match entrances.find(|(index, place)| !settings.names_those_at(*index, place)) {
        Some((_, place)) => Err(io::Error::new(io::ErrorKind::InvalidInput, unnamed(place))),
        None => Ok(listeners),
    }
}

/// What is wrong where people could call themselves as others do, if those have names of their own.
pub(crate) fn unnamed(place: &Place) -> String {
    format!(
        "at {place} people would choose their names: with --names, each address needs its own kind, peer for Unix \
         sockets, certificate for TLS with --tls-client-ca"
    )
}

fn said(error: &io::Error, sentence: String) -> io::Error {
    io::Error::new(error.kind(), sentence)
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "end the program that listens there, or choose another --address or --port"
        }
        io::ErrorKind::PermissionDenied => "choose a --port from 1024 up",
        io::ErrorKind::AddrNotAvailable => "give --address one of this machine, or bring its network up",
        _ => "choose another --address or --port",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_of_descriptors_is_only_ever_raised() {
        let infinity = RLIM_INFINITY;
        let table = [
            ((256, 4096), infinity, 4096),
            ((256, 4096), 10_240, 4096),
            ((256, infinity), 10_240, 10_240),
            ((256, 20_000), 10_240, 10_240),
            ((12_000, infinity), 10_240, 12_000),
            ((256, infinity), infinity, infinity),
            ((infinity, infinity), 10_240, infinity),
        ];
        for ((current, maximum), most, expected) in table {
            assert_eq!(raised(current, maximum, most), expected, "{current} {maximum} {most}");
        }
    }
}
