//! Those who have not logged in, and those who never read, cost next to nothing and are gone in the end.

use super::scene::{LIMITS, Scene};
use super::*;
use crate::server::hub::Limits;
use crate::wire::sizes::{GUEST_MARK, PER_CLIENT};

const NANOSECOND: Duration = Duration::from_nanos(1);

#[test]
fn guest_who_reads_nothing_costs_next_to_nothing() {
    for flood in ["\n", "LIST\n", "HELLO-FROM a,b\n", "x"] {
        let mut scene = Scene::new(LIMITS);
        let guest = scene.come();
        guest.reads_only(0);
        scene.say(&guest, &flood.repeat(300_000));
        scene.run();
        assert!(guest.wire.borrow().incoming.len() > 290_000 || flood == "x", "it is not read on");
        let waiting = scene.intake().hub.outbox(guest.id).len();
        assert!(waiting <= GUEST_MARK + "BAD-RQST-BODY\n".len(), "{waiting}");
        assert!(scene.intake().memory() <= PER_CLIENT + LOG_IN_LIMIT + 4 * GUEST_MARK, "{flood:?}");
        assert_eq!(scene.intake().next_release(), None, "it waits for itself");

        scene.say(&guest, "\nHELLO-FROM ann\n");
        scene.read(&guest, usize::MAX);
        scene.run();
        assert!(guest.heard().ends_with("HELLO ann\n"));
    }
}

#[test]
fn guests_have_so_much_time_to_log_in_and_users_have_any() {
    let mut scene = Scene::new(LIMITS);
    let ann = scene.user("ann");
    let start = scene.now;
    let guest = scene.come();
    scene.say(&guest, "HELLO-FROM an");
    scene.run();
    assert_eq!(scene.intake().next_deadline(), Some(start + LIMITS.login_timeout));
    assert!(scene.intake().is_quiet(), "nothing happens until then");
    scene.now = start + LIMITS.login_timeout - NANOSECOND;
    let late = scene.come();
    scene.run();
    assert!(!guest.is_closed());
    scene.now += NANOSECOND;
    scene.run();
    assert!(guest.is_closed() && !late.is_closed() && !ann.is_closed());
    scene.say(&late, "HELLO-FROM bob\n");
    scene.run();
    assert_eq!(scene.intake().next_deadline(), None);
}

#[test]
fn oldest_guest_makes_way_for_those_who_come() {
    let mut scene = Scene::new(Limits { max_connections: 3, ..LIMITS });
    let ann = scene.user("ann");
    let (old, young) = (scene.come(), scene.come());
    scene.run();
    assert!(!old.is_closed() && !young.is_closed(), "as many as there may be");
    let bob = scene.user("bob");
    assert!(old.is_closed() && !young.is_closed());
    let cid = scene.user("cid");
    assert!(young.is_closed());
    assert_eq!(scene.turned_away(), "BUSY\n");
    assert!(!ann.is_closed() && !bob.is_closed() && !cid.is_closed() && scene.intake().len() == 3);
    assert!(!scene.intake().dismiss_guest());
    scene.break_off(&bob);
    scene.run();
    scene.come();
    assert_eq!(scene.intake().len(), 3);
}

#[test]
fn who_sends_no_more_and_does_not_read_is_closed_in_the_end() {
    for takes_a_byte in [false, true] {
        let mut scene = Scene::new(LIMITS);
        let ann = scene.user("ann");
        ann.reads_only(0);
        scene.say(&ann, "LIST\n");
        scene.now += STALL_TIMEOUT * 3;
        scene.say_all(&ann);
        scene.run();
        let mut end = scene.now + STALL_TIMEOUT;
        assert_eq!(scene.intake().next_deadline(), Some(end));
        scene.now = end - NANOSECOND;
        if takes_a_byte {
            scene.read(&ann, 1);
            end = scene.now + STALL_TIMEOUT;
        }
        scene.run();
        scene.now = end - NANOSECOND;
        scene.run();
        assert!(!ann.is_closed());
        scene.now = end;
        scene.run();
        assert!(ann.is_closed() && scene.intake().memory() < LOG_IN_LIMIT);
    }
}
