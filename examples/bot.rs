//! A bot of some thirty lines: the library's pure core, a socket of the standard library, and nothing else.
//!
//! ```sh
//! cargo run --example bot --no-default-features --features std -- bot@localhost:5378
//! ```
//!
//! It answers two words only, and with none of them: two bots do not talk for ever.

use chinwag::wire::lines::Lines;
use chinwag::wire::protocol::{Reply, Request};
use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;

/// A longer line is dropped: so much strangers can make it keep.
const LONGEST_LINE: usize = 4096;

fn main() -> Result<(), Box<dyn Error>> {
    let destination = std::env::args().nth(1).unwrap_or("bot@localhost:5378".into());
    let (name, address) = destination.split_once('@').ok_or("wanted: NAME@HOST:PORT")?;
    let mut server = TcpStream::connect(address)?;
    let mut lines = Lines::new(Some(LONGEST_LINE));
    let mut out = Vec::new();
    let (mut is_welcome, mut is_refused) = (false, false);
    Request::HelloFrom { name: name.as_bytes() }.write(&mut out);
    server.write_all(&out)?;
    while !is_refused && lines.fill(|near, _far| server.read(near))? > 0 {
        out.clear();
        lines.drain(|line| {
            match line.whole().and_then(Reply::parse) {
                Some(Reply::Hello { .. }) => is_welcome = true,
                Some(_) if !is_welcome => is_refused = true,
                Some(Reply::Delivery { from, text }) => answer(from, text, &mut out),
                _ => {}
            }
            true
        });
        server.write_all(&out)?;
    }
    Err(if is_refused { "the server has refused the name" } else { "the server has left" }.into())
}

/// Whoever is in the chat decides what stands in `from` and `text`: bytes, and nothing in them is obeyed.
fn answer(from: &[u8], text: &[u8], out: &mut Vec<u8>) {
    let answer = match text {
        b"hello" => b"you are welcome: try say TEXT".to_vec(),
        [b's', b'a', b'y', b' ', said @ ..] => [b"you said: ", said].concat(),
        _ => return,
    };
    Request::Send { to: from, text: &answer }.write(out);
}
