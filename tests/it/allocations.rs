//! Once warm, neither the client nor the server allocates memory for a message. (A benchmark prints
//! the same.)

use chinwag::client::session::Session;
use chinwag::server::hub::{Hub, Limits};
use chinwag::ui::display::Style;
use chinwag::ui::screen::{Look, Screen};
use chinwag::wire::lines::{Line, Lines};
use chinwag::wire::outbox::Outbox;
use std::io;

struct Client {
    session: Session,
    outbox: Outbox,
    screen: Screen,
}

fn client(look: Look) -> Client {
    let mut screen = Screen::new(look);
    let mut outbox = Outbox::new();
    let mut session = Session::new(Some(b"ann"), false, &mut screen);
    session.handle_connected(&mut outbox, &mut screen);
    assert!(session.handle_reply(b"HELLO ann", &mut outbox, &mut screen));
    Client { session, outbox, screen }
}

/// Of so many rounds of reading, showing, typing and sending: how many lines they are, and how many
/// allocations they make.
pub(crate) fn of_client(look: Look, rounds: usize) -> (usize, u64) {
    let mut client = client(look);
    let (mut incoming, mut typed) = (Lines::new(None), Lines::new(None));
    let replies = "DELIVERY bob hi there\nSEND-OK\nDELIVERY bob caf\u{e9}\u{202e}\n".repeat(100);
    let commands = "@bob hi\n!who\nnonsense\n".repeat(100);
    let mut round = || {
        incoming.fill_from(&mut replies.as_bytes()).unwrap();
        assert!(client.session.handle_replies(&mut incoming, &mut client.outbox, &mut client.screen));
        client.screen.waiting().write_to(&mut io::sink()).unwrap();
        typed.fill_from(&mut commands.as_bytes()).unwrap();
        typed.drain(|line| {
            let Line::Whole(line) = line else { panic!("there is no limit") };
            client.session.handle_input(line, &mut client.outbox, &mut client.screen)
        });
        client.outbox.write_to(&mut io::sink()).unwrap();
        assert!(incoming.is_empty() && typed.is_empty());
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
    let mut spare = vec![0; chinwag::wire::lines::CHUNK];
    let requests = "SEND bob hi there\nSEND echobot hi\nSEND nobody hi\nSEND\nLISTS\n".repeat(100);
    let mut round = || {
        lines.borrow_storage(&mut spare);
        lines.fill_from(&mut requests.as_bytes()).unwrap();
        lines.drain(|line| hub.handle_line(ann, line, false).wait().is_none());
        lines.settle(&mut spare);
        assert!(lines.is_empty());
        while let Some(id) = hub.next_dirty() {
            hub.outbox_mut(id).write_to(&mut io::sink()).unwrap();
            hub.reclaim(id);
        }
    };
    round();
    round();
    (500 * rounds, allocation_counter::measure(|| (0..rounds).for_each(|_| round())).count_total)
}

/// How messages look on a terminal, for those who want everything.
pub(crate) fn terminal() -> Look {
    let style = Style { escape: true, color: true, ..Style::default() };
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
