//! Makes docs/pretty.svg: the picture of a real run of `chinwag --pretty`, as a terminal emulator shows it.
//!
//! ```sh
//! cargo build --release --features rich
//! cargo run --release --features rich --example picture
//! ```
#![allow(clippy::unwrap_used, reason = "what it cannot do ends it")]

use rustix::termios::{Winsize, tcsetwinsize};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const COLUMNS: u16 = 66;
const ROWS: u16 = 13;

/// The size of a cell of the picture, and where the first one is.
const CELL: (f64, f64) = (8.4, 20.0);
const ORIGIN: (f64, f64) = (20.0, 62.0);

/// A terminal in the dark, and in the light for those who like it so; names are the same in both.
const STYLE: &str = "\
    .screen { fill: #16181d; stroke: #2b2f38 } .bar { fill: #21242c } .dot { fill: #454b58 } .title { fill: #8b93a3 } \
    .text { fill: #dde1e8 } .dim { fill: #7d8593 } .cursor { fill: #dde1e8 } \
    text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre } \
    .title { font-size: 12px; text-anchor: middle } \
    @media (prefers-color-scheme: light) { \
    .screen { fill: #ffffff; stroke: #d5d9e0 } .bar { fill: #eef0f4 } .dot { fill: #c5cad4 } .title { fill: #69707d } \
    .text { fill: #22262e } .dim { fill: #808896 } .cursor { fill: #22262e } }";

fn main() {
    let mut server = Command::new(beside("chinwagd"))
        .args(["-p", "0", "--echobot"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut said).unwrap();
    let address = said.trim().strip_prefix("listening on ").unwrap().to_owned();
    let port = address.rsplit(':').next().unwrap().to_owned();

    let user = |name: &str| {
        let mut user = TcpStream::connect(&address).unwrap();
        writeln!(user, "HELLO-FROM {name}").unwrap();
        user
    };
    let (mut bob, mut zoe) = (user("bob"), user("zoe"));
    let _others = ["dora", "eve"].map(user);
    let mut seat = Seat::start(&port);

    seat.wait();
    writeln!(bob, "SEND ann morning! Shall we have lunch?").unwrap();
    seat.types("@bob yes: noon, at the usual place?\r");
    writeln!(bob, "SEND ann rather the new one in Elm Street, they say its ramen is the best in town")
        .unwrap();
    seat.types("!who\r");
    seat.types("@zeo are you coming, too?\r");
    seat.types("@zoe are you coming, too?\r");
    // The terminal loses the focus, and gets it again.
    seat.types("\x1b[O");
    thread::sleep(until_the_next_minute());
    writeln!(zoe, "SEND ann gladly! Who brings dora?").unwrap();
    seat.wait();
    seat.types("\x1b[I");
    seat.types("@zoe I do, and e");

    let picture = picture(seat.emulator.screen());
    std::fs::create_dir_all("docs").unwrap();
    std::fs::write("docs/pretty.svg", picture).unwrap();
    let _ = (server.kill(), server.wait());
}

/// A program that was built with this one.
fn beside(name: &str) -> PathBuf {
    std::env::current_exe().unwrap().parent().unwrap().join("..").join(name)
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Local time is five past noon when the run begins, a few seconds before a minute is over.
fn zone() -> String {
    let begin = 12 * 3600 + 5 * 60 + 53;
    // POSIX counts what is added to local time to get to UTC.
    let behind = (seconds() as i64 - begin).rem_euclid(24 * 3600);
    format!("XXX{}:{:02}:{:02}", behind / 3600, behind / 60 % 60, behind % 60)
}

fn until_the_next_minute() -> Duration {
    Duration::from_secs(5)
}

/// A terminal, with the program and a person in front of it.
struct Seat {
    child: Child,
    keyboard: File,
    shown: Receiver<Vec<u8>>,
    emulator: vt100::Parser,
}

/// A new terminal: its side with the screen, and the name of the other.
#[cfg(target_os = "linux")]
fn open_terminal() -> (File, PathBuf) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    (master.into(), name.into_string().unwrap().into())
}

#[cfg(not(target_os = "linux"))]
fn open_terminal() -> (File, PathBuf) {
    panic!("the picture is made on Linux")
}

impl Seat {
    fn start(port: &str) -> Self {
        let (master, path) = open_terminal();
        let size = Winsize { ws_col: COLUMNS, ws_row: ROWS, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).unwrap();
        let line = || File::options().read(true).write(true).open(&path).unwrap();
        let child = Command::new(beside("chinwag"))
            .args(["--port", port, "--name", "ann", "--pretty"])
            .env("TZ", zone())
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR")
            .stdin(line())
            .stdout(line())
            .spawn()
            .unwrap();
        let mut output = master.try_clone().unwrap();
        let (sender, shown) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let size = |number| NonZero::new(number).unwrap();
        let emulator = vt100::Parser::new(size(ROWS), size(COLUMNS), 0);
        Self { child, keyboard: master, shown, emulator }
    }

    fn types(&mut self, keys: &str) {
        for key in keys.chars() {
            write!(self.keyboard, "{key}").unwrap();
        }
        self.wait();
    }

    /// Until nothing more comes.
    fn wait(&mut self) {
        while let Ok(bytes) = self.shown.recv_timeout(Duration::from_millis(400)) {
            self.emulator.process(&bytes);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let _ = (self.child.kill(), self.child.wait());
    }
}

/// What the screen shows, as SVG.
fn picture(screen: &vt100::Screen) -> String {
    let (width, height) = (2.0 * ORIGIN.0 + CELL.0 * f64::from(COLUMNS), ORIGIN.1 + CELL.1 * f64::from(ROWS));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"chinwag --pretty\">\n<style>{STYLE}</style>\n\
         <rect class=\"screen\" x=\"0.5\" y=\"0.5\" width=\"{:.1}\" height=\"{:.1}\" rx=\"9\"/>\n\
         <path class=\"bar\" d=\"M1 32V10a9 9 0 0 1 9-9h{:.1}a9 9 0 0 1 9 9v22z\"/>\n",
        width - 1.0,
        height - 1.0,
        width - 20.0
    );
    for dot in 0..3 {
        let _ = writeln!(svg, "<circle class=\"dot\" cx=\"{}\" cy=\"16.5\" r=\"5.5\"/>", 20 + 18 * dot);
    }
    let _ = writeln!(
        svg,
        "<text class=\"title\" x=\"{:.1}\" y=\"21\">chinwag --name ann --pretty</text>",
        width / 2.0
    );
    for row in 0..ROWS {
        write_row(screen, row, &mut svg);
    }
    let (row, column) = screen.cursor_position();
    let (x, y) = place(row, column);
    let _ = writeln!(
        svg,
        "<rect class=\"cursor\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{}\" height=\"17\" opacity=\"0.75\"/>",
        y - 13.5,
        CELL.0
    );
    svg + "</svg>\n"
}

fn place(row: u16, column: u16) -> (f64, f64) {
    (ORIGIN.0 + CELL.0 * f64::from(column), ORIGIN.1 + CELL.1 * f64::from(row))
}

/// Each run of cells that look the same is stretched to its cells, whatever the font.
fn write_row(screen: &vt100::Screen, row: u16, svg: &mut String) {
    let mut column = 0;
    while column < COLUMNS {
        let Some(look) = look(screen, row, column) else {
            column += 1;
            continue;
        };
        let start = column;
        let mut text = String::new();
        while column < COLUMNS
            && (self::look(screen, row, column).as_ref() == Some(&look)
                || is_inner_blank(screen, row, column))
        {
            text += screen
                .cell(row, column)
                .map_or(" ", |cell| if cell.has_contents() { cell.contents() } else { " " });
            column += 1;
        }
        let length = CELL.0 * text.trim_end().chars().count() as f64;
        let text = text.trim_end().replace('&', "&amp;").replace('<', "&lt;");
        let (x, y) = place(row, start);
        let _ =
            writeln!(svg, "<text {look} x=\"{x:.1}\" y=\"{y:.0}\" textLength=\"{length:.1}\">{text}</text>");
    }
}

/// How a cell looks that is not blank.
fn look(screen: &vt100::Screen, row: u16, column: u16) -> Option<String> {
    let cell = screen.cell(row, column).filter(|cell| !cell.contents().trim().is_empty())?;
    Some(match cell.fgcolor() {
        vt100::Color::Idx(color @ 16..=231) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * u16::from(step) };
            let color = color - 16;
            format!("fill=\"#{:02x}{:02x}{:02x}\"", level(color / 36), level(color / 6 % 6), level(color % 6))
        }
        _ if cell.dim() => "class=\"dim\"".to_owned(),
        _ => "class=\"text\"".to_owned(),
    })
}

/// A single blank does not end a run.
fn is_inner_blank(screen: &vt100::Screen, row: u16, column: u16) -> bool {
    let is_blank = |column| screen.cell(row, column).is_none_or(|cell| cell.contents().trim().is_empty());
    is_blank(column) && !is_blank(column + 1) && column > 0 && !is_blank(column - 1)
}
