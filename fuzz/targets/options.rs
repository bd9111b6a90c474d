//! Whatever stands on a command line is understood, or refused with a sentence; and what is
//! understood is a server that can be.

use chinwag::cli::{probes, server};
use chinwag::server::hub::QUEUE_ROOM;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

/// Words, between bytes 0xff; the first is the program's name.
pub(super) fn run(input: &[u8]) {
    let words: Vec<OsString> =
        input.split(|&byte| byte == 0xff).map(|word| OsStr::from_bytes(word).to_owned()).collect();
    if let Err(said) = probes::parse_client(&words) {
        check(&said);
    }
    match server::Options::parse(&words) {
        Err(said) => check(&said),
        Ok(options) => {
            let limits = options.limits();
            assert!(limits.max_message.saturating_add(QUEUE_ROOM) <= limits.max_queue);
            assert!(limits.mark() > 0 && limits.max_line() >= limits.max_message);
        }
    }
}

fn check(said: &str) {
    assert!(said.starts_with("error: "), "{said}");
    assert!(!said.contains(|character: char| character.is_control() && character != '\t'), "{said:?}");
}
