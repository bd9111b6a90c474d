//! What has happened in all runs, in numbers.

use chinwag::client::conversation::{Event, Outcome};
use std::fmt;

#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Stats {
    pub(crate) runs: usize,
    pub(crate) turns: usize,
    pub(crate) connects: usize,
    pub(crate) refused_connects: usize,
    pub(crate) cuts: usize,
    pub(crate) stalls: usize,
    pub(crate) vanished: usize,
    pub(crate) spurious: usize,
    /// So often a loss was said, and that somebody else has the name.
    pub(crate) lost: usize,
    pub(crate) taken: usize,
    /// By kind, in the order of the display; the last ones did not end.
    endings: [usize; 11],
}

const OUTCOMES: [Outcome; 10] = [
    Outcome::Left,
    Outcome::Stalled,
    Outcome::Interrupted,
    Outcome::Unseen,
    Outcome::Full,
    Outcome::NameRefused,
    Outcome::MessageRefused,
    Outcome::Lost,
    Outcome::Encrypted,
    Outcome::Unconnected,
];

impl Stats {
    pub(crate) fn count_ending(&mut self, outcome: Option<Outcome>) {
        let at = OUTCOMES.iter().position(|other| Some(*other) == outcome);
        self.endings[at.unwrap_or(OUTCOMES.len())] += 1;
    }

    pub(crate) fn count_events(&mut self, events: &[Event]) {
        let count = |wanted: Event| events.iter().filter(|event| **event == wanted).count();
        self.lost += count(Event::Lost);
        self.taken += count(Event::Taken);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.turns += other.turns;
        self.connects += other.connects;
        self.refused_connects += other.refused_connects;
        self.cuts += other.cuts;
        self.stalls += other.stalls;
        self.vanished += other.vanished;
        self.spurious += other.spurious;
        self.lost += other.lost;
        self.taken += other.taken;
        for (sum, count) in self.endings.iter_mut().zip(other.endings) {
            *sum += count;
        }
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{} runs, {} turns, {} connects", self.runs, self.turns, self.connects)?;
        let Self { refused_connects, cuts, stalls, vanished, spurious, .. } = self;
        write!(out, "faults: {refused_connects} refused connects, {cuts} cuts, {stalls} stalls, ")?;
        writeln!(out, "{vanished} times no server, {spurious} spurious events")?;
        writeln!(out, "said: {} lost, {} names taken", self.lost, self.taken)?;
        write!(out, "endings:")?;
        for (outcome, count) in OUTCOMES.iter().zip(self.endings) {
            write!(out, " {outcome:?} {count}")?;
        }
        writeln!(out, " none {}", self.endings[OUTCOMES.len()])
    }
}
