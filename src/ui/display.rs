//! The exact text of everything that goes to standard output (spec section 2), and to the log file.

use crate::client::notice::Notice;
use crate::wire::copy;
use crate::wire::escape::{self, Rule};
use crate::wire::format::Text;
use crate::wire::protocol;
use crate::wire::sizes::SCREEN_PIECE;
use alloc::vec::Vec;
use core::fmt::Write as _;

/// S1: asks for a name.
pub const PROMPT: &[u8] = b"Welcome to Chat Client. Enter your login: ";

/// What a line consists of, in this order: ours, theirs, ours, theirs (and then the line's end).
pub(super) type Parts<'a> = [&'a [u8]; 4];

/// Appends the line, or, of one with a long text, the piece of it that begins at byte `from` of
/// the text. Returns where the next piece begins; `None` when the line is complete.
pub fn write(notice: &Notice<'_>, from: usize, style: Style, out: &mut Vec<u8>) -> Option<usize> {
    let [before, who, between, text] = parts(notice);
    if from == 0 {
        out.reserve(before.len() + who.len() + between.len() + text.len().min(SCREEN_PIECE) + 1);
        copy::extend::<false>(out, before);
        if let Notice::Online(names) = notice {
            // Writing to a vector cannot fail.
            let _ = write!(Text(out), "{}", protocol::names(names).count());
        }
        if !who.is_empty() {
            // The spaces in what no server let in as a name are the user's own, as typed.
            let rule = if matches!(notice, Notice::Disallowed(_)) { Rule::Names } else { Rule::Name };
            style.append_name(rule, who, out);
        }
        copy::extend::<false>(out, between);
    }
    if let Notice::Online(names) = notice {
        return write_names(names, from, style, out);
    }
    write_text(text, from, style, out)
}

/// Appends a text from byte `from` on, or a piece of it, and the end of the line behind the last one.
pub(super) fn write_text(text: &[u8], from: usize, style: Style, out: &mut Vec<u8>) -> Option<usize> {
    let rest = &text[from..];
    let piece = if rest.len() <= SCREEN_PIECE { rest } else { escape::piece(rest, SCREEN_PIECE) };
    append(style.escape, piece, out);
    if piece.len() < rest.len() {
        return Some(from + piece.len());
    }
    out.push(b'\n');
    None
}

/// The one table of the screen's strings.
pub(super) fn parts<'a>(notice: &Notice<'a>) -> Parts<'a> {
    match *notice {
        Notice::LoggedIn(name) => [b"Successfully logged in as ", name, b"!", b""],
        Notice::InUse(name) => [b"Cannot log in as ", name, b". That username is already in use.", b""],
        Notice::Disallowed(name) => {
            [b"Cannot log in as ", name, b". That username contains disallowed characters.", b""]
        }
        Notice::Full => [b"Cannot log in. The server is full!", b"", b"", b""],
        Notice::Sent => [b"The message was sent successfully", b"", b"", b""],
        Notice::NoSuchUser => [b"The destination user does not exist", b"", b"", b""],
        Notice::From { name, text } => [b"From ", name, b": ", text],
        Notice::To { name, text } => [b"To ", name, b": ", text],
        Notice::Online(names) => [b"There are ", b"", b" online users:", names],
        Notice::BadHeader => [b"Error: Unknown issue in previous message header.", b"", b"", b""],
        Notice::BadBody => [b"Error: Unknown issue in previous message body.", b"", b"", b""],
        Notice::Lost => [b"The connection to the server was lost", b"", b"", b""],
        Notice::Back => [b"The connection to the server is back", b"", b"", b""],
    }
}

/// How lines are written where they go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// What strangers wrote is made harmless (spec S14): texts by this rule, names by one of their own.
    pub escape: Option<Rule>,
    /// Names have colours.
    pub color: bool,
    /// A list of names stays in one line.
    pub one_line: bool,
}

impl Style {
    #[inline]
    fn append_name(self, rule: Rule, name: &[u8], out: &mut Vec<u8>) {
        // Most names have nothing to be made visible, and are short: to look at blocks of them takes longer.
        let is_plain = self.escape.is_none() || name.iter().all(u8::is_ascii_graphic);
        let rule = (!is_plain).then_some(rule);
        if !self.color {
            return append(rule, name, out);
        }
        // The same name has the same colour everywhere: one of the six that are neither black nor
        // white (ECMA-48, SGR 31 to 36).
        let color = name.iter().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte)) % 6;
        out.extend_from_slice(&[0x1b, b'[', b'3', b'1' + color, b'm']);
        append(rule, name, out);
        out.extend_from_slice(b"\x1b[0m");
    }
}

fn append(rule: Option<Rule>, theirs: &[u8], out: &mut Vec<u8>) {
    match rule {
        Some(rule) => escape::append_by(rule, theirs, out),
        None => copy::extend::<false>(out, theirs),
    }
}

/// Each name on a line of its own, from byte `from` of the list on, as many as make a piece.
fn write_names(list: &[u8], from: usize, style: Style, out: &mut Vec<u8>) -> Option<usize> {
    let separator = if style.one_line { b' ' } else { b'\n' };
    if from == 0 {
        out.push(separator);
    }
    let mut at = from;
    for part in list[from..].split(|&byte| byte == b',') {
        if at - from > SCREEN_PIECE {
            return Some(at);
        }
        let name = protocol::without_spaces(part);
        if !name.is_empty() {
            style.append_name(Rule::Name, name, out);
            out.push(separator);
        }
        at += part.len() + 1;
    }
    if style.one_line {
        out.pop();
        out.push(b'\n');
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(notice: Notice<'_>, style: Style) -> Vec<u8> {
        let mut all = Vec::new();
        let mut from = Some(0);
        while let Some(at) = from {
            let before = all.len();
            from = write(&notice, at, style, &mut all);
            assert!(all.len() - before <= SCREEN_PIECE * 10 + 200, "bounded");
        }
        all
    }

    const HARMLESS: Style = Style { escape: Some(Rule::Harmful), color: false, one_line: false };

    #[test]
    fn every_line_of_the_screen() {
        let table: &[(Notice<'_>, &str)] = &[
            (Notice::LoggedIn(b"ann"), "Successfully logged in as ann!\n"),
            (Notice::InUse(b"ann"), "Cannot log in as ann. That username is already in use.\n"),
            (
                Notice::Disallowed(b"a b"),
                "Cannot log in as a b. That username contains disallowed characters.\n",
            ),
            (Notice::Full, "Cannot log in. The server is full!\n"),
            (Notice::Sent, "The message was sent successfully\n"),
            (Notice::NoSuchUser, "The destination user does not exist\n"),
            (Notice::From { name: b"ann", text: b" hi " }, "From ann:  hi \n"),
            (Notice::From { name: b"ann", text: b"" }, "From ann: \n"),
            (Notice::To { name: b"ann", text: b"hi" }, "To ann: hi\n"),
            (Notice::Online(b"ann,bob"), "There are 2 online users:\nann\nbob\n"),
            (Notice::Online(b",ann,,bob,"), "There are 2 online users:\nann\nbob\n"),
            (Notice::Online(b"ann, bob ,  cid ,"), "There are 3 online users:\nann\nbob\ncid\n"),
            (Notice::Online(b" , "), "There are 0 online users:\n"),
            (Notice::Online(b""), "There are 0 online users:\n"),
            (Notice::BadHeader, "Error: Unknown issue in previous message header.\n"),
            (Notice::BadBody, "Error: Unknown issue in previous message body.\n"),
            (Notice::Lost, "The connection to the server was lost\n"),
            (Notice::Back, "The connection to the server is back\n"),
        ];
        for (notice, expected) in table {
            for style in [Style::default(), HARMLESS] {
                assert_eq!(String::from_utf8(written(*notice, style)).unwrap(), *expected);
            }
        }
    }

    #[test]
    fn readme_tells_graders_every_line_and_no_other() {
        let name = b"NAME";
        let notices = [
            Notice::LoggedIn(name),
            Notice::InUse(name),
            Notice::Disallowed(name),
            Notice::Full,
            Notice::Sent,
            Notice::NoSuchUser,
            Notice::From { name, text: b"TEXT" },
            Notice::Online(b"N"),
            Notice::BadHeader,
            Notice::BadBody,
        ];
        let mut lines = vec![String::from_utf8(PROMPT.to_vec()).unwrap()];
        for notice in notices {
            let shown = String::from_utf8(written(notice, Style::default())).unwrap();
            lines.push(shown.lines().next().unwrap().replace("are 1 online", "are N online"));
        }
        let readme = include_str!("../../README.md");
        let table = readme.split("\n| line | when |\n").nth(1).unwrap().split("\n\n").next().unwrap();
        let told: Vec<_> = table.lines().skip(1).map(|row| row.split('`').nth(1).unwrap()).collect();
        assert_eq!(told, lines);
    }

    #[test]
    fn strangers_bytes_are_made_harmless_where_asked() {
        let hostile = Notice::From { name: b"\x1b", text: b"a\r\x9b\xe2\x80\xae" };
        assert_eq!(written(hostile, HARMLESS), b"From ^[: a^M\\x9b\\u{202e}\n");
        assert_eq!(written(hostile, Style::default()), b"From \x1b: a\r\x9b\xe2\x80\xae\n");
        assert_eq!(written(Notice::Online(b"a\r,b"), HARMLESS), b"There are 2 online users:\na^M\nb\n");
        assert_eq!(written(Notice::LoggedIn(b"\x07"), HARMLESS), b"Successfully logged in as ^G!\n");
    }

    /// Spec S14: wherever a name stands.
    #[test]
    fn nothing_is_hidden_in_names() {
        for (hidden, visible) in [
            ("\u{34f}", r"\u{34f}"),
            ("\u{fe0f}", r"\u{fe0f}"),
            ("\u{ad}", r"\u{ad}"),
            ("\u{200c}", r"\u{200c}"),
            ("\u{200d}", r"\u{200d}"),
            (":\u{a0}x", r":\u{a0}x"),
            ("\t", "^I"),
        ] {
            let (name, shown) = (format!("ann{hidden}"), format!("ann{visible}"));
            let (list, name) = (format!("ann,{name}"), name.as_bytes());
            let table = [
                (Notice::LoggedIn(name), format!("Successfully logged in as {shown}!\n")),
                (
                    Notice::InUse(name),
                    format!("Cannot log in as {shown}. That username is already in use.\n"),
                ),
                (
                    Notice::Disallowed(name),
                    format!("Cannot log in as {shown}. That username contains disallowed characters.\n"),
                ),
                (Notice::From { name, text: b"hi" }, format!("From {shown}: hi\n")),
                (Notice::To { name, text: b"hi" }, format!("To {shown}: hi\n")),
                (Notice::Online(list.as_bytes()), format!("There are 2 online users:\nann\n{shown}\n")),
            ];
            for (notice, expected) in table {
                assert_eq!(String::from_utf8_lossy(&written(notice, HARMLESS)), expected);
                let raw = String::from_utf8_lossy(&written(notice, Style::default())).into_owned();
                assert_eq!(raw, expected.replace(visible, hidden), "a pipe gets the bytes");
            }
        }
        let spaces = Notice::Online(b"From ann: hi,bob");
        let style = Style { one_line: true, ..HARMLESS };
        let expected = br"There are 2 online users: From\u{20}ann:\u{20}hi bob";
        assert_eq!(written(spaces, style).trim_ascii_end(), expected);
    }

    #[test]
    fn emoji_in_texts_come_apart_only_where_asked() {
        let text = "👩\u{200d}👧 ❤\u{fe0f}\u{a0}x";
        let message = Notice::From { name: b"ann", text: text.as_bytes() };
        assert_eq!(written(message, HARMLESS), format!("From ann: {text}\n").as_bytes());
        let always = Style { escape: Some(Rule::Ignorable), ..HARMLESS };
        let apart = "From ann: 👩\\u{200d}👧 ❤\\u{fe0f}\u{a0}x\n";
        assert_eq!(written(message, always), apart.as_bytes());
    }

    #[test]
    fn names_have_colours_where_asked() {
        let style = Style { color: true, ..HARMLESS };
        assert_eq!(written(Notice::From { name: b"a", text: b"a" }, style), b"From \x1b[32ma\x1b[0m: a\n");
        assert_eq!(written(Notice::Online(b"a"), style), b"There are 1 online users:\n\x1b[32ma\x1b[0m\n");
        assert_eq!(written(Notice::Sent, style), b"The message was sent successfully\n");
    }

    #[test]
    fn list_in_one_line() {
        let style = Style { one_line: true, ..HARMLESS };
        assert_eq!(written(Notice::Online(b"ann,bob"), style), b"There are 2 online users: ann bob\n");
        assert_eq!(written(Notice::Online(b""), style), b"There are 0 online users:\n");
    }

    #[test]
    fn long_text_passes_in_pieces_and_stays_whole() {
        let text = "日本\u{202e}".repeat(100_000);
        let message = Notice::From { name: b"ann", text: text.as_bytes() };
        assert_eq!(written(message, Style::default()), format!("From ann: {text}\n").as_bytes());
        let visible = text.replace('\u{202e}', r"\u{202e}");
        assert_eq!(written(message, HARMLESS), format!("From ann: {visible}\n").as_bytes());
    }

    #[test]
    fn long_list_passes_in_pieces_and_stays_whole() {
        let names: Vec<String> = (0..50_000).map(|number| format!("user{number}")).collect();
        let text = written(Notice::Online(names.join(",").as_bytes()), Style::default());
        assert_eq!(text, format!("There are 50000 online users:\n{}\n", names.join("\n")).as_bytes());
    }
}
