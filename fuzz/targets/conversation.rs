//! Whatever the server and the user say, the conversation goes on, shows nothing harmful, sends what was typed
//! and nothing else, and comes to rest.

use super::scene::Scene;

/// See `scene`, for all but what this leaves out: cuts, and time.
pub(super) fn run(input: &[u8]) {
    Scene::play(input, |what| b"uUsSkKjJ".contains(&what));
}
