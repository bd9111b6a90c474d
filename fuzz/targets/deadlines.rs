//! Whatever has happened, whoever ends the input leaves: if nothing else does it, time does.

use super::scene::{Course, Scene};
use super::script::Script;

/// See `scene`.
pub(super) fn run(input: &[u8]) {
    let script = Script::new(input);
    let mut scene = Scene::new(&script);
    for (what, with) in script.steps() {
        if scene.step(what, with) == Course::Over {
            return;
        }
    }
    scene.end();
}
