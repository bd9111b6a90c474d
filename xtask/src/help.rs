//! The texts around the options of a program's help, taken apart: lists with titles, and paragraphs.

/// A part of a text, between empty lines.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// `Environment`, if it is a list.
    pub(crate) title: Option<String>,
    /// What stands before the items, or is all there is.
    pub(crate) text: String,
    pub(crate) items: Vec<Item>,
}

/// `NO_COLOR  no colours`
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) key: String,
    pub(crate) meaning: String,
}

/// Takes a text apart.
pub(crate) fn parts(text: &str) -> Vec<Part> {
    text.split("\n\n").filter(|part| !part.trim().is_empty()).map(part).collect()
}

fn part(text: &str) -> Part {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let Some(title) = first.strip_suffix(':').filter(|_| rest.starts_with("  ")) else {
        return Part { title: None, text: joined(text), items: Vec::new() };
    };
    let mut part = Part { title: Some(title.to_owned()), text: String::new(), items: Vec::new() };
    for line in rest.lines() {
        let words = line.trim();
        let is_deep = line.starts_with("   ");
        match (words.split_once("  "), part.items.last_mut()) {
            (_, Some(item)) if is_deep => append(&mut item.meaning, words),
            (Some((key, meaning)), _) => {
                part.items.push(Item { key: key.to_owned(), meaning: meaning.trim().to_owned() });
            }
            // What explains it stands below.
            (None, _) if is_followed(rest, line) => {
                part.items.push(Item { key: words.to_owned(), meaning: String::new() });
            }
            (None, _) => append(&mut part.text, words),
        }
    }
    part
}

/// Whether the line behind this one is deeper.
fn is_followed(text: &str, line: &str) -> bool {
    text.lines().skip_while(|other| *other != line).nth(1).is_some_and(|next| next.starts_with("   "))
}

fn append(text: &mut String, words: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(words);
}

fn joined(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_paragraphs() {
        let text = "Examples:\n  a --b\n        Do it\n  a\n        Do it\n        now\n\nA\nparagraph: of two lines.\n\n\
            Environment:\n  All of\n  them.\n  A    one\n  B C  two,\n       or three\n";
        let item = |key: &str, meaning: &str| Item { key: key.to_owned(), meaning: meaning.to_owned() };
        let part = |title: Option<&str>, text: &str, items| Part {
            title: title.map(str::to_owned),
            text: text.to_owned(),
            items,
        };
        let expected = [
            part(Some("Examples"), "", vec![item("a --b", "Do it"), item("a", "Do it now")]),
            part(None, "A paragraph: of two lines.", vec![]),
            part(Some("Environment"), "All of them.", vec![item("A", "one"), item("B C", "two, or three")]),
        ];
        assert_eq!(parts(text), expected);
    }
}
