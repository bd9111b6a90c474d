//! Two clients of chinwag and their server on one microcontroller: no operating system, no threads, no
//! sockets, 64 KiB of memory. A script types, and the debugger's console shows both screens.

#![no_std]
#![no_main]

extern crate alloc;

mod cable;
mod desk;
mod heap;
mod person;

use cable::Plug;
use chinwag::server::Config;
use chinwag::server::intake::Intake;
use core::mem::MaybeUninit;
use core::time::Duration;
use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};
use panic_semihosting as _;
use person::Person;

const HEAP: usize = 16 * 1024;

/// So much time passes in a turn: the clock counts nothing else.
const TICK: Duration = Duration::from_millis(10);

/// By then everybody has left.
const LAST_TURN: u32 = 1000;

const ANN: usize = 0;
const BOB: usize = 1;

/// Who types what in which turn.
const SCRIPT: &[(u32, usize, &str)] = &[
    (5, ANN, "ann\n"),
    (10, BOB, "ann\n"),
    (20, BOB, "bob\n"),
    (30, ANN, "!who\n"),
    (40, ANN, "@bob hello from a board\n"),
    (50, BOB, "@ann hi\n"),
    (60, BOB, "!quit\n"),
    (70, ANN, "@bob still there?\n"),
    (80, ANN, "!quit\n"),
];

#[entry]
fn main() -> ! {
    static mut MEMORY: [MaybeUninit<u8>; HEAP] = [const { MaybeUninit::uninit() }; HEAP];
    heap::start(MEMORY);
    let turns = chat();
    hprintln!("turns: {}", turns);
    hprintln!("heap: {} of {} bytes at most, {} at the end", heap::most(), HEAP, heap::used());
    let is_well = turns < LAST_TURN && heap::used() == 0;
    debug::exit(if is_well { debug::EXIT_SUCCESS } else { debug::EXIT_FAILURE });
    loop {
        cortex_m::asm::wfi();
    }
}

/// Until everybody has left; returns how many turns that took.
fn chat() -> u32 {
    let mut server = Intake::<Plug>::new(&Config::default());
    let mut people = [Person::new("ann"), Person::new("bob")];
    for turn in 0..LAST_TURN {
        let now = TICK * turn;
        for &(_, who, line) in SCRIPT.iter().filter(|(when, ..)| *when == turn) {
            people[who].type_in(line);
        }
        for person in &mut people {
            person.turn(&mut server, now);
            person.notify(&mut server);
        }
        server.turn(now);
        heap::measure();
        if server.is_empty() && people.iter().all(|person| person.has_left) {
            return turn;
        }
    }
    LAST_TURN
}
