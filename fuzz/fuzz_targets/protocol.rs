//! What is read as a request, a reply or a command is written back as the same line.
#![no_main]

use chinwag::client::command::Command;
use chinwag::wire::protocol::{Reply, Request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &[u8]| {
    if line.contains(&b'\n') {
        return;
    }
    let with_end = [line, b"\n"].concat();
    let mut written = Vec::new();
    if let Some(reply) = Reply::parse(line) {
        reply.write(&mut written);
        assert_eq!(written, with_end);
    }
    written.clear();
    if let Ok(request) = Request::parse(line) {
        request.write(&mut written);
        assert_eq!(written, with_end);
    }
    if let Some(Command::Send { to, text }) = Command::parse(line) {
        assert!(!to.is_empty() && line.ends_with(text));
    }
});
