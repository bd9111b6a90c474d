//! Messages taken many at a time look as messages taken one by one.

use super::memory::{Memory, bring};
use super::script::{Script, number};
use chinwag::client::conversation::{Conversation, Ends, Settings};
use chinwag::client::frontend::Frontend;
use chinwag::client::session::Session;
use chinwag::ui::screen::{Look, Screen};
use chinwag::wire::lines::Taken;
use chinwag::wire::outbox::Outbox;
use std::time::Duration;

/// Of each step, the letter says how often the text stands there, with a message in front, so that buffers
/// fill.
pub(super) fn run(input: &[u8]) {
    let mut bytes = Vec::new();
    for (times, piece) in Script::new(input).steps() {
        for _ in 0..number(times) % 200 {
            bytes.extend_from_slice(b"DELIVERY bob ");
            bytes.extend_from_slice(piece);
            bytes.push(b'\n');
        }
    }
    assert!(at_once(&bytes) == one_by_one(&bytes));
}

/// A whole client.
fn at_once(bytes: &[u8]) -> Vec<u8> {
    let settings = Settings { name: Some(b"ann"), ..Settings::default() };
    let mut conversation = Conversation::new(&settings, Screen::new(Look::default()));
    let end = || Memory::new(usize::MAX);
    let mut ends = Ends::new(end(), end());
    ends.server = Some(end());
    conversation.handle_connecting();
    conversation.handle_connected(Duration::ZERO);
    bring(ends.server.as_mut().expect("it was just made"), bytes);
    while conversation.has_work(&ends, Duration::ZERO) {
        conversation.turn(&mut ends, Duration::ZERO).expect("the output takes everything");
    }
    ends.output.transport().written.take()
}

/// The session alone, a line at a time.
fn one_by_one(bytes: &[u8]) -> Vec<u8> {
    let (mut outbox, mut screen) = (Outbox::new(), Screen::new(Look::default()));
    let settings = Settings { name: Some(b"ann"), ..Settings::default() };
    let mut session = Session::new(&settings, &mut outbox, &mut screen);
    session.handle_connected(&mut screen);
    let mut shown = Vec::new();
    for line in bytes.split_inclusive(|&byte| byte == b'\n').filter_map(|line| line.strip_suffix(b"\n")) {
        let mut from = 0;
        while let Taken::UpTo(next) = session.handle_reply(line, from, &mut outbox, &mut screen) {
            if session.is_over() {
                break;
            }
            from = next;
            shown.extend_from_slice(screen.to_show().as_slice());
            screen.to_show().clear();
        }
        shown.extend_from_slice(screen.to_show().as_slice());
        screen.to_show().clear();
    }
    shown
}
