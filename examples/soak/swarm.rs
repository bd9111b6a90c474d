//! The attackers of one attack, in one process and one thread.

use super::plans::{Attack, Group, Leaves};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use rustix::net::sockopt::set_socket_linger;
use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Whoever was turned away is back after this time.
const BACK: Duration = Duration::from_millis(100);

/// Nobody writes or reads more than this before the others have had their turn.
const TURN: usize = 64 << 10;

/// Everybody is there, or cannot be, after this time.
const GATHERING: Duration = Duration::from_secs(20);

/// So many connections are on their way at a time, or those that wait to be accepted have no room.
const ARRIVING: usize = 64;

struct Swarm {
    address: SocketAddr,
    poll: Poll,
    attackers: Vec<Attacker>,
    /// Those that may be able to do something.
    ready: VecDeque<usize>,
    /// Those to be made, again or for the first time, and when.
    absent: VecDeque<(Instant, usize)>,
    arriving: usize,
    buffer: Vec<u8>,
}

struct Attacker {
    group: &'static Group,
    number: usize,
    stream: Option<TcpStream>,
    /// What it says now, and how much of it was taken.
    words: Vec<u8>,
    said: usize,
    stage: Stage,
    is_ready: bool,
    /// Its next byte is due then, if it has a pace.
    due: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Absent,
    Connecting,
    LoggingIn,
    Saying,
}

/// Attacks until `until`; calls `ready` as soon as everybody is there.
pub(crate) fn attack(attack: &'static Attack, address: SocketAddr, until: Instant, ready: &mut dyn FnMut()) {
    let mut swarm = Swarm::new(attack, address);
    let mut events = Events::with_capacity(4096);
    let start = Instant::now();
    let mut is_told = false;
    loop {
        let now = Instant::now();
        if until <= now {
            return;
        }
        if !is_told && (swarm.is_complete() || now - start > GATHERING) {
            is_told = true;
            ready();
        }
        swarm.connect(now);
        swarm.trickle(now);
        for _ in 0..swarm.ready.len() {
            let Some(place) = swarm.ready.pop_front() else { break };
            swarm.serve(place, now);
        }
        let wait = if swarm.ready.is_empty() { Duration::from_millis(5) } else { Duration::ZERO };
        let _ = swarm.poll.poll(&mut events, Some(wait));
        for event in &events {
            swarm.wake(event.token().0);
        }
    }
}

impl Swarm {
    fn new(attack: &'static Attack, address: SocketAddr) -> Self {
        let now = Instant::now();
        let of_group = |group: &'static Group| {
            (0..group.count).map(move |number| Attacker {
                group,
                number,
                stream: None,
                words: Vec::new(),
                said: 0,
                stage: Stage::Absent,
                is_ready: false,
                due: now,
            })
        };
        let attackers: Vec<_> = attack.groups.iter().flat_map(of_group).collect();
        let absent = (0..attackers.len()).map(|place| (now, place)).collect();
        let (ready, buffer) = (VecDeque::new(), vec![0; TURN]);
        Self { address, poll: Poll::new().unwrap(), attackers, ready, absent, arriving: 0, buffer }
    }

    fn is_complete(&self) -> bool {
        self.absent.is_empty() && self.arriving == 0
    }

    fn connect(&mut self, now: Instant) {
        while self.arriving < ARRIVING
            && let Some(&(_, place)) = self.absent.front().filter(|(at, _)| *at <= now)
        {
            self.absent.pop_front();
            let attacker = &mut self.attackers[place];
            let Ok(stream) = TcpStream::connect(self.address) else {
                self.absent.push_back((now + BACK, place));
                continue;
            };
            let stream = attacker.stream.insert(stream);
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.poll.registry().register(stream, Token(place), interest).unwrap();
            attacker.stage = Stage::Connecting;
            self.arriving += 1;
        }
    }

    fn trickle(&mut self, now: Instant) {
        for place in 0..self.attackers.len() {
            let attacker = &self.attackers[place];
            if attacker.group.pace.is_some() && attacker.stage == Stage::Saying && attacker.due <= now {
                self.wake(place);
            }
        }
    }

    fn wake(&mut self, place: usize) {
        if !self.attackers[place].is_ready {
            self.attackers[place].is_ready = true;
            self.ready.push_back(place);
        }
    }

    fn serve(&mut self, place: usize, now: Instant) {
        let attacker = &mut self.attackers[place];
        attacker.is_ready = false;
        let before = attacker.stage;
        let served = attacker.serve(&mut self.buffer, now);
        let was_arriving = matches!(before, Stage::Connecting | Stage::LoggingIn);
        if was_arriving && !matches!(attacker.stage, Stage::Connecting | Stage::LoggingIn) {
            self.arriving -= 1;
        }
        match served {
            Ok(true) => self.wake(place),
            Ok(false) => {}
            Err(_) if attacker.stage == Stage::Absent => self.absent.push_back((now, place)),
            Err(_) => {
                self.arriving -= usize::from(matches!(attacker.stage, Stage::Connecting | Stage::LoggingIn));
                attacker.go(false);
                self.absent.push_back((now + BACK, place));
            }
        }
    }
}

impl Attacker {
    /// Does a little; returns whether there may be more to be done at once.
    ///
    /// # Errors
    /// When the connection is over.
    fn serve(&mut self, buffer: &mut [u8], now: Instant) -> io::Result<bool> {
        let Some(stream) = &mut self.stream else { return Ok(false) };
        if self.stage == Stage::Connecting {
            if stream.peer_addr().is_err() {
                return stream.take_error()?.map_or(Ok(false), Err);
            }
            self.stage = if self.group.name.is_some() { Stage::LoggingIn } else { Stage::Saying };
            self.said = 0;
            self.words = match self.group.name {
                Some(name) => format!("HELLO-FROM {name}{}\n", self.number).into_bytes(),
                None => (self.group.first)(self.number),
            };
        }
        let mut goes_on = false;
        if self.group.reads || self.stage == Stage::LoggingIn {
            match stream.read(buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) if self.group.leaves == Leaves::Answered => {
                    self.go(true);
                    return Err(io::Error::other("it leaves"));
                }
                Ok(count) => {
                    goes_on = count == buffer.len();
                    if self.stage == Stage::LoggingIn {
                        self.handle_answer(&buffer[..count])?;
                        goes_on = true;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.say(now)? || goes_on)
    }

    fn handle_answer(&mut self, answer: &[u8]) -> io::Result<()> {
        if !answer.starts_with(b"HELLO ") {
            return Err(io::Error::other("refused"));
        }
        self.stage = Stage::Saying;
        self.words = (self.group.first)(self.number);
        self.said = 0;
        if self.group.leaves == Leaves::LoggedIn {
            self.go(false);
            return Err(io::Error::other("it leaves"));
        }
        Ok(())
    }

    fn say(&mut self, now: Instant) -> io::Result<bool> {
        if self.said == self.words.len() && self.stage == Stage::Saying {
            if self.group.leaves == Leaves::Reset {
                self.go(true);
                return Err(io::Error::other("it leaves"));
            }
            self.words = (self.group.again)(self.number);
            self.said = 0;
        }
        let Some(stream) = &mut self.stream else { return Ok(false) };
        let rest = &self.words[self.said..];
        let paced = self.group.pace.filter(|_| self.stage == Stage::Saying);
        let most = match paced {
            Some(_) if now < self.due => 0,
            Some(_) => 1,
            None => TURN,
        };
        if rest.is_empty() || most == 0 {
            return Ok(false);
        }
        match stream.write(&rest[..rest.len().min(most)]) {
            Ok(count) => {
                self.said += count;
                self.due = now + paced.unwrap_or_default();
                Ok(paced.is_none())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn go(&mut self, is_reset: bool) {
        if let Some(stream) = self.stream.take()
            && is_reset
        {
            let _ = set_socket_linger(&stream, Some(Duration::ZERO));
        }
        self.stage = Stage::Absent;
    }
}
