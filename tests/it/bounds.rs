//! The bounds in SECURITY.md are those of the code.

use std::collections::BTreeMap;
use std::path::Path;

/// What is no bound: how much is done at a time, and what other values are made of.
const NO_BOUNDS: [&str; 13] = [
    "PIECES",
    "CAN_ASK",
    "KIB",
    "MIB",
    "STEP",
    "ZEROS",
    "KEPT",
    "OUTBOX_PIECE",
    "SCREEN_PIECE",
    "BATCH",
    "QUEUE_ROOM",
    "SPARE_BUFFERS",
    "LAST_BYTES",
];

/// Where bounds are declared.
const FILES: [&str; 22] = [
    "wire/sizes",
    "server/intake",
    "server/limits",
    "server/guests",
    "client/linger",
    "client/retry",
    "net/server",
    "net/transport",
    "net/lookup",
    "net/log",
    "net/journal",
    "net/clock",
    "net/errands",
    "net/via",
    "net/handed",
    "net/connector",
    "net/listener",
    "net/tls/encrypted",
    "net/tls/identity",
    "ui/rich/alerts",
    "ui/rich/errands",
    "ui/rich/own",
];

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The constants of a source file, `file::NAME`, with what they are set to.
fn constants(path: &str) -> BTreeMap<String, String> {
    let source = read(&format!("src/{path}.rs"));
    let file = path.rsplit('/').next().unwrap();
    let constant = |declaration: &str| {
        let (name, rest) = declaration.split_once(':')?;
        let (_, value) = rest.split(';').next()?.split_once('=')?;
        let is_constant = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        is_constant.then(|| (format!("{file}::{name}"), value.trim().to_owned()))
    };
    source.split("const ").skip(1).filter_map(constant).collect()
}

/// A value as the source writes it, in bytes, milliseconds or things.
fn value(text: &str) -> Option<u64> {
    let text = text.strip_prefix("either(").map_or(text, |both| both.split(',').next().unwrap());
    if let Some(argument) = text.strip_prefix("Duration::from_secs(") {
        return Some(1000 * value(argument.trim_end_matches(')'))?);
    }
    if let Some(argument) = text.strip_prefix("Duration::from_millis(") {
        return value(argument.trim_end_matches(')'));
    }
    let factor = |text: &str| match text.trim().trim_matches(['(', ')']) {
        "KIB" => Some(1024),
        "MIB" => Some(1024 * 1024),
        number => match number.split_once("<<") {
            Some((number, bits)) => {
                Some(number.trim().parse::<u64>().ok()? << bits.trim().parse::<u32>().ok()?)
            }
            None => number.replace('_', "").parse().ok(),
        },
    };
    let product = |text: &str| text.split('*').map(factor).product::<Option<u64>>();
    text.split('+').map(product).sum()
}

/// The same as the table writes it.
fn written(text: &str) -> Option<u64> {
    let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
    let unit = match unit {
        "" | "ms" => 1,
        "KiB" => 1024,
        "MiB" => 1024 * 1024,
        "s" => 1000,
        _ => return None,
    };
    Some(number.parse::<u64>().ok()? * unit)
}

fn name_in(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`')
}

#[test]
fn table_of_bounds_is_that_of_the_code() {
    let code: BTreeMap<_, _> = FILES.iter().flat_map(|file| constants(file)).collect();
    let help = crate::support::output({
        let mut command = crate::support::chinwagd();
        command.arg("--help");
        command
    });
    let client_help = crate::support::output({
        let mut command = crate::program::without_environment(crate::runner::client());
        command.arg("--help");
        command
    });
    let help = String::from_utf8([help.stdout, client_help.stdout].concat()).unwrap();
    let mut seen = Vec::new();
    for row in read("SECURITY.md").lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"))
    {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [what, default, option, _, constant] = cells[..] else { panic!("{row}") };
        if let Some(name) = name_in(constant) {
            let expected = code.get(name).and_then(|text| value(text));
            assert!(expected.is_some() && written(default) == expected, "{what}: {:?}", code.get(name));
            seen.push(name.to_owned());
        }
        if let Some(option) = name_in(option) {
            assert!(help.contains(&format!(" {option} ")), "{what}: {option}");
        }
    }
    assert!(seen.len() > 25, "the tables are there");
    for name in constants("wire/sizes").into_keys() {
        let is_bound = NO_BOUNDS.iter().all(|other| name.strip_prefix("sizes::") != Some(other));
        assert!(!is_bound || seen.contains(&name), "{name} is in no table");
    }
}

#[test]
fn values_are_read_as_they_are_written() {
    for (source, table, expected) in [
        ("either(64 * KIB, KIB)", "64 KiB", 65_536),
        ("MIB", "1 MiB", 1 << 20),
        ("64 * 1024", "64 KiB", 65_536),
        ("65_535", "65535", 65_535),
        ("1 << 14", "16 KiB", 1 << 14),
        ("5 + (1 << 14) + 256", "16645", 16_645),
        ("either(500, 32)", "500", 500),
        ("Duration::from_secs(120)", "120 s", 120_000),
        ("Duration::from_millis(100)", "100 ms", 100),
    ] {
        assert_eq!((value(source), written(table)), (Some(expected), Some(expected)));
    }
    assert_eq!((value("other()"), written("some")), (None, None));
}
