//! What is read as a request or a reply is read as the same once it is written; a command sends what was typed.

use chinwag::client::command::Command;
use chinwag::wire::protocol::{Reply, Request};

/// The input is a line.
pub(super) fn run(line: &[u8]) {
    if line.contains(&b'\n') {
        return;
    }
    // Of many carriage returns at the end one is dropped each time.
    let is_final = !line.ends_with(b"\r");
    let mut written = Vec::new();
    if let Some(reply) = Reply::parse(line) {
        reply.write(&mut written);
        let again = written.strip_suffix(b"\n").and_then(Reply::parse);
        assert!(again.is_some() && (!is_final || again == Some(reply)));
    }
    written.clear();
    if let Ok(request) = Request::parse(line) {
        request.write(&mut written);
        let again = written.strip_suffix(b"\n").map(Request::parse);
        assert!(matches!(again, Some(Ok(_))) && (!is_final || again == Some(Ok(request))));
    }
    if let Some(Command::Send { to, text }) = Command::parse(line) {
        assert!(!to.is_empty() && line.ends_with(text));
    }
}
