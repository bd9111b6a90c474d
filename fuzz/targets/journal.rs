//! Whatever is shown, in whatever pieces: the log file has a line with the time for each notice, and nothing
//! harmful; with time stamps, each line on the screen begins with one.

use super::script::{Script, number};
use chinwag::client::frontend::Frontend;
use chinwag::client::notice::Notice;
use chinwag::ui::display::Style;
use chinwag::ui::moment::Moment;
use chinwag::ui::screen::{Look, Screen};
use chinwag::wire::escape::{Rule, is_harmful};

/// Steps: a notice, by its digit, with a name and a text; `t`: it is another time; `+`: the text before it is made so
/// many times as long; `a`: lines that are not part of the conversation; `p`: a prompt.
pub(super) fn run(input: &[u8]) {
    let script = Script::new(input);
    let style = Style { escape: Some(Rule::Harmful), color: script.has(b'c'), ..Style::default() };
    let look = Look { terminal: script.has(b'i'), style, timestamps: true, bell: script.has(b'b') };
    let mut screen = Screen::new(look);
    screen.keep_journal();
    let mut moment = moment(b"");
    let (mut written, mut recorded) = (Vec::new(), 0);
    for (what, with) in script.steps() {
        match what {
            b't' => moment = self::moment(with),
            b'p' => screen.ask_for_name(),
            b'a' => drop(screen.show_aside(b"aside\n")),
            b'9' => {
                let (name, text) = parts(with);
                screen.set_time(moment);
                screen.record(Notice::To { name, text });
                recorded += 1;
            }
            _ => {
                screen.set_time(moment);
                show(&mut screen, notice(what, with), &mut written);
                recorded += 1;
            }
        }
        written.extend_from_slice(screen.to_show().as_slice());
        screen.to_show().clear();
    }
    assert!(std::str::from_utf8(&written).is_ok(), "what is shown is UTF-8");
    let journal = screen.journal().expect("it is kept").as_slice();
    let journal = std::str::from_utf8(journal).expect("what is logged is UTF-8");
    assert!(!journal.chars().any(|character| character != '\n' && is_harmful(character)));
    assert_eq!(journal.matches('\n').count(), recorded, "a line for each notice");
    assert!(journal.lines().all(has_time));
}

fn show(screen: &mut Screen, notice: Notice<'_>, written: &mut Vec<u8>) {
    let mut from = 0;
    loop {
        let next = screen.show(notice, from);
        assert!(from > 0 || has_stamp(screen.to_show().as_slice()), "no time stamp");
        let Some(next) = next else { return };
        assert!(next > from, "no progress");
        from = next;
        written.extend_from_slice(screen.to_show().as_slice());
        screen.to_show().clear();
    }
}

/// A name, and a text after a space.
fn parts(with: &[u8]) -> (&[u8], &[u8]) {
    let at = with.iter().position(|&byte| byte == b' ').unwrap_or(with.len());
    (&with[..at], with.get(at + 1..).unwrap_or_default())
}

fn notice(what: u8, with: &[u8]) -> Notice<'_> {
    let (name, text) = parts(with);
    match number(what) % 9 {
        0 => Notice::LoggedIn(with),
        1 => Notice::InUse(with),
        2 => Notice::Disallowed(with),
        3 => Notice::Sent,
        4 => Notice::NoSuchUser,
        5 => Notice::Online(with),
        6 => Notice::BadBody,
        _ => Notice::From { name, text },
    }
}

/// Any time that there is.
fn moment(with: &[u8]) -> Moment {
    let part = |place: usize, count: usize| with.get(place).map_or(0, |&byte| number(byte)) % count;
    let year = 1970 + (part(0, 256) * part(1, 256)) as i32;
    Moment {
        date: (year, 1 + part(2, 12) as u8, 1 + part(3, 31) as u8),
        time: (part(4, 24) as u8, part(5, 60) as u8, part(6, 61) as u8),
        offset: part(7, 14 * 60) as i32 - 12 * 60,
    }
}

/// `[14:05] ` or `[2026-02-01 14:05] `, perhaps after the end of the prompt's line.
fn has_stamp(shown: &[u8]) -> bool {
    let text = String::from_utf8_lossy(shown.strip_prefix(b"\n").unwrap_or(shown));
    let stamp = text.split_inclusive("] ").next().unwrap_or_default();
    let shape: String = stamp.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "[00:00] " || shape.starts_with("[0000") && shape.ends_with("-00-00 00:00] ")
}

/// `2026-02-01T14:05:09+01:00 `, and something behind it.
fn has_time(line: &str) -> bool {
    let Some((time, rest)) = line.split_once(' ') else { return false };
    let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let shape = shape.trim_start_matches('0');
    !rest.is_empty() && ["-00-00T00:00:00+00:00", "-00-00T00:00:00-00:00"].contains(&shape)
}
