//! What two users who chat notice of an attack on their server: what a message takes and whether it arrives,
//! before the attack and during it; and what the server takes, whether they can log in again, and whether
//! newcomers can.
//!
//! The two are a process of their own. The attackers are another one, with less right to the processor, so that
//! they do not measure themselves. On a busy machine `--nice -10` gives more of it to the server and to the two, for
//! those who may do so. How late the process of the two was itself is a column of the table.

use super::pair::{self, Figures};
use super::plans::{ATTACKS, Attack};
use super::server::Server;
use super::swarm;
use super::table::Table;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Newcomers, and those who come back, have this long to log in.
const PATIENCE: Duration = Duration::from_secs(5);

/// A newcomer comes so often.
const NEWCOMERS: Duration = Duration::from_millis(500);

/// So long is measured before the attack.
const BEFORE: Duration = Duration::from_secs(3);

/// So many users at most: those of all attacks find room.
const USERS: usize = 6000;

pub(crate) struct Settings {
    pub(crate) server: PathBuf,
    pub(crate) for_server: Vec<String>,
    /// The niceness of the server and of the two.
    pub(crate) nice: i32,
    pub(crate) time: Duration,
    /// The most memory that the server may have, in KiB.
    pub(crate) memory: u64,
    /// What a message may take in one of a hundred cases.
    pub(crate) high: Duration,
}

/// What was seen in one attack.
#[derive(Default)]
struct Seen {
    before: Figures,
    during: Figures,
    lost: u64,
    newcomers: usize,
    let_in: usize,
    slowest: Duration,
    came_back: bool,
    memory: u64,
    processor: f64,
    faults: Vec<String>,
}

/// Plays the attacks of this name, or all; returns what went wrong.
pub(crate) fn run(name: &str, settings: &Settings) -> Vec<String> {
    let mut attacks: Vec<_> = ATTACKS.iter().filter(|attack| name == "all" || attack.name == name).collect();
    if name == "all" && !Server::knows_tls(&settings.server) {
        attacks.retain(|attack| !attack.tls);
    }
    let names: Vec<_> = ATTACKS.iter().map(|attack| attack.name).collect();
    assert!(!attacks.is_empty(), "{name}: there are all, {}", names.join(", "));
    let headings = [
        "", "p50", "p99", "p50", "p99", "longest", "late", "lost", "let in", "slowest", "back", "MiB",
        "cpu s",
    ];
    let title = "two users at 100 messages a second each way: ms before, and under attack";
    let mut table = Table::new(title, 1, &headings);
    let mut faults = Vec::new();
    for attack in attacks {
        let seen = play(attack, settings);
        table.row(row(attack, &seen));
        faults.extend(seen.faults.iter().map(|fault| format!("{}: {fault}", attack.name)));
    }
    table.note("late: of the measuring process itself, in one of a hundred cases (ms)".to_owned());
    table.note("let in: newcomers of those who tried; slowest: the log-in that took longest (ms)".to_owned());
    table.note("back: whether the two can log in again meanwhile; MiB, cpu s: of the server".to_owned());
    table.print();
    faults
}

fn row(attack: &Attack, seen: &Seen) -> Vec<String> {
    let ms = |micros: u64| match micros {
        0..10_000 => format!("{:.2}", micros as f64 / 1000.0),
        _ => format!("{:.1}", micros as f64 / 1000.0),
    };
    let Seen { before, during, .. } = seen;
    vec![
        attack.name.to_owned(),
        ms(before.median),
        ms(before.high),
        ms(during.median),
        ms(during.high),
        ms(during.longest),
        ms(during.late),
        seen.lost.to_string(),
        format!("{}/{}", seen.let_in, seen.newcomers),
        ms(seen.slowest.as_micros() as u64),
        if seen.came_back { "yes" } else { "no" }.to_owned(),
        format!("{:.1}", seen.memory as f64 / 1024.0),
        format!("{:.1}", seen.processor),
    ]
}

fn play(attack: &'static Attack, settings: &Settings) -> Seen {
    let mut arguments: Vec<String> = vec!["--echobot".into(), "--max-users".into(), USERS.to_string()];
    arguments.extend(settings.for_server.iter().cloned());
    let mut server = Server::attacked(&settings.server, &arguments, attack, settings.nice);
    let mut seen = Seen::default();
    if let Err(error) = measure(attack, &server, settings, &mut seen) {
        seen.faults.push(format!("{error}; the server's last words: {:#?}", server.last_words()));
    }
    seen.memory = server.peak();
    seen.processor += server.processor_time().as_secs_f64();
    if seen.memory > settings.memory {
        seen.faults.push(format!("the server took {} KiB, more than {}", seen.memory, settings.memory));
    }
    let last_words = server.last_words();
    let ended = if server.is_running() { server.stop() } else { None };
    if !ended.is_some_and(|status| status.success()) {
        seen.faults.push(format!("the server did not end as it should: {ended:?}, {last_words:?}"));
    }
    seen
}

fn measure(
    attack: &'static Attack,
    server: &Server,
    settings: &Settings,
    seen: &mut Seen,
) -> Result<(), String> {
    let mut pair = Process::pair(server.address, settings.nice);
    pair.expect_ready()?;
    sleep(BEFORE);
    seen.before = pair.figures()?;
    seen.processor = -server.processor_time().as_secs_f64();
    let mut attackers = Process::attackers(attack, server.attacked);
    attackers.expect_ready()?;
    let end = Instant::now() + settings.time;
    while Instant::now() < end {
        let start = Instant::now();
        seen.newcomers += 1;
        match pair::log_in(server.address, &format!("new{}", seen.newcomers), PATIENCE) {
            Ok(_) => seen.let_in += 1,
            Err(error) if seen.newcomers == seen.let_in + 1 => {
                seen.faults.push(format!("a newcomer: {error}"))
            }
            Err(_) => {}
        }
        seen.slowest = seen.slowest.max(start.elapsed());
        sleep(NEWCOMERS.saturating_sub(start.elapsed()));
    }
    seen.during = pair.figures()?;
    seen.lost = pair.last_figures()?.lost;
    seen.came_back = Process::pair(server.address, settings.nice).expect_ready().is_ok();
    if seen.lost > 0 {
        seen.faults.push(format!("{} messages were lost", seen.lost));
    }
    if !seen.came_back {
        seen.faults.push("the two cannot log in again".to_owned());
    }
    let [high, late] = [seen.during.high, seen.during.late].map(Duration::from_micros);
    // Who measures late measures too much.
    let is_judged = late < settings.high / 2;
    if high > settings.high {
        let doubt = if is_judged { "" } else { "; or it only seems so: the measuring was late" };
        seen.faults.push(format!("one of a hundred messages took {high:?} or longer{doubt}"));
    }
    Ok(())
}

/// This program once more, in another part; ended with this value.
struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Process {
    fn pair(address: SocketAddr, nice: i32) -> Self {
        Self::start(nice, &["pair", &address.to_string()])
    }

    fn attackers(attack: &Attack, address: SocketAddr) -> Self {
        Self::start(10, &["swarm", attack.name, &address.to_string()])
    }

    fn start(nice: i32, arguments: &[&str]) -> Self {
        let mut command = Command::new("nice");
        command.args(["-n", &nice.to_string()]).arg(std::env::current_exe().unwrap()).args(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output }
    }

    fn expect_ready(&mut self) -> Result<(), String> {
        match self.line().as_str() {
            "ready\n" => Ok(()),
            other => Err(format!("a process did not begin: {other:?}")),
        }
    }

    /// Of the two, since the last time.
    fn figures(&mut self) -> Result<Figures, String> {
        if let Some(input) = &mut self.input {
            input.write_all(b"figures\n").map_err(|error| format!("the two have gone: {error}"))?;
        }
        self.line().parse()
    }

    /// Of the two, who end.
    fn last_figures(&mut self) -> Result<Figures, String> {
        self.input = None;
        let figures = self.line().parse();
        // Their connections are closed then.
        let _ = self.child.wait();
        figures
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        let _ = self.output.read_line(&mut line);
        line
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The process of the attackers, until its end is killed.
pub(crate) fn swarm(name: &str, address: SocketAddr) {
    let attack = ATTACKS.iter().find(|attack| attack.name == name).unwrap();
    let until = Instant::now() + Duration::from_secs(3600);
    swarm::attack(attack, address, until, &mut || println!("ready"));
}
