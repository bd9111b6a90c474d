//! When to try a lost connection again: nearly at once, and then after 1, 2, 4 ... 60 seconds, a little
//! less by chance; and what is worth a word meanwhile.
//!
//! Chance is from a seed: whoever lost a server at the same moment is not to come back at the same moment.

use core::time::Duration;

/// The first try is made within this time.
const FIRST: Duration = Duration::from_millis(500);

const LONGEST: Duration = Duration::from_secs(60);

/// A connection that has stood for so long stands for good: a next loss is one of its own. A server that
/// says `HELLO` and closes is come back to ever later.
pub(crate) const STANDS: Duration = Duration::from_secs(60);

/// A line that is entered has the next try made now, but not sooner than this after the last.
pub(crate) const HURRIED: Duration = Duration::from_secs(5);

/// No server of ours, and no system that asks for the usual two minutes, has a ghost for longer: whoever
/// has the name after that is somebody else.
pub(crate) const GHOST: Duration = Duration::from_secs(150);

/// A log-in that is not answered for so long will not be: it is tried on another connection.
pub(crate) const ANSWERED: Duration = Duration::from_secs(60);

/// The waits between the tries.
#[derive(Debug)]
pub(crate) struct Retry {
    phase: Phase,
    /// The wait after the next failure.
    wait: Duration,
    failed: Duration,
    told: Told,
    /// Since when the name has been taken at each return.
    taken_since: Option<Duration>,
    random: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    /// The next try is due at this time.
    Waiting(Duration),
    /// A log-in is tried again, until this time.
    Trying(Duration),
    /// The user has been logged in since this time.
    Standing(Duration),
}

/// What the user knows of the connection, who is not to be told of each of a thousand losses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// It stands for good.
    Standing,
    /// It was lost.
    Lost,
    /// It is there again.
    Back,
    /// It was lost again soon after: more is only said when it stands for good.
    Flapping,
}

impl Retry {
    /// Nothing was lost yet.
    pub(crate) const fn new(seed: u64) -> Self {
        Self {
            phase: Phase::Idle,
            wait: Duration::ZERO,
            failed: Duration::ZERO,
            told: Told::Standing,
            taken_since: None,
            random: seed,
        }
    }

    /// A connection was lost, or a try has failed.
    pub(crate) fn schedule(&mut self, now: Duration) {
        let (least, spread) = match self.wait {
            Duration::ZERO => (Duration::ZERO, FIRST),
            wait => (wait / 2, wait / 2),
        };
        self.failed = now;
        self.phase = Phase::Waiting(now + least + spread / 1024 * self.chance());
        self.wait = (self.wait * 2).clamp(Duration::from_secs(1), LONGEST);
    }

    /// The user was logged in, and the connection was lost; returns whether that is news.
    pub(crate) fn handle_lost(&mut self, now: Duration) -> bool {
        self.note_standing(now);
        self.schedule(now);
        let (told, is_news) = match self.told {
            Told::Standing => (Told::Lost, true),
            Told::Back => (Told::Flapping, true),
            told => (told, false),
        };
        self.told = told;
        is_news
    }

    /// A connection is being made.
    pub(crate) fn start(&mut self) {
        self.phase = Phase::Idle;
    }

    /// The log-in is tried again.
    pub(crate) fn handle_trying(&mut self, now: Duration) {
        self.phase = Phase::Trying(now + ANSWERED);
    }

    /// Whether the log-in that is tried will not be answered any more.
    pub(crate) fn is_unanswered(&self, now: Duration) -> bool {
        matches!(self.phase, Phase::Trying(until) if until <= now)
    }

    /// The user is logged in; returns whether that is news.
    pub(crate) fn handle_logged_in(&mut self, now: Duration) -> bool {
        self.phase = Phase::Standing(now);
        self.taken_since = None;
        let is_news = self.told == Told::Lost;
        if is_news {
            self.told = Told::Back;
        }
        is_news
    }

    /// The name is taken; returns whether it has been for longer than by a ghost, which is said once.
    pub(crate) fn handle_taken(&mut self, now: Duration) -> bool {
        let since = *self.taken_since.get_or_insert(now);
        let is_news = since.checked_add(GHOST).is_some_and(|until| until <= now);
        if is_news {
            self.taken_since = Some(Duration::MAX);
        }
        is_news
    }

    /// The user has entered something.
    pub(crate) fn hurry(&mut self, now: Duration) {
        if let Phase::Waiting(at) = self.phase {
            self.phase = Phase::Waiting(at.min(now.max(self.failed + HURRIED)));
        }
    }

    /// A connection that stands for good is as good as the first; returns whether that is news.
    pub(crate) fn note_standing(&mut self, now: Duration) -> bool {
        if !matches!(self.phase, Phase::Standing(since) if since + STANDS <= now) {
            return false;
        }
        let is_news = self.told == Told::Flapping;
        self.told = Told::Standing;
        self.wait = Duration::ZERO;
        is_news
    }

    /// Whether the next try is still to be waited for.
    pub(crate) fn is_waiting(&self, now: Duration) -> bool {
        matches!(self.phase, Phase::Waiting(at) if now < at)
    }

    /// When there is something to do: a try, or to give one up, or to say that it stands.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        match self.phase {
            Phase::Waiting(at) | Phase::Trying(at) => Some(at),
            Phase::Standing(since) if self.told == Told::Flapping => Some(since + STANDS),
            Phase::Idle | Phase::Standing(_) => None,
        }
    }

    /// Up to 1024; the generator of Knuth's MMIX, of which the upper bits are used.
    fn chance(&mut self) -> u32 {
        self.random = self.random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (self.random >> 33) as u32 % 1025
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const NOW: Duration = Duration::from_secs(1000);

    fn wait(retry: &Retry, now: Duration) -> Duration {
        retry.deadline().unwrap().checked_sub(now).unwrap()
    }

    #[test]
    fn waits_double_up_to_a_minute() {
        for seed in 0..100 {
            let mut retry = Retry::new(seed);
            for most in [0, 1, 2, 4, 8, 16, 32, 60, 60] {
                retry.schedule(NOW);
                let (least, most) =
                    if most == 0 { (Duration::ZERO, FIRST) } else { (SECOND * most / 2, SECOND * most) };
                assert!((least..=most).contains(&wait(&retry, NOW)), "{retry:?}");
                assert!(!retry.is_waiting(retry.deadline().unwrap()));
                retry.start();
                assert_eq!(retry.deadline(), None);
            }
        }
    }

    /// A thousand clients lose a server at the same moment.
    #[test]
    fn waits_of_many_are_spread() {
        for losses in 1..5 {
            let waits = (0..1000_u64).map(|client| {
                let mut retry = Retry::new(client << 32 | 0x1234_5678);
                (0..losses).for_each(|_| retry.schedule(NOW));
                wait(&retry, NOW).as_micros()
            });
            let mut waits: Vec<_> = waits.collect();
            waits.sort_unstable();
            let span = waits[999] - waits[0];
            let most = waits.windows(101).map(|some| some[100] - some[0]).min().unwrap();
            assert!(span > 400_000 && most > span / 20, "after {losses}: {span} {most}");
        }
    }

    /// Lost and back, in seconds for which it stood; what is said.
    #[test]
    fn what_flaps_is_said_once_and_waited_for_ever_longer() {
        let mut retry = Retry::new(1);
        let mut now = NOW;
        let mut said = String::new();
        for stood in [100, 1, 0, 1, 0, 59, 1, 60, 0] {
            said.push_str(if retry.handle_logged_in(now) { "back " } else { "" });
            now += SECOND * stood;
            said.push_str(if retry.note_standing(now) { "stands " } else { "" });
            said.push_str(if retry.handle_lost(now) { "lost " } else { "" });
            let seconds = wait(&retry, now).as_secs();
            said.push_str(if seconds < 8 { "soon " } else { "later " });
            now += wait(&retry, now);
            retry.start();
        }
        let expected = "lost soon back lost soon soon soon soon later later stands lost soon back lost soon ";
        assert_eq!(said, expected);
    }

    #[test]
    fn entered_line_shortens_the_wait_but_not_for_a_script() {
        let mut retry = Retry::new(1);
        (0..9).for_each(|_| retry.schedule(NOW));
        let at = NOW + SECOND;
        retry.hurry(at);
        assert_eq!(retry.deadline(), Some(NOW + HURRIED));
        retry.schedule(NOW);
        let at = NOW + HURRIED * 2;
        retry.hurry(at);
        assert!(!retry.is_waiting(at));
        let mut first = Retry::new(1);
        first.schedule(NOW);
        let before = first.deadline();
        first.hurry(NOW);
        assert_eq!(first.deadline(), before, "it is due sooner");
    }

    #[test]
    fn name_is_somebody_elses_when_no_ghost_could_have_it_any_more() {
        let mut retry = Retry::new(1);
        assert!(!retry.handle_taken(NOW) && !retry.handle_taken(NOW + GHOST - SECOND));
        assert!(retry.handle_taken(NOW + GHOST) && !retry.handle_taken(NOW + GHOST * 2), "it is said once");
        retry.handle_logged_in(NOW);
        assert!(!retry.handle_taken(NOW + GHOST * 3));
    }

    #[test]
    fn log_in_is_not_waited_for_without_end() {
        let mut retry = Retry::new(1);
        retry.handle_trying(NOW);
        assert_eq!(retry.deadline(), Some(NOW + ANSWERED));
        assert!(!retry.is_unanswered(NOW + ANSWERED - SECOND) && retry.is_unanswered(NOW + ANSWERED));
        retry.handle_logged_in(NOW);
        assert!(retry.deadline().is_none() && !retry.is_unanswered(NOW + ANSWERED));
    }
}
