//! Whatever is typed, pasted and shown meanwhile, what the terminal gets is text and known escapes.
#![no_main]

use arbitrary::Arbitrary;
use chinwag::ui::editor::Editor;
use libfuzzer_sys::{arbitrary, fuzz_target};

#[derive(Arbitrary, Debug)]
enum Step {
    Keys(Vec<u8>),
    Hide,
    Show,
    Resize(u8, u8),
    Prompt(bool),
    Name(Vec<u8>),
    Leave,
}

fuzz_target!(|steps: Vec<Step>| {
    let mut editor = Editor::new(20, 5);
    let mut out = Vec::new();
    for step in steps {
        match step {
            Step::Keys(keys) => {
                let mut keys = &keys[..];
                while !keys.is_empty() {
                    let (taken, event) = editor.feed(keys, &mut out);
                    assert!(taken == keys.len() || event.is_some());
                    keys = &keys[taken..];
                }
            }
            Step::Hide => editor.hide(&mut out),
            Step::Show => editor.show(&mut out),
            Step::Resize(columns, rows) => editor.resize(columns.into(), rows.into(), &mut out),
            Step::Prompt(set) => editor.set_prompt(if set { b"login: " } else { b"" }),
            Step::Name(name) => editor.add_name(&name),
            Step::Leave => editor.leave(&mut out),
        }
        let text = std::str::from_utf8(&out).expect("what is shown is text");
        assert!(!text.contains(['\u{9b}', '\u{202e}', '\u{7}', '\0']));
        out.clear();
    }
});
