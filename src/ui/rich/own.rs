//! What the user has sent and the server has not answered yet: which message an answer is about.
//!
//! Answers come in the order of the requests and do not say what they answer. So every request is noted here
//! when it goes out, and every answer takes the oldest; those for which there is no room are counted, so
//! that nothing ever gets out of step.
//!
//! A message is shown when it has been answered, mark and all, which is a matter of milliseconds. If something
//! else comes first, or nothing for a while, it is shown without, and its answer later is a line of its own.

use crate::wire::escape;
use crate::wire::protocol::Request;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

/// So many requests are noted one by one at most: more than the outbox holds of any but the shortest.
const MOST: usize = 4096;
/// So many bytes of messages are kept at most.
const MOST_BYTES: usize = 256 * 1024;
/// A longer text stays on the screen as it was typed, and is not shown again.
const MOST_TEXT: usize = 4 * 1024;
/// A line about a message that was shown before has so much of its text.
const FIRST_WORDS: usize = 40;
/// A message that has no answer by then is shown without.
const PATIENCE: Duration = Duration::from_millis(300);

/// Whether a message of this text is shown when it is answered, rather than as it is typed.
pub(in crate::ui) fn is_shown_later(text: &[u8]) -> bool {
    text.len() <= MOST_TEXT
}

/// Requests without answers, the oldest first.
#[derive(Debug, Default)]
pub(in crate::ui) struct Own {
    waiting: VecDeque<Waiting>,
    /// How many bytes they have.
    held: usize,
    /// So many of the oldest are known to have nothing to be shown.
    looked: usize,
    /// Some have a place in what is not written yet.
    has_places: bool,
}

/// One who waits.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::ui) enum Waiting {
    /// One that is known.
    Known(Sent),
    /// So many of which nothing else is known.
    Untold(u64),
}

/// A message that was sent; or, to nobody, what asks who is online.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::ui) struct Sent {
    pub(in crate::ui) to: Vec<u8>,
    /// All of it until it is shown, then its first words.
    pub(in crate::ui) text: Vec<u8>,
    /// Those are not all.
    pub(in crate::ui) is_cut: bool,
    pub(in crate::ui) shown: Shown,
    since: Duration,
}

/// Whether a message stands on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Shown {
    No,
    /// Its end is this far into what is not written yet: a mark can still be put there.
    At(usize),
    Yes,
}

impl Own {
    /// Notes a request; returns whether there was room for it. A message may be on the screen already.
    pub(in crate::ui) fn add(&mut self, request: Request<'_>, is_shown: bool, now: Duration) -> bool {
        let (to, text): (&[u8], &[u8]) = match request {
            Request::Send { to, text } => (escape::piece(to, MOST_TEXT), text),
            _ => (b"", b"!who"),
        };
        let shown = if is_shown || !is_shown_later(text) { Shown::Yes } else { Shown::No };
        let kept = if shown == Shown::No { text } else { escape::piece(text, FIRST_WORDS) };
        let is_cut = kept.len() < text.len();
        let waiting =
            Waiting::Known(Sent { to: to.to_vec(), text: kept.to_vec(), is_cut, shown, since: now });
        let held = self.held + waiting.len();
        let has_room = self.waiting.len() < MOST && held <= MOST_BYTES;
        if has_room {
            self.held = held;
            self.waiting.push_back(waiting);
        } else if let Some(Waiting::Untold(count)) = self.waiting.back_mut() {
            *count += 1;
        } else {
            self.waiting.push_back(Waiting::Untold(1));
        }
        has_room
    }

    /// An answer takes the oldest.
    pub(in crate::ui) fn take_oldest(&mut self) -> Option<Waiting> {
        if let Some(Waiting::Untold(count @ 2..)) = self.waiting.front_mut() {
            *count -= 1;
            return Some(Waiting::Untold(1));
        }
        let waiting = self.waiting.pop_front()?;
        self.held -= waiting.len();
        self.looked = self.looked.saturating_sub(1);
        Some(waiting)
    }

    /// Of those that wait the oldest get no answer, and so many behind them will.
    pub(in crate::ui) fn lose(&mut self, lost: u64, kept: u64) {
        for _ in 0..lost {
            if self.take_oldest().is_none() {
                break;
            }
        }
        let mut left = kept;
        let mut end = 0;
        while let Some(waiting) = self.waiting.get_mut(end).filter(|_| left > 0) {
            match waiting {
                Waiting::Untold(count) => {
                    *count = left.min(*count);
                    left -= *count;
                }
                _ => left -= 1,
            }
            end += 1;
        }
        for gone in self.waiting.drain(end..) {
            self.held -= gone.len();
        }
        self.looked = self.looked.min(end);
    }

    /// The next message that is to be shown without its answer: any, or one that has waited long enough by this
    /// time. From now on it is shown. Gives its number, and all of its text.
    pub(in crate::ui) fn show_next(&mut self, by: Option<Duration>) -> Option<(usize, Vec<u8>, Vec<u8>)> {
        let next = self.next_unshown();
        self.looked = next.unwrap_or(self.waiting.len());
        let at = next?;
        let Waiting::Known(sent) = &mut self.waiting[at] else { return None };
        if by.is_some_and(|now| now < sent.since + PATIENCE) {
            return None;
        }
        let words = escape::piece(&sent.text, FIRST_WORDS).to_vec();
        sent.is_cut = words.len() < sent.text.len();
        sent.shown = Shown::Yes;
        self.held -= sent.text.len() - words.len();
        Some((at, sent.to.clone(), core::mem::replace(&mut sent.text, words)))
    }

    /// The message of this number ends so far into what is not written yet.
    pub(in crate::ui) fn set_place(&mut self, number: usize, place: usize) {
        if let Some(Waiting::Known(sent)) = self.waiting.get_mut(number) {
            sent.shown = Shown::At(place);
            self.has_places = true;
        }
    }

    /// So much was inserted at this place.
    pub(in crate::ui) fn move_places(&mut self, from: usize, by: usize) {
        for waiting in &mut self.waiting {
            if let Waiting::Known(Sent { shown: Shown::At(place), .. }) = waiting
                && *place > from
            {
                *place += by;
            }
        }
    }

    /// All is about to be written.
    pub(in crate::ui) fn forget_places(&mut self) {
        if core::mem::take(&mut self.has_places) {
            for waiting in &mut self.waiting {
                if let Waiting::Known(sent @ Sent { shown: Shown::At(_), .. }) = waiting {
                    sent.shown = Shown::Yes;
                }
            }
        }
    }

    /// When a message is to be shown though it has no answer.
    pub(in crate::ui) fn next_deadline(&self) -> Option<Duration> {
        match self.waiting.get(self.next_unshown()?) {
            Some(Waiting::Known(sent)) => Some(sent.since + PATIENCE),
            _ => None,
        }
    }

    fn next_unshown(&self) -> Option<usize> {
        let is_unshown = |waiting: &Waiting| matches!(waiting, Waiting::Known(Sent { shown: Shown::No, .. }));
        self.waiting.iter().skip(self.looked).position(is_unshown).map(|at| self.looked + at)
    }
}

impl Sent {
    /// Whether it asks who is online.
    pub(in crate::ui) fn is_question(&self) -> bool {
        self.to.is_empty()
    }
}

impl Waiting {
    fn len(&self) -> usize {
        match self {
            Self::Known(sent) => sent.to.len() + sent.text.len(),
            Self::Untold(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    fn send(text: &[u8]) -> Request<'_> {
        Request::Send { to: b"bob", text }
    }

    /// The first words of what waits.
    fn waiting(own: &Own) -> Vec<String> {
        let name = |waiting: &Waiting| match waiting {
            Waiting::Known(sent) => String::from_utf8_lossy(&sent.text).into_owned(),
            Waiting::Untold(count) => format!("{count} more"),
        };
        own.waiting.iter().map(name).collect()
    }

    #[test]
    fn answers_take_the_oldest() {
        let mut own = Own::default();
        assert_eq!(own.take_oldest(), None);
        assert!(
            own.add(send(b"one"), false, NOW)
                && own.add(Request::List, false, NOW)
                && own.add(send(b"two"), false, NOW)
        );
        assert_eq!(waiting(&own), ["one", "!who", "two"]);
        assert!(matches!(own.take_oldest(), Some(Waiting::Known(sent)) if sent.text == b"one"));
        assert!(matches!(own.take_oldest(), Some(Waiting::Known(sent)) if sent.is_question()));
        assert!(own.take_oldest().is_some() && own.take_oldest().is_none());
        assert_eq!(own.held, 0);
    }

    #[test]
    fn what_has_no_room_is_counted_and_stays_in_step() {
        for text in [vec![b'x'; 1], vec![b'x'; MOST_TEXT]] {
            let mut own = Own::default();
            let noted = (0..100_000).filter(|_| own.add(send(&text), false, NOW)).count();
            assert!(own.waiting.len() <= MOST + 1 && own.held <= MOST_BYTES);
            assert_eq!(waiting(&own).last(), Some(&format!("{} more", 100_000 - noted)));
            for _ in 0..noted + 10 {
                assert!(own.take_oldest().is_some());
            }
            assert!(own.add(send(b"behind"), false, NOW), "there is room again");
            let mut untold = 0;
            while let Some(Waiting::Untold(_)) = own.take_oldest() {
                untold += 1;
            }
            assert_eq!((untold, own.take_oldest()), (100_000 - noted - 10, None));
        }
    }

    #[test]
    fn lost_connection_takes_the_oldest_and_what_was_there_in_part() {
        for (lost, kept, expected) in [
            (0, 4, &["one", "two", "!who", "four"][..]),
            (1, 3, &["two", "!who", "four"]),
            (1, 2, &["two", "!who"]),
            (3, 0, &[]),
            (9, 9, &[]),
        ] {
            let mut own = Own::default();
            for request in [send(b"one"), send(b"two"), Request::List, send(b"four")] {
                own.add(request, false, NOW);
            }
            own.lose(lost, kept);
            assert_eq!(waiting(&own), expected);
            assert_eq!(
                own.held,
                expected.iter().map(|text| if *text == "!who" { 4 } else { 3 + text.len() }).sum()
            );
            assert_eq!(own.show_next(None).is_some(), !expected.is_empty());
        }
        let mut own = Own::default();
        for _ in 0..MOST + 10 {
            own.add(Request::List, false, NOW);
        }
        own.lose(MOST as u64 + 3, 5);
        assert_eq!(waiting(&own), ["5 more"]);
    }

    #[test]
    fn message_is_shown_once_when_its_time_has_come_or_whenever_something_else_comes() {
        let mut own = Own::default();
        let text = b"a text that is longer than the first words of one";
        own.add(Request::List, true, NOW);
        own.add(send(text), false, NOW);
        own.add(send(b"two"), false, PATIENCE);
        own.add(send(b"echoed"), true, NOW);
        own.add(send(&[b'x'; MOST_TEXT + 1]), false, NOW);
        assert_eq!(own.next_deadline(), Some(PATIENCE));
        assert_eq!(own.show_next(Some(PATIENCE / 2)), None);
        assert_eq!(own.show_next(Some(PATIENCE)), Some((1, b"bob".to_vec(), text.to_vec())));
        assert_eq!((own.show_next(Some(PATIENCE)), own.next_deadline()), (None, Some(2 * PATIENCE)));
        assert_eq!(own.show_next(None), Some((2, b"bob".to_vec(), b"two".to_vec())));
        assert_eq!((own.show_next(None), own.next_deadline()), (None, None));
        own.take_oldest();
        assert!(
            matches!(own.take_oldest(), Some(Waiting::Known(sent)) if sent.is_cut && sent.text == text[..FIRST_WORDS])
        );
        own.take_oldest();
        own.take_oldest();
        assert!(
            matches!(own.take_oldest(), Some(Waiting::Known(sent)) if sent.is_cut && sent.shown == Shown::Yes)
        );
        assert_eq!(own.held, 0);
    }

    #[test]
    fn places_move_with_what_is_put_before_them_and_last_until_all_is_written() {
        let mut own = Own::default();
        for (number, place) in [(0, 10), (1, 20), (2, 30)] {
            own.add(send(b"x"), false, NOW);
            own.show_next(None);
            own.set_place(number, place);
        }
        own.move_places(20, 5);
        let places = |own: &Own| -> Vec<Shown> {
            own.waiting
                .iter()
                .filter_map(|w| if let Waiting::Known(sent) = w { Some(sent.shown) } else { None })
                .collect()
        };
        assert_eq!(places(&own), [Shown::At(10), Shown::At(20), Shown::At(35)]);
        own.forget_places();
        assert_eq!(places(&own), [Shown::Yes; 3]);
    }
}
