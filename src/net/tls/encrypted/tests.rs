use super::*;
use crate::net::tls::tests::{Authority, certified};
use crate::wire::outbox::Outbox;
use crate::wire::source::{Filled, Source};
use rustls::client::UnbufferedClientConnection;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::ConnectionState;
use rustls::{ClientConfig, ServerConfig};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

/// One direction of a connection in memory.
#[derive(Debug, Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    /// All that ever went through it.
    total: usize,
    is_closed: bool,
}

/// One end of it.
#[derive(Debug)]
struct Wire {
    incoming: Rc<RefCell<Pipe>>,
    outgoing: Rc<RefCell<Pipe>>,
    /// At most so much is read at a time.
    cut: usize,
    /// So much fits into the other direction.
    room: usize,
}

impl Transport for Wire {
    type Error = io::Error;

    fn read(&mut self, near: &mut [u8], _: &mut [u8]) -> Result<usize, Stop<io::Error>> {
        let mut pipe = self.incoming.borrow_mut();
        let count = pipe.bytes.len().min(near.len()).min(self.cut);
        if count == 0 && !pipe.is_closed {
            return Err(Stop::Blocked);
        }
        near.iter_mut().zip(pipe.bytes.drain(..count)).for_each(|(place, byte)| *place = byte);
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<io::Error>> {
        let mut pipe = self.outgoing.borrow_mut();
        let count = bytes.len().min(self.room.saturating_sub(pipe.bytes.len()));
        if count == 0 {
            return Err(Stop::Blocked);
        }
        pipe.bytes.extend(&bytes[..count]);
        pipe.total += count;
        Ok(count)
    }

    fn drains_by_short_read(&self) -> bool {
        self.cut == usize::MAX
    }

    fn end(&mut self) {
        self.outgoing.borrow_mut().is_closed = true;
    }
}

type Side = Encrypted<Wire>;

fn configurations() -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    static MADE: LazyLock<(Arc<ClientConfig>, Arc<ServerConfig>)> =
        LazyLock::new(|| certified(&Authority::new()));
    MADE.clone()
}

/// Both sides of a connection, of which each reads `cut` bytes at a time, and each direction has so much room.
fn pair(cut: usize, room: usize) -> (Side, Side) {
    let (up, down) = (Rc::<RefCell<Pipe>>::default(), Rc::<RefCell<Pipe>>::default());
    let ours = Wire { incoming: down.clone(), outgoing: up.clone(), cut, room };
    let theirs = Wire { incoming: up, outgoing: down, cut, room };
    let (client, server) = configurations();
    let name = "localhost".try_into().unwrap();
    let client = UnbufferedClientConnection::new(client, name).unwrap();
    let server = UnbufferedServerConnection::new(server).unwrap();
    (
        Encrypted::new(ours, Session::Client(Box::new(client)), None),
        Encrypted::new(theirs, Session::Server(Box::new(server)), None),
    )
}

fn greet(client: &mut Side, server: &mut Side) {
    for _ in 0..100_000 {
        let is_over = (client.greet().unwrap(), server.greet().unwrap()) == (true, true);
        let _ = (client.push(), server.push());
        if is_over && !client.has_unwritten() && !server.has_unwritten() {
            return;
        }
    }
    panic!("the handshake does not end");
}

/// Reads once, into a buffer of so many bytes.
fn read(end: &mut Side, room: usize) -> Result<Vec<u8>, Stop<String>> {
    let mut buffer = vec![0; room];
    let (near, far) = buffer.split_at_mut(room / 3);
    let read = end.read(near, far).map_err(|stop| match stop {
        Stop::Blocked => Stop::Blocked,
        Stop::Starved => Stop::Starved,
        Stop::Broken(error) => Stop::Broken(error.to_string()),
    });
    read.map(|count| buffer[..count].to_vec())
}

/// Bytes of which no two parts look alike.
fn text(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index ^ index >> 8 ^ index >> 16) as u8).collect()
}

#[test]
fn every_cut_gives_the_same_text() {
    for (cut, room) in [(1, 1 << 20), (2, 7), (3, 1000), (21, 22), (1000, 64), (usize::MAX, usize::MAX)] {
        let (mut client, mut server) = pair(cut, room);
        assert!(client.is_greeting() && server.is_greeting());
        greet(&mut client, &mut server);
        assert!(!client.is_greeting() && !server.is_greeting());
        let sent = text(40_000);
        for from_client in [true, false] {
            let (from, to) =
                if from_client { (&mut client, &mut server) } else { (&mut server, &mut client) };
            let (mut at, mut came) = (0, Vec::new());
            while came.len() < sent.len() {
                if at < sent.len() {
                    match from.write(&sent[at..]) {
                        Ok(count) => at += count,
                        Err(stop) => assert!(matches!(stop, Stop::Blocked)),
                    }
                } else {
                    let _ = from.push();
                }
                match read(to, 1 + came.len() % 700) {
                    Ok(bytes) => came.extend(bytes),
                    Err(stop) => assert!(matches!(stop, Stop::Blocked | Stop::Starved)),
                }
            }
            assert_eq!(came, sent);
            assert!(!from.has_unwritten());
        }
    }
}

/// Cuts the stream once, at each of its bytes, with the two parts read apart.
#[test]
fn cut_anywhere_is_no_different() {
    let total = {
        let (mut client, mut server) = pair(usize::MAX, usize::MAX);
        greet(&mut client, &mut server);
        server.socket.outgoing.borrow().total
    };
    for at in 0..total {
        let (mut client, mut server) = pair(usize::MAX, usize::MAX);
        let _ = (client.push(), server.greet());
        let rest = {
            let mut pipe = server.socket.outgoing.borrow_mut();
            let length = pipe.bytes.len();
            pipe.bytes.split_off(at.min(length))
        };
        assert_eq!(client.greet().unwrap(), rest.is_empty(), "{at}");
        server.socket.outgoing.borrow_mut().bytes.extend(rest);
        greet(&mut client, &mut server);
        client.write(b"hello").unwrap();
        assert_eq!(read(&mut server, 9), Ok(b"hello".to_vec()), "{at}");
    }
}

#[test]
fn idle_connection_owns_no_buffer() {
    let (mut client, mut server) = pair(usize::MAX, usize::MAX);
    greet(&mut client, &mut server);
    for _ in 0..3 {
        client.write(&text(100_000)).unwrap();
        while read(&mut server, 3000).is_ok() {}
        server.write(b"thanks").unwrap();
        assert_eq!(read(&mut client, 9), Ok(b"thanks".to_vec()));
        for end in [&client, &server] {
            assert_eq!(end.cipher.capacity() + end.plain.bytes.capacity() + end.outgoing.capacity(), 0);
        }
    }
}

#[test]
fn what_does_not_fit_waits_and_no_more_is_read_meanwhile() {
    let (mut client, mut server) = pair(usize::MAX, usize::MAX);
    greet(&mut client, &mut server);
    let sent = text(WRITE_MOST);
    for _ in 0..20 {
        assert_eq!(client.write(&sent).unwrap(), WRITE_MOST);
    }
    let mut came = Vec::new();
    while let Ok(bytes) = read(&mut server, 100) {
        assert!(server.plain.bytes.len() <= RECORD && server.cipher.len() <= RECORD);
        came.extend(bytes);
    }
    assert!(came == sent.repeat(20));
}

#[test]
fn socket_that_takes_nothing_makes_it_hold_one_record() {
    let (mut client, mut server) = pair(usize::MAX, 1000);
    greet(&mut client, &mut server);
    let mut taken = 0;
    for _ in 0..50 {
        match client.write(&text(100_000)) {
            Ok(count) => taken += count,
            Err(stop) => assert!(matches!(stop, Stop::Blocked)),
        }
        assert!(client.outgoing.len() <= RECORD);
    }
    assert!(taken == WRITE_MOST && client.has_unwritten(), "{taken}");
    let mut came = 0;
    while came < taken {
        came += read(&mut server, 100_000).map_or(0, |bytes| bytes.len());
        let _ = client.push();
    }
    assert!(!client.has_unwritten() && client.outgoing.owns_no_memory());
}

#[test]
fn end_that_was_announced_is_one() {
    let (mut client, mut server) = pair(usize::MAX, usize::MAX);
    greet(&mut client, &mut server);
    client.write(b"bye\n").unwrap();
    client.end();
    assert_eq!(read(&mut server, 3), Ok(b"bye".to_vec()));
    assert_eq!(read(&mut server, 3), Ok(b"\n".to_vec()));
    assert_eq!(read(&mut server, 3), Ok(Vec::new()));
    // The other direction still works.
    assert_eq!(server.write(b"so long").unwrap(), 7);
    server.end();
    assert_eq!(read(&mut client, 9), Ok(b"so long".to_vec()));
    assert_eq!(read(&mut client, 9), Ok(Vec::new()));
}

#[test]
fn end_that_was_not_announced_is_a_loss_after_what_came_before() {
    let (mut client, mut server) = pair(usize::MAX, usize::MAX);
    greet(&mut client, &mut server);
    client.write(b"by").unwrap();
    client.socket.end();
    let mut server = Source::new(server);
    let mut buffer = [0; 9];
    assert!(matches!(server.read(&mut buffer), Filled::Bytes(2)));
    match server.read(&mut buffer) {
        Filled::Broken(error) => assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof),
        other => panic!("{other:?}"),
    }
}

#[test]
fn end_within_the_handshake_is_said_at_once() {
    let whole = {
        let (mut client, mut server) = pair(usize::MAX, usize::MAX);
        greet(&mut client, &mut server);
        client.socket.outgoing.borrow().total
    };
    for at in (0..whole).step_by(7) {
        let (mut client, mut server) = pair(usize::MAX, usize::MAX);
        let _ = client.push();
        client.socket.outgoing.borrow_mut().bytes.truncate(at);
        client.socket.end();
        let error = server.greet().unwrap_err();
        assert!(error.to_string().contains("in the middle of the TLS handshake"), "{error}");
    }
}

#[test]
fn rubbish_is_answered_by_an_alert_and_a_sentence() {
    for (rubbish, said) in [
        (&b"HELLO-FROM ann\n"[..], "what it says is not TLS"),
        (b"GET / HTTP/1.1\r\n\r\n", "what it says is not TLS"),
        (b"\x16\x03\x01\xff\xff", "what it says is not TLS"),
    ] {
        let (client, mut server) = pair(usize::MAX, usize::MAX);
        server.socket.incoming.borrow_mut().bytes.extend(rubbish);
        let error = server.greet().unwrap_err();
        assert_eq!(error.to_string(), said);
        // A record of the kind alert (RFC 8446, 5.1 and 6).
        assert_eq!(client.socket.incoming.borrow().bytes.front(), Some(&21));
    }
}

/// What comes while some is left over is announced once, and to a stream that is known to be readable: so a read that
/// brings no more than what was left over says nothing of the socket.
#[test]
fn what_comes_while_some_is_left_over_is_read() {
    let (mut client, mut server) = pair(usize::MAX, usize::MAX);
    greet(&mut client, &mut server);
    let mut source = Source::new(server);
    client.write(b"0123456789").unwrap();
    assert!(matches!(source.read(&mut [0; 4]), Filled::Bytes(4)));
    client.write(b"abc").unwrap();
    source.handle_readable();
    for (count, is_readable) in [(6, true), (3, false)] {
        assert!(matches!(source.read(&mut [0; 99]), Filled::Bytes(came) if came == count));
        assert_eq!(source.is_readable(), is_readable);
    }
}

#[test]
fn changed_record_ends_the_connection_after_what_came_before() {
    let (mut client, mut server) = pair(usize::MAX, usize::MAX);
    greet(&mut client, &mut server);
    client.write(b"one\n").unwrap();
    client.write(b"two\n").unwrap();
    *client.socket.outgoing.borrow_mut().bytes.back_mut().unwrap() ^= 1;
    assert_eq!(read(&mut server, 99), Ok(b"one\n".to_vec()));
    assert!(!server.drains_by_short_read());
    assert!(matches!(read(&mut server, 99), Err(Stop::Broken(_))));
    assert!(matches!(server.write(b"x"), Err(Stop::Broken(_))));
    // The other side is told.
    assert!(matches!(read(&mut client, 99), Err(Stop::Broken(_))));
}

#[test]
fn handshake_that_does_not_end_is_kept_within_its_bound() {
    let (_client, mut server) = pair(usize::MAX, usize::MAX);
    // A hello of 65,535 bytes, in records of the greatest size.
    let mut hello = vec![1, 0, 255, 255];
    hello.resize(1 << 14, 0);
    let mut error = None;
    for part in 0..8 {
        let record = if part == 0 { hello.clone() } else { vec![0; 1 << 14] };
        let mut pipe = server.socket.incoming.borrow_mut();
        pipe.bytes.extend([22, 3, 1, 64, 0]);
        pipe.bytes.extend(record);
        drop(pipe);
        if let Err(why) = server.greet() {
            error = Some(why.to_string());
            break;
        }
        assert!(server.cipher.len() <= HANDSHAKE_MOST);
    }
    assert_eq!(error.as_deref(), Some("its TLS handshake is too long"));
}

/// As an event loop does it.
#[test]
fn source_flushes_what_waits_for_the_handshake_and_for_the_socket() {
    let (mut client, server) = pair(usize::MAX, 500);
    let mut server = Source::new(server);
    let mut outbox = Outbox::new();
    outbox.tail().extend(text(3000));
    let mut buffer = [0; 4096];
    let mut came = Vec::new();
    for _ in 0..1000 {
        server.handle_readable();
        assert!(matches!(server.read(&mut buffer), Filled::Bytes(0)));
        server.handle_writable();
        server.flush(&mut outbox).unwrap();
        if client.greet().unwrap() {
            let _ = client.push();
            came.extend(read(&mut client, 999).unwrap_or_default());
        }
    }
    assert!(came == text(3000) && outbox.is_empty() && !server.has_unwritten());
}

/// One who sends what is no text, as fast as it is read, does not keep all others waiting.
#[test]
fn records_without_text_are_read_a_bounded_number_at_a_time() {
    let (mut client, mut server) = pair(RECORD, usize::MAX);
    greet(&mut client, &mut server);
    client.write(b"x").unwrap();
    let part: Vec<u8> = client.socket.outgoing.borrow_mut().bytes.drain(..).collect();
    server.socket.cut = 1;
    // A record of which each read brings a byte.
    let long = WRITE_MOST / 2;
    client.socket.outgoing.borrow_mut().bytes.extend(part);
    client.write(&text(long)).unwrap();
    assert_eq!(read(&mut server, 9), Ok(b"x".to_vec()));
    let mut reads = 0;
    let came = loop {
        match read(&mut server, RECORD) {
            Err(Stop::Starved) => reads += READS_MOST,
            other => break other,
        }
    };
    assert!(came == Ok(text(long)) && reads > long - READS_MOST);
}

/// Also those that the other side asks for, in an answer that nothing else makes necessary (RFC 8446, 4.6.3).
#[test]
fn keys_change_in_the_middle_of_it() {
    let (mut client, mut server) = pair(usize::MAX, usize::MAX);
    greet(&mut client, &mut server);
    for round in 0..5_u8 {
        let Session::Client(session) = &mut client.session else { panic!("not a client") };
        match session.process_tls_records(&mut []).state {
            Ok(ConnectionState::WriteTraffic(traffic)) => traffic.refresh_traffic_keys().unwrap(),
            other => panic!("{other:?}"),
        }
        client.write(&[round; 3]).unwrap();
        assert_eq!(read(&mut server, 9), Ok(vec![round; 3]));
        server.write(&[round; 4]).unwrap();
        assert_eq!(read(&mut client, 9), Ok(vec![round; 4]));
        assert!(!client.has_unwritten() && !server.has_unwritten());
    }
}

/// Whatever becomes of the bytes on their way, both sides go on or say what is wrong, take nothing for text that is not
/// what was sent, and hold no more than they may.
#[test]
fn bytes_that_were_changed_or_lost_do_no_harm() {
    // xorshift, Marsaglia 2003.
    let mut state = 7_u32;
    let mut below = |count: usize| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as usize % count
    };
    let all = text(10_000);
    for run in 0..300 {
        let (client, server) = pair(1 + below(900), usize::MAX);
        let (mut sides, mut sent, mut came) = ([client, server], [0; 2], [0; 2]);
        for step in 0..24 {
            let side = &mut sides[step % 2];
            let mut pipe = side.socket.incoming.borrow_mut();
            let bytes = &mut pipe.bytes;
            if !bytes.is_empty() && below(8) == 0 {
                let at = below(bytes.len());
                match below(3) {
                    0 => bytes[at] ^= 1 << below(8),
                    1 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, below(256) as u8),
                }
            }
            drop(pipe);
            if let Ok(bytes) = read(side, 1 + below(300)) {
                let from = came[step % 2];
                came[step % 2] += bytes.len();
                assert_eq!(bytes, all[from..from + bytes.len()], "{run} {step}");
            }
            let rest = &all[sent[step % 2]..];
            sent[step % 2] += side.write(&rest[..1 + below(300)]).unwrap_or_default();
            let _ = side.push();
            assert!(side.cipher.len() <= 2 * RECORD && side.plain.bytes.len() <= RECORD, "{run} {step}");
            assert!(side.outgoing.len() <= RECORD, "{run} {step}");
        }
        assert!(came[0] <= sent[1] && came[1] <= sent[0]);
        sides.iter_mut().for_each(Transport::end);
    }
}
