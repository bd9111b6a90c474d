//! However connections end, and others cannot be made: what was sent is not sent twice, and it comes to rest.

use super::scene::{Course, Scene};
use super::script::Script;

/// See `scene`. `r` among the settings makes connections again.
pub(super) fn run(input: &[u8]) {
    let script = Script::new(input);
    let mut scene = Scene::new(&script);
    for (what, with) in script.steps() {
        if scene.step(what, with) == Course::Over {
            return;
        }
    }
    scene.check_sent();
}
