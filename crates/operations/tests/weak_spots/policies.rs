//! Policies and what is decided by the place where it runs: W-60, W-61, W-62.

use std::path::Path;

use clawstead_domain::agent::Configure;
use clawstead_domain::config::{
    LeasePolicy, MessagesPolicy, Policy, ProviderPolicy, QueuePolicy, RetentionPolicy, RetryPolicy, ScalingPolicy,
};
use clawstead_operations::{agents, queue};
use futures::executor::block_on;
use serde::Serialize;

use crate::world::World;

/// Everything that decides, and everything that carries decisions out.
fn sources() -> String {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut text = String::new();
    let mut folders = vec![crates.join("domain/src"), crates.join("operations/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("config") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("config.rs") {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    text
}

fn unread<P: Policy + Serialize>(sources: &str) -> Vec<String> {
    let values = serde_json::to_value(P::default()).unwrap();
    let is_read = |name: &&String| sources.contains(&format!(".{name}")) || sources.contains(&format!("{name}(&self)"));
    let names = values.as_object().unwrap().keys().filter(|name| !is_read(name));
    names.map(|name| format!("{}.{name}", P::NAME)).collect()
}

#[test]
fn w60_whatever_can_be_set_is_used() {
    let sources = sources();
    let mut left = unread::<QueuePolicy>(&sources);
    left.extend(unread::<LeasePolicy>(&sources));
    left.extend(unread::<ScalingPolicy>(&sources));
    left.extend(unread::<ProviderPolicy>(&sources));
    left.extend(unread::<MessagesPolicy>(&sources));
    left.extend(unread::<RetentionPolicy>(&sources));
    left.extend(unread::<RetryPolicy>(&sources));
    // Read where they are defined: in `RetryPolicy::delay_ms` and `ProviderPolicy::check`.
    left.retain(|name| !["retry.base_delay_ms", "retry.max_delay_ms", "provider.image_tags_allowed"].contains(&name.as_str()));
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn w61_names_are_in_the_order_of_their_bytes_wherever_it_runs() {
    let world = World::new();
    for agent_key in ["z", "Z", "_", "10", "9"] {
        block_on(agents::configure(&world.cx(), agent_key, &Configure::default())).unwrap();
    }
    let listed = block_on(agents::list(&world.cx(), "", 10)).unwrap();
    let keys: Vec<_> = listed.iter().map(|agent| agent.agent_key.as_str()).collect();
    assert_eq!(keys, ["10", "9", "Z", "_", "a", "b", "z"]);
}

/// What a worker is told is the state that an event gave it, read when it asks: time alone changes nothing, so no answer can be
/// stale. Whether it should stop and whether it gets work is one question.
#[test]
fn w62_control_and_claim_ask_the_same_and_time_alone_changes_nothing() {
    let world = World::new();
    let worker = world.worker();
    world.enqueue("c", "hi");
    world.pass(30 * 86_400_000);
    assert!(world.call(&worker).unwrap().state.takes_work(), "silent for a month, and back");
    world.drain(&worker.worker_id);
    let drained = world.call(&worker).unwrap();
    assert!(!drained.state.takes_work());
    assert!(block_on(queue::claim(&world.cx(), &drained, None)).unwrap().is_none());
    let before = world.views();
    world.pass(86_400_000);
    assert_eq!(world.views(), before);
}
