//! Connections that end while a name is asked for (spec L3): the prompt is no conversation yet.

use super::*;

/// Spec L3.
#[test]
fn connection_that_ends_at_the_prompt_is_made_again_for_the_name() {
    for refusal in ["", "ann\n"] {
        let mut scene = Scene::new(SETTINGS);
        scene.connect();
        scene.type_in(refusal);
        scene.run();
        if !refusal.is_empty() {
            scene.hear("IN-USE\n");
            scene.run();
        }
        scene.shown();
        scene.end_server(Read::End);
        scene.run();
        assert!(!scene.conversation.wants_connection(scene.now) && scene.outcome().is_none());
        scene.type_in("bob\n");
        scene.run();
        scene.connect();
        scene.run();
        assert_eq!((scene.shown(), scene.sent()), (String::new(), "HELLO-FROM bob\n".into()));
    }
}
