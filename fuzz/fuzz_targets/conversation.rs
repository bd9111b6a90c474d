//! Whatever the server and the user say, the conversation goes on, shows nothing harmful, and comes to rest.
#![no_main]

mod memory;

use chinwag::client::conversation::{Conversation, Ends, Settings};
use chinwag::ui::display::Style;
use chinwag::ui::screen::{Look, Screen};
use chinwag::wire::escape::Rule;
use libfuzzer_sys::fuzz_target;
use memory::{Memory, bring};
use std::time::Duration;

fuzz_target!(|input: (u8, bool, Vec<(bool, Vec<u8>)>)| {
    let (at_once, reconnects, steps) = input;
    let style = Style { escape: Some(Rule::Harmful), ..Style::default() };
    let screen = Screen::new(Look { terminal: true, style, ..Look::default() });
    let settings = Settings {
        max_message: Some(1 << 16),
        linger: Duration::from_secs(2),
        reconnects,
        ..Settings::default()
    };
    let mut conversation = Conversation::new(&settings, screen);
    let end = || Memory::new(at_once.into());
    let mut ends = Ends { server: None, input: end(), output: end(), broken: None };
    let mut now = Duration::ZERO;
    for (from_user, bytes) in steps {
        if conversation.wants_connection(now) {
            conversation.handle_connecting();
            ends.server = Some(end());
            conversation.handle_connected(now);
        }
        match &mut ends.server {
            Some(server) if !from_user => bring(server, &bytes),
            _ => bring(&mut ends.input, &bytes),
        }
        let mut turns = 0;
        while turns == 0 || conversation.has_work(&ends, now) && !conversation.wants_connection(now) {
            conversation.turn(&mut ends, now).unwrap();
            turns += 1;
            assert!(turns < 10_000, "it does not come to rest");
        }
        if conversation.outcome(now).is_some() {
            return;
        }
        let shown = std::mem::take(&mut ends.output.transport_mut().written);
        let shown = std::str::from_utf8(&shown).expect("what is shown is UTF-8");
        assert!(!shown.chars().any(|character| character != '\n' && chinwag::wire::escape::is_harmful(character)));
        now += Duration::from_secs(1);
    }
});
