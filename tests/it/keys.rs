//! Every editing key: what the screen shows after it, and what is sent (spec section 4).

use crate::editing::seated;
use crate::support::LOGGED_IN;
use std::fmt::Write as _;

/// Keys typed on an empty line, and what is then to be seen, with a `|` where the cursor is.
const KEYS: &[(&str, &str)] = &[
    // Left and right.
    ("@bob ac\x1b[Db", "@bob ab|c"),
    ("@bob ac\x1bODb", "@bob ab|c"),
    ("@bob ac\x02b", "@bob ab|c"),
    ("@bob bc\x1b[D\x1b[D\x1b[Cx", "@bob bx|c"),
    ("@bob bc\x02\x02\x06x", "@bob bx|c"),
    ("@bob end\x1b[C\x06!", "@bob end!|"),
    // Home and end.
    ("bob hi\x1b[H@", "@|bob hi"),
    ("bob hi\x1bOH@", "@|bob hi"),
    ("bob hi\x1b[1~@", "@|bob hi"),
    ("bob hi\x01@", "@|bob hi"),
    ("bob hi\x1b[D\x01@\x1b[F!", "@bob hi!|"),
    ("bob hi\x1b[D\x01@\x1bOF!", "@bob hi!|"),
    ("bob hi\x1b[D\x01@\x1b[4~!", "@bob hi!|"),
    ("bob hi\x1b[D\x01@\x05!", "@bob hi!|"),
    // Deleting one character.
    ("@bob abc\x7f", "@bob ab|"),
    ("@bob abc\x08", "@bob ab|"),
    ("@bob abc\x02\x7f", "@bob a|c"),
    ("@bob abc\x02\x02\x1b[3~", "@bob a|c"),
    ("@bob abc\x02\x02\x04", "@bob a|c"),
    ("@bob abc\x1b[3~\x04", "@bob abc|"),
    ("\x7f\x1b[3~\x1b[D@bob x", "@bob x|"),
    // Cutting and pasting.
    ("wrong@bob a\x01\x06\x06\x06\x06\x06\x15", "|@bob a"),
    ("@bob a gone\x02\x02\x02\x02\x02\x0b", "@bob a|"),
    ("@bob one two-three\x17", "@bob one |"),
    ("@bob one two-three\x1b\x7f", "@bob one two-|"),
    ("@bob one two-three\x1b\x08", "@bob one two-|"),
    ("one @bob \x01\x1bd\x04\x05\x19", "@bob one|"),
    ("@bob one two\x17\x17\x19!", "@bob one two!|"),
    ("@bob x\x15\x19\x19", "@bob x@bob x|"),
    ("@bob ba\x14", "@bob ab|"),
    ("@bob acb\x02\x14!", "@bob abc!|"),
    // Whole words.
    ("@bob one two\x1bbx", "@bob one x|two"),
    ("@bob one two\x1b[1;5Dx", "@bob one x|two"),
    ("@bob one two\x1b[1;3Dx", "@bob one x|two"),
    ("@bob one two\x1b\x1b[Dx", "@bob one x|two"),
    ("@bob one two\x01\x1bf\x1bfx", "@bob onex| two"),
    ("@bob one two\x01\x1b[1;5C\x1b[1;3Cx", "@bob onex| two"),
    ("@bob one two\x01\x1bf\x1bd", "@bob| two"),
    // A key that means nothing, and an answer of the terminal, leave no trace.
    ("@bob \x1b[5~\x1b[24~\x1bOP\x1b[?62;4c\x07\x0fa", "@bob a|"),
    // One step for what is one character to its reader.
    ("@bob 日本\x7f", "@bob 日|"),
    ("@bob 日本\x1b[Dx", "@bob 日x|本"),
    ("@bob a👍b\x1b[D\x7f", "@bob a|b"),
    ("@bob e\u{301}x\x1b[D\x1b[Dy", "@bob y|e\u{301}x"),
    ("@bob xe\u{301}\x7f", "@bob x|"),
    ("@bob xe\u{301}y\x1b[D\x1b[D\x1b[3~", "@bob x|y"),
    ("@bob 日a\x14", "@bob a日|"),
];

#[test]
fn every_key_does_on_the_screen_what_it_does_to_the_message() {
    for columns in [80, 11] {
        let (mut seat, mut talk) = seated(columns, 24);
        for (keys, picture) in KEYS {
            seat.press(keys);
            seat.shows(&[picture]);
            talk.send("DELIVERY bob hi\n");
            seat.shows(&["From bob: hi", picture]);
            seat.press("\r");
            let line = picture.replace('|', "");
            talk.expect(format!("SEND {}", &line[1..]));
            seat.shows(&[line.trim_end(), "|"]);
        }
    }
}

/// The terminal may take a family for more cells than one person: only what is sent counts.
#[test]
fn joined_emoji_are_one_step() {
    let (seat, mut talk) = seated(80, 24);
    for (keys, sent) in [
        ("@bob a👩\u{200d}👩\u{200d}👧\x7fb\r", "SEND bob ab"),
        ("@bob a🇩🇪🇫🇷\x7f\r", "SEND bob a🇩🇪"),
        ("@bob a👍🏽\x1b[Db\x1b[3~\r", "SEND bob ab"),
    ] {
        seat.press(keys);
        talk.expect(sent);
    }
}

#[test]
fn characters_may_come_in_pieces() {
    let (mut seat, mut talk) = seated(80, 24);
    for text in ["é", "日", "👍"] {
        for cut in 1..text.len() {
            let (start, end) = text.as_bytes().split_at(cut);
            seat.press([b"@bob x", start].concat());
            seat.shows(&["@bob x|"]);
            seat.press(end);
            seat.shows(&[format!("@bob x{text}|")]);
            seat.press("\r");
            talk.expect(format!("SEND bob x{text}"));
        }
    }
    // So may the sequences of keys.
    seat.press("@bob ab\x1b");
    seat.shows(&["@bob ab|"]);
    seat.press("[");
    seat.press("D");
    seat.shows(&["@bob a|b"]);
}

#[test]
fn control_l_clears_the_screen_and_keeps_the_line() {
    let (mut seat, mut talk) = seated(20, 10);
    let line = "@bob a line of more than twenty columns";
    seat.press(format!("{line}\x1b[D\x0c"));
    let picture = "@bob a line of more than twenty column|s";
    seat.shows_only(&[picture]);
    talk.send("DELIVERY bob hi\n");
    seat.shows_only(&["From bob: hi", picture]);
    seat.press("\x15\x0b");
    seat.shows_only(&["From bob: hi", "|"]);
    seat.press("\x0c");
    seat.shows_only(&["|"]);
}

#[test]
fn earlier_lines_come_back() {
    let (mut seat, mut talk) = seated(80, 24);
    for line in ["@bob one", "@bob two", "@bob two", "nothing"] {
        seat.enter(line);
    }
    for text in ["one", "two", "two"] {
        talk.expect(format!("SEND bob {text}"));
    }
    const UP: &str = "\x1b[A";
    const DOWN: &str = "\x1b[B";
    for (keys, picture) in [
        (UP, "nothing|"),
        ("\x10", "@bob two|"),
        ("\x1bOA", "@bob one|"),
        (UP, "@bob one|"),
        ("\x0e", "@bob two|"),
        (DOWN, "nothing|"),
        ("\x1bOB", "|"),
        (DOWN, "|"),
        ("half", "half|"),
        (UP, "nothing|"),
        (DOWN, "half|"),
        ("\x10\x10\x10 more", "@bob one more|"),
    ] {
        seat.press(keys);
        seat.shows(&[picture]);
    }
    seat.press("\r");
    talk.expect("SEND bob one more");
    seat.press(UP);
    seat.shows(&["@bob one more", "@bob one more|"]);
}

#[test]
fn search_finds_earlier_lines_whatever_arrives() {
    let (mut seat, mut talk) = seated(80, 24);
    for text in ["one two", "three", "one four"] {
        seat.enter(&format!("@bob {text}"));
        talk.answer(&format!("SEND bob {text}"), "SEND-OK\n");
    }
    for (keys, picture) in [
        ("half\x12", "(reverse-i-search)`': half|"),
        ("one", "(reverse-i-search)`one': @bob |one four"),
        ("\x12", "(reverse-i-search)`one': @bob |one two"),
        ("\x12", "(failed reverse-i-search)`one': @bob |one two"),
        ("\x7f\x7f", "(reverse-i-search)`o': @bob one f|our"),
        ("\x07", "half|"),
        ("\x12two", "(reverse-i-search)`two': @bob one |two"),
    ] {
        seat.press(keys);
        seat.shows(&[picture]);
        talk.send("DELIVERY bob hi\n");
        seat.shows(&["From bob: hi", picture]);
    }
    // A key of the line ends the search, and is taken for what it is.
    seat.press("\x1b[Dx");
    seat.shows(&["From bob: hi", "@bob onex| two"]);
    seat.press("\r");
    talk.expect("SEND bob onex two");
    seat.press("\x12three\r");
    talk.expect("SEND bob three");
    seat.shows(&["@bob three", "|"]);
    seat.press("half\x12one\x03");
    seat.shows(&["@bob three", "half|"]);
}

#[test]
fn tab_completes_commands_and_the_names_that_were_seen() {
    let (mut seat, mut talk) = seated(80, 24);
    seat.press("!w\t");
    seat.shows(&["!who|"]);
    seat.press("\r");
    talk.answer("LIST", "LIST-OK ann,carla\n");
    seat.shows(&["There are 2 online users:", "ann", "carla", "|"]);
    talk.send("DELIVERY dora hi\nDELIVERY doris hi\n");
    seat.shows(&["From doris: hi", "|"]);
    for (keys, picture) in [
        ("@d\t", "@doris |"),
        ("\t", "@dora |"),
        ("\t", "@doris |"),
        ("\x15@c\t", "@carla |"),
        ("\x15@x\t", "@x|"),
        ("\x15hi @d\t", "hi @d|"),
        ("\x15@dor hi\x01\x06\x06\x06\x06\t\t", "@dora| hi"),
    ] {
        seat.press(keys);
        seat.shows(&[picture]);
    }
    seat.press("\r");
    talk.expect("SEND dora hi");
    seat.press("!q\t");
    seat.shows(&["!quit|"]);
    seat.press("\r");
    talk.expect_end();
    assert_eq!(seat.finish().status.code(), Some(0));
}

/// Where the terminal does not mark a paste.
#[test]
fn two_hundred_pasted_lines_are_two_hundred_requests_in_order() {
    let lines: Vec<_> = (0..200).map(|number| format!("@bob line {number} of a paste")).collect();
    for between in ["\r", "\n"] {
        let (mut seat, mut talk) = seated(80, 24);
        seat.press(format!("{}{between}@bob half", lines.join(between)));
        for line in &lines {
            talk.expect(format!("SEND {}", &line[1..]));
        }
        let mut expected = vec![LOGGED_IN];
        expected.extend(lines.iter().map(String::as_str));
        expected.push("@bob half|");
        seat.shows_only(&expected);
        seat.press("\r");
        talk.expect("SEND bob half");
    }
}

#[test]
fn escape_leaves_a_search() {
    let (mut seat, mut talk) = seated(80, 24);
    seat.press("@bob one\r");
    talk.expect("SEND bob one");
    seat.press("half\x12on\x1b");
    seat.shows(&["half|"]);
}

#[test]
fn pastes_are_marked_once_a_person_types_and_keys_in_them_are_text() {
    let (mut seat, mut talk) = seated(80, 24);
    assert!(!seat.screen.marks_pastes());
    seat.press("@");
    seat.shows(&["@|"]);
    seat.press("bob \x1b[200~a\tb\x01\x03\x1b[Ac\x7f\x1b[201~!");
    seat.shows(&["@bob a^Ib^A^C^[[Ac^?!|"]);
    assert!(seat.screen.marks_pastes());
    seat.press("\r");
    talk.expect("SEND bob a\tb\x01\x03\x1b[Ac\x7f!");
    seat.press("!quit\r");
    let outcome = seat.finish();
    assert!(!crate::screen::Screen::showing(80, 24, &outcome.stdout).marks_pastes());
}

#[test]
fn line_of_a_hundred_thousand_characters_arrives_whole() {
    let text = (0..10_000).fold(String::new(), |mut text, number| {
        write!(text, "{number:09} ").unwrap();
        text
    });
    for (start, end) in [("", ""), ("\x1b[200~", "\x1b[201~")] {
        let (seat, mut talk) = seated(80, 24);
        seat.press(format!("{start}@bob {text}{end}\r"));
        assert!(talk.line() == format!("SEND bob {text}").as_bytes());
        // A letter at its start and one at its end.
        seat.press(format!("{start}@bob {text}{end}\x01\x06\x06\x06\x06\x06A\x05Z\r"));
        assert!(talk.line() == format!("SEND bob A{text}Z").as_bytes());
    }
}
