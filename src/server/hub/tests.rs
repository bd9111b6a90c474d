use super::*;
use crate::wire::lines::Lines;
use core::convert::Infallible;
use core::time::Duration;

const LIMITS: Limits = Limits {
    max_users: 3,
    max_name: 16,
    max_message: 1000,
    max_queue: 1000 + QUEUE_ROOM,
    max_memory: 1 << 20,
    max_connections: 100,
    max_per_address: usize::MAX,
    login_timeout: Duration::MAX,
};

fn hub(limits: Limits, echobot: bool, names: &[&str]) -> (Hub, Vec<Id>) {
    let mut hub = Hub::new(limits, echobot);
    let mut ids = Vec::new();
    for name in names {
        let id = hub.connect().unwrap();
        say(&mut hub, id, &format!("HELLO-FROM {name}"));
        assert_eq!(read(&mut hub, id), format!("HELLO {name}\n"));
        ids.push(id);
    }
    ids.push(hub.connect().unwrap());
    (hub, ids)
}

fn say(hub: &mut Hub, id: Id, line: &str) {
    assert_eq!(hub.handle_line(id, Line::Whole(line.as_bytes()), false), Handled::Done);
}

/// Takes what waits for `id`, as a client that reads would.
fn read(hub: &mut Hub, id: Id) -> String {
    let mut bytes = Vec::new();
    let read = |outbox: &mut Outbox| {
        bytes.extend_from_slice(outbox.as_slice());
        outbox.clear();
        Ok::<_, Infallible>(())
    };
    hub.drain(id, read).unwrap();
    hub.reclaim(id);
    String::from_utf8(bytes).unwrap()
}

/// The user `ann` (bob is there too) and one who has not logged in send `input`; both see `answer`
/// for theirs, whether the bytes come whole, byte by byte or split anywhere.
fn check(input: &[u8], logged_in: &str, before: &str) {
    let halves = (0..=input.len()).map(|at| vec![&input[..at], &input[at..]]);
    for way in halves.chain([input.chunks(1).collect()]) {
        for (client, answer) in [(0, logged_in), (2, before)] {
            let (mut hub, ids) = hub(LIMITS, true, &["ann", "bob"]);
            let mut lines = Lines::new(Some(LIMITS.max_line()));
            for part in way.iter().copied() {
                lines.push(part);
                lines.drain(|line| hub.handle_line(ids[client], line, false) == Handled::Done);
            }
            assert_eq!(read(&mut hub, ids[client]), answer, "{}", input.escape_ascii());
        }
    }
}

/// Spec section 6, byte for byte.
#[test]
fn every_line_has_its_answer() {
    const HDR: &str = "BAD-RQST-HDR\n";
    const BODY: &str = "BAD-RQST-BODY\n";
    let table: &[(&str, &str, &str)] = &[
        // Input, the answer to a user, the answer before the log-in.
        ("HELLO-FROM cid", HDR, "HELLO cid\n"),
        ("HELLO-FROM søren", HDR, "HELLO søren\n"),
        ("HELLO-FROM ann", HDR, "IN-USE\n"),
        ("HELLO-FROM Ann", HDR, "HELLO Ann\n"),
        ("HELLO-FROM echobot", HDR, "IN-USE\n"),
        ("HELLO-FROM", HDR, BODY),
        ("HELLO-FROM ", HDR, BODY),
        ("HELLO-FROM  cid", HDR, BODY),
        ("HELLO-FROM cid dee", HDR, BODY),
        ("HELLO-FROM cid,dee", HDR, BODY),
        ("HELLO-FROM c!d", HDR, BODY),
        ("HELLO-FROM c@d", HDR, BODY),
        ("HELLO-FROM c*d", HDR, BODY),
        ("HELLO-FROM cid:", HDR, "HELLO cid:\n"),
        ("HELLO-FROM c\x1b[J", HDR, BODY),
        ("HELLO-FROM cid\0", HDR, BODY),
        ("HELLO-FROM cid\t", HDR, BODY),
        ("HELLO-FROM cid\u{202e}", HDR, BODY),
        ("HELLO-FROM cid\u{200d}", HDR, BODY),
        ("HELLO-FROM cid:\u{a0}hi", HDR, BODY),
        ("LIST", "LIST-OK echobot,ann,bob\n", HDR),
        ("LIST ", BODY, HDR),
        ("LIST all", BODY, HDR),
        ("list", HDR, HDR),
        ("", HDR, HDR),
        (" ", HDR, HDR),
        (" LIST", HDR, HDR),
        ("LIST\r", "LIST-OK echobot,ann,bob\n", HDR),
        ("LIST \r", BODY, HDR),
        ("LIST\r\r", HDR, HDR),
        ("HELLO-FROM cid\r", HDR, "HELLO cid\n"),
        ("HELLO-FROM cid\r\r", HDR, BODY),
        ("HELLO-FROM ann\r", HDR, "IN-USE\n"),
        ("HELLO cid", HDR, HDR),
        ("SEND-OK", HDR, HDR),
        ("SEND", BODY, HDR),
        ("SEND ", BODY, HDR),
        ("SEND bob", BODY, HDR),
        ("SEND bob ", BODY, HDR),
        ("SEND  hi", BODY, HDR),
        ("SEND    ", BODY, HDR),
        ("SEND\r", BODY, HDR),
        ("SEND bob\r", BODY, HDR),
        ("SEND  bob hi", "SEND-OK\n", HDR),
        ("SEND   ann  hi", "DELIVERY ann  hi\nSEND-OK\n", HDR),
        ("SEND bob hi", "SEND-OK\n", HDR),
        ("SEND bob  ", "SEND-OK\n", HDR),
        ("SEND cid hi", "BAD-DEST-USER\n", HDR),
        ("SEND BOB hi", "BAD-DEST-USER\n", HDR),
        ("SEND ann hi", "DELIVERY ann hi\nSEND-OK\n", HDR),
        ("SEND ann  hi \t\0\r", "DELIVERY ann  hi \t\0\r\nSEND-OK\n", HDR),
        ("SEND echobot  hi ", "DELIVERY echobot  hi \nSEND-OK\n", HDR),
    ];
    for (input, logged_in, before) in table {
        check(format!("{input}\n").as_bytes(), logged_in, before);
    }
    check(b"HELLO-FROM \xff\n", HDR, BODY);
    check(b"SEND bob \xff\n", BODY, HDR);
    check(b"\xff\xfe\0\n", HDR, HDR);
    check(
        b"LIST\nSEND cid x\n\nLIS",
        "LIST-OK echobot,ann,bob\nBAD-DEST-USER\nBAD-RQST-HDR\n",
        &HDR.repeat(3),
    );
}

#[test]
fn over_long_lines_and_texts_are_bad_bodies() {
    for excess in [1, LOG_IN_LIMIT] {
        let long = format!("SEND ann {}\nLIST\n", "x".repeat(LIMITS.max_message + excess));
        let (mut hub, ids) = hub(LIMITS, false, &["ann"]);
        let mut lines = Lines::new(Some(LIMITS.max_line()));
        for part in long.as_bytes().chunks(7) {
            lines.push(part);
            lines.drain(|line| hub.handle_line(ids[0], line, false) == Handled::Done);
        }
        assert_eq!(read(&mut hub, ids[0]), "BAD-RQST-BODY\nLIST-OK ann\n");
    }
    let (mut hub, ids) = hub(LIMITS, false, &["ann"]);
    let longest = "x".repeat(LIMITS.max_message);
    say(&mut hub, ids[0], &format!("SEND ann {longest}"));
    assert_eq!(read(&mut hub, ids[0]), format!("DELIVERY ann {longest}\nSEND-OK\n"));
}

#[test]
fn name_is_as_long_as_the_limit_says_and_no_longer() {
    for max_name in [0, 1, 63, 64, 65, LOG_IN_LIMIT - 12, LOG_IN_LIMIT] {
        let longest = max_name.min(LOG_IN_LIMIT - b"HELLO-FROM ".len());
        for length in (longest.max(2) - 1..=longest + 1).filter(|&length| length > 0) {
            let (mut hub, ids) = hub(Limits { max_name, ..LIMITS }, false, &[]);
            let name = "x".repeat(length);
            say(&mut hub, ids[0], &format!("HELLO-FROM {name}"));
            let answer =
                if length <= longest { format!("HELLO {name}\n") } else { "BAD-RQST-BODY\n".to_owned() };
            assert_eq!(read(&mut hub, ids[0]), answer, "{length} of {max_name}");
        }
    }
}

/// The limit counts bytes.
#[test]
fn name_in_another_script_has_fewer_characters() {
    let (mut hub, ids) = hub(Limits { max_name: 6, ..LIMITS }, false, &[]);
    say(&mut hub, ids[0], "HELLO-FROM 日本x");
    say(&mut hub, ids[0], "HELLO-FROM 日本");
    assert_eq!(read(&mut hub, ids[0]), "BAD-RQST-BODY\nHELLO 日本\n");
}

#[test]
fn message_arrives_exactly_as_it_was_sent() {
    let (mut hub, ids) = hub(LIMITS, false, &["ann", "bob"]);
    say(&mut hub, ids[0], "SEND bob  two  spaces, \u{202e}\t\r");
    assert_eq!(read(&mut hub, ids[1]), "DELIVERY ann  two  spaces, \u{202e}\t\r\n");
    assert_eq!(read(&mut hub, ids[0]), "SEND-OK\n");
}

#[test]
fn full_server_is_busy_until_somebody_leaves() {
    let (mut hub, ids) = hub(LIMITS, true, &["ann", "bob", "cid"]);
    let late = ids[3];
    for (line, answer) in [
        ("LIST", "BAD-RQST-HDR\n"),
        ("HELLO-FROM d,e", "BAD-RQST-BODY\n"),
        ("HELLO-FROM dee", "BUSY\n"),
        ("HELLO-FROM ann", "BUSY\n"),
        ("HELLO-FROM echobot", "BUSY\n"),
    ] {
        say(&mut hub, late, line);
        assert_eq!(read(&mut hub, late), answer);
    }
    hub.disconnect(ids[1]);
    say(&mut hub, late, "HELLO-FROM bob");
    assert_eq!(read(&mut hub, late), "HELLO bob\n");
    assert_eq!(hub.connect(), Some(ids[1]), "the id is free as well");
}

#[test]
fn leaving_frees_the_name_and_forgets_the_queue() {
    let (mut hub, ids) = hub(LIMITS, false, &["ann", "bob"]);
    say(&mut hub, ids[0], "SEND bob hi");
    hub.disconnect(ids[1]);
    say(&mut hub, ids[0], "SEND bob hi");
    say(&mut hub, ids[0], "LIST");
    assert_eq!(read(&mut hub, ids[0]), "SEND-OK\nBAD-DEST-USER\nLIST-OK ann\n");
    let next = hub.connect().unwrap();
    assert_eq!((next, read(&mut hub, next).as_str()), (ids[1], ""));
    assert!(!hub.is_logged_in(next));
}

#[test]
fn message_is_for_the_name_and_not_for_the_id_that_had_it() {
    let (mut hub, ids) = hub(LIMITS, false, &["ann", "bob"]);
    say(&mut hub, ids[0], "SEND bob hi");
    hub.disconnect(ids[1]);
    let cid = hub.connect().unwrap();
    assert_eq!(cid, ids[1]);
    say(&mut hub, ids[0], "SEND bob hi");
    say(&mut hub, cid, "HELLO-FROM cid");
    say(&mut hub, ids[2], "HELLO-FROM bob");
    say(&mut hub, ids[0], "SEND bob hi");
    assert_eq!(read(&mut hub, ids[0]), "SEND-OK\nBAD-DEST-USER\nSEND-OK\n");
    assert_eq!(read(&mut hub, cid), "HELLO cid\n");
    assert_eq!(read(&mut hub, ids[2]), "HELLO bob\nDELIVERY ann hi\n");
}

/// What is said once too much waits for bob; the line is offered again and again until then.
fn flood(hub: &mut Hub, from: Id, line: &str, insists: bool) -> Handled {
    for _ in 0..1_000_000 {
        let handled = hub.handle_line(from, Line::Whole(line.as_bytes()), insists);
        let answer = read(hub, from);
        if handled != Handled::Done || answer != "SEND-OK\n" {
            assert!(handled == Handled::Done || answer.is_empty(), "a line that waits has no answer");
            return handled;
        }
    }
    panic!("there is no bound");
}

#[test]
fn message_waits_for_a_slow_receiver_and_nobody_else() {
    let (mut hub, ids) = hub(LIMITS, false, &["ann", "bob", "cid"]);
    let line = format!("SEND bob {}", "x".repeat(900));
    assert_eq!(flood(&mut hub, ids[0], &line, false), Handled::Later(Wait::Queue(ids[1])));
    assert!(hub.is_logged_in(ids[1]) && hub.must_wait(ids[0], ids[1]));
    assert!(hub.outbox(ids[1]).len() > LIMITS.mark());
    say(&mut hub, ids[0], "SEND cid hi");
    say(&mut hub, ids[2], "SEND ann hi");
    read(&mut hub, ids[1]);
    assert!(!hub.must_wait(ids[0], ids[1]));
    say(&mut hub, ids[0], &line);
}

#[test]
fn receiver_that_never_reads_is_ended_at_its_bound() {
    let (mut hub, ids) = hub(LIMITS, false, &["ann", "bob"]);
    let line = format!("SEND bob {}", "x".repeat(900));
    assert_eq!(flood(&mut hub, ids[0], &line, true), Handled::Done);
    assert!(hub.is_overfull(ids[1]) && !hub.is_logged_in(ids[1]) && !hub.is_overfull(ids[0]));
    assert!(std::iter::from_fn(|| hub.next_dirty()).any(|id| id == ids[1]), "it is found");
    assert!(hub.outbox(ids[1]).len() <= LIMITS.max_queue);
    say(&mut hub, ids[0], "LIST");
    assert_eq!(read(&mut hub, ids[0]), "LIST-OK ann\n");
}

#[test]
fn overfull_client_is_so_until_it_is_disconnected() {
    let (mut hub, ids) = hub(LIMITS, false, &["ann", "bob"]);
    let line = format!("SEND bob {}", "x".repeat(900));
    assert_eq!(flood(&mut hub, ids[0], &line, true), Handled::Done);
    read(&mut hub, ids[1]);
    assert_eq!(
        hub.handle_line(ids[1], Line::Whole(b"HELLO-FROM bob"), true),
        Handled::Later(Wait::Queue(ids[1]))
    );
    hub.log_out(ids[1]);
    assert!(hub.is_overfull(ids[1]));
    hub.disconnect(ids[1]);
    assert_eq!(hub.connect(), Some(ids[1]));
    assert!(!hub.is_overfull(ids[1]));
    say(&mut hub, ids[1], "HELLO-FROM bob");
    assert_eq!(read(&mut hub, ids[1]), "HELLO bob\n");
}

fn steps_of_a_list(hub: &Hub) -> usize {
    hub.names().size_hint().1.unwrap()
}

#[test]
fn list_walks_past_users_only_and_not_past_all_who_ever_were_here() {
    let limits = Limits { max_users: 10_000, max_connections: 10_000, max_memory: 1 << 24, ..LIMITS };
    let names: Vec<_> = (0..10_000).map(|number| format!("user{number}")).collect();
    let (mut hub, ids) = hub(limits, true, &names.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(steps_of_a_list(&hub), 10_000);
    for &id in &ids[..9_999] {
        hub.disconnect(id);
    }
    assert!(steps_of_a_list(&hub) <= 2, "{}", steps_of_a_list(&hub));
    let late = hub.connect().unwrap();
    say(&mut hub, late, "HELLO-FROM late");
    say(&mut hub, late, "LIST");
    assert_eq!(read(&mut hub, late), "HELLO late\nLIST-OK echobot,user9999,late\n");
    assert!(steps_of_a_list(&hub) <= 4, "{}", steps_of_a_list(&hub));
}

/// It has just enough memory, and an answer behind it asks for none: a buffer that grows by itself doubles.
#[test]
fn answer_behind_a_long_message_does_not_double_its_memory() {
    let long = 1 << 20;
    let limits = Limits { max_message: long, max_queue: 1 << 22, max_memory: 1 << 24, ..LIMITS };
    let (mut hub, ids) = hub(limits, true, &["ann"]);
    say(&mut hub, ids[0], &format!("SEND echobot {}", "x".repeat(long)));
    assert!(hub.outbox(ids[0]).as_slice().ends_with(b"x\nSEND-OK\n"));
    assert!(hub.outbox(ids[0]).capacity() < long + 100, "{}", hub.outbox(ids[0]).capacity());
}

#[test]
fn lines_of_a_client_that_does_not_read_wait() {
    let (mut hub, ids) = hub(LIMITS, true, &["ann"]);
    let line = format!("SEND echobot {}", "x".repeat(900));
    let mut taken = 0;
    while hub.handle_line(ids[0], Line::Whole(line.as_bytes()), true) == Handled::Done {
        taken += 1;
    }
    assert!(taken > 10 && hub.outbox(ids[0]).len() < LIMITS.max_queue && hub.is_logged_in(ids[0]));
    assert_eq!(hub.handle_line(ids[0], Line::Whole(b"LIST"), true), Handled::Later(Wait::Queue(ids[0])));
    assert_eq!(hub.handle_line(ids[0], Line::TooLong, true), Handled::Done);
    read(&mut hub, ids[0]);
    say(&mut hub, ids[0], "LIST");
}

#[test]
fn only_those_with_something_new_are_dirty_and_once() {
    let (mut hub, ids) = hub(LIMITS, false, &["ann", "bob", "cid"]);
    while hub.next_dirty().is_some() {}
    say(&mut hub, ids[0], "SEND bob 1");
    say(&mut hub, ids[0], "SEND bob 2");
    let mut dirty: Vec<_> = std::iter::from_fn(|| hub.next_dirty()).collect();
    dirty.sort();
    assert_eq!(dirty, ids[..2]);
}

#[test]
fn emptied_outboxes_own_nothing_and_their_buffers_go_round() {
    let (mut hub, ids) = hub(LIMITS, false, &["ann", "bob"]);
    for _ in 0..100 {
        say(&mut hub, ids[0], "SEND bob hi");
        read(&mut hub, ids[0]);
        read(&mut hub, ids[1]);
        assert!(ids.iter().all(|&id| hub.outbox(id).owns_no_memory()));
        assert_eq!(hub.spares.len(), 2, "what two needed at once is enough");
    }
}
