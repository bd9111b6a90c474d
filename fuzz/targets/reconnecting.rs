//! However connections end, and others cannot be made: what was sent is not sent twice, and it comes to rest.

use super::scene::Scene;

/// See `scene`. `r` among the settings makes connections again.
pub(super) fn run(input: &[u8]) {
    if let Some(scene) = Scene::play(input, |_| true) {
        scene.check_sent();
    }
}
