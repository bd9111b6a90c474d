//! Once warm, neither the client nor the server allocates memory for a message. (A benchmark prints
//! the same.)

use chinwag::client::conversation::{Conversation, Ends, Settings};
use chinwag::server::hub::{Hub, Limits};
use chinwag::ui::display::Style;
use chinwag::ui::screen::{Look, Screen};
use chinwag::wire::escape::Rule;
use chinwag::wire::lines::{Line, Lines};
use chinwag::wire::outbox::Outbox;
use chinwag::wire::source::{Source, Stop, Transport};
use std::convert::Infallible;
use std::time::Duration;

/// Brings its bytes over and over when told to; takes everything.
struct Tape {
    bytes: Vec<u8>,
    at: usize,
}

impl Tape {
    fn of(bytes: impl Into<Vec<u8>>) -> Source<Self> {
        Source::new(Self { bytes: bytes.into(), at: 0 })
    }
}

impl Transport for Tape {
    type Error = Infallible;

    fn read(&mut self, near: &mut [u8], _: &mut [u8]) -> Result<usize, Stop<Infallible>> {
        let count = near.len().min(self.bytes.len() - self.at);
        near[..count].copy_from_slice(&self.bytes[self.at..self.at + count]);
        self.at += count;
        if count == 0 { Err(Stop::Blocked) } else { Ok(count) }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<Infallible>> {
        Ok(bytes.len())
    }
}

/// Of so many rounds of reading, showing, typing and sending: how many lines they are, and how many
/// allocations they make.
pub(crate) fn of_client(look: Look, rounds: usize) -> (usize, u64) {
    let settings = Settings { name: Some(b"ann"), ..Settings::default() };
    let mut conversation = Conversation::new(&settings, Screen::new(look));
    let replies = "DELIVERY bob hi there\nSEND-OK\nDELIVERY bob caf\u{e9}\u{202e}\n".repeat(100);
    let commands = "@bob hi\n!who\nnonsense\n".repeat(100);
    let mut ends = Ends::new(Tape::of(""), Tape::of(""));
    ends.server = Some(Tape::of("HELLO ann\n"));
    conversation.handle_connecting();
    conversation.handle_connected(Duration::ZERO);
    conversation.turn(&mut ends, Duration::ZERO).unwrap();
    let server = ends.server.as_mut().unwrap().transport_mut();
    (server.bytes, ends.input.transport_mut().bytes) = (replies.into(), commands.into());
    let mut round = || {
        let server = ends.server.as_mut().unwrap();
        server.transport_mut().at = 0;
        server.handle_readable();
        ends.input.transport_mut().at = 0;
        ends.input.handle_readable();
        while conversation.has_work(&ends, Duration::ZERO) {
            conversation.turn(&mut ends, Duration::ZERO).unwrap();
        }
        let held = conversation.held();
        assert_eq!((held.incoming, held.typed, held.to_show, held.to_send), (0, 0, 0, 0));
    };
    let lines = 600 * rounds;
    // So many that a part of a line has been at each place of the ring.
    (0..100).for_each(|_| round());
    (lines, allocation_counter::measure(|| (0..rounds).for_each(|_| round())).count_total)
}

/// The same for reading, relaying, answering and writing.
pub(crate) fn of_server(rounds: usize) -> (usize, u64) {
    let mut hub = Hub::new(Limits::default(), true);
    let [ann, bob] = [(); 2].map(|()| hub.connect().unwrap());
    let _ = hub.handle_line(ann, Line::Whole(b"HELLO-FROM ann"), false);
    let _ = hub.handle_line(bob, Line::Whole(b"HELLO-FROM bob"), false);
    let mut lines = Lines::new(Some(1000));
    let mut spare = Vec::new();
    let requests = "SEND bob hi there\nSEND echobot hi\nSEND nobody hi\nSEND\nLISTS\n".repeat(100);
    let mut round = || {
        let mut lines = lines.borrow(&mut spare);
        lines.push(requests.as_bytes());
        lines.drain(|line| hub.handle_line(ann, line, false).wait().is_none());
        assert!(lines.is_empty());
        while let Some(id) = hub.next_dirty() {
            let empty = |outbox: &mut Outbox| {
                outbox.clear();
                Ok::<_, Infallible>(())
            };
            hub.drain(id, empty).unwrap();
            hub.reclaim(id);
        }
    };
    // The buffers go round, until each has grown to what the largest queue takes.
    (0..100).for_each(|_| round());
    (500 * rounds, allocation_counter::measure(|| (0..rounds).for_each(|_| round())).count_total)
}

/// How messages look on a terminal, for those who want everything.
pub(crate) fn terminal() -> Look {
    let style = Style { escape: Some(Rule::Harmful), color: true, ..Style::default() };
    Look { terminal: true, bell: true, style, ..Look::default() }
}

#[test]
fn client_allocates_nothing_for_a_message() {
    for look in [Look::default(), terminal()] {
        assert_eq!(of_client(look, 1000).1, 0, "{look:?}");
    }
}

#[test]
fn server_allocates_nothing_for_a_message() {
    assert_eq!(of_server(1000).1, 0);
}
