//! Which programs are tested, and what starts them: a program for another processor is run by an emulator.
//!
//! Cargo builds the programs and says where they are. `CHINWAG_PROGRAMS` is a folder with others: a release
//! build, or one for a board. What is to stand in front of them is told as Cargo is told it, by
//! `CARGO_TARGET_<TRIPLE>_RUNNER` with the target whose folder they are in; or by `CHINWAG_RUNNER`.

use crate::program::unused_path;
use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{LazyLock, PoisonError, RwLock};
use std::time::Duration;

/// Whatever is waited for takes no longer; generous, because machines are slow at times.
const DEADLINE: Duration = Duration::from_secs(30);

/// How many times as long it may take where an emulator runs the programs.
const EMULATED: u32 = 10;

static CLIENT: LazyLock<Tested> = LazyLock::new(|| Tested::find("chinwag", env!("CARGO_BIN_EXE_chinwag")));
static SERVER: LazyLock<Tested> = LazyLock::new(|| Tested::find("chinwagd", env!("CARGO_BIN_EXE_chinwagd")));

/// The words that start one of the programs.
struct Tested(Vec<String>);

impl Tested {
    fn find(name: &str, built: &str) -> Self {
        let path = env::var("CHINWAG_PROGRAMS").map_or(built.to_owned(), |folder| format!("{folder}/{name}"));
        let cargo = format!("CARGO_TARGET_{}_RUNNER", target(&path));
        let runner = env::var("CHINWAG_RUNNER").or_else(|_| env::var(cargo)).unwrap_or_default();
        Self(runner.split_whitespace().map(str::to_owned).chain([path]).collect())
    }

    fn is_emulated(&self) -> bool {
        self.0.len() > 1
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.0[0]);
        command.args(&self.0[1..]);
        command
    }

    fn behind(&self, words: &[&str]) -> Command {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).args(&self.0);
        command
    }

    /// Makes this folder, with a script that starts the program. (It is a shell that writes it: what a
    /// process has open to write can be run by nobody, and others are being started here meanwhile.)
    fn write_script(&self, folder: &str) -> PathBuf {
        std::fs::create_dir(folder).unwrap();
        let write = r#"printf '#!/bin/sh\nexec %s "$@"\n' "$*" > "$0/chinwag" && chmod +x "$0/chinwag""#;
        assert!(start(&mut self.behind(&["sh", "-c", write, folder])).unwrap().wait().unwrap().success());
        folder.into()
    }
}

/// The target whose folder this program is in, `TARGET/PROFILE/PROGRAM`, as Cargo's variables have it.
fn target(program: &str) -> String {
    let folder = Path::new(program).ancestors().nth(2).and_then(Path::file_name).unwrap_or_default();
    folder.to_string_lossy().replace('-', "_").to_uppercase()
}

/// The client.
pub(crate) fn client() -> Command {
    CLIENT.command()
}

/// The server.
pub(crate) fn server() -> Command {
    SERVER.command()
}

/// The client, started by this command, which takes it as its last arguments.
pub(crate) fn client_behind(words: &[&str]) -> Command {
    CLIENT.behind(words)
}

/// The server, started by this command, which takes it as its last arguments.
pub(crate) fn server_behind(words: &[&str]) -> Command {
    SERVER.behind(words)
}

/// Held, together with others, by whoever starts a program; alone by whoever closes something.
static STARTS: RwLock<()> = RwLock::new(());

/// Starts a program: for the tests, all of them are started here.
pub(crate) fn start(command: &mut Command) -> io::Result<Child> {
    let _starts = STARTS.read().unwrap_or_else(PoisonError::into_inner);
    command.spawn()
}

/// Closes what the other side is to find closed from now on. A program that another test is starting has all that is
/// open here, until it runs.
pub(crate) fn close<T>(open: T) {
    let _no_starts = STARTS.write().unwrap_or_else(PoisonError::into_inner);
    drop(open);
}

/// A folder where `chinwag` is the client, for those who look for it in `PATH`.
pub(crate) fn folder() -> PathBuf {
    static EMULATED: LazyLock<PathBuf> = LazyLock::new(|| CLIENT.write_script(&unused_path()));
    let here = Path::new(&CLIENT.0[0]).parent();
    if CLIENT.is_emulated() { EMULATED.clone() } else { here.unwrap().to_owned() }
}

/// One of the examples, which Cargo builds beside the programs that it builds for these tests; a plain `cargo test`
/// does, and not `cargo test --test it`. Says if it is not there; where everything is to be tried, that is an error.
#[allow(clippy::print_stderr, reason = "whoever runs the tests is to know")]
pub(crate) fn example(name: &str) -> Option<Command> {
    let client = env!("CARGO_BIN_EXE_chinwag");
    let path = Path::new(client).with_file_name("examples").join(name);
    let must_be = env::var_os("CI").is_some_and(|value| value == "true");
    let words = format!("there is no {}: cargo build --example {name}", path.display());
    assert!(path.exists() || !must_be || env::var_os("CHINWAG_PROGRAMS").is_some(), "{words}");
    if !path.exists() {
        eprintln!("left out: {words}");
        return None;
    }
    let runner = env::var(format!("CARGO_TARGET_{}_RUNNER", target(client))).unwrap_or_default();
    let words = runner.split_whitespace().map(str::to_owned).chain([path.to_string_lossy().into_owned()]);
    Some(Tested(words.collect()).command())
}

/// No wait takes longer.
pub(crate) fn deadline() -> Duration {
    if CLIENT.is_emulated() { EMULATED * DEADLINE } else { DEADLINE }
}

#[test]
fn target_is_the_folder_that_cargo_built_for() {
    let path = "/x/target/aarch64-unknown-linux-musl/release/chinwag";
    assert_eq!(target(path), "AARCH64_UNKNOWN_LINUX_MUSL");
    assert_eq!(target("/x/target/debug/chinwag"), "TARGET");
    assert_eq!(target("chinwag"), "");
}

#[test]
fn tests_that_are_left_out_where_programs_are_emulated_are_there() {
    let left_out = include_str!("../emulated.txt").lines().filter(|line| !line.is_empty());
    for name in left_out.filter(|line| !line.starts_with('#')) {
        let (file, function) = name.split_once("::").unwrap();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/{file}.rs"));
        let source = std::fs::read_to_string(path).unwrap();
        assert!(source.contains(&format!("\nfn {function}() {{\n")), "{name}");
    }
}
