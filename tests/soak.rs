//! The soak and the attacks of `examples/soak`, for seconds: that they run, and that they find nothing in so
//! little time.

#[path = "../examples/soak/main.rs"]
mod soak;

use std::path::Path;

const SERVER: &str = env!("CARGO_BIN_EXE_chinwagd");

#[test]
fn crowd_gets_all_that_was_acknowledged() {
    let words = ["run", "--server", SERVER, "--seconds", "3", "--users", "60", "--rate", "600"];
    assert_eq!(soak::run(words.map(str::to_owned).to_vec()), 0);
}

/// The measuring is left out: it takes a quiet machine, and processes of its own.
#[test]
fn server_outlives_the_start_of_each_attack() {
    soak::try_attacks(Path::new(SERVER));
}
