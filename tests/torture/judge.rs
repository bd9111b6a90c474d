//! What is right, and what is wrong, about a session with a fault.

use crate::faults::{Fault, When};
use crate::program::End;
use crate::scenarios::{Scenario, Seen};
use std::collections::BTreeSet;

/// So many more lines than without a fault may be said of one: more is a flood.
const LINES: usize = 4;

/// So many more calls than without a fault, and twice as many, are no spinning; nor is it if something
/// is tried again so often in a second, as the server tries 64 times to accept.
const CALLS: usize = 400;
const CALLS_A_SECOND: usize = 150;

/// What stands once in what users see: answers of others to what was sent.
const ONCE: [&str; 4] = ["pong 1", "pong 2", "pong 3", "says "];

/// Says what is wrong with a session that went as `seen`, and without a fault goes as `usual`.
pub(crate) fn complaint(scenario: &Scenario, usual: &Seen, seen: &Seen, fault: &Fault) -> Option<String> {
    let (now, then) = (&seen.remains, &usual.remains);
    let said = now.stderr.lines().count();
    let calls = now.trace.calls.len();
    if now.end == End::Hung {
        return Some("it hung".into());
    }
    let seconds = usize::try_from(now.lasted.as_secs()).unwrap_or_default();
    if calls > 2 * then.trace.calls.len() + CALLS + seconds * CALLS_A_SECOND {
        return Some(format!("it spun: {calls} calls instead of {}", then.trace.calls.len()));
    }
    if said > then.stderr.lines().count() + LINES {
        return Some(format!("it said {said} lines"));
    }
    if !seen.terminal_is_restored {
        return Some("the terminal was not restored".into());
    }
    if let Some(text) = doubled(seen) {
        return Some(format!("doubled: {text}"));
    }
    // To whom nothing can be sent any more, nothing is delivered.
    let can_send = fault.call.name != "sendto" || fault.when == When::Once;
    if let Some(text) = seen.lost.first().filter(|_| can_send) {
        return Some(format!("lost: {text}"));
    }
    let acknowledged = without_log(&seen.shown).matches("sent successfully").count();
    if !seen.is_alone && acknowledged > seen.heard.len() + 1 {
        return Some("what had been sent successfully did not arrive".into());
    }
    match now.end {
        End::Deaf => Some("it did not leave, but ended at SIGTERM".into()),
        End::Signal(signal) => Some(format!("it was ended by signal {signal}")),
        End::Exited(status) if scenario.is_server => of_server(seen, usual, fault, status),
        End::Exited(status) => of_client(scenario, seen, usual, fault, status),
        End::Hung => None,
    }
}

fn of_server(seen: &Seen, usual: &Seen, fault: &Fault, status: i32) -> Option<String> {
    let has_said = has_said(seen);
    match status {
        0 if seen.ended_early => Some("it ended with status 0".into()),
        0 if !seen.has_served_on => Some("it did not serve on".into()),
        0 if fault.is_harmless && seen.shown != usual.shown => Some("somebody has noticed".into()),
        0 => None,
        1 if fault.is_harmless => Some("it ended".into()),
        1 if has_said => None,
        1 => Some("it ended, and said nothing".into()),
        _ => Some(format!("status {status}")),
    }
}

fn of_client(scenario: &Scenario, seen: &Seen, usual: &Seen, fault: &Fault, status: i32) -> Option<String> {
    let is_as_usual = is_same(scenario, seen, usual);
    let has_said = has_said(seen);
    match status {
        0 if is_as_usual => None,
        0 | 1 if fault.is_harmless && !is_only_said(seen, usual) => {
            Some(format!("somebody has noticed: status {status}"))
        }
        // Nobody is there any more who could read; or nothing is taken, and that is said.
        0 if fault.call.name == "write" && ["EPIPE", "EIO"].contains(&fault.error) => None,
        0 if fault.call.name == "write" && fault.error == "EAGAIN" && has_said => None,
        // EIO is what a terminal says that was hung up.
        0 if scenario.is_on_terminal && fault.call.name == "readv" && fault.error == "EIO" => None,
        0 if scenario.is_on_terminal && has_said => None,
        0 if seen.is_alone || seen.remains.stderr.contains("without an answer") => None,
        // The log file is given up with a word, and the rest is as usual.
        0 if has_said && without_log(&seen.shown) == without_log(&usual.shown) => None,
        0 => Some("status 0, and not all was shown".into()),
        1 if !is_beginning(scenario, seen, usual) => Some("lines are missing in between".into()),
        1 if has_said => None,
        1 => Some("it ended, and said nothing".into()),
        _ => Some(format!("status {status}")),
    }
}

/// Something was said that is not said without the fault, or could not be said because of it.
fn has_said(seen: &Seen) -> bool {
    let lines: Vec<&str> = seen.remains.stderr.lines().collect();
    let is_ours = |line: &&str| line.starts_with("chinwag: ") || line.starts_with("chinwagd: ");
    lines.iter().any(is_ours) || injected(seen, is_for_errors)
}

fn is_for_errors(line: &str) -> bool {
    line.contains("\"chinwag: ") || line.contains("\"chinwagd: ")
}

fn injected(seen: &Seen, is_meant: impl Fn(&str) -> bool) -> bool {
    seen.remains.trace.injected.iter().any(|line| is_meant(line))
}

/// A file that could not be written does not count.
fn is_only_said(seen: &Seen, usual: &Seen) -> bool {
    has_said(seen) && without_log(&seen.shown) == without_log(&usual.shown)
}

fn without_log(shown: &str) -> String {
    shown.lines().filter(|line| !line.starts_with("log: ")).flat_map(|line| [line, "\n"]).collect()
}

/// On a terminal the same lines are drawn in more than one way.
fn is_same(scenario: &Scenario, seen: &Seen, usual: &Seen) -> bool {
    if scenario.is_on_terminal {
        counts(&seen.shown) == counts(&usual.shown) && seen.heard == usual.heard
    } else {
        seen.shown == usual.shown && seen.heard == usual.heard
    }
}

fn counts(shown: &str) -> Vec<usize> {
    let marks = ["Successfully", "There are 2 online", "sent successfully", ONCE[0], ONCE[1], ONCE[2]];
    marks.iter().map(|mark| shown.matches(mark).count()).collect()
}

/// What was shown is the beginning of what is usual; then it broke, and that was said.
fn is_beginning(scenario: &Scenario, seen: &Seen, usual: &Seen) -> bool {
    let shown = without_log(&seen.shown);
    let may_differ = scenario.is_on_terminal || scenario.name == "reconnect" || seen.is_alone;
    // What was never sent has no answer, and what others say goes on.
    let may_differ = may_differ || seen.remains.stderr.contains("not sent");
    may_differ || without_log(&usual.shown).starts_with(&shown)
}

fn doubled(seen: &Seen) -> Option<String> {
    let mut all = BTreeSet::new();
    let heard = seen.heard.iter().find(|text| !all.insert(text.as_str()));
    let shown = without_log(&seen.shown);
    let pong = ONCE[..3].iter().find(|text| shown.matches(**text).count() > 1);
    heard.cloned().or_else(|| pong.map(|text| (*text).to_owned()))
}
