//! The client's options with the feature `rich`.

use crate::cli::given::Given;
use crate::net::extras::Extras;
use crate::net::options::When;
use crate::ui::rich::Alert;
use std::os::unix::ffi::OsStrExt as _;

/// What each field is, [`Row`](super::table::Row) says.
pub(crate) const OPTIONS: &str = "\
pretty||||On a terminal, show lines for people|: marks, colours, the time in the margin
notify||WHAT|||Have the terminal call at a message that nobody looks at: bell, osc9, osc777
on-message||COMMAND|||Run COMMAND, words without a shell, for each message; it is in CHINWAG_FROM, CHINWAG_TEXT, and on its input
ignore||NAME...|||Show no message of NAME; may be given again
";

/// Reads them.
///
/// # Errors
/// A sentence that says what is wrong.
pub(crate) fn read(given: &Given) -> Result<Extras, String> {
    Ok(Extras {
        pretty: given.flag("pretty"),
        alert: alert(given)?,
        command: command(given)?,
        ignored: ignored(given),
    })
}

/// Who asks for lines for people gets colours where there can be some, unless something else is said.
pub(crate) fn color(given: &Given, color: When) -> When {
    if given.flag("pretty") && !given.is_said("color") { When::Auto } else { color }
}

fn alert(given: &Given) -> Result<Option<Alert>, String> {
    let Some(text) = given.text("notify")? else { return Ok(None) };
    match text.as_str() {
        "bell" => Ok(Some(Alert::Bell)),
        "osc9" => Ok(Some(Alert::Osc9)),
        "osc777" => Ok(Some(Alert::Osc777)),
        _ => Err(given.wrong("notify", text.as_ref(), "not bell, osc9 or osc777")),
    }
}

/// The program and its arguments, with white space between them.
fn command(given: &Given) -> Result<Vec<String>, String> {
    let Some(text) = given.text("on-message")? else { return Ok(Vec::new()) };
    let words: Vec<_> = text.split_ascii_whitespace().map(str::to_owned).collect();
    if words.is_empty() {
        return Err(given.wrong("on-message", text.as_ref(), "a program is needed"));
    }
    Ok(words)
}

/// No name has a comma in it.
fn ignored(given: &Given) -> Vec<Vec<u8>> {
    let values = given.values("ignore");
    let names = values.iter().flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
    names.filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::client::parse;
    use crate::cli::client::tests::parsed;
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;

    #[test]
    fn what_can_be_asked() {
        let arguments =
            ["--pretty", "--notify", "osc777", "--on-message", " notify-send\t-u low ", "--ignore", "ann"];
        let options = parsed(&[&arguments[..], &["--ignore=bob,cid,", "--ignore", ""]].concat()).unwrap();
        let expected = Extras {
            pretty: true,
            alert: Some(Alert::Osc777),
            command: ["notify-send", "-u", "low"].map(str::to_owned).to_vec(),
            ignored: [b"ann", b"bob", b"cid"].map(|name| name.to_vec()).to_vec(),
        };
        assert_eq!((options.extras, options.color), (expected, When::Auto));
        assert_eq!(parsed(&["--pretty", "--color", "never"]).unwrap().color, When::Never);
        assert_eq!(parsed(&["--notify", "bell"]).unwrap().color, When::Never);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for arguments in
            [&["--notify", "smoke"][..], &["--notify", ""], &["--on-message", " "], &["--on-message", ""]]
        {
            assert!(parsed(arguments).unwrap_err().starts_with("error: "), "{arguments:?}");
        }
    }

    #[test]
    fn names_are_bytes() {
        let words = [&b"chinwag"[..], b"--ignore", b"b\xff"].map(|word| OsString::from_vec(word.to_vec()));
        assert_eq!(parse(&words).unwrap().extras.ignored, [b"b\xff"]);
    }
}
