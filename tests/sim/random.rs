//! Chance from a seed: the same seed brings the same numbers, on every machine.

use std::time::Duration;

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Another one, with numbers of its own: what is drawn there changes nothing here.
    pub(crate) fn split(&mut self) -> Self {
        Self(self.next())
    }

    /// A seed for somebody else's chance.
    pub(crate) fn seed(&mut self) -> u64 {
        self.next()
    }

    /// From 0 up to, but not, `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// Between the two, which may be drawn as well.
    pub(crate) fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most - least + 1)
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// Up to so many milliseconds, small times as likely as great ones.
    pub(crate) fn millis(&mut self, most: usize) -> Duration {
        let most = self.between(0, most);
        Duration::from_micros(self.between(0, most * 1000) as u64)
    }
}
