//! chinwagd, as its clients meet it (spec section 6).

use crate::runner::{self, deadline};
use crate::support::{Client, Daemon, chinwagd, output, raise_descriptor_limit, until};
use rustix::process::Signal;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::time::{Duration, Instant};

const CONVERSATION: &[(&str, &str)] = &[
    ("LIST\n", "BAD-RQST-HDR\n"),
    ("SEND ann hi\n", "BAD-RQST-HDR\n"),
    ("hello-from ann\n", "BAD-RQST-HDR\n"),
    ("HELLO-FROM\n", "BAD-RQST-BODY\n"),
    ("HELLO-FROM \n", "BAD-RQST-BODY\n"),
    ("HELLO-FROM ann bob\n", "BAD-RQST-BODY\n"),
    ("HELLO-FROM ann,bob\n", "BAD-RQST-BODY\n"),
    ("HELLO-FROM zoe\n", "IN-USE\n"),
    ("HELLO-FROM ann\n", "HELLO ann\n"),
    ("HELLO-FROM ann\n", "BAD-RQST-HDR\n"),
    ("LIST\n", "LIST-OK zoe,ann\n"),
    ("LIST \n", "BAD-RQST-BODY\n"),
    ("list\n", "BAD-RQST-HDR\n"),
    ("\n", "BAD-RQST-HDR\n"),
    ("SEND\n", "BAD-RQST-BODY\n"),
    ("SEND ann\n", "BAD-RQST-BODY\n"),
    ("SEND ann \n", "BAD-RQST-BODY\n"),
    ("SEND nobody hi\n", "BAD-DEST-USER\n"),
    ("SEND zoe hi\n", "SEND-OK\n"),
    ("SEND ann  to \t myself \r\n", "DELIVERY ann  to \t myself \r\nSEND-OK\n"),
];

#[test]
fn section_6_line_by_line() {
    let daemon = Daemon::start(&[]);
    let mut zoe = daemon.user("zoe");
    let mut ann = daemon.client();
    for (said, heard) in CONVERSATION {
        ann.says(said);
        ann.hears(heard);
    }
    zoe.hears("DELIVERY ann hi\n");
    ann.says(b"SEND zoe \xff\xfe\n");
    ann.hears("BAD-RQST-BODY\n");
}

#[test]
fn section_6_byte_by_byte_and_in_one_segment() {
    for chunk in [1, usize::MAX] {
        let daemon = Daemon::start(&[]);
        let _zoe = daemon.user("zoe");
        let said: String = CONVERSATION.iter().map(|(said, _)| *said).collect();
        let heard: String = CONVERSATION.iter().map(|(_, heard)| *heard).collect();
        let mut ann = daemon.client();
        for part in said.as_bytes().chunks(chunk.min(said.len())) {
            ann.says(part);
        }
        ann.hears(&heard);
    }
}

#[test]
fn answers_reach_a_client_that_has_said_all() {
    let daemon = Daemon::start(&["--echobot"]);
    let mut ann = daemon.client();
    let text = "x".repeat(3_000);
    let count = 3_000;
    let said = format!("HELLO-FROM ann\n{}SEND bob cut o", format!("SEND echobot {text}\n").repeat(count));
    let mut writer = ann.stream.get_ref().try_clone().unwrap();
    let saying = std::thread::spawn(move || {
        writer.write_all(said.as_bytes()).unwrap();
        writer.shutdown(Shutdown::Write).unwrap();
    });
    ann.hears("HELLO ann\n");
    for _ in 0..count {
        ann.hears(&format!("DELIVERY echobot {text}\nSEND-OK\n"));
    }
    saying.join().unwrap();
    assert_eq!(ann.hears_the_end(), b"");
    until("the name is free", || {
        let mut again = daemon.client();
        again.says("HELLO-FROM ann\n");
        again.hears_line() == "HELLO ann\n"
    });
}

#[test]
fn log_in_too_many_is_refused_and_may_try_again() {
    let daemon = Daemon::start(&["--echobot"]);
    let mut users: Vec<_> = (0..16).map(|n| daemon.user(&format!("user{n}"))).collect();
    let mut late = daemon.client();
    for _ in 0..2 {
        late.says("HELLO-FROM late\n");
        late.hears("BUSY\n");
    }
    users.pop();
    until("there is room", || {
        late.says("HELLO-FROM late\n");
        late.hears_line() == "HELLO late\n"
    });
}

#[test]
fn two_thousand_users_see_each_other() {
    raise_descriptor_limit();
    let daemon = Daemon::start(&["--max-users", "2000"]);
    let mut users: Vec<_> = (0..2000).map(|n| daemon.user(&format!("user{n}"))).collect();
    let names: Vec<_> = (0..2000).map(|n| format!("user{n}")).collect();
    for at in [0, 1000, 1999] {
        users[at].says("LIST\n");
        users[at].hears(&format!("LIST-OK {}\n", names.join(",")));
    }
    users[0].says("SEND user1999 hi\n");
    users[1999].hears("DELIVERY user0 hi\n");
}

#[test]
fn echobot_is_listed_and_sends_everything_back_before_the_answer() {
    let daemon = Daemon::start(&["--echobot"]);
    let mut ann = daemon.user("ann");
    ann.says("LIST\nSEND echobot  hi \n");
    ann.hears("LIST-OK echobot,ann\nDELIVERY echobot  hi \nSEND-OK\n");
    let mut other = daemon.client();
    other.says("HELLO-FROM echobot\n");
    other.hears("IN-USE\n");
}

/// Two users talk; nobody waits long for the other's message.
fn chat(one: &mut Client, other: &mut Client) {
    let start = Instant::now();
    for _ in 0..10 {
        one.says("SEND eve hi\n");
        one.hears("SEND-OK\n");
        other.hears("DELIVERY dan hi\n");
    }
    assert!(start.elapsed() < deadline() / 3);
}

#[test]
fn client_that_never_reads_is_dropped_and_disturbs_nobody() {
    let daemon = Daemon::start(&["--max-message", "256K", "--max-queue", "1M"]);
    let mut deaf = daemon.user("deaf");
    let mut ann = daemon.user("ann");
    let (mut dan, mut eve) = (daemon.user("dan"), daemon.user("eve"));
    let message = format!("SEND deaf {}\n", "x".repeat(200_000));
    let mut sent = 0;
    loop {
        ann.says(&message);
        match ann.hears_line().as_str() {
            "SEND-OK\n" => sent += 1,
            answer => {
                assert_eq!(answer, "BAD-DEST-USER\n");
                break;
            }
        }
        assert!(sent < 1000, "there is no bound");
        chat(&mut dan, &mut eve);
    }
    let heard = deaf.hears_the_end();
    assert!(sent > 3 && heard.len() < sent * message.len());
    dan.says("LIST\n");
    dan.hears("LIST-OK ann,dan,eve\n");
    chat(&mut dan, &mut eve);
}

#[test]
fn slow_receiver_slows_its_sender_and_loses_nothing() {
    let daemon = Daemon::start(&["--max-message", "64K", "--max-queue", "4M"]);
    let mut slow = daemon.user("slow");
    let mut ann = daemon.user("ann");
    let text = "x".repeat(1000);
    let count = 20_000;
    let mut reader = ann.stream.get_ref().try_clone().unwrap();
    let mut answers = vec![0; count * "SEND-OK\n".len()];
    let answering = std::thread::spawn(move || reader.read_exact(&mut answers).map(|()| answers));
    let flood = format!("SEND slow {text}\n").repeat(count);
    let saying = std::thread::spawn(move || ann.says(flood));
    for n in 0..count {
        if n % 1000 == 0 {
            // As slow as a reader may be: it is the test's subject, not a wait for something.
            std::thread::sleep(Duration::from_millis(30));
        }
        slow.hears(&format!("DELIVERY ann {text}\n"));
    }
    saying.join().unwrap();
    let answers = answering.join().unwrap().unwrap();
    assert!(answers.chunks(8).all(|answer| answer == b"SEND-OK\n"));
}

#[test]
fn client_that_never_reads_its_own_answers_stays_and_is_left_unread() {
    let daemon = Daemon::start(&["--max-message", "64K", "--max-queue", "512K"]);
    let (mut dan, mut eve) = (daemon.user("dan"), daemon.user("eve"));
    let greedy = daemon.user("greedy");
    let mut writer = greedy.stream.get_ref();
    writer.set_nonblocking(true).unwrap();
    let lists = "LIST\n".repeat(10_000);
    let (mut accepted, mut refused) = (0, 0);
    while refused < 20 {
        match writer.write(lists.as_bytes()) {
            Ok(count) => (accepted, refused) = (accepted + count, 0),
            Err(_) => refused += 1,
        }
        assert!(accepted < 200_000_000, "there is no bound");
        if refused > 0 {
            chat(&mut dan, &mut eve);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    dan.says("LIST\n");
    dan.hears("LIST-OK dan,eve,greedy\n");
}

#[cfg(target_os = "linux")]
#[test]
fn endless_line_costs_no_more_than_the_longest_message() {
    let daemon = Daemon::start(&[]);
    let mut ann = daemon.user("ann");
    let before = daemon.memory("VmRSS:");
    ann.says("SEND ann ");
    let part = vec![b'x'; 1024 * 1024];
    for _ in 0..200 {
        ann.says(&part);
    }
    ann.hears("BAD-RQST-BODY\n");
    ann.says("\nSEND ann hi\n");
    ann.hears("DELIVERY ann hi\nSEND-OK\n");
    // The longest line, one step more, and one chunk.
    assert!(daemon.memory("VmHWM:") - before < 19 * 1024, "{} KiB", daemon.memory("VmHWM:") - before);
    assert!(daemon.memory("VmRSS:") - before < 1024);
}

#[cfg(target_os = "linux")]
#[test]
fn endless_line_before_the_log_in_costs_nothing() {
    let daemon = Daemon::start(&[]);
    let mut stranger = daemon.client();
    stranger.says(vec![b'x'; 4096]);
    stranger.says("\n");
    stranger.hears("BAD-RQST-HDR\n");
    let before = daemon.memory("VmHWM:");
    for _ in 0..20 {
        stranger.says(vec![b'x'; 1024 * 1024]);
    }
    stranger.hears("BAD-RQST-BODY\n");
    stranger.says("\nHELLO-FROM ann\n");
    stranger.says(format!("SEND ann {}\n", "x".repeat(10_000)));
    stranger.hears("HELLO ann\nDELIVERY ann xxx");
    assert!(daemon.memory("VmHWM:") - before < 1024);
}

#[test]
fn long_line_right_behind_the_log_in_is_taken() {
    let daemon = Daemon::start(&[]);
    let mut ann = daemon.client();
    let text = "x".repeat(16 * 1024 * 1024);
    let said = format!("HELLO-FROM ann\nSEND ann {text}\nSEND ann {text}x\nLIST\n");
    let mut writer = ann.stream.get_ref().try_clone().unwrap();
    let saying = std::thread::spawn(move || writer.write_all(said.as_bytes()).unwrap());
    ann.hears(&format!("HELLO ann\nDELIVERY ann {text}\nSEND-OK\nBAD-RQST-BODY\nLIST-OK ann\n"));
    saying.join().unwrap();
}

#[test]
fn longest_name_is_an_option() {
    let daemon = Daemon::start(&["--max-name", "5"]);
    for (name, answer) in
        [("anna", "HELLO anna\n"), ("annas", "HELLO annas\n"), ("annas2", "BAD-RQST-BODY\n")]
    {
        let mut client = daemon.client();
        client.says(format!("HELLO-FROM {name}\n"));
        client.hears(answer);
    }
}

#[test]
fn reset_ends_one_client_and_no_other() {
    let daemon = Daemon::start(&[]);
    let (mut dan, mut eve) = (daemon.user("dan"), daemon.user("eve"));
    let mut ann = daemon.user("ann");
    ann.says("LIST\nSEND dan half a li");
    until("there is an answer that is not read", || ann.stream.get_ref().peek(&mut [0; 64]).unwrap() > 0);
    // Closed with bytes unread, a socket resets.
    drop(ann);
    until("ann is gone", || {
        dan.says("LIST\n");
        dan.hears_line() == "LIST-OK dan,eve\n"
    });
    chat(&mut dan, &mut eve);
}

/// Whether a new client has been answered. Others have been served often since it came: it will not be answered
/// before something else happens, however slow the machine is.
fn is_answered(client: &Client, other: &mut Client) -> bool {
    for _ in 0..10 {
        other.says("LIST\n");
        assert!(other.hears_line().starts_with("LIST-OK "));
    }
    let mut stream = client.stream.get_ref();
    stream.set_nonblocking(true).unwrap();
    let is_answered = matches!(stream.read(&mut [0; 100]), Ok(1..));
    stream.set_nonblocking(false).unwrap();
    is_answered
}

#[test]
fn out_of_descriptors_it_serves_on_and_accepts_again() {
    let daemon = Daemon::start_with_descriptors(30, &["--max-users", "100"]);
    let (mut dan, mut eve) = (daemon.user("dan"), daemon.user("eve"));
    let mut others = vec![daemon.user("user0")];
    let last = loop {
        let mut other = daemon.client();
        other.says(format!("HELLO-FROM user{}\n", others.len()));
        if !is_answered(&other, &mut dan) {
            break other;
        }
        others.push(other);
        assert!(others.len() < 30, "there were descriptors enough");
    };
    chat(&mut dan, &mut eve);
    drop(others);
    let mut last = last;
    let heard = last.hears_line();
    assert!(heard.starts_with("HELLO user"), "{heard}");
    chat(&mut dan, &mut eve);
}

/// Whoever waits is let in, and listened to, before the next one may take their place.
#[test]
fn whoever_is_let_in_when_a_descriptor_is_free_can_log_in() {
    let daemon = Daemon::start_with_descriptors(20, &["--max-users", "100"]);
    let mut ann = daemon.user("ann");
    let mut users = Vec::new();
    let mut waiting = Vec::new();
    while waiting.len() < 4 {
        let mut client = daemon.client();
        client.says(format!("HELLO-FROM user{}\n", users.len() + waiting.len()));
        if is_answered(&client, &mut ann) {
            users.push(client);
        } else {
            client.stream.get_ref().set_nonblocking(true).unwrap();
            waiting.push(client);
        }
    }
    drop(users.pop());
    let (mut logged_in, mut turned_away) = (0, 0);
    until("somebody is let in", || {
        for client in &mut waiting {
            match (&mut client.stream.get_ref()).read(&mut [0; 100]) {
                Ok(0) => turned_away += 1,
                Ok(_) => logged_in += 1,
                Err(_) => {}
            }
        }
        logged_in + turned_away > 0
    });
    assert_eq!((logged_in, turned_away), (1, 0));
}

#[test]
fn signals_end_it_cleanly() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut daemon = Daemon::start(&[]);
        let mut ann = daemon.user("ann");
        daemon.signal(signal);
        assert_eq!(daemon.wait().code(), Some(0));
        assert_eq!(ann.hears_the_end(), b"");
    }
}

#[test]
fn place_that_it_cannot_listen_at_is_said_in_one_line() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port().to_string();
    for (option, value) in [("--port", port.as_str()), ("--address", "no.such.host.invalid")] {
        let mut command = runner::server();
        command.args([option, value]);
        let output = output(command);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{said}");
        assert!(
            said.starts_with("chinwagd: cannot ") && said.contains("--address") | said.contains("--port")
        );
        assert!(said.contains(value) && said.lines().count() == 1, "{said}");
    }
    drop(holder);
}

#[test]
fn wrong_usage_is_status_2() {
    for arguments in [["--max-users", "x"], ["--max-queue", "1"], ["--no-such", "option"]] {
        let mut command = chinwagd();
        command.args(arguments);
        assert_eq!(output(command).status.code(), Some(2));
    }
}

/// Spec S14.
#[test]
fn arguments_are_made_harmless() {
    for (arguments, status) in [(["--address", "\x1b.invalid"], 1), (["--max-users", "\x1b[2J"], 2)] {
        let mut command = chinwagd();
        command.args(arguments);
        let output = output(command);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{said}");
        assert!(!said.contains('\x1b') && said.contains(['^', '\\']), "{said:?}");
    }
}

#[test]
fn environment_stands_in_for_options() {
    let mut command = chinwagd();
    command.args(["--address", "no.such.host.invalid"]);
    command.env("CHINWAGD_MAX_USERS", "none");
    assert_eq!(output(command).status.code(), Some(2));
    let mut command = chinwagd();
    command.env("CHINWAGD_ADDRESS", "no.such.host.invalid").env("CHINWAGD_ECHOBOT", "1");
    command.env("CHINWAGD_VERBOSE", "2");
    assert_eq!(output(command).status.code(), Some(1));
}

/// Linux has all of 127.0.0.0/8 to come from.
#[cfg(target_os = "linux")]
#[test]
fn one_comes_in_from_where_one_may() {
    let mut command = runner::server();
    command.args([
        "-p",
        "0",
        "--allow",
        "127.0.0.0/8",
        "--deny",
        "127.0.0.2",
        "--deny",
        "127.0.1.0/24",
        "-v",
    ]);
    let daemon = Daemon::spawn(command);
    // Each under another name: who has just left is not yet gone when the next one asks.
    let come_from = |source: &str, name: &str| {
        use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&socket, &std::net::SocketAddr::new(source.parse().unwrap(), 0)).unwrap();
        connect(&socket, &daemon.address).unwrap();
        let mut stream = std::net::TcpStream::from(socket);
        stream.set_read_timeout(Some(deadline())).unwrap();
        let _ = stream.write_all(format!("HELLO-FROM {name}\n").as_bytes());
        let mut answer = [0; 10];
        stream.read(&mut answer).map(|count| answer[..count].to_vec()).unwrap_or_default()
    };
    for (source, name, answer) in [
        ("127.0.0.1", "ann", &b"HELLO ann\n"[..]),
        ("127.0.0.2", "ben", b""),
        ("127.0.1.9", "cat", b""),
        ("127.0.2.1", "dan", b"HELLO dan\n"),
    ] {
        assert_eq!(come_from(source, name), answer, "{source}");
    }
}
