//! Two users who write to each other, so many messages a second each way, in a process of their own: how long
//! a message takes, and whether all arrive.
//!
//! Each line on standard input is answered with the figures since the last one; its end, with the last ones,
//! after a wait for what is still on its way.

use mio::net::TcpStream;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use std::collections::VecDeque;
use std::fmt;
use std::io::{self, BufRead as _, Read, Write as _};
use std::net::SocketAddr;
use std::os::fd::AsRawFd as _;
use std::str::FromStr;
use std::time::{Duration, Instant};

/// Each sends a message in this time.
const PACE: Duration = Duration::from_millis(10);

/// What is on its way in the end has this long to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

const NAMES: [&str; 2] = ["ann", "bob"];
const TEXT: &str = "the quick brown fox jumps over the lazy dog, and again";
const INPUT: Token = Token(2);

/// What was measured in a while. Times are in microseconds.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) sent: u64,
    pub(crate) arrived: u64,
    pub(crate) median: u64,
    pub(crate) high: u64,
    pub(crate) longest: u64,
    /// How late this process itself was, in one of a hundred cases.
    pub(crate) late: u64,
    /// Of all so far: those that were neither answered nor have arrived, or arrived in the wrong order.
    pub(crate) lost: u64,
}

impl fmt::Display for Figures {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, arrived, median, high, longest, late, lost } = self;
        write!(to, "{sent} {arrived} {median} {high} {longest} {late} {lost}")
    }
}

impl FromStr for Figures {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Vec<u64> = text.split_whitespace().map_while(|word| word.parse().ok()).collect();
        let [sent, arrived, median, high, longest, late, lost] = numbers[..] else {
            return Err(format!("no figures: {text:?}"));
        };
        Ok(Self { sent, arrived, median, high, longest, late, lost })
    }
}

struct Talker {
    stream: TcpStream,
    incoming: Vec<u8>,
    /// What the socket has not taken.
    unsent: Vec<u8>,
    /// When each was sent that has not arrived, and the number of the first of them.
    on_their_way: VecDeque<Instant>,
    first: u64,
    unanswered: u64,
    wrong: u64,
}

#[derive(Default)]
struct Samples {
    sent: u64,
    times: Vec<u64>,
    late: Vec<u64>,
}

/// The process.
pub(crate) fn chat(address: SocketAddr) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut talkers = Vec::new();
    for (place, name) in NAMES.iter().enumerate() {
        let stream = log_in(address, name, PATIENCE)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(place), Interest::READABLE)?;
        talkers.push(Talker::new(stream));
    }
    println!("ready");
    let input = io::stdin();
    poll.registry().register(&mut SourceFd(&input.as_raw_fd()), INPUT, Interest::READABLE)?;
    let mut events = Events::with_capacity(16);
    let mut samples = Samples::default();
    let mut due = Instant::now() + PACE;
    let mut ends = None;
    loop {
        let now = Instant::now();
        if ends.is_none() && due <= now {
            samples.late.push((now - due).as_micros() as u64);
            for place in 0..2 {
                talkers[place].send(NAMES[1 - place], &mut samples)?;
            }
            due += PACE;
        }
        let is_quiet = talkers.iter().all(|talker| talker.on_their_way.is_empty() && talker.unanswered == 0);
        if ends.is_some_and(|at| is_quiet || at <= now) {
            println!("{}", samples.take(&talkers));
            return Ok(());
        }
        let wait = ends.unwrap_or(due).saturating_duration_since(now);
        match poll.poll(&mut events, Some(wait)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        let now = Instant::now();
        for event in &events {
            match event.token() {
                INPUT => {
                    let mut line = [0; 64];
                    match input.lock().read(&mut line)? {
                        0 => ends = Some(now + PATIENCE),
                        _ => println!("{}", samples.take(&talkers)),
                    }
                }
                Token(place) => {
                    talkers[place].read()?;
                    handle_lines(&mut talkers, place, &mut samples);
                }
            }
        }
    }
}

/// Connects, and waits for the log-in to be answered.
pub(crate) fn log_in(address: SocketAddr, name: &str, patience: Duration) -> io::Result<std::net::TcpStream> {
    let mut stream = std::net::TcpStream::connect_timeout(&address, patience)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(patience))?;
    stream.write_all(format!("HELLO-FROM {name}\n").as_bytes())?;
    let mut answer = String::new();
    io::BufReader::with_capacity(name.len() + 7, &mut stream).read_line(&mut answer)?;
    if answer != format!("HELLO {name}\n") {
        return Err(io::Error::other(format!("{name} is told {answer:?}")));
    }
    Ok(stream)
}

impl Talker {
    fn new(stream: TcpStream) -> Self {
        let (incoming, unsent, on_their_way) = (Vec::new(), Vec::new(), VecDeque::new());
        Self { stream, incoming, unsent, on_their_way, first: 0, unanswered: 0, wrong: 0 }
    }

    fn send(&mut self, to: &str, samples: &mut Samples) -> io::Result<()> {
        let number = self.first + self.on_their_way.len() as u64;
        let line = format!("SEND {to} {number} {TEXT}\n");
        self.on_their_way.push_back(Instant::now());
        self.unanswered += 1;
        samples.sent += 1;
        self.unsent.extend_from_slice(line.as_bytes());
        // What is not taken now is tried again with the next message.
        match self.stream.write(&self.unsent) {
            Ok(count) => drop(self.unsent.drain(..count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn read(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 << 10];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(io::Error::other("the server closed the connection")),
                Ok(count) => self.incoming.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

fn handle_lines(talkers: &mut [Talker], place: usize, samples: &mut Samples) {
    let now = Instant::now();
    while let Some(end) = memchr::memchr(b'\n', &talkers[place].incoming) {
        let line: Vec<u8> = talkers[place].incoming.drain(..=end).collect();
        if line == b"SEND-OK\n" {
            talkers[place].unanswered -= 1;
            continue;
        }
        let sender = &mut talkers[1 - place];
        let expected = format!("DELIVERY {} {} {TEXT}\n", NAMES[1 - place], sender.first);
        match sender.on_their_way.front() {
            Some(&sent) if line == expected.as_bytes() => {
                samples.times.push((now - sent).as_micros() as u64);
                sender.on_their_way.pop_front();
                sender.first += 1;
            }
            _ => sender.wrong += 1,
        }
    }
}

impl Samples {
    fn take(&mut self, talkers: &[Talker]) -> Figures {
        let Self { sent, mut times, mut late } = std::mem::take(self);
        times.sort_unstable();
        late.sort_unstable();
        let lost = |talker: &Talker| talker.on_their_way.len() as u64 + talker.unanswered + talker.wrong;
        Figures {
            sent,
            arrived: times.len() as u64,
            median: part(&times, 50),
            high: part(&times, 99),
            longest: part(&times, 100),
            late: part(&late, 99),
            lost: talkers.iter().map(lost).sum(),
        }
    }
}

/// The sample below which so many of a hundred lie.
fn part(sorted: &[u64], hundredths: usize) -> u64 {
    match sorted.len() {
        0 => 0,
        count => sorted[((count - 1) * hundredths).div_ceil(100)],
    }
}
