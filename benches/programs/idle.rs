//! What programs cost that have nothing to do.

use super::Stdio;
use super::client::Client;
use super::process::Task;
use super::server::Daemon;
use super::tools::Tools;
use crate::harness::{Arguments, Trial};
use std::thread::sleep;
use std::time::Duration;

const MEASURES: &[&str] = &["all of its memory (RSS), KiB", "anonymous, KiB", "threads", "wake-ups in 2 s"];

/// How long they are watched.
const WATCH: Duration = Duration::from_secs(2);

pub(crate) fn run(tools: &Tools, arguments: &Arguments) {
    let title = "programs: idle";
    if !arguments.selects(title) {
        return;
    }
    let count = arguments.either(5, 1);
    let rounds: Vec<Vec<Vec<f64>>> = (0..count).map(|_| watch(tools)).collect();
    let mut trial = Trial::new(title, MEASURES);
    for (index, (name, _)) in tools.files().into_iter().enumerate() {
        let mut rounds = rounds.iter();
        trial.add(name, move || rounds.next().unwrap()[index].clone());
    }
    tools.note_clients(&mut trial);
    trial.run(arguments, count);
}

/// Starts all of them, watches them at the same time, and returns what was measured of each.
fn watch(tools: &Tools) -> Vec<Vec<f64>> {
    let clients: Vec<Client> =
        tools.clients().into_iter().map(|kind| Client::start(kind, Stdio::null())).collect();
    let daemons: Vec<Daemon> = tools.servers().into_iter().map(|kind| Daemon::start(kind, 16)).collect();
    let tasks: Vec<&Task> =
        clients.iter().map(|client| &client.program.task).chain(daemons.iter().map(Daemon::task)).collect();
    tasks.iter().for_each(|task| task.wait_until_asleep());
    let before: Vec<usize> = tasks.iter().map(|task| task.wake_ups()).collect();
    sleep(WATCH);
    tasks.iter().zip(before).map(|(task, before)| measure(task, before)).collect()
}

fn measure(task: &Task, wake_ups_before: usize) -> Vec<f64> {
    let (all, anonymous) = task.memory();
    vec![all, anonymous, task.threads() as f64, (task.wake_ups() - wake_ups_before) as f64]
}
