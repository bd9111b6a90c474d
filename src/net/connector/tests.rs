use super::*;
use mio::{Events, Poll};
use std::io::Write;
use std::net::TcpListener;

const SOCKET: Token = Token(0);
const LOOKUP: Token = Token(1);
const TIMEOUT: Duration = Duration::from_secs(5);

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// An address where every connection is refused: it is taken, and nobody listens there.
fn refusing() -> (rustix::fd::OwnedFd, SocketAddr) {
    use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = getsockname(&socket).unwrap().try_into().unwrap();
    (socket, address)
}

fn at(host: &str, port: u16) -> Target {
    Target::at(&Place::Tcp { host: host.to_owned(), port })
}

fn peer_of(stream: &Stream) -> SocketAddr {
    rustix::net::getpeername(stream).unwrap().unwrap().try_into().unwrap()
}

/// A connector at its attempts, as if a name had stood for these addresses.
fn trying(addresses: &[SocketAddr]) -> Connector {
    let mut connector = Connector::new(Target::Known(Vec::new()), TIMEOUT, SOCKET, LOOKUP);
    connector.state = State::Trying(Race::new(addresses.to_vec(), TIMEOUT, Duration::ZERO));
    connector
}

/// A connector whose name is looked up by this script.
fn looking_up(script: &str, poll: &Poll) -> Connector {
    let mut connector = Connector::new(Target::Known(Vec::new()), TIMEOUT, SOCKET, LOOKUP);
    let lookup = Lookup::ask_shell(script, poll.registry(), LOOKUP);
    connector.state = State::LookingUp { lookup, deadline: TIMEOUT };
    connector
}

/// Advances on events until there is a result; the clock stands still.
fn outcome(connector: &mut Connector, poll: &mut Poll, now: Duration) -> Result<Stream, ConnectError> {
    let mut events = Events::with_capacity(8);
    loop {
        if let Some(stream) = connector.advance(poll.registry(), now)? {
            return Ok(stream);
        }
        poll.poll(&mut events, Some(Duration::from_secs(10))).unwrap();
        assert!(!events.is_empty(), "nothing happens");
    }
}

fn refused_kind(result: Result<Stream, ConnectError>) -> io::ErrorKind {
    match result {
        Err(ConnectError::Refused(error)) => error.kind(),
        other => panic!("not refused: {other:?}"),
    }
}

/// Nothing is being done, and nothing has to be.
fn is_idle(connector: &Connector) -> bool {
    let is_idle = matches!(connector.state, State::Idle);
    assert_eq!(is_idle, connector.next_deadline().is_none());
    is_idle
}

#[test]
fn number_is_connected_to_and_a_second_time_too() {
    let mut poll = Poll::new().unwrap();
    let (listener, address) = listener();
    let mut connector = Connector::new(at("127.0.0.1", address.port()), TIMEOUT, SOCKET, LOOKUP);
    assert!(is_idle(&connector));
    assert!(connector.advance(poll.registry(), Duration::ZERO).unwrap().is_none());
    for _ in 0..2 {
        connector.start(poll.registry(), Duration::ZERO);
        assert!(!is_idle(&connector));
        let stream = outcome(&mut connector, &mut poll, Duration::ZERO).unwrap();
        assert!(is_idle(&connector));
        let own: SocketAddr = rustix::net::getsockname(&stream).unwrap().try_into().unwrap();
        assert_eq!(listener.accept().unwrap().1, own);
        assert!(rustix::net::sockopt::tcp_nodelay(&stream).unwrap());
    }
}

#[test]
fn name_is_looked_up_and_connected_to() {
    let mut poll = Poll::new().unwrap();
    let (_listener, address) = listener();
    // A look-up knows numbers, too: that of no name is sure to succeed everywhere.
    let target = Target::Name("127.0.0.1".to_owned(), address.port());
    let mut connector = Connector::new(target, TIMEOUT, SOCKET, LOOKUP);
    connector.start(poll.registry(), Duration::ZERO);
    assert_eq!(connector.next_deadline(), Some(TIMEOUT));
    let stream = outcome(&mut connector, &mut poll, Duration::ZERO).unwrap();
    assert_eq!(peer_of(&stream), address);
}

#[test]
fn this_machine_is_tried_without_a_look_up() {
    let mut poll = Poll::new().unwrap();
    let (_listener, address) = listener();
    let mut connector = Connector::new(at("localhost", address.port()), TIMEOUT, SOCKET, LOOKUP);
    connector.start(poll.registry(), Duration::ZERO);
    assert!(matches!(connector.state, State::Trying(_)));
    let stream = outcome(&mut connector, &mut poll, Duration::ZERO).unwrap();
    assert_eq!(peer_of(&stream), address);
}

#[test]
fn addresses_that_another_program_found_are_tried() {
    let mut poll = Poll::new().unwrap();
    let ((_taken, first), (_listener, second)) = (refusing(), listener());
    let mut connector = looking_up(&format!("echo {first}; echo {second}"), &poll);
    let stream = outcome(&mut connector, &mut poll, Duration::ZERO).unwrap();
    assert_eq!(peer_of(&stream), second);

    let mut connector = looking_up("echo '!no such name'", &poll);
    match outcome(&mut connector, &mut poll, Duration::ZERO) {
        Err(ConnectError::Unknown(error)) => assert_eq!(error.to_string(), "no such name"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn lookup_that_hangs_takes_the_time_of_the_attempts_and_no_more() {
    let poll = Poll::new().unwrap();
    let mut connector = looking_up("exec sleep 600", &poll);
    for now in [Duration::ZERO, TIMEOUT - Duration::from_millis(1)] {
        assert!(connector.advance(poll.registry(), now).unwrap().is_none());
        assert_eq!(connector.next_deadline(), Some(TIMEOUT));
    }
    match connector.advance(poll.registry(), TIMEOUT) {
        Err(ConnectError::Unknown(error)) => assert_eq!(error.kind(), io::ErrorKind::TimedOut),
        other => panic!("{other:?}"),
    }
    assert!(is_idle(&connector));
}

#[test]
fn name_without_address_is_told_from_an_address_without_server() {
    let mut poll = Poll::new().unwrap();
    let mut connector = Connector::new(at("", 1), TIMEOUT, SOCKET, LOOKUP);
    connector.start(poll.registry(), Duration::ZERO);
    let result = outcome(&mut connector, &mut poll, Duration::ZERO);
    assert!(matches!(result, Err(ConnectError::Unknown(_))), "{result:?}");
    assert!(is_idle(&connector));

    let (_taken, address) = refusing();
    let mut connector = Connector::new(Target::Known(vec![address]), TIMEOUT, SOCKET, LOOKUP);
    connector.start(poll.registry(), Duration::ZERO);
    let result = outcome(&mut connector, &mut poll, Duration::ZERO);
    assert_eq!(refused_kind(result), io::ErrorKind::ConnectionRefused);
    assert!(is_idle(&connector));
}

#[test]
fn refusing_addresses_are_passed_over_at_once() {
    let mut poll = Poll::new().unwrap();
    let ((_one, first), (_two, second), (_listener, third)) = (refusing(), refusing(), listener());
    let mut connector = trying(&[first, second, third]);
    let stream = outcome(&mut connector, &mut poll, Duration::ZERO).unwrap();
    assert_eq!(peer_of(&stream), third);
}

#[test]
fn end_that_came_before_the_connection_stood_is_an_event_after_it() {
    let mut poll = Poll::new().unwrap();
    let (listener, address) = listener();
    let mut connector = trying(&[address]);
    let State::Trying(race) = &mut connector.state else { panic!("not trying") };
    assert_eq!(race.attempts.next_start(Duration::ZERO), Some(0));
    race.start(0, poll.registry(), SOCKET);
    let (mut accepted, _) = listener.accept().unwrap();
    accepted.write_all(b"BUSY\n").unwrap();
    drop(accepted);
    let mut events = Events::with_capacity(8);
    let mut wait_for_end = || {
        while !events.iter().any(|event| event.is_read_closed() && event.token() == SOCKET) {
            poll.poll(&mut events, Some(Duration::from_secs(10))).unwrap();
            assert!(!events.is_empty(), "the end is no event");
        }
        events.clear();
        poll.registry().try_clone().unwrap()
    };
    let registry = wait_for_end();
    let _stream = connector.advance(&registry, Duration::ZERO).unwrap().unwrap();
    wait_for_end();
}

/// At a Unix socket in no file system; in one, it is another error, and the same otherwise.
#[cfg(target_os = "linux")]
#[test]
fn socket_of_this_machine_is_entered_once_there_is_room() {
    let mut poll = Poll::new().unwrap();
    let place = Place::Unix(format!("@chinwag-connector-{}", std::process::id()));
    let connector = || Connector::new(Target::at(&place), TIMEOUT, SOCKET, LOOKUP);
    let mut first = connector();
    first.start(poll.registry(), Duration::ZERO);
    assert_eq!(
        refused_kind(outcome(&mut first, &mut poll, Duration::ZERO)),
        io::ErrorKind::ConnectionRefused
    );

    let listener = super::super::listener::Listener::at(&place, &[], None).unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    first.start(poll.registry(), Duration::ZERO);
    let _stream = outcome(&mut first, &mut poll, Duration::ZERO).unwrap();
    assert!(is_idle(&first));
    let mut second = connector();
    second.start(poll.registry(), Duration::ZERO);
    assert!(second.advance(poll.registry(), Duration::ZERO).unwrap().is_none());
    assert_eq!(second.next_deadline(), Some(ENTER_AGAIN));
    listener.accept().unwrap();
    assert!(second.advance(poll.registry(), ENTER_AGAIN - Duration::from_nanos(1)).unwrap().is_none());
    let _other = second.advance(poll.registry(), ENTER_AGAIN).unwrap().unwrap();

    let mut third = connector();
    third.start(poll.registry(), Duration::ZERO);
    assert!(third.advance(poll.registry(), Duration::ZERO).unwrap().is_none());
    let result = third.advance(poll.registry(), TIMEOUT).map(|stream| stream.unwrap());
    assert_eq!(refused_kind(result), io::ErrorKind::TimedOut);
    assert!(is_idle(&third));
}

/// Only Linux drops what comes to a full queue, as a dead address would.
#[cfg(target_os = "linux")]
mod dead_addresses {
    use super::*;
    use crate::client::attempts::ATTEMPT_DELAY;

    /// An address that does not answer: its queue is full. What fills it is kept with it.
    fn dead() -> (TcpListener, Vec<TcpStream>, SocketAddr) {
        let (listener, address) = listener();
        rustix::net::listen(&listener, 0).unwrap();
        let mut queued = vec![TcpStream::from_std(std::net::TcpStream::connect(address).unwrap())];
        // Each of these stands at once or never will.
        while established(queued.last().unwrap()).unwrap() {
            queued.push(TcpStream::connect(address).unwrap());
        }
        (listener, queued, address)
    }

    #[test]
    fn dead_address_costs_the_delay_and_no_more() {
        let mut poll = Poll::new().unwrap();
        let ((_first, _queued, dead), (_listener, alive)) = (dead(), listener());
        let mut connector = trying(&[dead, alive]);
        let just_before = ATTEMPT_DELAY - Duration::from_millis(1);
        for now in [Duration::ZERO, just_before] {
            assert!(connector.advance(poll.registry(), now).unwrap().is_none());
            assert_eq!(connector.next_deadline(), Some(ATTEMPT_DELAY));
        }
        let stream = outcome(&mut connector, &mut poll, ATTEMPT_DELAY).unwrap();
        assert_eq!(peer_of(&stream), alive);
    }

    #[test]
    fn time_runs_out_for_all_attempts() {
        let poll = Poll::new().unwrap();
        let (_first, _queued, dead) = dead();
        let mut connector = trying(&[dead, dead]);
        let mut now = Duration::ZERO;
        while now < TIMEOUT {
            assert!(connector.advance(poll.registry(), now).unwrap().is_none());
            now = connector.next_deadline().unwrap();
        }
        assert_eq!(now, TIMEOUT);
        let result = connector.advance(poll.registry(), now).map(|stream| stream.unwrap());
        assert_eq!(refused_kind(result), io::ErrorKind::TimedOut);
    }

    #[test]
    fn refusal_says_more_than_silence() {
        let poll = Poll::new().unwrap();
        let ((_first, _queued, dead), (_taken, refusing)) = (dead(), refusing());
        let mut connector = trying(&[refusing, dead]);
        assert!(connector.advance(poll.registry(), Duration::ZERO).unwrap().is_none());
        let result = connector.advance(poll.registry(), TIMEOUT).map(|stream| stream.unwrap());
        assert_eq!(refused_kind(result), io::ErrorKind::ConnectionRefused);
    }

    #[test]
    fn attempts_that_are_given_up_are_closed() {
        let mut poll = Poll::new().unwrap();
        let (first, queued, dead) = dead();
        let mut connector = trying(&[dead]);
        assert!(connector.advance(poll.registry(), Duration::ZERO).unwrap().is_none());
        connector.give_up(poll.registry());
        assert!(is_idle(&connector));
        drop((first, queued));
        let mut events = Events::with_capacity(8);
        poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
        assert!(events.is_empty());
    }
}
