//! A gateway from the chat to a command: each message of certain users is one run of it.
//!
//! ```sh
//! cargo run --example gateway --no-default-features --features std -- sums@localhost:5378 ann,bob bc
//! cargo run --example gateway --no-default-features --features std -- sums@/run/chinwag.sock ann,bob bc
//! ```
//!
//! The command finds the text, as a line, on its standard input, and the name of who sent it in `CHINWAG_FROM`;
//! what it prints goes back as messages, a line in each, behind a `| `. A message that begins so is not run: two
//! gateways do not talk for ever. It is Unix only.
//!
//! What is safe: no shell is between, and no byte of a message becomes an argument. Nobody is answered who is not
//! among the users. One run at a time, each bounded in time and in what it prints, with a bounded queue before it.
//! What the command prints is made harmless before it is sent; what it says on standard error is not sent.
//!
//! What is not:
//!
//! - **A name is no proof.** Who logs in as `ann` is `ann`. Where that matters, let the server decide who has which
//!   name (`chinwagd --address /run/chinwag.sock --names peer`: users of the machine, under their own), and go there.
//! - **The command decides what its users can do.** `bc` computes for ever, and reads no file; `sh` is a login.
//! - **A run outlives the gateway.** If that is ended in the middle of one, the run goes on until it next prints.
//! - **Users are people.** A bot among them that answers whatever it is told is told again, for ever.

use chinwag::wire::escape;
use chinwag::wire::lines::Lines;
use chinwag::wire::protocol::{Reply, Request, without_carriage_return};
use std::error::Error;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

/// A longer line of the server is dropped. A pipe holds this much, so a command need not read its input.
const LONGEST_LINE: usize = 4096;
/// So many messages wait for those before them; who sends one more is told.
const MOST_WAITING: usize = 8;
/// A run that takes longer is ended, and all processes of its group with it.
const PATIENCE: Duration = Duration::from_secs(10);
/// A run that prints more is ended, too.
const MOST_OUTPUT: usize = 4096;
/// So many lines of it are sent.
const MOST_LINES: usize = 20;
/// What answers begin with, and no message that is run.
const MARK: &[u8] = b"| ";

const USAGE: &str = "wanted: NAME@HOST:PORT or NAME@/SOCKET, then USER[,USER...], then COMMAND [ARGUMENT...]";

type Reader = Box<dyn Read>;
/// Two write: who answers, and who says that it has no time for that. Each writes whole lines.
type Writer = Mutex<Box<dyn Write + Send>>;

/// A message that is to be run.
struct Message {
    from: Vec<u8>,
    text: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [destination, users, command @ ..] = &words[..] else { return Err(USAGE.into()) };
    let (name, place) = destination.split_once('@').filter(|_| !command.is_empty()).ok_or(USAGE)?;
    let users: Vec<&[u8]> = users.split(',').map(str::as_bytes).collect();
    let (mut reader, writer) = connect(place)?;
    let (queue, waiting) = mpsc::sync_channel::<Message>(MOST_WAITING);
    thread::scope(|scope| {
        let writer = &writer;
        scope
            .spawn(move || waiting.iter().try_for_each(|message| write(writer, &answers(command, &message))));
        chat(&mut reader, writer, name, &users, queue)
    })
}

fn connect(place: &str) -> io::Result<(Reader, Writer)> {
    if place.starts_with('/') {
        let stream = UnixStream::connect(place)?;
        return Ok((Box::new(stream.try_clone()?), Mutex::new(Box::new(stream))));
    }
    let stream = TcpStream::connect(place)?;
    Ok((Box::new(stream.try_clone()?), Mutex::new(Box::new(stream))))
}

fn write(writer: &Writer, lines: &[u8]) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(()); // who has nothing to say does not wait for the other
    }
    writer.lock().map_err(|_| io::Error::other("a writer has panicked"))?.write_all(lines)
}

/// Logs in, and reads what comes until the server closes the connection.
fn chat(
    reader: &mut Reader,
    writer: &Writer,
    name: &str,
    users: &[&[u8]],
    queue: SyncSender<Message>,
) -> Result<(), Box<dyn Error>> {
    let mut lines = Lines::new(Some(LONGEST_LINE));
    let mut out = Vec::new();
    let (mut is_welcome, mut is_refused) = (false, false);
    Request::HelloFrom { name: name.as_bytes() }.write(&mut out);
    write(writer, &out)?;
    while !is_refused && lines.fill(|near, _far| reader.read(near))? > 0 {
        out.clear();
        lines.drain(|line| {
            match line.whole().and_then(Reply::parse) {
                Some(Reply::Hello { .. }) => is_welcome = true,
                Some(_) if !is_welcome => is_refused = true,
                Some(Reply::Delivery { from, text }) if users.contains(&from) && !text.starts_with(MARK) => {
                    let message = Message { from: from.to_vec(), text: text.to_vec() };
                    if queue.try_send(message).is_err() {
                        send(from, b"(busy: try again later)", &mut out);
                    }
                }
                _ => {}
            }
            true
        });
        write(writer, &out)?;
    }
    Err(if is_refused { "the server has refused the name" } else { "the server has left" }.into())
}

/// Appends a message with one line of an answer.
fn send(to: &[u8], line: &[u8], out: &mut Vec<u8>) {
    let mut text = MARK.to_vec();
    escape::append(line, &mut text);
    Request::Send { to, text: &text }.write(out);
}

/// Runs the command; returns the requests that tell whoever asked for it how it went.
fn answers(command: &[String], message: &Message) -> Vec<u8> {
    let mut out = Vec::new();
    let (output, remark) = match start(command, message) {
        Ok((mut child, ours)) => {
            let heard = listen(ours);
            end(&mut child);
            heard
        }
        Err(_) => (Vec::new(), "(the command cannot be started)"),
    };
    let mut lines = output.strip_suffix(b"\n").unwrap_or(&output).split(|&byte| byte == b'\n');
    if !output.is_empty() {
        for line in lines.by_ref().take(MOST_LINES) {
            send(&message.from, without_carriage_return(line), &mut out);
        }
    }
    let remark = match remark {
        "" if output.is_empty() => "(nothing)",
        "" if lines.next().is_some() => "(and more)",
        remark => remark,
    };
    if !remark.is_empty() {
        send(&message.from, remark.as_bytes(), &mut out);
    }
    out
}

/// Starts it in a group of its own. A socket is its output, as a read from a pipe cannot be bounded in time.
fn start(command: &[String], message: &Message) -> io::Result<(Child, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    let mut child = Command::new(&command[0])
        .args(&command[1..])
        .env("CHINWAG_FROM", OsStr::from_bytes(&message.from))
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(OwnedFd::from(theirs))
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // It need not read it.
        let _ = input.write_all(&[&message.text[..], b"\n"].concat());
    }
    Ok((child, ours))
}

/// What it prints, within the bounds, and what there is to say about that.
fn listen(mut output: UnixStream) -> (Vec<u8>, &'static str) {
    let end = Instant::now() + PATIENCE;
    let mut heard = Vec::new();
    let mut piece = [0; 1024];
    while heard.len() <= MOST_OUTPUT {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return (heard, "(ended: it took too long)");
        }
        match output.set_read_timeout(Some(left)).and_then(|()| output.read(&mut piece)) {
            Ok(0) => return (heard, ""),
            Ok(count) => heard.extend_from_slice(&piece[..count]),
            Err(error) if is_passing(&error) => {}
            Err(_) => return (heard, "(its output broke)"),
        }
    }
    heard.truncate(MOST_OUTPUT);
    (heard, "(ended: it printed too much)")
}

fn is_passing(error: &io::Error) -> bool {
    [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut, io::ErrorKind::Interrupted].contains(&error.kind())
}

/// Whatever it has left behind in its group ends with it. The standard library kills no groups; each shell does.
fn end(child: &mut Child) {
    let group = format!("-{}", child.id());
    let _ = Command::new("sh").args(["-c", "kill -s KILL -- \"$0\"", &group]).stderr(Stdio::null()).status();
    let _ = child.kill();
    let _ = child.wait();
}
