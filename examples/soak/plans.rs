//! What attackers do, as data.

use std::time::Duration;

/// An attack: who takes part, and what the server has to be told and have for it.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    pub(crate) groups: &'static [Group],
    /// The server's limit of descriptors, if it is a part of it.
    pub(crate) descriptors: Option<u32>,
    /// It goes to an address with TLS, beside the one of those who are measured.
    pub(crate) tls: bool,
}

/// So many who do the same.
pub(crate) struct Group {
    pub(crate) count: usize,
    /// Their names begin so, and end with their numbers; whoever has none does not log in.
    pub(crate) name: Option<&'static str>,
    /// What number so-and-so says first, and then again and again.
    pub(crate) first: fn(usize) -> Vec<u8>,
    pub(crate) again: fn(usize) -> Vec<u8>,
    pub(crate) reads: bool,
    /// A byte at a time, this long after the last one.
    pub(crate) pace: Option<Duration>,
    pub(crate) leaves: Leaves,
}

/// When a connection is made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaves {
    /// When the server has closed it.
    Never,
    /// As soon as the log-in was answered.
    LoggedIn,
    /// By a reset, as soon as anything was answered.
    Answered,
    /// By a reset, as soon as something was said.
    Reset,
}

const GROUP: Group = Group {
    count: 1,
    name: None,
    first: nothing,
    again: nothing,
    reads: true,
    pace: None,
    leaves: Leaves::Never,
};

/// All there are.
pub(crate) const ATTACKS: &[Attack] = &[
    attack(
        "flood-reader",
        &[
            Group { name: Some("target"), ..GROUP },
            Group { count: 8, name: Some("f"), again: |_| send("target0", 64), ..GROUP },
        ],
    ),
    attack(
        "flood-self",
        &[Group { count: 8, name: Some("f"), again: |number| send(&format!("f{number}"), 64), ..GROUP }],
    ),
    attack("flood-echobot", &[Group { count: 8, name: Some("f"), again: |_| send("echobot", 64), ..GROUP }]),
    attack(
        "list",
        &[
            Group { count: 5000, name: Some("user"), ..GROUP },
            Group { count: 100, name: Some("a"), again: |_| b"LIST\n".to_vec(), ..GROUP },
        ],
    ),
    attack(
        "list-unread",
        &[Group { count: 5000, name: Some("user"), again: |_| b"LIST\n".to_vec(), reads: false, ..GROUP }],
    ),
    attack("empty-lines", &[Group { count: 1000, again: |_| vec![b'\n'; 4096], reads: false, ..GROUP }]),
    attack("churn", &[Group { count: 100, name: Some("c"), leaves: Leaves::LoggedIn, ..GROUP }]),
    attack(
        "resets",
        &[Group { count: 100, first: |_| b"HELLO-FR".to_vec(), leaves: Leaves::Reset, ..GROUP }],
    ),
    attack(
        "tricklers",
        &[
            Group { count: 250, again: |_| vec![b'x'; 4096], pace: Some(Duration::from_millis(10)), ..GROUP },
            Group {
                count: 250,
                name: Some("t"),
                again: |_| send("nobody", 4096),
                pace: Some(Duration::from_millis(10)),
                ..GROUP
            },
        ],
    ),
    Attack { descriptors: Some(1024), ..attack("silent", &[Group { count: 1100, ..GROUP }]) },
    attack(
        "deaf",
        &[
            Group { count: 50, name: Some("deaf"), reads: false, ..GROUP },
            Group {
                count: 50,
                name: Some("i"),
                again: |number| send(&format!("deaf{number}"), 100_000),
                ..GROUP
            },
        ],
    ),
    attack(
        "long-lines",
        &[
            Group { count: 4, name: Some("l"), again: |_| send("ann", 100 << 20), ..GROUP },
            Group {
                count: 2,
                name: Some("n"),
                first: |_| b"SEND ann ".to_vec(),
                again: |_| vec![b'x'; 1 << 20],
                ..GROUP
            },
            Group { count: 2, again: |_| vec![b'x'; 1 << 20], ..GROUP },
        ],
    ),
    // Each costs the server a signature.
    Attack {
        tls: true,
        ..attack("handshakes", &[Group { count: 200, first: hello, leaves: Leaves::Answered, ..GROUP }])
    },
    Attack {
        tls: true,
        ..attack(
            "half-handshakes",
            &[
                Group { count: 500, first: |number| hello(number)[..100].to_vec(), ..GROUP },
                Group { count: 500, first: hello, ..GROUP },
            ],
        )
    },
    Attack {
        tls: true,
        ..attack(
            "rubbish",
            &[
                Group { count: 100, first: |_| vec![b'x'; 4096], ..GROUP },
                Group { count: 100, first: |_| [&[22, 3, 1, 64, 0, 1][..], &[0; 4096]].concat(), ..GROUP },
                Group { count: 100, first: hello, again: |_| vec![b'x'; 4096], ..GROUP },
            ],
        )
    },
];

const fn attack(name: &'static str, groups: &'static [Group]) -> Attack {
    Attack { name, groups, descriptors: None, tls: false }
}

fn nothing(_: usize) -> Vec<u8> {
    Vec::new()
}

fn send(to: &str, length: usize) -> Vec<u8> {
    let mut line = format!("SEND {to} ").into_bytes();
    line.resize(line.len() + length, b'x');
    line.push(b'\n');
    line
}

/// The first words of a client that speaks TLS 1.3 (RFC 8446, 4.1.2): the least that has an answer.
fn hello(number: usize) -> Vec<u8> {
    let with_length = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
    let extension = |kind: u16, content: &[u8]| [&kind.to_be_bytes()[..], &with_length(content)].concat();
    let mut key = [9; 32];
    key[..8].copy_from_slice(&number.to_be_bytes());
    // X25519, with a key; ECDSA with P-256; TLS 1.3.
    let share = with_length(&[&[0, 0x1d][..], &with_length(&key)].concat());
    let extensions = [
        extension(51, &share),
        extension(10, &with_length(&[0, 0x1d])),
        extension(13, &with_length(&[4, 3])),
        extension(43, &[2, 3, 4]),
    ];
    // Version, random bytes, no session, TLS_AES_128_GCM_SHA256, no compression.
    let body =
        [&[3, 3][..], &[7; 32], &[0, 0, 2, 0x13, 1, 1, 0], &with_length(&extensions.concat())].concat();
    let message = [&[1, 0][..], &with_length(&body)].concat();
    [&[22, 3, 1][..], &with_length(&message)].concat()
}
