//! Whatever way bytes are cut into reads, the lines are those of `split`.
#![no_main]

use chinwag::wire::lines::{Line, Lines};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, Vec<(Vec<u8>, u8)>)| {
    let (limit, reads) = input;
    let limit = usize::from(limit);
    let all: Vec<u8> = reads.iter().flat_map(|(read, _)| read.clone()).collect();
    let mut expected = all.split(|&byte| byte == b'\n').filter(|line| line.len() <= limit);
    let mut lines = Lines::new(Some(limit));
    for (read, mut most) in reads {
        lines.push(&read);
        lines.drain(|line| {
            let Line::Whole(line) = line else { return true };
            if most == 0 {
                return false;
            }
            most -= 1;
            assert_eq!(Some(line), expected.next());
            true
        });
    }
    lines.drain(|line| match line {
        Line::Whole(line) => Some(line) == expected.next(),
        Line::TooLong => true,
    });
    let rest = expected.next();
    assert_eq!(expected.next(), None);
    lines.finish();
    lines.drain(|line| match line {
        Line::Whole(line) => Some(line) == rest,
        Line::TooLong => true,
    });
    assert!(lines.is_empty());
});
