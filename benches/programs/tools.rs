//! What there is on this machine to compare with and to measure with, beside our own programs.

use super::tracer::Tracer;
use super::{client, server};
use crate::harness::Trial;
use std::env::{split_paths, var_os};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the reference programs go, and what else is made for a measurement.
const DIRECTORY: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/programs");

/// Where the reference programs come from.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/programs/reference");

/// Names the directory of another build, for rows of its own.
const OTHER: &str = "CHINWAG_BENCH_OTHER";

/// What was found; each of them may be missing.
pub(crate) struct Tools {
    /// A client and a server in C that do the least that does the work.
    c: Option<(PathBuf, PathBuf)>,
    /// Netcat, which does as little with a connection as can be done.
    nc: Option<PathBuf>,
    tracer: Option<Tracer>,
    /// Another build of our own client and server.
    other: Option<(PathBuf, PathBuf)>,
}

impl Tools {
    pub(crate) fn find() -> Self {
        std::fs::create_dir_all(DIRECTORY).unwrap();
        let c = compile("client").zip(compile("server"));
        let tracer = find("strace").and_then(|strace| Tracer::new(strace, Path::new(DIRECTORY)));
        let other = var_os(OTHER).map(PathBuf::from);
        let other = other.map(|directory| (directory.join("chinwag"), directory.join("chinwagd")));
        Self { c, nc: find("nc"), tracer, other }
    }

    /// The clients; the first one is the baseline.
    pub(crate) fn clients(&self) -> Vec<client::Kind<'_>> {
        let c = self.c.as_ref().map(|(client, _)| client::Kind::C(client));
        let nc = self.nc.as_deref().map(client::Kind::Nc);
        let other = self.other.as_ref().map(|(client, _)| client::Kind::Other(client));
        [c, nc, Some(client::Kind::Chinwag), other].into_iter().flatten().collect()
    }

    /// The servers; the first one is the baseline.
    pub(crate) fn servers(&self) -> Vec<server::Kind<'_>> {
        let c = self.c.as_ref().map(|(_, server)| server::Kind::C(server));
        let other = self.other.as_ref().map(|(_, server)| server::Kind::Other(server));
        [c, Some(server::Kind::Chinwagd), other].into_iter().flatten().collect()
    }

    /// What counts system calls; says so if there is nothing.
    pub(crate) fn tracer(&self, title: &str) -> Option<&Tracer> {
        if self.tracer.is_none() {
            println!("\n{title}: skipped, since strace is not installed, or may not trace");
        }
        self.tracer.as_ref()
    }

    /// All of them, and the files that they are.
    pub(crate) fn files(&self) -> Vec<(&'static str, &Path)> {
        let clients = self.clients().into_iter().map(|kind| (kind.name(), kind.path()));
        let servers = self.servers().into_iter().map(|kind| match kind {
            server::Kind::C(path) => ("C, server", path),
            server::Kind::Other(path) => ("other, server", path),
            server::Kind::Chinwagd => (kind.name(), kind.path()),
        });
        clients.chain(servers).collect()
    }

    /// Says below a table of clients who is missing.
    pub(crate) fn note_clients(&self, trial: &mut Trial<'_>) {
        self.note_servers(trial);
        if self.nc.is_none() {
            trial.note("nc is not installed: skipped".to_owned());
        }
    }

    /// Says below a table of servers who is missing.
    pub(crate) fn note_servers(&self, trial: &mut Trial<'_>) {
        if self.c.is_none() {
            trial.note("no C compiler is installed, or it did not compile C: skipped".to_owned());
        }
    }
}

/// Compiles a reference program, if there is a compiler.
fn compile(name: &str) -> Option<PathBuf> {
    let program = Path::new(DIRECTORY).join(name);
    let source = Path::new(SOURCES).join(name).with_extension("c");
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    // It may hold options too.
    let mut words = compiler.split_whitespace();
    let mut command = Command::new(words.next()?);
    let status = command.args(words).arg("-O2").arg("-o").arg(&program).arg(&source).status();
    status.is_ok_and(|status| status.success()).then_some(program)
}

/// An installed program.
fn find(name: &str) -> Option<PathBuf> {
    split_paths(&var_os("PATH")?).map(|directory| directory.join(name)).find(|file| file.is_file())
}
