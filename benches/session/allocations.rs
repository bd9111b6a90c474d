//! How often memory is asked for, once everything is warm. It is to be never.

use super::TEXT;
use super::client::Client;
use super::hub::Chat;
use crate::harness::{Arguments, Table, number};
use chinwag::display::Style;

/// So many messages are one run.
const MESSAGES: usize = 1000;

pub(crate) fn run(arguments: &Arguments) {
    let title = "session: allocations, once warm";
    if !arguments.selects(title) {
        return;
    }
    let runs = arguments.either(1000, 10);
    let deliveries = format!("DELIVERY ann {TEXT}\n").repeat(MESSAGES);
    let typed = format!("@bob {TEXT}\n").repeat(MESSAGES);
    let requests = format!("SEND user1 {TEXT}\n").repeat(MESSAGES);
    let mut pipe = Client::chatting(Style::default());
    let mut terminal = Client::chatting(Style { escape: true, color: true, ..Style::default() });
    let mut chat = Chat::with(2);
    let mut table = Table::new(title, 1, &["", "messages", "allocations"]);
    let mut count = |name: &str, run: &mut dyn FnMut() -> usize| {
        let allocations = allocations(runs, run);
        let messages = number((runs * MESSAGES) as f64);
        table.row(vec![name.to_owned(), messages, allocations.to_string()]);
    };
    count("from the server to a pipe", &mut || pipe.receive(deliveries.as_bytes()));
    count("from the server to a terminal", &mut || terminal.receive(deliveries.as_bytes()));
    count("from the user to the server", &mut || pipe.send(typed.as_bytes()));
    count("through the hub", &mut || chat.turn(requests.as_bytes()));
    table.print();
}

fn allocations(runs: usize, run: &mut dyn FnMut() -> usize) -> u64 {
    // So often that the start of a line has been at many places of the ring.
    (0..100).for_each(|_| assert!(run() > MESSAGES));
    allocation_counter::measure(|| (0..runs).for_each(|_| assert!(run() > MESSAGES))).count_total
}
