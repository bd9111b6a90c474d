//! The form of most inputs: settings, and steps with a letter each.

const BETWEEN: u8 = 0xff;

/// What an input says.
pub(super) struct Script<'a> {
    settings: &'a [u8],
    steps: &'a [u8],
}

impl<'a> Script<'a> {
    pub(super) fn new(input: &'a [u8]) -> Self {
        let end = input.iter().position(|&byte| byte == BETWEEN).unwrap_or(input.len());
        Self { settings: &input[..end], steps: input.get(end + 1..).unwrap_or_default() }
    }

    /// A setting from 0 up to, but not, `count`: the digits and then the letters count from 0.
    pub(super) fn setting(&self, place: usize, count: usize) -> usize {
        number(self.settings.get(place).copied().unwrap_or(b'0')) % count
    }

    /// Whether the letter is among the settings.
    pub(super) fn has(&self, letter: u8) -> bool {
        self.settings.contains(&letter)
    }

    /// The steps: what happens, and with what.
    pub(super) fn steps(&self) -> impl Iterator<Item = (u8, &'a [u8])> {
        self.steps
            .split(|&byte| byte == BETWEEN)
            .filter_map(|step| step.split_first().map(|(&what, rest)| (what, rest)))
    }
}

/// The number that a byte stands for, so that small ones can be read.
pub(super) fn number(byte: u8) -> usize {
    usize::from(byte.wrapping_sub(b'0'))
}

/// The number at the start of a step, and the rest of it.
pub(super) fn numbered(step: &[u8]) -> (usize, &[u8]) {
    step.split_first().map_or((0, &[][..]), |(&first, rest)| (number(first), rest))
}
