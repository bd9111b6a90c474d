//! Whatever stands in the file of known servers, what is added to it is found again, and nothing else changes its
//! meaning.

use chinwag::client::known::{Fingerprint, Known, addition, look_up};

/// A server's name, and behind a byte 0xff the file.
pub(super) fn run(input: &[u8]) {
    let mut parts = input.splitn(2, |&byte| byte == 0xff);
    let (name, text) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Ok(name) = std::str::from_utf8(name) else { return };
    let [one, two] = [1, 2].map(|byte| Fingerprint([byte; 32]));
    let before = look_up(text, name, &one);
    if let Known::Changed(line, _) | Known::Unreadable(line) = before {
        let line = text.split(|&byte| byte == b'\n').nth(line - 1).expect("the line that is named");
        let start = line.trim_ascii_start().get(..name.len()).expect("the name in it");
        assert!(start.eq_ignore_ascii_case(name.as_bytes()));
    }
    let Some(line) = addition(text, name, &two) else { return };
    let after = [text, line.as_bytes()].concat();
    assert_eq!(look_up(&after, name, &two), Known::Yes);
    assert_eq!(look_up(&after, name, &one) == Known::Yes, before == Known::Yes);
    assert_eq!(look_up(&after, "another:1", &one), look_up(text, "another:1", &one));
    if let Some(fingerprint) = std::str::from_utf8(text).ok().and_then(Fingerprint::parse) {
        assert_eq!(Fingerprint::parse(&fingerprint.to_string()), Some(fingerprint));
    }
}
