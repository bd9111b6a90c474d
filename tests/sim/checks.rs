//! What must hold of every run: of a client when it ends, and of all of them when the world has come to
//! rest.

use crate::client::{Client, is_answer};
use crate::link::{CLIENT, Link};
use crate::options::Typed;
use crate::oracle::{Facts, Heard, Oracle, PROMPT, State, has_quit, typed_lines, whole};
use crate::stdio::InputKind;
use chinwag::client::conversation::{Event, Outcome};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// Checks what was shown, what was counted, and why and when it ended.
pub(crate) fn check_ending(client: &Client, heard: &[Heard]) {
    let Some(ending) = client.ending.as_ref().filter(|_| !has_typed_too_much(client)) else { return };
    let typing = client.typing.borrow();
    let has_ended = typing.ended.is_some() && client.options.input != InputKind::Keys;
    let are_texts = client.options.texts_to.is_some();
    let typed = typed_lines(&typing.read, has_ended, are_texts);
    // The end may be known and stand behind more than is read ahead.
    let is_over = typing.ended.is_some()
        || typing.announced.is_some()
        || !are_texts && has_quit(&typing.read, has_ended);
    let oracle = Oracle::new(facts(client), heard, &typed);
    // Names may still have waited for a screen that was full.
    let waits = client.conversation.held().typed > 0;
    let has_names_left = waits && matches!(oracle.state, State::Naming | State::LoggingIn(_));
    // Who does not want to leave sees all that came before the end of the connection.
    let is_patient =
        !is_over && !matches!(ending.outcome, Outcome::Left | Outcome::Unseen | Outcome::Unconnected);
    let is_short = ending.was_blocked && !is_patient || has_names_left;
    check_shown(client, &oracle, is_short);
    check_outcome(client, &oracle, is_over);
    if !is_short {
        check_counts(client, &oracle);
        check_status(client, &oracle);
    }
    check_time(client);
}

/// Checks what was shown up to now, while nothing is on its way.
pub(crate) fn check_shown_at_rest(client: &Client) {
    if has_typed_too_much(client) {
        return;
    }
    let typing = client.typing.borrow();
    let typed = typed_lines(&typing.read, typing.ended.is_some(), client.options.texts_to.is_some());
    let oracle = Oracle::new(facts(client), &client.heard(), &typed);
    check_shown(client, &oracle, client.ends.output.is_blocked());
}

/// Whether not all that was typed before another name was asked for may have been kept.
fn has_typed_too_much(client: &Client) -> bool {
    !client.asked_at.is_empty() && client.typing.borrow().read.len() > 60_000
}

fn facts(client: &Client) -> Facts<'_> {
    Facts {
        name: client.options.name.as_deref().map(str::as_bytes),
        has_one_name: client.options.name.as_ref().is_some_and(|name| !name.is_empty())
            && !client.options.input.is_interactive(),
        is_strict: client.options.is_strict,
        are_texts: client.options.texts_to.is_some() || client.options.to.is_some(),
        reconnects: client.options.reconnects,
        max_message: client.options.max_message,
        escapes: client.options.input == InputKind::Keys,
    }
}

fn check_shown(client: &Client, oracle: &Oracle<'_>, was_blocked: bool) {
    let shown = &client.shown.borrow().bytes;
    if client.options.input == InputKind::Keys {
        return check_lines(shown, oracle, was_blocked);
    }
    let expected = oracle.shown.concat();
    if was_blocked {
        assert!(is_prefix(shown, oracle), "not a prefix:\n{}", difference(shown, &expected));
    } else if oracle.state == State::Full {
        // It may have come unasked, before the user had typed.
        let full = oracle.shown.last().map_or(&b""[..], |line| line);
        let before = shown.strip_suffix(full);
        assert!(
            before.is_some_and(|before| expected.starts_with(before)),
            "{}",
            difference(shown, &expected)
        );
    } else {
        assert!(*shown == expected, "{}\n{}", difference(shown, &expected), dump(client));
    }
}

fn is_prefix(shown: &[u8], oracle: &Oracle<'_>) -> bool {
    oracle.shown.concat().starts_with(shown) || oracle.state == State::Full
}

/// On a terminal with an edited line: each line stands there whole, in order, once.
fn check_lines(shown: &[u8], oracle: &Oracle<'_>, was_blocked: bool) {
    let mut rest = shown;
    let mut missing = 0;
    for line in oracle.shown.iter().filter(|line| *line != PROMPT) {
        match find(rest, line) {
            Some(at) => rest = &rest[at + line.len()..],
            None => missing += 1,
        }
    }
    assert!(missing == 0 || was_blocked || oracle.state == State::Full, "{missing} lines are missing");
    let count = |line: &[u8]| line.starts_with(b"From ");
    let expected = oracle.shown.iter().filter(|line| count(line)).count();
    let found = shown.windows(6).filter(|window| *window == b"From u").count();
    assert!(found <= expected, "{found} messages instead of {expected}");
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

fn difference(shown: &[u8], expected: &[u8]) -> String {
    let at = shown.iter().zip(expected).take_while(|(one, other)| one == other).count();
    let part = |bytes: &[u8]| {
        let start = at.saturating_sub(60).min(bytes.len());
        let end = (at + 100).min(bytes.len());
        bytes[start..end].escape_ascii().to_string()
    };
    format!(
        "from byte {at} on\n   shown ({}): {}\nexpected ({}): {}",
        shown.len(),
        part(shown),
        expected.len(),
        part(expected)
    )
}

fn check_outcome(client: &Client, oracle: &Oracle<'_>, is_over: bool) {
    let Some(ending) = &client.ending else { return };
    let state = oracle.state;
    match ending.outcome {
        Outcome::Left => {
            assert!(is_over, "left, and nobody wanted to");
            let may_be_late = client.is_narrow() || client.options.input.is_interactive();
            let is_lost = !matches!(
                state,
                State::Naming | State::LoggingIn(_) | State::Chatting | State::Returning | State::Arriving
            );
            assert!(!is_lost || may_be_late || client.options.linger.is_zero(), "left, instead of {state:?}");
        }
        Outcome::Stalled => {
            assert!(client.conversation.held().typed > 64 * 1024 && !client.options.input.is_interactive());
        }
        Outcome::Interrupted => panic!("nobody interrupts"),
        Outcome::Unseen => assert!(client.shown.borrow().is_gone, "somebody reads"),
        Outcome::Full => assert_eq!(state, State::Full),
        Outcome::NameRefused => assert_eq!(state, State::NameRefused),
        Outcome::MessageRefused => {
            assert_eq!(state, State::MessageRefused);
            check_refused(client);
        }
        Outcome::Encrypted => assert_eq!(state, State::Encrypted),
        Outcome::Lost => assert!(matches!(state, State::Lost(_)), "lost, instead of {state:?}"),
        Outcome::Unconnected => assert!(client.has_failed && state != State::Chatting),
    }
}

/// Nothing was sent behind the message that was refused, which is the one that was said.
fn check_refused(client: &Client) {
    let ending = client.ending.as_ref();
    let Some((number, to)) = ending.and_then(|ending| ending.refused.clone()) else {
        panic!("it is not said which: {}", dump(client));
    };
    let mut whole = 0;
    let mut last = Vec::new();
    for link in &client.links {
        let link = link.borrow();
        whole += lines(link.written(CLIENT)).filter(|line| line.starts_with(b"SEND ")).count() as u64;
        last = link.written(CLIENT).to_vec();
    }
    // It may have been refused before its end.
    let is_cut = last.pop() != Some(b'\n');
    let last = last.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    let receiver = last.strip_prefix(b"SEND ").and_then(|rest| rest.split(|&byte| byte == b' ').next());
    assert_eq!(receiver, Some(&to[..]), "{}", dump(client));
    // What was lost with a connection may have left no trace.
    let sent = whole + u64::from(is_cut);
    let has_lost = client.links.len() > 1;
    assert!(number == sent || has_lost && number > sent, "{number} of {sent}\n{}", dump(client));
}

/// Status 0 says that everything was answered, and that every text was delivered.
fn check_status(client: &Client, oracle: &Oracle<'_>) {
    let Some(ending) = &client.ending else { return };
    let is_answered = oracle.asked() == oracle.answered;
    let is_patient = !client.options.input.is_interactive();
    let expected = match ending.outcome {
        Outcome::Left => u8::from(is_patient && !is_answered),
        Outcome::Unseen => 0,
        Outcome::Full => 3,
        Outcome::NameRefused => 4,
        Outcome::MessageRefused => 5,
        Outcome::Interrupted => 130,
        Outcome::Stalled | Outcome::Lost | Outcome::Encrypted | Outcome::Unconnected => 1,
    };
    assert_eq!(ending.status, expected, "{}", dump(client));
    if ending.outcome == Outcome::Left && expected == 0 && client.options.texts_to.is_some() {
        let sent = oracle.shown.iter().filter(|line| line.starts_with(b"The message was sent")).count();
        assert_eq!(sent as u64, oracle.asked(), "{}", dump(client));
    }
}

/// What passed over the links of a client, for whoever looks into a failure.
pub(crate) fn dump(client: &Client) -> String {
    let start = |line: &[u8]| line[..line.len().min(30)].escape_ascii().to_string();
    let short = |bytes: &[u8]| lines(bytes).map(start).collect::<Vec<_>>().join(" | ");
    let mut text = format!("typed {}\n", short(&client.typing.borrow().read));
    for link in &client.links {
        let link = link.borrow();
        text += &format!("wrote {}\nread {}\n", short(link.written(CLIENT)), short(link.read_by(CLIENT)));
    }
    text + &format!("{:?} {:?} {:?}", client.events, client.ending, client.signs)
}

/// Nothing typed is lost without being said.
fn check_counts(client: &Client, oracle: &Oracle<'_>) {
    let Some(ending) = &client.ending else { return };
    // Keys that are read when all is over are not looked at.
    let has_keys_left = client.options.input == InputKind::Keys && ending.outcome != Outcome::Left;
    if matches!(oracle.state, State::Full) || has_keys_left {
        return;
    }
    let mut said = oracle.answered + ending.unsaid.unanswered + ending.unsaid.unsent;
    // Only who leaves is told of a log-in.
    let leaves = matches!(ending.outcome, Outcome::Left | Outcome::Stalled);
    said += u64::from(oracle.is_logging_in() && !leaves);
    assert_eq!(
        oracle.asked(),
        said,
        "typed, and said of it: {} answered; {:?}\n{}",
        oracle.answered,
        oracle.state,
        dump(client)
    );
}

/// Nobody leaves before an answer that still comes, and nobody waits longer.
fn check_time(client: &Client) {
    let Some(ending) = &client.ending else { return };
    if !matches!(ending.outcome, Outcome::Left | Outcome::Stalled) {
        return;
    }
    let announced = client.typing.borrow().announced;
    let slack = Duration::from_millis(200);
    let signs = client.signs;
    let linger = client.options.linger;
    let is_patient = !client.options.input.is_interactive();
    let lost =
        client.events.iter().map(|event| if let Event::Unanswered(count) = event { *count } else { 0 });
    let in_vain = ending.unsaid.unanswered + ending.unsaid.unsent > lost.sum::<u64>();
    if is_patient && in_vain && !client.is_narrow() {
        let last = signs.answer.max(client.typing.borrow().ended.unwrap_or_default());
        let link = client.links.last().map(|link| link.borrow().read_by(CLIENT).to_vec()).unwrap_or_default();
        let heard = link[link.len().saturating_sub(100)..].escape_ascii();
        assert!(
            ending.at >= last + linger,
            "left at {:?}, {signs:?}, {:?}, heard {heard}",
            ending.at,
            ending.unsaid
        );
    }
    let is_open = ending.outcome == Outcome::Stalled && announced.is_none();
    let wait = match is_patient {
        true if is_open => linger.max(Duration::from_secs(60)),
        true => linger,
        false => Duration::ZERO,
    };
    let last = if is_patient {
        signs.answer.max(signs.sent).max(client.shown.borrow().last)
    } else {
        Duration::ZERO
    };
    let latest = last.max(signs.typed).max(announced.unwrap_or_default()) + wait + slack;
    assert!(ending.at <= latest, "left at {:?} only\n{}", ending.at, dump(client));
}

/// A message, as the links saw it.
struct Delivery {
    from: Vec<u8>,
    number: usize,
    receiver: usize,
}

/// Checks that messages arrive once and in order, and those that were acknowledged arrive.
pub(crate) fn check_messages(clients: &[Client], is_at_rest: bool) {
    let mut deliveries: Vec<Delivery> = Vec::new();
    clients.iter().for_each(|client| check_requests(clients, client));
    for (receiver, client) in clients.iter().enumerate() {
        for link in &client.links {
            for line in lines(link.borrow().read_by(CLIENT)) {
                if let Some((from, text)) = delivery(line) {
                    let number = check_text(clients, text);
                    deliveries.extend(number.map(|number| Delivery {
                        from: from.to_vec(),
                        number,
                        receiver,
                    }));
                }
            }
        }
    }
    for (at, one) in deliveries.iter().enumerate() {
        for other in &deliveries[..at] {
            assert!(one.number != other.number, "message {} came twice", one.number);
            let overtakes = other.number > one.number
                && other.receiver == one.receiver
                && other.from == one.from
                && writer(clients, one.number) == writer(clients, other.number);
            assert!(!overtakes, "message {} came after {}", one.number, other.number);
        }
    }
    if is_at_rest {
        check_acknowledged(clients, &deliveries);
    }
}

/// What a client sends are requests, whole ones, each message once.
fn check_requests(clients: &[Client], client: &Client) {
    let mut last = 0;
    for link in &client.links {
        for line in lines(link.borrow().written(CLIENT)) {
            if let Some(message) = line.strip_prefix(b"SEND ") {
                let start =
                    message.iter().position(|&byte| byte == b' ').map_or(message.len(), |end| end + 1);
                if let Some(number) = Some(&message[start..])
                    .filter(|text| !text.is_empty())
                    .and_then(|text| check_text(clients, text))
                {
                    assert!(number > last, "message {number} was sent after {last}\n{}", dump(client));
                    last = number;
                }
            } else {
                let is_other = line == b"LIST" || line.starts_with(b"HELLO-FROM ");
                assert!(
                    is_other,
                    "no request: {}\n{}",
                    line[..line.len().min(50)].escape_ascii(),
                    dump(client)
                );
            }
        }
    }
}

fn writer(clients: &[Client], wanted: usize) -> Option<usize> {
    let has_typed = |typed: &Typed| matches!(typed, Typed::Message { number, .. } if *number == wanted);
    clients.iter().position(|client| client.options.script.lines.iter().any(has_typed))
}

/// The text is exactly what was typed; returns its number, if it has one: what is typed where a line can
/// be a text may have none.
fn check_text(clients: &[Client], text: &[u8]) -> Option<usize> {
    let has_texts = |client: &&Client| client.options.texts_to.is_some() || client.options.to.is_some();
    let senders = clients.iter().filter(has_texts);
    let mut plain = senders.flat_map(|client| &client.options.script.lines);
    if plain.any(|line| matches!(line, Typed::Plain(plain) if plain.as_bytes() == text)) {
        return None;
    }
    let digits = text.strip_prefix(b"m").unwrap_or_default();
    let end = digits.iter().position(|&byte| byte == b'.').unwrap_or(0);
    let number = std::str::from_utf8(&digits[..end]).ok().and_then(|digits| digits.parse().ok()).unwrap_or(0);
    let mut typed = clients.iter().flat_map(|client| &client.options.script.lines);
    let has_typed = typed.any(|line| match line {
        Typed::Message { number: other, to, .. } if *other == number => {
            let start = if to.is_empty() { 0 } else { to.len() + 2 };
            line.line().as_bytes()[start..] == *text
        }
        _ => false,
    });
    assert!(has_typed, "nobody typed {}", text[..text.len().min(100)].escape_ascii());
    Some(number)
}

fn check_acknowledged(clients: &[Client], deliveries: &[Delivery]) {
    for link in clients.iter().flat_map(|client| &client.links) {
        let link = link.borrow();
        let answers = lines(link.read_by(CLIENT)).filter(|line| is_answer(&[line, &b"\n"[..]].concat()));
        for (request, answer) in lines(link.written(CLIENT)).zip(answers) {
            let Some(request) = request.strip_prefix(b"SEND ").filter(|_| answer.starts_with(b"SEND-OK"))
            else {
                continue;
            };
            let split = request.iter().position(|&byte| byte == b' ').unwrap_or(0);
            let (to, text) = (&request[..split], &request[split + 1..]);
            let Some(number) = check_text(clients, text) else { continue };
            let arrived = deliveries.iter().any(|delivery| delivery.number == number);
            assert!(arrived || !is_steady(clients, to), "message {number} was acknowledged and never came");
        }
    }
}

/// Whether whoever has this name had it over one connection that still stands, and reads.
fn is_steady(clients: &[Client], name: &[u8]) -> bool {
    let hello = [b"HELLO-FROM ", name].concat();
    let mut holders = 0;
    for client in clients {
        for link in &client.links {
            let has_tried = lines(link.borrow().written(CLIENT)).any(|line| line == hello);
            let stands = client.link().is_some_and(|own| Rc::ptr_eq(own, link)) && !is_broken(link);
            if has_tried && (!stands || client.ends.output.is_blocked()) {
                return false;
            }
            holders += usize::from(has_tried);
        }
    }
    holders == 1
}

fn is_broken(link: &Rc<RefCell<Link>>) -> bool {
    let link = link.borrow();
    link.is_cut || link.was_read_to_the_end(CLIENT) || link.is_gone(0) || link.is_gone(1)
}

fn delivery(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let body = line.strip_prefix(b"DELIVERY ")?;
    let end = body.iter().position(|&byte| byte == b' ')?;
    Some((&body[..end], &body[end + 1..]))
}

/// The whole lines.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes[..whole(bytes)].split_inclusive(|&byte| byte == b'\n').map(|line| &line[..line.len() - 1])
}
