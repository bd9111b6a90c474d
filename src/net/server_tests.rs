use super::*;
use std::net::TcpStream as StdStream;

/// Accepts one connection through a poll, as the owner of one would.
fn server_with_a_client() -> (Server, StdStream) {
    let mut poll = mio::Poll::new().unwrap();
    let address = "127.0.0.1:0".parse().unwrap();
    let mut server = Server::bind(address, Config::default(), poll.registry(), 7).unwrap();
    let client = StdStream::connect(server.local_addr().unwrap()).unwrap();
    let mut events = mio::Events::with_capacity(8);
    while server.connections.is_empty() {
        poll.poll(&mut events, Some(Duration::from_secs(10))).unwrap();
        assert!(!events.is_empty(), "nobody came");
        for event in &events {
            server.handle_event(event);
        }
        server.turn(poll.registry(), Duration::ZERO);
    }
    (server, client)
}

#[test]
fn idle_connection_is_small_and_owns_no_buffer() {
    let (server, _client) = server_with_a_client();
    assert!(server.hub.outbox(Id::from_index(0).unwrap()).owns_no_memory());
    assert!(size_of::<Option<Connection>>() <= 200, "{}", size_of::<Option<Connection>>());
    assert!(server.next_deadline().is_none());
}
