//! What consumer apps follow, a page at a time.

use clawstead_domain::agent::AgentEvent;
use clawstead_domain::api_key::Reach;
use clawstead_ledger::Expected;
use clawstead_operations::app_events::{self, AppEvent, AppPage};
use futures::executor::block_on;

use crate::telegram::{ADA, BJORN};
use crate::world::{AGENT, World};

fn page(world: &World, reach: &Reach, after: i64, limit: i64) -> AppPage {
    block_on(app_events::after(&world.cx(), reach, after, limit)).unwrap()
}

/// All pages of this length, and how many there were.
fn pages(world: &World, reach: &Reach, limit: i64) -> (Vec<AppEvent>, usize) {
    let (mut events, mut after, mut count) = (Vec::new(), 0, 0);
    loop {
        let page = page(world, reach, after, limit);
        assert!(page.events.len() as i64 <= limit && (page.next_after > after || !page.has_more));
        events.extend(page.events);
        (after, count) = (page.next_after, count + 1);
        if !page.has_more {
            return (events, count);
        }
    }
}

fn of_agents(agents: &[&str]) -> Reach {
    Reach { agents: Some(agents.iter().map(|name| (*name).to_owned()).collect()), ..Reach::default() }
}

fn of_user(user: &str) -> Reach {
    Reach { users: Some(vec![user.to_owned()]), ..Reach::default() }
}

#[test]
fn pages_follow_each_other_without_gap_or_overlap_whatever_the_reach() {
    let world = World::with_bot();
    world.configure("other", true);
    world.paired("ada", ADA);
    world.paired("bjorn", BJORN);
    for reach in [Reach::default(), of_agents(&[AGENT]), of_agents(&["other"]), of_agents(&["nobody"]), of_user("ada")] {
        let whole = page(&world, &reach, 0, 1_000);
        assert!(!whole.has_more);
        for limit in 1..=4 {
            assert_eq!(pages(&world, &reach, limit).0, whole.events, "{reach:?} {limit}");
        }
    }
    let types = |reach: &Reach| page(&world, reach, 0, 100).events.into_iter().map(|one| one.event_type).collect::<Vec<_>>();
    assert_eq!(types(&of_user("ada")), ["PairingCreated", "BindingMade", "PairingUsed"], "and nothing that is about no user");
    assert_eq!(types(&of_agents(&["other"])), ["AgentConfigured"]);
}

#[test]
fn who_may_follow_little_gets_past_what_is_not_theirs_in_bounded_looks() {
    let world = World::with_bot();
    world.configure("busy", true);
    for _ in 0..3 {
        block_on(world.cx().append("busy", Expected::Any, &vec![AgentEvent::AgentEnabled {}; 1_000])).unwrap();
    }
    world.paired("ada", ADA);
    let first = page(&world, &of_user("ada"), 0, 10);
    assert_eq!((first.events.len(), first.has_more), (0, true), "an empty page is not the end");
    let (events, count) = pages(&world, &of_user("ada"), 10);
    assert_eq!((events.len(), count), (3, 4));
}

#[test]
fn the_end_can_be_asked_for_again_and_again() {
    let world = World::with_bot();
    let end = block_on(app_events::newest(&world.cx())).unwrap();
    for _ in 0..2 {
        assert_eq!(page(&world, &Reach::default(), end, 10), AppPage { events: Vec::new(), next_after: end, has_more: false });
    }
    world.pairing("ada");
    let next = page(&world, &Reach::default(), end, 10);
    assert_eq!((next.events.len(), next.events[0].event_type.as_str(), next.has_more), (1, "PairingCreated", false));
}
