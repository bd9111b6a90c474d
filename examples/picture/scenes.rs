//! The sessions that the pictures are of.

use crate::drawing::Still;
use crate::film::Film;
use crate::room::{Room, beside};
use crate::seat::{Seat, blank, left_of_cursor};
use std::io::Write;
use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A plain chat from its begin to its end.
pub(crate) fn session() -> String {
    let room = Room::open();
    let mut bob = room.enter("bob");
    let mut film = Film::default();
    let mut emulator = blank(14);

    // Nobody has a server of that name: the shell is played, and all that follows is not.
    emulator.process(b"$ ");
    film.show(emulator.screen(), 900);
    for key in "chinwag chat.example.org".chars() {
        emulator.process(key.to_string().as_bytes());
        film.show_key(emulator.screen());
    }
    film.show(emulator.screen(), 400);
    emulator.process(b"\r\n");
    let mut command = Command::new(beside("chinwag"));
    command.arg(&room.address);
    let mut ann = Seat::start(command, emulator);
    ann.until(|screen| left_of_cursor(screen).ends_with("login: "));
    film.show(ann.screen(), 800);

    says(&mut ann, "ann", "Successfully logged in as ann!", &mut film);
    says(&mut ann, "!who", "There are 3 online users:\nechobot\nbob\nann", &mut film);
    // In the middle of a line, a message comes in; the line goes on.
    let begin = "@bob shall we ha";
    types(&mut ann, begin, &mut film);
    film.show(ann.screen(), 300);
    writeln!(bob, "SEND ann hungry?").unwrap();
    ann.until(|screen| {
        screen.contents().contains("From bob: hungry?") && left_of_cursor(screen).ends_with(begin)
    });
    film.show(ann.screen(), 1500);
    says(&mut ann, "ve lunch?", "The message was sent successfully", &mut film);
    writeln!(bob, "SEND ann in ten minutes").unwrap();
    ann.until_it_ends_with("From bob: in ten minutes");
    film.show(ann.screen(), 1600);
    types(&mut ann, "!quit", &mut film);
    film.show(ann.screen(), 400);
    ann.press("\r");
    let mut emulator = ann.until_it_leaves();
    emulator.process(b"$ ");
    film.show(emulator.screen(), 5000);
    film.picture(
        "chinwag",
        "A chat on a terminal: ann logs in, sees who is there, and writes to bob; \
         a message of his that comes in meanwhile stands above the line that she is typing",
    )
}

fn types(seat: &mut Seat, text: &str, film: &mut Film) {
    seat.types(text, |screen| film.show_key(screen));
}

/// Types a line, or the rest of it, and waits until it was answered.
fn says(seat: &mut Seat, text: &str, answer: &str, film: &mut Film) {
    types(seat, text, film);
    film.show(seat.screen(), 300);
    seat.press("\r");
    seat.until_it_ends_with(answer);
    film.show(seat.screen(), 1200);
}

/// Lines for people, at a time when there is something of each kind.
pub(crate) fn pretty() -> String {
    let room = Room::open();
    let (mut bob, mut zoe) = (room.enter("bob"), room.enter("zoe"));
    let _others = ["dora", "eve"].map(|name| room.enter(name));
    let begin = seconds();
    let mut command = Command::new(beside("chinwag"));
    command.args([&room.address, "--name", "ann", "--pretty"]).env("TZ", zone(begin));
    let mut ann = Seat::start(command, blank(13));
    let answered = |ann: &mut Seat, line: &str, answer: &str| {
        ann.types(line, |_| ());
        ann.press("\r");
        ann.until_it_shows(answer);
    };

    ann.until_it_shows("logged in as ann!");
    writeln!(bob, "SEND ann morning! Shall we have lunch?").unwrap();
    ann.until_it_shows("lunch?");
    answered(&mut ann, "@bob yes: noon, at the usual place?", "place? ✓");
    writeln!(bob, "SEND ann rather the new one in Elm Street, they say its ramen is the best in town")
        .unwrap();
    ann.until_it_shows("town");
    answered(&mut ann, "!who", "eve      ann");
    answered(&mut ann, "@zeo are you coming, too?", "nobody");
    answered(&mut ann, "@zoe are you coming, too?", "too? ✓");
    // The terminal loses the focus, and gets it again when the next minute has begun.
    ann.press("\x1b[O");
    thread::sleep(Duration::from_secs((begin + 8).saturating_sub(seconds())));
    writeln!(zoe, "SEND ann gladly! Who brings dora?").unwrap();
    ann.until_it_shows("dora?");
    ann.press("\x1b[I");
    ann.types("@zoe I do, and e", |_| ());
    Still::of(ann.screen()).picture(
        "chinwag --name ann --pretty",
        "A chat on a terminal with --pretty: times in the margin, names in colours, a mark behind what was \
         delivered and the reason behind what was not, and a line above what is new",
    )
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Local time is five past noon when the run begins, a few seconds before a minute is over.
fn zone(begin: u64) -> String {
    let begins_at = 12 * 3600 + 5 * 60 + 53;
    // POSIX counts what is added to local time to get to UTC.
    let behind = (begin as i64 - begins_at).rem_euclid(24 * 3600);
    format!("XXX{}:{:02}:{:02}", behind / 3600, behind / 60 % 60, behind % 60)
}
