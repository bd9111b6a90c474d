//! No text is harmful once it is escaped, in a name nothing is hidden, and pieces give the same as the whole.

use chinwag::wire::escape::{self, Rule};
use chinwag::wire::guise;

/// The first byte says how long the pieces are, the rest is text.
pub(super) fn run(input: &[u8]) {
    let Some((&most, text)) = input.split_first() else { return };
    let mut whole = Vec::new();
    escape::append(text, &mut whole);
    let shown = std::str::from_utf8(&whole).expect("what is shown is UTF-8");
    assert!(!shown.chars().any(escape::is_harmful));

    let mut name = Vec::new();
    escape::append_by(Rule::Name, text, &mut name);
    assert!(guise::is_visible(&name));
    assert!(name == text || !guise::is_visible(text), "what is seen stays");

    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let piece = escape::piece(rest, usize::from(most).max(4));
        escape::append(piece, &mut pieces);
        rest = &rest[piece.len()..];
    }
    assert_eq!(pieces, whole);
}
