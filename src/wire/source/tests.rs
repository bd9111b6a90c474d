//! What is known about a stream, call by call.

use super::*;
use std::collections::VecDeque;

/// Brings and takes what a script says.
#[derive(Default)]
struct Scripted {
    reads: VecDeque<Result<&'static [u8], Stop<&'static str>>>,
    writes: VecDeque<Result<usize, Stop<&'static str>>>,
    written: Vec<u8>,
    is_socket: bool,
}

impl Transport for Scripted {
    type Error = &'static str;

    fn read(&mut self, near: &mut [u8], _: &mut [u8]) -> Result<usize, Stop<&'static str>> {
        let bytes = self.reads.pop_front().unwrap()?;
        near[..bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<&'static str>> {
        let count = self.writes.pop_front().unwrap()?;
        self.written.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn drains_by_short_read(&self) -> bool {
        self.is_socket
    }
}

fn reading(is_socket: bool, reads: &[Result<&'static [u8], Stop<&'static str>>]) -> Source<Scripted> {
    let reads = reads.iter().copied().collect();
    Source::new(Scripted { reads, is_socket, ..Scripted::default() })
}

#[test]
fn short_read_is_the_last_one_of_a_socket_only() {
    for is_socket in [true, false] {
        let mut source = reading(is_socket, &[Ok(b"ab"), Ok(b"cd")]);
        let mut lines = Lines::new(None);
        assert_eq!(source.fill(&mut lines), Filled::Bytes(2));
        assert_eq!(source.is_readable(), !is_socket);
        source.handle_readable();
        assert_eq!(source.read(&mut [0; 2]), Filled::Bytes(2));
        assert!(source.is_readable(), "the buffer is full: more may be there");
    }
}

/// Neither an end that was announced nor that it is always ready is forgotten meanwhile.
#[test]
fn starved_stream_moves_again_when_it_is_tried() {
    for is_always in [false, true] {
        let reads = [Err(Stop::Starved), Ok(&b"a"[..]), Ok(&b""[..])];
        let mut source = reading(true, &reads);
        if is_always {
            source = Source::always_ready(source.transport);
        } else {
            source.handle_ending();
        }
        assert_eq!(source.read(&mut [0; 9]), Filled::Bytes(0));
        source.handle_readable();
        assert!(source.is_starved() && !source.is_readable());
        source.try_again();
        assert!(!source.is_starved() && source.is_readable());
        assert_eq!(source.read(&mut [0; 9]), Filled::Bytes(1));
        assert_eq!(source.read(&mut [0; 9]), Filled::End);
    }
    let writes = [Err(Stop::Starved), Err(Stop::Starved), Ok(2)].into();
    let mut source = Source::new(Scripted { writes, ..Scripted::default() });
    let mut outbox = Outbox::new();
    outbox.tail().extend_from_slice(b"xy");
    for again in [Source::try_again, Source::handle_writable] {
        source.flush(&mut outbox).unwrap();
        assert!(source.is_starved() && source.is_blocked() && !source.is_writable());
        source.flush(&mut outbox).unwrap();
        again(&mut source);
    }
    source.flush(&mut outbox).unwrap();
    assert!(source.transport().written == b"xy" && !source.is_starved());
}

#[test]
fn what_would_wait_is_idle_until_an_event_comes() {
    let mut source = reading(false, &[Err(Stop::Blocked), Ok(b"a")]);
    let mut lines = Lines::new(None);
    assert_eq!(source.fill(&mut lines), Filled::Bytes(0));
    assert!(!source.is_readable());
    source.handle_readable();
    assert!(source.is_readable());
    assert_eq!(source.fill(&mut lines), Filled::Bytes(1));
}

#[test]
fn announced_end_is_read_up_to() {
    let mut source = reading(true, &[Ok(b"a"), Ok(b"b"), Ok(b"")]);
    let mut lines = Lines::new(None);
    source.handle_ending();
    for filled in [Filled::Bytes(1), Filled::Bytes(1), Filled::End] {
        assert!(source.is_readable() && source.is_ending());
        assert_eq!(source.fill(&mut lines), filled);
    }
    source.handle_readable();
    source.handle_ending();
    assert!(!source.is_readable(), "nothing brings it back");
}

/// An event may be about a stream that was there before.
#[test]
fn end_that_was_announced_in_error_is_forgotten() {
    let mut source = reading(true, &[Err(Stop::Blocked), Ok(b"a")]);
    let mut lines = Lines::new(None);
    source.handle_ending();
    assert_eq!(source.fill(&mut lines), Filled::Bytes(0));
    assert!(!source.is_readable() && !source.is_ending());
    source.handle_readable();
    assert_eq!(source.fill(&mut lines), Filled::Bytes(1));
    assert!(!source.is_readable());
}

#[test]
fn broken_input_has_ended() {
    let mut source = reading(true, &[Err(Stop::Broken("reset"))]);
    assert_eq!(source.fill(&mut Lines::new(None)), Filled::Broken("reset"));
    assert!(!source.is_readable() && source.is_ending());
}

#[test]
fn file_is_always_ready_up_to_its_end() {
    let reads = [Ok(&b"a"[..]), Err(Stop::Blocked), Ok(b"")].into();
    let mut source = Source::always_ready(Scripted { reads, is_socket: true, ..Scripted::default() });
    let mut lines = Lines::new(None);
    for filled in [Filled::Bytes(1), Filled::Bytes(0), Filled::End] {
        assert!(source.is_readable());
        assert_eq!(source.fill(&mut lines), filled);
    }
    assert!(!source.is_readable());
}

#[test]
fn only_what_may_hold_unread_bytes_is_ended_with_care() {
    struct Ending<'a>(&'a std::cell::Cell<bool>);
    impl Transport for Ending<'_> {
        type Error = ();
        fn read(&mut self, _: &mut [u8], _: &mut [u8]) -> Result<usize, Stop<()>> {
            Ok(0)
        }
        fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<()>> {
            Ok(bytes.len())
        }
        fn end(&mut self) {
            self.0.set(true);
        }
    }
    for is_read in [false, true] {
        let ended = std::cell::Cell::new(false);
        let mut source = Source::new(Ending(&ended));
        if is_read {
            source.fill(&mut Lines::new(None));
        }
        source.end();
        assert_eq!(ended.get(), !is_read);
    }
}

#[test]
fn blocked_output_is_left_alone_until_an_event_comes() {
    let writes = [Ok(1), Err(Stop::Blocked), Ok(2)].into();
    let mut source = Source::new(Scripted { writes, ..Scripted::default() });
    let mut outbox = Outbox::new();
    outbox.tail().extend_from_slice(b"abc");
    for _ in 0..3 {
        assert_eq!(source.flush(&mut outbox), Ok(()));
        assert!(source.is_blocked() && !source.is_writable());
    }
    source.handle_writable();
    assert_eq!(source.flush(&mut outbox), Ok(()));
    assert!(source.is_writable() && outbox.is_empty());
    assert_eq!(source.transport().written, b"abc");
}

#[test]
fn broken_output_keeps_what_waits_and_has_an_end_to_be_read() {
    let mut source = reading(true, &[Ok(b"last words"), Ok(b"")]);
    source.transport_mut().writes = [Ok(1), Err(Stop::Broken("reset"))].into();
    let mut outbox = Outbox::new();
    outbox.tail().extend_from_slice(b"abc");
    assert_eq!(source.flush(&mut outbox), Err("reset"));
    source.handle_writable();
    assert!(!source.is_writable() && !source.is_blocked());
    assert_eq!((source.flush(&mut outbox), outbox.as_slice()), (Ok(()), &b"bc"[..]), "said once");
    assert_eq!(source.fill(&mut Lines::new(None)), Filled::Bytes(10));
    assert_eq!(source.fill(&mut Lines::new(None)), Filled::End);
}

/// Takes plain bytes, holds four at most, and passes on as many as there is a window for.
#[derive(Default)]
struct Encrypting {
    held: Vec<u8>,
    window: usize,
    passed: Vec<u8>,
    reads: VecDeque<&'static [u8]>,
    /// What is still to be read, or to be pushed, before the greeting is over.
    greeting: usize,
    is_broken: bool,
    ended: std::rc::Rc<std::cell::Cell<bool>>,
}

impl Transport for Encrypting {
    type Error = &'static str;

    fn read(&mut self, near: &mut [u8], _: &mut [u8]) -> Result<usize, Stop<&'static str>> {
        let bytes = self.reads.pop_front().ok_or(Stop::Blocked)?;
        if self.greeting > 0 {
            self.greeting -= 1;
            self.held.extend_from_slice(bytes);
            return Err(Stop::Blocked);
        }
        near[..bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<&'static str>> {
        assert!(!self.is_greeting());
        if self.held.len() == 4 {
            self.push()?;
        }
        let count = bytes.len().min(4 - self.held.len());
        self.held.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn ends_with_a_word(&self) -> bool {
        true
    }

    fn end(&mut self) {
        self.ended.set(true);
    }

    fn has_unwritten(&self) -> bool {
        !self.held.is_empty()
    }

    fn push(&mut self) -> Result<(), Stop<&'static str>> {
        if self.is_broken {
            return Err(Stop::Broken("reset"));
        }
        let count = self.held.len().min(self.window);
        self.window -= count;
        self.passed.extend(self.held.drain(..count));
        if self.held.is_empty() { Ok(()) } else { Err(Stop::Blocked) }
    }

    fn is_greeting(&self) -> bool {
        self.greeting > 0
    }
}

fn outbox_of(bytes: &[u8]) -> Outbox {
    let mut outbox = Outbox::new();
    outbox.tail().extend_from_slice(bytes);
    outbox
}

#[test]
fn what_the_transport_holds_is_pushed_though_nothing_else_waits() {
    let mut source = Source::new(Encrypting { window: 1, ..Encrypting::default() });
    let mut outbox = outbox_of(b"abc");
    source.flush(&mut outbox).unwrap();
    assert!(outbox.is_empty() && source.has_unwritten() && source.is_blocked() && !source.can_push());
    for passed in [&b"ab"[..], b"abc"] {
        source.transport_mut().window = 1;
        source.flush(&mut outbox).unwrap();
        source.handle_writable();
        assert!(source.can_push());
        source.flush(&mut outbox).unwrap();
        assert_eq!(source.transport().passed, passed);
    }
    assert!(!source.has_unwritten() && source.is_writable());
}

/// As an answer to what was read, which nobody asked for.
#[test]
fn read_that_makes_a_write_necessary_says_so() {
    let greeting = Encrypting { greeting: 1, reads: [&b"key"[..]].into(), ..Encrypting::default() };
    let mut source = Source::new(greeting);
    source.flush(&mut Outbox::new()).unwrap();
    assert!(!source.can_push() && source.is_writable());
    assert_eq!(source.read(&mut [0; 9]), Filled::Bytes(0));
    assert!(source.can_push() && source.has_unwritten());
}

/// No event says that a greeting is over: what waits for it must not be taken for blocked.
#[test]
fn what_waits_for_a_greeting_goes_on_after_it() {
    let mut source = Source::new(Encrypting { greeting: 2, window: 99, ..Encrypting::default() });
    let mut outbox = outbox_of(b"abc");
    for bytes in [&b"1"[..], b"2"] {
        source.flush(&mut outbox).unwrap();
        assert!(outbox.len() == 3 && source.is_writable());
        source.transport_mut().reads.push_back(bytes);
        source.handle_readable();
        source.read(&mut [0; 9]);
    }
    source.flush(&mut outbox).unwrap();
    assert_eq!((&source.transport().passed[..], outbox.len()), (&b"12abc"[..], 0));
}

#[test]
fn push_that_breaks_is_an_error_as_a_write_is() {
    let mut source = Source::new(Encrypting { is_broken: true, ..Encrypting::default() });
    let mut outbox = outbox_of(b"abc");
    assert_eq!(source.flush(&mut outbox), Err("reset"));
    assert!(source.is_broken() && source.is_ending() && !source.has_unwritten() && !source.can_push());
    assert_eq!(source.flush(&mut outbox), Ok(()), "said once");
}

/// What it holds is there though the system has no more: no event will say so.
#[test]
fn transport_that_holds_what_was_read_is_read_until_it_would_wait() {
    let mut source = Source::new(Encrypting { reads: [&b"a"[..], b"b"].into(), ..Encrypting::default() });
    for count in [1, 1, 0] {
        assert!(source.is_readable());
        assert_eq!(source.read(&mut [0; 9]), Filled::Bytes(count));
    }
    assert!(!source.is_readable());
}

#[test]
fn last_word_is_said_after_the_end_was_read_too() {
    let encrypting = Encrypting { reads: [&b""[..]].into(), ..Encrypting::default() };
    let ended = encrypting.ended.clone();
    let mut source = Source::new(encrypting);
    assert_eq!(source.read(&mut [0; 9]), Filled::End);
    source.end();
    assert!(ended.get());
}
