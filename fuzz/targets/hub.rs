//! Whatever clients say, the hub answers each of their lines, with replies and nothing else.

use super::script::{Script, number};
use chinwag::server::hub::{Hub, Limits};
use chinwag::wire::lines::{Line, Lines};
use chinwag::wire::protocol::Reply;

/// Of each step, the letter says who, and the rest is what was read.
pub(super) fn run(input: &[u8]) {
    let mut hub = Hub::new(Limits::default(), true);
    let ids: Vec<_> = (0..4).filter_map(|_| hub.connect()).collect();
    let mut lines: Vec<_> = ids.iter().map(|_| Lines::new(Some(100_000))).collect();
    for (who, bytes) in Script::new(input).steps() {
        let who = number(who) % ids.len();
        lines[who].push(bytes);
        lines[who].drain(|line| hub.handle_line(ids[who], line, true).wait().is_none());
    }
    for id in ids {
        let mut replies = Lines::new(None);
        replies.push(hub.outbox(id).as_slice());
        replies.drain(|line| match line {
            Line::Whole(line) => Reply::parse(line).is_some(),
            Line::TooLong => false,
        });
        assert!(replies.is_empty());
    }
}
