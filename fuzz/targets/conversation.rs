//! Whatever the server and the user say, the conversation goes on, shows nothing harmful, sends what was typed
//! and nothing else, and comes to rest.

use super::scene::{Course, Scene};
use super::script::Script;

/// See `scene`, for all but what this leaves out: cuts, and time.
pub(super) fn run(input: &[u8]) {
    let script = Script::new(input);
    let mut scene = Scene::new(&script);
    for (what, with) in script.steps().filter(|(what, _)| b"uUsSkKjJ".contains(what)) {
        if scene.step(what, with) == Course::Over {
            return;
        }
    }
}
