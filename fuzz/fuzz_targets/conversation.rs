//! Whatever the server and the user say, the session goes on, and its buffers stay bounded.
#![no_main]

use chinwag::ui::display::Style;
use chinwag::wire::lines::{Line, Lines};
use chinwag::wire::outbox::Outbox;
use chinwag::ui::screen::{Look, Screen};
use chinwag::client::session::Session;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|steps: Vec<(bool, Vec<u8>)>| {
    let style = Style { escape: true, ..Style::default() };
    let mut screen = Screen::new(Look { terminal: true, style, ..Look::default() });
    let mut outbox = Outbox::new();
    let mut session = Session::new(None, false, &mut screen);
    let (mut incoming, mut typed) = (Lines::new(Some(1 << 16)), Lines::new(None));
    session.handle_connected(&mut outbox, &mut screen);
    for (from_user, bytes) in steps {
        let lines = if from_user { &mut typed } else { &mut incoming };
        let mut bytes = &bytes[..];
        while !bytes.is_empty() {
            lines.fill_from(&mut bytes).unwrap();
            lines.drain(|line| match line {
                Line::Whole(line) if from_user => session.handle_input(line, &mut outbox, &mut screen),
                Line::Whole(line) => session.handle_reply(line, &mut outbox, &mut screen),
                Line::TooLong => true,
            });
        }
        let shown = std::str::from_utf8(screen.waiting().as_slice()).expect("what is shown is UTF-8");
        assert!(!shown.chars().any(|character| character != '\n' && chinwag::wire::escape::is_harmful(character)));
        screen.waiting().clear();
        outbox.clear();
    }
});
