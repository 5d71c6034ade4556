//! `GET /v1/stats`, and the order of work in ticks.

use clawstead_operations::files::SqliteStore;
use clawstead_operations::{stats, tick};
use futures::executor::block_on;

use crate::world::World;

fn figures(world: &World) -> stats::Stats {
    world.with_cx(|cx| block_on(stats::read(cx))).unwrap()
}

#[test]
fn figures_say_what_there_is_and_what_ticks_met() {
    let world = World::new(3);
    world.enqueue("c1");
    world.enqueue("c2");
    world.tick_well();
    world.hangs.set(true);
    world.programs_run();
    let seen = figures(&world);
    assert_eq!((seen.queue.processing, seen.workers.busy), (2, 2));
    assert_eq!((seen.workers.machines, seen.workers.volumes, seen.workers.by_state["active"]), (2, 2, 2));
    assert_eq!(seen.ticks["machines"].last_error, None);
    *world.fly.broken.borrow_mut() = Some("GET /machines".to_owned());
    world.tick();
    let seen = figures(&world);
    assert!(seen.ticks["machines"].last_error.as_ref().unwrap().contains("list workers"));
    assert_eq!(seen.ticks["leases"].last_error, None, "one kind of work does not keep another from being done");
}

/// With a clock that jumps ahead at its n-th reading, so that the time of a tick is up in the middle of it.
fn tick_cut_short_at(world: &World, reading: usize) -> Vec<&'static str> {
    world.pass(10_000);
    let readings = std::cell::Cell::new(0);
    let clock = || {
        readings.set(readings.get() + 1);
        world.now() + if readings.get() > reading { 20_000 } else { 0 }
    };
    let outside = tick::Outside { clock: &clock, ..world.outside() };
    let report = world.with_cx(|cx| block_on(tick::run(cx, &outside, &SqliteStore(cx.ledger)))).unwrap();
    world.pass(20_000);
    report.kinds.keys().copied().collect()
}

#[test]
fn when_time_runs_out_in_every_tick_each_kind_of_work_gets_its_turn() {
    let world = World::new(1);
    world.tick_well();
    let mut done = std::collections::BTreeMap::new();
    for _ in 0..12 {
        for kind in tick_cut_short_at(&world, 6) {
            *done.entry(kind).or_insert(0) += 1;
        }
    }
    let kinds = done.keys().copied().collect::<Vec<_>>();
    assert_eq!(kinds, ["bots", "files", "leases", "machines", "media", "outbox", "pairings", "pushes", "secrets", "webhooks"]);
    let (least, most) = (done.values().min().unwrap(), done.values().max().unwrap());
    assert!(*most < 12 && most - least <= 1, "{done:?}");
}
