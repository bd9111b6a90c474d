//! The server under test: started, watched, ended.

use super::plans::Attack;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// So many of its last words are kept.
const LAST_WORDS: usize = 20;

/// A server has this long to end.
const DEADLINE: Duration = Duration::from_secs(20);

/// A `chinwagd` that listens, ended with this value.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// The one for attackers: with TLS, if it was asked for.
    pub(crate) attacked: SocketAddr,
    last_words: Arc<Mutex<VecDeque<String>>>,
}

impl Server {
    /// Whether this one knows TLS.
    pub(crate) fn knows_tls(program: &Path) -> bool {
        let answer = Command::new(program).arg("--help").output().expect("a server");
        String::from_utf8_lossy(&answer.stdout).contains("--tls-cert")
    }

    /// Starts it for this attack, which needs no limit of descriptors and no TLS if there is none.
    pub(crate) fn attacked(program: &Path, arguments: &[String], attack: &Attack, nice: i32) -> Self {
        let mut arguments = arguments.to_vec();
        if attack.tls {
            arguments.extend(["--address", "tls:127.0.0.1"].map(str::to_owned));
        }
        Self::start(program, &arguments, attack.descriptors, nice)
    }

    /// Starts it on a port that the system picks; under a hard limit of descriptors, if there is one, and with this
    /// niceness.
    pub(crate) fn start(program: &Path, arguments: &[String], descriptors: Option<u32>, nice: i32) -> Self {
        let limit = descriptors.map_or(String::new(), |count| format!("ulimit -n {count}; "));
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("{limit}exec nice -n {nice} \"$0\" --address 127.0.0.1 --port 0 \"$@\"")]);
        command.arg(program).args(arguments);
        // Nothing of our environment, as that might hold options for it.
        let state = std::env::temp_dir();
        command
            .env_clear()
            .env("STATE_DIRECTORY", state)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("a shell");
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = || said.next()?.ok()?.strip_prefix("listening on ")?.parse().ok();
        let mut addresses = [address(), None];
        if arguments.iter().any(|argument| argument.starts_with("tls:")) {
            addresses[1] = address();
        }
        let last_words = Arc::default();
        keep_last_words(child.stderr.take().unwrap(), Arc::clone(&last_words));
        let [Some(address), attacked] = addresses else {
            let _ = child.kill();
            panic!("{} does not listen: {last_words:?}; give another with --server", program.display());
        };
        Self { child, address, attacked: attacked.unwrap_or(address), last_words }
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// The most memory that it has ever had, in KiB; 0 where the system does not say.
    pub(crate) fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// The processor time it has used.
    pub(crate) fn processor_time(&self) -> Duration {
        let text = self.proc("schedstat");
        let nanoseconds = text.split(' ').next().and_then(|text| text.parse().ok());
        Duration::from_nanos(nanoseconds.unwrap_or(0))
    }

    /// Ends it as a user would. `None` if it does not end.
    pub(crate) fn stop(mut self) -> Option<ExitStatus> {
        let pid = Pid::from_raw(self.child.id() as i32).unwrap();
        let _ = kill_process(pid, Signal::TERM);
        let start = Instant::now();
        while start.elapsed() < DEADLINE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            thread::sleep(Duration::from_millis(5));
        }
        None
    }

    /// The last lines on its standard error.
    pub(crate) fn last_words(&self) -> Vec<String> {
        self.last_words.lock().unwrap().iter().cloned().collect()
    }

    fn status(&self, key: &str) -> u64 {
        let text = self.proc("status");
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keep_last_words(from: impl Read + Send + 'static, to: Arc<Mutex<VecDeque<String>>>) {
    thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            let mut lines = to.lock().unwrap();
            lines.push_back(String::from_utf8_lossy(&line).into_owned());
            if lines.len() > LAST_WORDS {
                lines.pop_front();
            }
        }
    });
}
