//! What grows, and how far.

use clawstead_domain::conversation::{Enqueue, NewTurn, Role};
use clawstead_ledger::VIEW_TABLES;
use clawstead_operations::queue;
use futures::executor::block_on;

use crate::memory::{Body, noise};
use crate::world::{World, code};

fn turn(content: String) -> NewTurn {
    NewTurn { role: Role::User, content, at: Some(1) }
}

#[test]
fn w44_turns_are_appended_once_under_the_lease_and_every_text_is_bounded() {
    let world = World::new();
    world.enqueue("c", "hi");
    let worker = world.worker();
    let append = |content: String| block_on(queue::append_turns(&world.cx(), &world.seen(&worker), "c", &[turn(content)]));
    assert_eq!(code(append("early".to_owned())), "lease_not_yours");
    world.claim_of(&worker, "c");
    append("once".to_owned()).unwrap();
    append("once".to_owned()).unwrap();
    assert_eq!(world.texts("SELECT count(*) || '' FROM turns"), ["1"]);
    assert_eq!(code(append("x".repeat(300_000))), "invalid_field");
    let long = Enqueue {
        conversation_id: "d".to_owned(),
        agent_key: "a".to_owned(),
        provider: "app".to_owned(),
        provider_user_id: "5".to_owned(),
        text: "x".repeat(70_000),
        ..Enqueue::default()
    };
    assert_eq!(code(block_on(queue::enqueue(&world.cx(), &long, None)).map(|_| ())), "invalid_field");
}

#[test]
fn w45_hydration_gives_the_newest_turns_within_a_budget() {
    let world = World::new();
    world.enqueue("c", "hi");
    let worker = world.worker();
    let job = world.claim_of(&worker, "c");
    let hydrated = || block_on(queue::hydrate(&world.cx(), &world.keys, &world.seen(&worker), &job.message_id)).unwrap().turns;
    for number in 0..100 {
        block_on(queue::append_turns(&world.cx(), &world.seen(&worker), "c", &[turn(number.to_string())])).unwrap();
    }
    let turns = hydrated();
    assert_eq!((turns.len(), turns[0].content.as_str(), turns[63].content.as_str()), (64, "36", "99"));
    for _ in 0..4 {
        let long = turn(format!("{}{}", world.now(), "x".repeat(200_000)));
        block_on(queue::append_turns(&world.cx(), &world.seen(&worker), "c", &[long])).unwrap();
        world.pass(1_000);
    }
    assert_eq!(hydrated().len(), 2);
}

#[test]
fn views_made_anew_from_the_log_are_the_same() {
    let world = World::new();
    world.retention(|policy| policy.snapshots_max = 2);
    let worker = world.holder("c");
    for _ in 0..3 {
        world.snapshot(&worker, "c", b"memory");
    }
    let failed = world.start(&worker, "c");
    world.fail(&worker, &failed.snapshot_id).unwrap();
    let next = world.worker();
    world.fetch(&world.latest(&next, "c").unwrap().download_url, 9);
    world.works_on(&next, "c");
    world.drain(&next.worker_id);
    world.snapshot(&next, "c", b"more");
    world.start(&next, "c");
    let rows = || -> Vec<String> {
        let of = |table: &&str| world.sorted_rows(&format!("SELECT '{table}', * FROM {table}"));
        VIEW_TABLES.iter().flat_map(of).collect()
    };
    let before = rows();
    block_on(world.ledger.rebuild("test", world.now(), 10, |_| {})).unwrap();
    assert_eq!(rows(), before);
}

#[test]
fn no_statement_of_the_tick_walks_along_a_whole_table() {
    let world = World::new();
    let worker = world.holder("c");
    let started = world.start(&worker, "c");
    world.upload(&started.upload_url, &mut Body::of(&noise(10))).unwrap();
    for sql in [
        "SELECT 1 FROM snapshots WHERE status = 'uploading' AND upload_by <= 1 ORDER BY upload_by LIMIT 1",
        "SELECT 1 FROM snapshots WHERE status = 'ready' AND superseded = 1 AND completed_at <= 1 ORDER BY completed_at LIMIT 1",
        "SELECT 1 FROM files WHERE keep_until <= 1 ORDER BY keep_until LIMIT 1",
        "SELECT 1 FROM files WHERE state = 'expected' AND upload_by <= 1 ORDER BY upload_by LIMIT 1",
        "SELECT 1 FROM files WHERE state = 'doomed' ORDER BY file_id LIMIT 1",
        "SELECT 1 FROM files WHERE kind = 'snapshot' AND file_id > '' ORDER BY file_id LIMIT 1",
        "SELECT 1 FROM files WHERE owner = 'x' AND state IN ('expected', 'arriving') AND upload_by > 1",
    ] {
        let plan = world.sorted_rows(&format!("EXPLAIN QUERY PLAN {sql}")).join("\n");
        assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
    }
}
