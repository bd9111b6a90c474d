//! Keys are what they are however their bytes are cut.

use super::super::keys::{Key, Keys, MAX_SEQUENCE};
use super::super::line::push_with_line_ends;

/// The keys as a text, runs of characters joined, for the input fed in these pieces.
fn decode(pieces: &[&[u8]]) -> Vec<u8> {
    let mut keys = Keys::default();
    let mut seen = Vec::new();
    for piece in pieces {
        let (mut at, mut calls) = (0, 0);
        while at < piece.len() {
            let (taken, key) = keys.next(&piece[at..]);
            at += taken;
            calls += 1;
            assert!(calls < 1000, "no progress in {piece:?}");
            match key {
                Some(Key::Text(text)) => {
                    assert!(!text.is_empty());
                    seen.extend_from_slice(text);
                }
                Some(Key::Pasted(text)) => {
                    assert!(!text.is_empty());
                    push_with_line_ends(text, &mut seen);
                }
                Some(key) => seen.extend_from_slice(format!("<{key:?}>").as_bytes()),
                None => {}
            }
        }
    }
    seen
}

fn check(input: &[u8], expected: &[u8]) {
    let whole = decode(&[input]);
    assert_eq!(
        whole,
        expected,
        "{:?}: {:?}",
        input.escape_ascii().to_string(),
        String::from_utf8_lossy(&whole)
    );
    for at in 0..=input.len() {
        assert_eq!(
            decode(&[&input[..at], &input[at..]]),
            expected,
            "{:?} cut at {at}",
            input.escape_ascii().to_string()
        );
    }
    let bytes: Vec<&[u8]> = input.chunks(1).collect();
    assert_eq!(decode(&bytes), expected, "{:?} byte by byte", input.escape_ascii().to_string());
}

#[test]
fn every_encoding_of_a_key_is_that_key_however_it_is_cut() {
    let table: &[(&[&str], &str)] = &[
        (&["\x1b[A", "\x1bOA", "\x1b[1;5A", "\x1b\x1b[A"], "<Up>"),
        (&["\x1b[B", "\x1bOB"], "<Down>"),
        (&["\x1b[C", "\x1bOC", "\x1b[1;2C", "\x1b[c"], "<Right>"),
        (&["\x1b[D", "\x1bOD", "\x1b[1;2D"], "<Left>"),
        (
            &["\x1b[1;5C", "\x1b[1;3C", "\x1b[5C", "\x1b\x1b[C", "\x1b\x1bOC", "\x1bOc", "\x1bO5C", "\x1bf"],
            "<WordRight>",
        ),
        (&["\x1b[1;5D", "\x1b[1;3D", "\x1b[5D", "\x1b\x1b[D", "\x1bOd", "\x1bb", "\x1bB"], "<WordLeft>"),
        (&["\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~", "\x1b[1;5H", "\x1b[7$"], "<Home>"),
        (&["\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~", "\x1b[1;2F"], "<End>"),
        (&["\x1b[3~", "\x1b[3;2~"], "<Delete>"),
        (&["\x1b[3;5~", "\x1b[3^", "\x1bd"], "<DeleteWord>"),
        (&["\x1b\x7f", "\x1b\x08"], "<DeleteWordBack>"),
        (&["\x7f", "\x08"], "<Backspace>"),
        (&["\r", "\n", "\x1bOM"], "<Enter>"),
        (&["\x1b\r", "\x1b\n", "\x1b\x1b\r"], "<NewLine>"),
        (&["\t"], "<Tab>"),
        (&["\x01"], "<Ctrl(65)>"),
        (&["\x1b\x03", "\x1b[1\x03", "\x1b[\x03", "\x1b[[\x03"], "<Ctrl(67)>"),
        // Known to nobody here: swallowed whole.
        (
            &[
                "\x1b[15~",
                "\x1b[Z",
                "\x1b[?1;2c",
                "\x1b[[A",
                "\x1bOP",
                "\x1b[<0;10;20M",
                "\x1b[27;5;9~",
                "\x1b[201~",
            ],
            "",
        ),
        // An escape that starts nothing is dropped alone.
        (&["\x1bx", "\x1b\x1bx", "\x1b[1\x1bx"], "x"),
        (&["\x1bé", "\x1b[é", "\x1b[[é"], "é"),
        (&["\x1b[\x1b[C", "\x1b\x1b\x1b[1\x1b[C"], "<Right>"),
    ];
    for (inputs, expected) in table {
        for input in *inputs {
            let surrounded = format!("a{input}b");
            check(surrounded.as_bytes(), format!("a{expected}b").as_bytes());
        }
    }
}

#[test]
fn text_is_any_bytes() {
    check("añ日👩‍👧b".as_bytes(), "añ日👩‍👧b".as_bytes());
    for raw in
        [&b"\xff"[..], b"\xe3\x81x", b"\x80\x80\x80\x80", b"\xf0\x9f\x98\xc3\xa9", b"\xc0\xaf\xed\xa0\x80 "]
    {
        check(raw, raw);
    }
    check(b"\xe3\x81\r", b"\xe3\x81<Enter>");
    check(b"\xc3\x1b[C", b"\xc3<Right>");
}

#[test]
fn a_paste_is_text_up_to_its_end() {
    check(b"\x1b[200~a\tb\x03\x1b[Ac\x1b[201\x1b[201~\x03", b"a\tb\x03\x1b[Ac\x1b[201<Ctrl(67)>");
    check(b"\x1b[200~a\r\nb\rc\n\nd\n\re\x1b[201~", b"a\nb\nc\n\nd\n\ne");
    check(b"\x1b[200~a\r\x1b[201~\n", b"a\n<Enter>");
    check("\x1b[200~é\r\né\x1b[201~\r".as_bytes(), "é\né<Enter>".as_bytes());
    check("\x1b[200~é\x1b[201~é".as_bytes(), "éé".as_bytes());
}

#[test]
fn an_endless_sequence_ends_at_the_bound() {
    let mut input = b"\x1b[".to_vec();
    input.extend_from_slice(&[b'1'; MAX_SEQUENCE]);
    input.extend_from_slice(b"hello");
    check(&input, b"hello");
}
