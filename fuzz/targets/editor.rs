//! Whatever is typed, pasted and shown meanwhile, what the terminal gets is text and known escapes.

use super::script::{Script, numbered};
use chinwag::ui::editor::Editor;
use std::time::Duration;

pub(super) fn run(input: &[u8]) {
    let script = Script::new(input);
    let mut editor = Editor::new(1 + script.setting(0, 80) as u16, 1 + script.setting(1, 24) as u16);
    let (mut out, mut time) = (Vec::new(), Duration::ZERO);
    for (what, with) in script.steps() {
        match what {
            b'h' => editor.hide(&mut out),
            b's' => editor.show(&mut out),
            b'r' => {
                let (columns, rows) = numbered(with);
                editor.resize(columns as u16, numbered(rows).0 as u16, &mut out);
            }
            b'p' => editor.set_prompt(if with.is_empty() { b"" } else { b"login: " }),
            b'n' => editor.add_name(with),
            b'w' => editor.add_sender(with),
            b'o' => editor.talk_to(with),
            b'c' => editor.begin_chat(),
            b'm' => editor.note_miss(),
            b't' => {
                time += Duration::from_millis(numbered(with).0 as u64);
                editor.handle_time(time);
                editor.handle_pause(&mut out);
            }
            b'l' => editor.leave(&mut out),
            b'z' => editor.suspend(&mut out),
            _ => {
                let mut keys = with;
                while !keys.is_empty() {
                    let (taken, event) = editor.feed(keys, &mut out);
                    assert!(taken == keys.len() || event.is_some());
                    keys = &keys[taken..];
                }
            }
        }
        let text = std::str::from_utf8(&out).expect("what is shown is text");
        assert!(!text.contains(['\u{9b}', '\u{202e}', '\u{7}', '\0']));
        out.clear();
    }
}
