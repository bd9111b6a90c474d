//! What stands dim behind the line after a pause: what may complete it, or why Enter would do nothing.

use super::completion::Completion;
use super::history::History;
use crate::client::command::{Command, split_addressee};
use crate::wire::sizes::editor::HISTORY;
use alloc::vec::Vec;
use core::time::Duration;

/// After so long without a key a proposal is made: what a program types whole is entered by then.
pub(super) const PROPOSAL_DELAY: Duration = Duration::from_millis(100);
/// And a hint after so long: whoever types has stopped to think.
pub(super) const HINT_DELAY: Duration = Duration::from_millis(500);

/// What stands behind the line.
#[derive(Debug, Default)]
pub(super) enum Advice {
    #[default]
    None,
    /// What is missing of a name, or of a line sent before. A key takes it into the line as it is.
    Proposal(Vec<u8>),
    /// Why the line would be ignored.
    Hint(Hint),
}

/// Its words, the shorter ones for rows with little room.
pub(super) type Hint = &'static [&'static [u8]];

const BEGIN: Hint = &[b"  begin with @NAME, !who or !quit", b"  begin with @NAME"];
const ADDRESS: Hint = &[b"  begin with @NAME"];
const TOO_LONG: Hint = &[b"  too long to be sent at once"];

/// Why Enter would do nothing with a text that is the beginning of no command.
pub(super) fn hint(text: &[u8]) -> Hint {
    if text.contains(&b'\n') { ADDRESS } else { BEGIN }
}

/// Why a text of several lines cannot be sent, by one who talks to `to`.
pub(super) fn reason(to: &[u8], text: &[u8]) -> Hint {
    if split_addressee(to, text).0.is_empty() { ADDRESS } else { TOO_LONG }
}

/// What may complete `text`: a name or a command, then a line sent before. Nothing is proposed of a message of which
/// only the name is typed: it would be sent again by mistake.
pub(super) fn proposal(text: &[u8], completion: &Completion, history: &History) -> Option<Vec<u8>> {
    if !(2..HISTORY).contains(&text.len()) {
        return None;
    }
    completion.rest(text).or_else(|| {
        let is_begun = !matches!(Command::parse(text), Some(Command::Send { text: b"", .. }));
        history.rest(text).filter(|_| is_begun).map(<[u8]>::to_vec)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_tell_what_is_missing() {
        assert_eq!((hint(b"hello"), hint(b"!quit\n@ann x")), (BEGIN, ADDRESS));
        assert_eq!(
            (reason(b"", b"x\n@ann y"), reason(b"", b"@\nx"), reason(b"ann", b"@\nx")),
            (ADDRESS, ADDRESS, TOO_LONG)
        );
    }

    #[test]
    fn names_are_proposed_before_lines_and_lines_not_for_a_name_alone() {
        let (mut completion, mut history) = (Completion::default(), History::default());
        for name in ["ann", "anton"] {
            completion.add_name(name.as_bytes());
        }
        for line in ["@anna hello", "@ann hello\nyou", "!who", "@ann hi", "@ann"] {
            history.add(line.as_bytes());
        }
        for (text, expected) in [
            ("", None),
            ("@", None),
            ("@a", Some("nton ")),
            ("@ann", None),
            ("@ann ", None),
            ("@anto", Some("n ")),
            ("@anton", None),
            ("@anna", None),
            ("@anna h", Some("ello")),
            ("@ann h", Some("i")),
            ("@ann he", Some("llo\nyou")),
            ("@ann hi", None),
            ("!", None),
            ("!w", Some("ho")),
            ("!q", Some("uit")),
            ("@b", None),
        ] {
            let proposed = proposal(text.as_bytes(), &completion, &history);
            assert_eq!(proposed.as_deref(), expected.map(str::as_bytes), "{text:?}");
        }
        assert_eq!(proposal(&[b'x'; HISTORY], &completion, &history), None);
    }
}
