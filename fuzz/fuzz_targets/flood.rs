//! Messages taken many at a time look as messages taken one by one.
#![no_main]

use chinwag::lines::{Line, Lines, Take};
use chinwag::outbox::Outbox;
use chinwag::screen::{Look, Screen};
use chinwag::session::Session;
use libfuzzer_sys::fuzz_target;

struct Client {
    session: Session,
    outbox: Outbox,
    screen: Screen,
    shown: Vec<u8>,
    at_once: bool,
}

impl Client {
    fn new(at_once: bool) -> Self {
        let mut screen = Screen::new(Look::default());
        let mut outbox = Outbox::new();
        let mut session = Session::new(Some(b"ann"), false, &mut screen);
        session.handle_connected(&mut outbox, &mut screen);
        Self { session, outbox, screen, shown: Vec::new(), at_once }
    }

    fn empty_screen(&mut self) {
        self.shown.extend_from_slice(self.screen.waiting().as_slice());
        self.screen.waiting().clear();
    }
}

impl Take for &mut Client {
    fn take(&mut self, line: Line<'_>) -> bool {
        let Line::Whole(line) = line else { return true };
        while !self.session.handle_reply(line, &mut self.outbox, &mut self.screen) {
            if self.session.over().is_some() {
                return true;
            }
            self.empty_screen();
        }
        true
    }

    fn take_many(&mut self, lines: &[u8]) -> usize {
        if self.at_once { self.session.handle_messages(lines, &mut self.screen) } else { 0 }
    }
}

fuzz_target!(|pieces: Vec<(u16, Vec<u8>)>| {
    // Each piece stands that often, with a message in front, so that buffers fill.
    let mut bytes = Vec::new();
    for (times, piece) in &pieces {
        for _ in 0..times % 200 {
            bytes.extend_from_slice(b"DELIVERY bob ");
            bytes.extend_from_slice(piece);
            bytes.push(b'\n');
        }
    }
    let shown = [true, false].map(|at_once| {
        let mut client = Client::new(at_once);
        let mut lines = Lines::new(None);
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            lines.fill_from(&mut rest).unwrap();
            lines.drain_to(&mut client);
            client.empty_screen();
        }
        client.shown
    });
    assert!(shown[0] == shown[1]);
});
