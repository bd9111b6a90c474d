//! Messages taken many at a time look as messages taken one by one.
#![no_main]

use chinwag::wire::lines::{Line, Lines};
use chinwag::wire::outbox::Outbox;
use chinwag::ui::screen::{Look, Screen};
use chinwag::client::session::Session;
use libfuzzer_sys::fuzz_target;

struct Client {
    session: Session,
    outbox: Outbox,
    screen: Screen,
    shown: Vec<u8>,
}

impl Client {
    fn new() -> Self {
        let mut screen = Screen::new(Look::default());
        let mut outbox = Outbox::new();
        let mut session = Session::new(Some(b"ann"), false, &mut screen);
        session.handle_connected(&mut outbox, &mut screen);
        Self { session, outbox, screen, shown: Vec::new() }
    }

    /// Takes all lines; each time that a part of them was taken, the screen is emptied.
    fn take(&mut self, lines: &mut Lines, at_once: bool) {
        while self.session.over().is_none() && !self.take_some(lines, at_once) {
            self.empty_screen();
        }
        self.empty_screen();
    }

    fn take_some(&mut self, lines: &mut Lines, at_once: bool) -> bool {
        let Self { session, outbox, screen, .. } = self;
        if at_once {
            return session.handle_replies(lines, outbox, screen);
        }
        let mut taken = true;
        lines.drain(|line| {
            let Line::Whole(line) = line else { unreachable!("there is no limit") };
            taken = session.handle_reply(line, outbox, screen);
            taken
        });
        taken
    }

    fn empty_screen(&mut self) {
        self.shown.extend_from_slice(self.screen.waiting().as_slice());
        self.screen.waiting().clear();
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
        let mut client = Client::new();
        let mut lines = Lines::new(None);
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            lines.fill_from(&mut rest).unwrap();
            client.take(&mut lines, at_once);
        }
        client.shown
    });
    assert!(shown[0] == shown[1]);
});
