//! Who has written what to whom: what was acknowledged arrives, once and in order, unless its receiver was
//! cut off meanwhile.
//!
//! The messages between two names are numbered. A text begins with its number, as many digits of it as it
//! has bytes for, so that even a text of one byte is known among those that may come.

use std::collections::{BTreeMap, VecDeque};

/// The longest text.
pub(crate) const LONGEST: usize = 1 << 20;

/// A number takes at most so many digits, of six bits each.
const DIGITS: usize = 8;

/// So many faults of a kind are told in full.
const TOLD: u64 = 5;

/// Everything that was sent and whose fate is not yet known.
pub(crate) struct Ledger {
    seats: usize,
    /// By sender and receiver.
    pairs: Vec<Pair>,
    /// How often each receiver was cut off.
    cuts: Vec<u32>,
    filler: Vec<u8>,
    /// So many were refused, as the server had no memory for them.
    pub(crate) lacked: u64,
    pub(crate) faults: Faults,
}

#[derive(Default)]
struct Pair {
    next: u64,
    sent: VecDeque<Sent>,
}

struct Sent {
    number: u64,
    length: usize,
    /// How often the receiver had been cut off then.
    cuts: u32,
    answer: Answer,
    arrival: Arrival,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Awaited,
    Acknowledged,
    /// The sender's connection was cut off: nobody knows.
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrival {
    Awaited,
    Arrived,
    /// A later one has arrived.
    Overtaken,
}

/// What went wrong.
#[derive(Default)]
pub(crate) struct Faults {
    pub(crate) count: u64,
    pub(crate) kinds: BTreeMap<&'static str, u64>,
    pub(crate) told: Vec<String>,
}

impl Faults {
    pub(crate) fn tell(&mut self, kind: &'static str, fault: String) {
        self.count += 1;
        let of_kind = self.kinds.entry(kind).or_default();
        *of_kind += 1;
        if *of_kind <= TOLD {
            self.told.push(format!("{kind}: {fault}"));
        }
    }
}

impl Ledger {
    pub(crate) fn new(seats: usize) -> Self {
        let pairs = (0..seats * seats).map(|_| Pair::default()).collect();
        Self { seats, pairs, cuts: vec![0; seats], filler: filler(), lacked: 0, faults: Faults::default() }
    }

    /// Writes down a message and appends its text, of about this length. Returns its number.
    pub(crate) fn send(&mut self, from: usize, to: usize, length: usize, out: &mut Vec<u8>) -> u64 {
        let cuts = self.cuts[to];
        let pair = &mut self.pairs[from * self.seats + to];
        // The digits that a text has room for must tell it from all others on their way.
        let least = match pair.sent.front().map_or(0, |oldest| pair.next - oldest.number) {
            0..64 => 1,
            64..4096 => 2,
            _ => 4,
        };
        let (number, length) = (pair.next, length.clamp(least, LONGEST));
        pair.next += 1;
        let (answer, arrival) = (Answer::Awaited, Arrival::Awaited);
        pair.sent.push_back(Sent { number, length, cuts, answer, arrival });
        let text_from = out.len();
        out.extend(digits(number).take(length));
        let filler_from = number as usize % 64;
        out.extend_from_slice(&self.filler[filler_from..filler_from + length - (out.len() - text_from)]);
        number
    }

    /// The message was acknowledged.
    pub(crate) fn acknowledge(&mut self, from: usize, to: usize, number: u64) {
        self.answer(from, to, number, Answer::Acknowledged);
    }

    /// No answer will come to the message.
    pub(crate) fn give_up(&mut self, from: usize, to: usize, number: u64) {
        self.answer(from, to, number, Answer::Never);
    }

    /// There was nobody to get the message.
    pub(crate) fn refuse(&mut self, from: usize, to: usize, number: u64) {
        let pair = &mut self.pairs[from * self.seats + to];
        let Ok(place) = pair.sent.binary_search_by_key(&number, |sent| sent.number) else { return };
        if pair.sent.remove(place).is_some_and(|sent| sent.arrival == Arrival::Arrived) {
            self.faults.tell("refused, and arrived", format!("message {number} from {from} to {to}"));
        }
    }

    /// A text has arrived.
    pub(crate) fn receive(&mut self, from: usize, to: usize, text: &[u8]) {
        let pair = &mut self.pairs[from * self.seats + to];
        let is_it = |sent: &Sent| {
            let head = sent.length.min(DIGITS);
            sent.arrival == Arrival::Awaited
                && sent.length == text.len()
                && digits(sent.number).take(head).eq(text[..head].iter().copied())
        };
        let Some(place) = pair.sent.iter().position(is_it) else {
            let start = text[..text.len().min(DIGITS)].escape_ascii();
            let length = text.len();
            let fault = format!("{length} bytes ({start}) from {from} to {to}");
            self.faults.tell("twice, late, or not sent", fault);
            return;
        };
        let (cuts, found) = (self.cuts[to], &mut pair.sent[place]);
        found.arrival = Arrival::Arrived;
        let filler_from = found.number as usize % 64;
        if text.len() > DIGITS
            && text[DIGITS..] != self.filler[filler_from..filler_from + text.len() - DIGITS]
        {
            self.faults.tell("changed", format!("message {} from {from} to {to}", found.number));
        }
        for sent in pair.sent.iter_mut().take(place).filter(|sent| sent.arrival == Arrival::Awaited) {
            sent.arrival = Arrival::Overtaken;
            sent.judge(cuts, from, to, &mut self.faults);
        }
        pair.settle();
    }

    /// A receiver was cut off: what was sent to it before may be lost.
    pub(crate) fn cut(&mut self, to: usize) {
        self.cuts[to] += 1;
    }

    /// A receiver is about to come: what was acknowledged and not received before it was cut off will not
    /// arrive any more.
    pub(crate) fn forget_lost(&mut self, to: usize) {
        let cuts = self.cuts[to];
        for pair in self.pairs.iter_mut().skip(to).step_by(self.seats) {
            pair.sent.retain(|sent| {
                sent.answer != Answer::Acknowledged || sent.arrival != Arrival::Awaited || sent.cuts == cuts
            });
            pair.settle();
        }
    }

    /// A receiver has read all there was, up to the end: what was acknowledged has arrived.
    pub(crate) fn check_all_arrived(&mut self, to: usize) {
        let (seats, cuts, mut lost) = (self.seats, self.cuts[to], 0);
        for pair in self.pairs.iter_mut().skip(to).step_by(seats) {
            for sent in pair.sent.iter_mut().filter(|sent| sent.is_missing(cuts)) {
                sent.arrival = Arrival::Overtaken;
                lost += 1;
            }
            pair.settle();
        }
        if lost > 0 {
            self.faults.tell("acknowledged, and lost in the end", format!("{lost} messages to {to}"));
        }
    }

    /// Whether some that were acknowledged are still to arrive.
    pub(crate) fn has_missing(&self) -> bool {
        self.pairs.iter().enumerate().any(|(place, pair)| {
            let cuts = self.cuts[place % self.seats];
            pair.sent.iter().any(|sent| sent.is_missing(cuts))
        })
    }

    fn answer(&mut self, from: usize, to: usize, number: u64, answer: Answer) {
        let cuts = self.cuts[to];
        let pair = &mut self.pairs[from * self.seats + to];
        let Ok(place) = pair.sent.binary_search_by_key(&number, |sent| sent.number) else { return };
        pair.sent[place].answer = answer;
        pair.sent[place].judge(cuts, from, to, &mut self.faults);
        pair.settle();
    }
}

impl Pair {
    fn settle(&mut self) {
        let is_settled = |sent: &Sent| sent.answer != Answer::Awaited && sent.arrival != Arrival::Awaited;
        while self.sent.front().is_some_and(is_settled) {
            self.sent.pop_front();
        }
    }
}

impl Sent {
    fn is_missing(&self, cuts: u32) -> bool {
        self.answer == Answer::Acknowledged && self.arrival == Arrival::Awaited && self.cuts == cuts
    }

    fn judge(&self, cuts: u32, from: usize, to: usize, faults: &mut Faults) {
        if self.answer == Answer::Acknowledged && self.arrival == Arrival::Overtaken && self.cuts == cuts {
            let Self { number, length, .. } = self;
            let fault = format!("message {number} ({length} bytes) from {from} to {to}");
            faults.tell("acknowledged, and lost", fault);
        }
    }
}

/// The digits of a number, the last first; none of them is a space or the end of a line.
fn digits(number: u64) -> impl Iterator<Item = u8> {
    (0..DIGITS).map(move |place| b'0' + (number >> (6 * place) & 63) as u8)
}

/// Characters of all kinds but the end of a line, in an order that does not come again; one byte each, as the
/// server takes no text that is not UTF-8.
fn filler() -> Vec<u8> {
    let mut state = 1_u32;
    let bytes = (0..LONGEST + 64).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 25) as u8
    });
    bytes.map(|byte| if byte == b'\n' { b'\r' } else { byte }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ledger in which 0 has written so many messages to 1, and their texts.
    fn written(count: usize) -> (Ledger, Vec<Vec<u8>>) {
        let mut ledger = Ledger::new(2);
        let mut write = |number| {
            let mut text = Vec::new();
            assert_eq!(ledger.send(0, 1, 1 + 7 * number, &mut text), number as u64);
            text
        };
        let texts = (0..count).map(&mut write).collect();
        (ledger, texts)
    }

    fn faults(ledger: &Ledger) -> String {
        ledger.faults.told.join("; ")
    }

    #[test]
    fn message_that_arrives_once_and_in_order_is_forgotten() {
        let (mut ledger, texts) = written(3);
        ledger.acknowledge(0, 1, 0);
        assert!(ledger.has_missing());
        texts.iter().for_each(|text| ledger.receive(0, 1, text));
        ledger.acknowledge(0, 1, 1);
        ledger.acknowledge(0, 1, 2);
        ledger.check_all_arrived(1);
        assert_eq!(faults(&ledger), "");
        assert!(!ledger.has_missing() && ledger.pairs.iter().all(|pair| pair.sent.is_empty()));
    }

    #[test]
    fn loss_is_told_when_it_is_overtaken_and_in_the_end() {
        let (mut ledger, texts) = written(3);
        (0..3).for_each(|number| ledger.acknowledge(0, 1, number));
        ledger.receive(0, 1, &texts[1]);
        assert_eq!(faults(&ledger), "acknowledged, and lost: message 0 (1 bytes) from 0 to 1");
        ledger.check_all_arrived(1);
        assert!(faults(&ledger).ends_with("acknowledged, and lost in the end: 1 messages to 1"));
    }

    #[test]
    fn message_that_was_overtaken_before_its_answer_is_lost_too() {
        let (mut ledger, texts) = written(2);
        ledger.receive(0, 1, &texts[1]);
        assert_eq!(faults(&ledger), "");
        ledger.acknowledge(0, 1, 0);
        assert_eq!(ledger.faults.count, 1);
    }

    #[test]
    fn message_that_comes_twice_late_or_changed_is_told() {
        let (mut ledger, texts) = written(5);
        ledger.receive(0, 1, &texts[1]);
        for wrong in [&texts[1][..], &texts[0], b"never"] {
            let before = ledger.faults.count;
            ledger.receive(0, 1, wrong);
            assert_eq!(ledger.faults.count, before + 1, "{}", wrong.escape_ascii());
        }
        let mut changed = texts[4].clone();
        changed[20] ^= 1;
        ledger.receive(0, 1, &changed);
        assert!(faults(&ledger).ends_with("changed: message 4 from 0 to 1"));
    }

    #[test]
    fn message_that_was_refused_must_not_arrive() {
        let (mut ledger, texts) = written(2);
        ledger.refuse(0, 1, 0);
        ledger.receive(0, 1, &texts[0]);
        assert_eq!(ledger.faults.count, 1);
        ledger.receive(0, 1, &texts[1]);
        ledger.refuse(0, 1, 1);
        assert_eq!(ledger.faults.count, 2);
    }

    #[test]
    fn what_was_on_its_way_to_one_who_was_cut_off_may_be_lost() {
        let (mut ledger, texts) = written(2);
        ledger.acknowledge(0, 1, 0);
        ledger.cut(1);
        ledger.forget_lost(1);
        ledger.receive(0, 1, &texts[1]);
        ledger.give_up(0, 1, 1);
        ledger.check_all_arrived(1);
        assert_eq!(faults(&ledger), "");
    }
}
