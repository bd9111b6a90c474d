//! Whatever way bytes are cut into reads, the lines are those of `split`.

use super::script::{Script, number};
use chinwag::wire::lines::{Line, Lines};

/// Of each step, the letter says how many lines are taken, and the rest is what was read.
pub(super) fn run(input: &[u8]) {
    let script = Script::new(input);
    let limit = script.setting(0, 256) * (1 + script.setting(1, 256));
    let all: Vec<u8> = script.steps().flat_map(|(_, read)| read.to_vec()).collect();
    let mut expected = all.split(|&byte| byte == b'\n').filter(|line| line.len() <= limit);
    let mut lines = Lines::new(Some(limit));
    for (most, read) in script.steps() {
        let mut most = number(most);
        lines.push(read);
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
}
