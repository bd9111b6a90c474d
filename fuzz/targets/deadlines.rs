//! Whatever has happened, whoever ends the input leaves: if nothing else does it, time does.

use super::scene::Scene;

/// See `scene`.
pub(super) fn run(input: &[u8]) {
    if let Some(mut scene) = Scene::play(input, |_| true) {
        scene.end();
    }
}
