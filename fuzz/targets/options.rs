//! Whatever stands on a command line is understood, or refused with the right status and a sentence; and what is
//! understood is a server that can be.

use chinwag::cli::{probes, server};
use chinwag::server::hub::QUEUE_ROOM;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

/// Words, between bytes 0xff; the first is the program's name.
pub(super) fn run(input: &[u8]) {
    let words: Vec<OsString> =
        input.split(|&byte| byte == 0xff).map(|word| OsStr::from_bytes(word).to_owned()).collect();
    if let Err(error) = probes::parse_client(words.clone()) {
        check(error.exit_code(), &error.to_string());
    }
    match server::Options::parse(words) {
        Err(error) => check(error.exit_code(), &error.to_string()),
        Ok(options) => {
            let limits = options.config.limits;
            assert!(limits.max_message.saturating_add(QUEUE_ROOM) <= limits.max_queue);
            assert!(limits.mark() > 0 && limits.max_line() >= limits.max_message);
        }
    }
}

fn check(status: i32, said: &str) {
    assert!(status == 0 || status == 2 && said.starts_with("error: "), "{status}: {said}");
}
