//! Who looks at the terminal, who is called to it, and who is ignored.

use super::*;

#[test]
fn first_message_that_nobody_looks_at_comes_below_a_mark() {
    let mut screen = pretty(false);
    screen.watch_focus();
    assert_eq!(taken(&mut screen), "\x1b[?1004h\x1b[?2004h");
    screen.show(HI, 0);
    assert_eq!(taken(&mut screen), "      ann: hi\n", "nobody knows");
    assert_eq!(screen.handle_keys(b"\x1b[O"), (3, None));
    assert_eq!(taken(&mut screen), "");
    clock(&mut screen, 22, 14, 9);
    screen.show(Notice::Online(b"ann"), 0);
    assert_eq!(taken(&mut screen), "14:09 1 online\n      ann\n");
    for shown in ["      ── new since 14:05 ──\n      ann: hi\n", "      ann: hi\n"] {
        screen.show(HI, 0);
        assert_eq!(taken(&mut screen), shown);
    }
    screen.handle_keys(b"\x1b[I");
    screen.show(HI, 0);
    screen.handle_keys(b"\x1b[O");
    screen.handle_keys(b"\x1b[I");
    screen.show(HI, 0);
    assert_eq!(taken(&mut screen), "      ann: hi\n".repeat(2));
}

#[test]
fn reports_are_ended_with_whatever_takes_the_terminal() {
    let mut screen = pretty(false);
    screen.watch_focus();
    taken(&mut screen);
    screen.suspend();
    assert_eq!(String::from_utf8_lossy(screen.waiting().as_slice()), "\x1b[?1004l\x1b[?2004l");
    screen.waiting().clear();
    assert_eq!(taken(&mut screen), "\x1b[?1004h\x1b[?2004h");
    screen.leave();
    assert_eq!(taken(&mut screen), "\x1b[?1004l\x1b[?2004l");
}

/// However the bytes are cut, in the middle of a line, and after a lone escape.
#[test]
fn focus_is_no_key() {
    for keys in ["a\x1b[Ib\x1b[Oc", "a\x1b\x1b[Obc", "ab\x1b[Oc\x1b[I"] {
        for cut in 0..keys.len() {
            let mut screen = pretty(false);
            screen.handle_keys(&keys.as_bytes()[..cut]);
            screen.handle_keys(&keys.as_bytes()[cut..]);
            assert_eq!(screen.editor.as_ref().unwrap().line(), b"abc", "{keys:?} {cut}");
        }
    }
}

#[test]
fn user_who_looks_elsewhere_is_called() {
    let mut screen = screen(Wishes { alert: Some(Alert::Osc9), passage: Passage::Tmux, ..Wishes::default() });
    screen.watch_focus();
    assert_eq!(taken(&mut screen), "\x1b[?1004h");
    screen.show(HI, 0);
    screen.show(HI, 0);
    let call = "\x1bPtmux;\x1b\x1b]9;ann: hi\x07\x1b\\";
    assert_eq!(taken(&mut screen), format!("{call}From ann: hi\nFrom ann: hi\n"));
    screen.handle_keys(b"\x1b[I");
    screen.handle_time(9 * SECOND);
    screen.show(HI, 0);
    assert_eq!(taken(&mut screen), "From ann: hi\n");
    assert!(!screen.needs_time());
}

#[test]
fn ignored_messages_go_nowhere() {
    let ignored = vec![b"ann".to_vec(), b"b\xff".to_vec()];
    for pretty in [false, true] {
        let wishes = Wishes {
            pretty,
            ignored: ignored.clone(),
            errands: true,
            alert: Some(Alert::Bell),
            ..Wishes::default()
        };
        let mut screen = screen(wishes);
        screen.keep_journal();
        let text = [b'x'; 100_000];
        for name in [&b"ann"[..], b"b\xff"] {
            assert_eq!(screen.show(Notice::From { name, text: &text }, 0), None);
        }
        assert_eq!((screen.show_messages(b"DELIVERY ann hi\n"), screen.next_message()), (0, None));
        assert_eq!((taken(&mut screen).as_str(), screen.journal().unwrap().len()), ("", 0));
        for name in [&b"Ann"[..], b"ann\xe2\x80\x8d", b"b"] {
            screen.show(Notice::From { name, text: b"hi" }, 0);
            assert_eq!(screen.next_message().map(|message| message.from), Some(name.to_vec()));
        }
        assert!(taken(&mut screen).contains("Ann: hi\n"));
    }
}
