//! A program under strace, and what strace writes of it.

use crate::faults::Fault;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One system call, by its name and its number among those of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) nth: usize,
    /// The call and its arguments, as strace shows them.
    pub(crate) text: String,
}

/// What a program has asked of the system.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// All that is the program's own: neither the loader's nor the runtime's before `main`.
    pub(crate) calls: Vec<Call>,
    /// Those that were made to fail.
    pub(crate) injected: Vec<String>,
}

/// The call with which the standard library's runtime has set itself up.
const LAST_BEFORE_MAIN: &str = "rt_sigaction(SIGBUS, {";

/// The port that a socket was bound to, before it listens.
const PORT_OF_THE_SYSTEM: &str = "getsockname(";

/// Why nothing can be traced here, if that is so.
pub(crate) fn obstacle() -> Option<String> {
    match Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output() {
        Err(error) => Some(format!("strace cannot be started: {error}")),
        Ok(output) if !output.status.success() => {
            let said = String::from_utf8_lossy(&output.stderr);
            Some(format!("strace cannot trace: {}", said.lines().next().unwrap_or("it does not say why")))
        }
        Ok(_) => None,
    }
}

/// The start of a command line: strace, which writes to `file`, with a fault.
pub(crate) fn arguments(file: &Path, fault: Option<&Fault>) -> Vec<String> {
    let mut arguments: Vec<String> = ["strace", "-f", "-qq", "-s", "24", "-o"].map(String::from).into();
    arguments.push(file.display().to_string());
    arguments.extend(fault.into_iter().flat_map(|fault| ["-e".to_owned(), fault.injection()]));
    arguments.push("--".to_owned());
    arguments
}

/// A file that strace writes, or has written.
#[derive(Debug)]
pub(crate) struct TraceFile(pub(crate) PathBuf);

impl TraceFile {
    fn text(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.0).unwrap_or_default()).into_owned()
    }

    /// The process that is traced.
    pub(crate) fn process(&self) -> Option<i32> {
        self.text().split_whitespace().next()?.parse().ok()
    }

    /// The port that the system has chosen for a program that listens, as soon as it is known.
    pub(crate) fn port(&self) -> Option<u16> {
        let text = self.text();
        let line = text.lines().find(|line| line.contains(PORT_OF_THE_SYSTEM))?;
        line.split("htons(").nth(1)?.split(')').next()?.parse().ok()
    }

    pub(crate) fn read(&self) -> Trace {
        parse(&self.text())
    }
}

impl Drop for TraceFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn parse(text: &str) -> Trace {
    let mut trace = Trace::default();
    let mut numbers = std::collections::HashMap::new();
    for line in text.lines() {
        let Some((_, line)) = line.split_once(' ') else { continue };
        let line = line.trim_start();
        let Some((name, _)) = line.split_once('(') else { continue };
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            continue;
        }
        let nth = *numbers.entry(name.to_owned()).and_modify(|number| *number += 1).or_insert(1_usize);
        let call = line.rsplit_once(" = ").map_or(line, |(call, _)| call).trim_end();
        trace.calls.push(Call { name: name.to_owned(), nth, text: call.to_owned() });
        if line.ends_with("(INJECTED)") {
            trace.injected.push(line.to_owned());
        }
        if line.starts_with(LAST_BEFORE_MAIN) {
            trace.calls.clear();
        }
    }
    trace
}

/// The reader has to understand what strace writes.
pub(crate) fn check() {
    let text = "\
        7 brk(NULL) = 0x55\n\
        7 rt_sigaction(SIGBUS, {sa_handler=0x1}, NULL, 8) = 0\n\
        7 brk(0x56)                         = 0x56\n\
        7 write(1, \"a = b\", 5)             = -1 EIO (Input/output error) (INJECTED)\n\
        7 --- SIGPIPE {si_signo=SIGPIPE} ---\n\
        7 +++ exited with 0 +++\n";
    let trace = parse(text);
    let call = |name: &str, nth, text: &str| Call { name: name.into(), nth, text: text.into() };
    assert_eq!(trace.calls, [call("brk", 2, "brk(0x56)"), call("write", 1, "write(1, \"a = b\", 5)")]);
    assert_eq!(trace.injected.len(), 1);
}
