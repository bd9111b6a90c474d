//! Each reply of the server, from text to value and back, and to the line of the screen.

use super::TEXT;
use crate::harness::{Arguments, Contest};
use chinwag::client::notice::Notice;
use chinwag::ui::display::{self, Style};
use chinwag::wire::escape::Rule;
use chinwag::wire::protocol::{Reply, Request};
use std::hint::black_box;

/// So many at a time, so that looking at the clock costs nothing.
const TIMES: usize = 1000;

pub(crate) fn run(arguments: &Arguments) {
    let replies = replies();
    parse(&replies, arguments);
    format(&replies, arguments);
    show(arguments);
    requests(arguments);
}

/// One of each kind; the first is the one that counts, being the one that comes by the million.
fn replies() -> Vec<String> {
    let names: Vec<String> = (0..10).map(|number| format!("user{number}")).collect();
    vec![
        format!("DELIVERY ann {TEXT}"),
        format!("LIST-OK {}", names.join(",")),
        "SEND-OK".to_owned(),
        "BAD-DEST-USER".to_owned(),
        "HELLO ann".to_owned(),
        "IN-USE".to_owned(),
        "BUSY".to_owned(),
        "BAD-RQST-HDR".to_owned(),
        "BAD-RQST-BODY".to_owned(),
    ]
}

fn header(line: &str) -> &str {
    line.split(' ').next().unwrap_or(line)
}

fn parse(replies: &[String], arguments: &Arguments) {
    let mut contest = Contest::new("session: a reply from text to value", "reply");
    for line in replies {
        let amount = (TIMES, TIMES * line.len());
        contest.add(header(line), amount, TIMES, || {
            (0..TIMES).filter(|_| black_box(Reply::parse(black_box(line.as_bytes()))).is_some()).count()
        });
    }
    let unknown = format!("UNKNOWN ann {TEXT}");
    contest.add("(unknown)", (TIMES, TIMES * unknown.len()), TIMES, move || {
        (0..TIMES).filter(|_| black_box(Reply::parse(black_box(unknown.as_bytes()))).is_none()).count()
    });
    contest.run(arguments);
}

fn format(replies: &[String], arguments: &Arguments) {
    let mut contest = Contest::new("session: a reply from value to text", "reply");
    for line in replies {
        let reply = Reply::parse(line.as_bytes()).unwrap();
        let size = line.len() + 1;
        let mut out = Vec::new();
        contest.add(header(line), (TIMES, TIMES * size), TIMES * size, move || {
            repeat(&mut out, |out| black_box(&reply).write(out))
        });
    }
    contest.run(arguments);
}

/// The notices that most replies become, as they go to a pipe and to a terminal.
fn show(arguments: &Arguments) {
    let names = replies()[1].trim_start_matches("LIST-OK ").to_owned();
    let hostile = TEXT.replace(' ', "\x1b");
    let accents = TEXT.replace('e', "\u{e9}");
    let from = |text| Notice::From { name: b"ann", text };
    let notices = [
        ("message", from(TEXT.as_bytes())),
        ("message, accents", from(accents.as_bytes())),
        ("message, escape codes", from(hostile.as_bytes())),
        ("sent", Notice::Sent),
        ("10 names", Notice::Online(names.as_bytes())),
    ];
    let mut contest = Contest::new("session: a notice from value to screen", "notice");
    for (way, escape) in [("pipe", false), ("terminal", true)] {
        let style = Style { escape: escape.then_some(Rule::Harmful), ..Style::default() };
        for (name, notice) in &notices {
            let mut out = Vec::new();
            display::write(notice, 0, style, &mut out);
            let size = out.len();
            contest.add(&format!("{name}, {way}"), (TIMES, TIMES * size), TIMES * size, move || {
                repeat(&mut out, |out| assert_eq!(display::write(black_box(notice), 0, style, out), None))
            });
        }
    }
    contest.run(arguments);
}

/// What the server does with a line before it knows whom it is for.
fn requests(arguments: &Arguments) {
    let mut contest = Contest::new("session: a request from text to value", "request");
    for line in [format!("SEND bob {TEXT}"), "LIST".to_owned(), "HELLO-FROM ann".to_owned()] {
        let amount = (TIMES, TIMES * line.len());
        let name = header(&line).to_owned();
        contest.add(&name, amount, TIMES, move || {
            (0..TIMES).filter(|_| black_box(Request::parse(black_box(line.as_bytes()))).is_ok()).count()
        });
    }
    contest.run(arguments);
}

/// The bytes that so many calls append.
fn repeat(out: &mut Vec<u8>, append: impl Fn(&mut Vec<u8>)) -> usize {
    out.clear();
    (0..TIMES).for_each(|_| append(out));
    black_box(out).len()
}
