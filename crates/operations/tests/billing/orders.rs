//! Reports, orders, scopes, and what remains.

use std::future::Future;
use std::pin::Pin;

use clawstead_domain::cleanup::{Scope, Step, Thing};
use clawstead_domain::config::ScalingPolicy;
use clawstead_operations::cleanup::{self, Order, Report};
use clawstead_operations::files::SqliteStore;
use clawstead_operations::provider::Timer;
use clawstead_operations::{OperationError, tick};
use futures::FutureExt;
use futures::executor::block_on;
use serde_json::json;

use crate::world::{DEPLOYMENT, World, ours};

/// While somebody waits, time passes, and the programs on the machines run.
struct Passing<'a>(&'a World);

impl Timer for Passing<'_> {
    fn now_ms(&self) -> i64 {
        self.0.now()
    }

    fn sleep(&self, ms: u64) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        self.0.pass(ms as i64);
        self.0.programs_run();
        Box::pin(std::future::ready(()))
    }
}

fn try_clean(world: &World, order: &Order) -> Result<Report, OperationError> {
    let outside = world.outside();
    // Not in an executor: the programs that run meanwhile have their own.
    world.with_cx(|cx| cleanup::run(cx, &outside, &Passing(world), DEPLOYMENT, order).now_or_never()).unwrap()
}

fn clean(world: &World, order: &Order) -> Report {
    try_clean(world, order).unwrap()
}

fn order(scope: Scope) -> Order {
    Order { scope, dry_run: false, confirm: Some(DEPLOYMENT.to_owned()), ..Order::default() }
}

/// Gives the same order until it is carried out, at most for some minutes.
fn clean_until_done(world: &World, order: &Order) -> Report {
    for _ in 0..40 {
        let report = clean(world, order);
        if report.complete {
            return report;
        }
        world.pass(20_000);
        world.programs_run();
    }
    panic!("never done: {:?}", clean(world, order));
}

fn busy_world(conversations: &[&str]) -> World {
    let world = World::new(9);
    for conversation in conversations {
        world.enqueue(conversation);
    }
    for _ in conversations {
        world.tick_well();
    }
    world
}

fn machines(world: &World) -> Vec<String> {
    world.fly.machines.borrow().iter().map(|machine| machine.id.clone()).collect()
}

#[test]
fn d1_without_an_order_a_cleanup_only_reports() {
    let world = busy_world(&["c1", "c2"]);
    world.fly.plant_machine("lost", &ours("nobody"));
    world.fly.plant_machine("foreign", &json!({ "clawstead_deployment": "another" }));
    world.pass(300_000);
    let before = world.fly.calls.borrow().len();
    let everything = clean(&world, &Order { scope: Scope::Everything, ..Order::default() });
    let orphans = clean(&world, &Order::default());
    assert!(world.fly.calls.borrow()[before..].iter().all(|call| call.starts_with("GET ")), "nothing is touched");
    assert!(everything.dry_run && !everything.complete);
    let count = |thing| everything.found.iter().filter(|finding| finding.thing == thing).count();
    assert_eq!((count(Thing::Machine), count(Thing::Volume), everything.foreign), (3, 2, 1));
    let ids: Vec<_> = orphans.found.iter().map(|finding| (finding.id.as_str(), finding.step)).collect();
    assert_eq!(ids, [("lost", Step::Delete)], "what has a worker is no orphan");
}

#[test]
fn everything_goes_only_when_the_name_is_typed_out() {
    let world = busy_world(&["c1"]);
    for confirm in [None, Some(""), Some("Test"), Some("yes")] {
        let order = Order { confirm: confirm.map(str::to_owned), ..order(Scope::Everything) };
        let refused = try_clean(&world, &order).unwrap_err();
        assert!(matches!(refused, OperationError::Refused(refusal) if refusal.field == Some("confirm")));
    }
    assert_eq!(machines(&world).len(), 1);
}

#[test]
fn d1_what_is_busy_is_drained_and_not_killed_and_the_views_follow() {
    let world = busy_world(&["c1"]);
    world.hangs.set(true);
    world.programs_run();
    assert_eq!(world.count("SELECT count(*) AS n FROM leases"), 1);
    let report = clean(&world, &order(Scope::Everything));
    assert_eq!(machines(&world).len(), 1, "its job is under way");
    assert_eq!(world.count("SELECT count(*) AS n FROM workers WHERE state = 'draining'"), 1);
    assert_eq!(report.drained.len(), 1);
    assert!(!report.complete && report.failure().unwrap().starts_with("1 machines and 1 volumes remain"), "{report:?}");
}

#[test]
fn f9_an_order_ends_with_nothing_left_at_fly_and_in_the_views() {
    let world = busy_world(&["c1", "c2", "c3"]);
    world.enqueue("c4");
    while world.done() < 3 {
        world.programs_run();
        world.tick();
    }
    world.fly.plant_machine("lost", &ours("nobody"));
    world.fly.plant_machine("foreign", &json!({ "clawstead_deployment": "another" }));
    world.pass(300_000);
    let by_force = Order { force: true, ..order(Scope::Everything) };
    let report = clean_until_done(&world, &by_force);
    assert_eq!((report.remaining.len(), report.errors.len()), (0, 0));
    assert_eq!(machines(&world), ["foreign"], "what is not ours is never touched, whatever the force");
    assert_eq!(world.fly.volumes.borrow().len(), 0);
    // No machine is made for work that may still come.
    world.set(&ScalingPolicy { machines_max: 0, ..ScalingPolicy::default() });
    for _ in 0..3 {
        world.tick();
    }
    assert_eq!(world.count("SELECT count(*) AS n FROM workers WHERE state <> 'stopped'"), 0);
}

#[test]
fn f9_what_remains_is_named_and_is_an_error_until_it_is_gone() {
    let world = World::new(1);
    world.fly.plant_machine("lost", &ours("nobody"));
    world.pass(300_000);
    *world.fly.broken.borrow_mut() = Some("DELETE /machines/lost".to_owned());
    let report = clean(&world, &order(Scope::Orphans));
    assert!(!report.complete);
    assert_eq!(report.remaining[0].id, "lost");
    assert!(report.failure().unwrap().starts_with("1 machines and 0 volumes remain; machine lost: fly:"), "{report:?}");
    let last_error = || world.with_cx(|cx| block_on(tick::last_run(cx))).unwrap()["cleanup"].last_error.clone();
    assert!(last_error().is_some(), "it is seen where ticks are seen");
    *world.fly.broken.borrow_mut() = None;
    let report = clean(&world, &order(Scope::Orphans));
    assert!(report.complete && machines(&world).is_empty(), "{report:?}");
    assert_eq!(report.gone().map(|finding| finding.id.as_str()).collect::<Vec<_>>(), ["lost"]);
    assert_eq!(last_error(), None);
}

#[test]
fn an_app_that_cannot_be_listed_is_never_clean() {
    let world = World::new(1);
    *world.fly.broken.borrow_mut() = Some("GET /volumes".to_owned());
    let report = clean(&world, &Order::default());
    assert!(!report.complete && report.errors[0].starts_with("list workers"), "{report:?}");
}

#[test]
fn what_was_just_made_is_not_taken_for_an_orphan() {
    let world = World::new(1);
    world.fly.plant_machine("new", &ours("nobody"));
    world.pass(299_000);
    assert_eq!(clean(&world, &Order::default()).found[0].step, Step::Wait);
    world.pass(1_000);
    assert_eq!(clean(&world, &Order::default()).found[0].step, Step::Delete);
}

#[test]
fn expired_is_who_never_called_and_not_who_works() {
    let world = busy_world(&["c1", "c2"]);
    world.dead.borrow_mut().push("m1".to_owned());
    world.programs_run();
    assert!(clean(&world, &Order { scope: Scope::Expired, ..Order::default() }).found.is_empty());
    world.pass(301_000);
    let found = clean(&world, &Order { scope: Scope::Expired, ..Order::default() }).found;
    let machine: Vec<_> = found.iter().filter(|finding| finding.thing == Thing::Machine).map(|one| one.id.as_str()).collect();
    assert_eq!(machine, ["m1"]);
    assert!(found.iter().all(|finding| finding.step == Step::Drain));
}

#[test]
fn an_app_is_cleaned_alone() {
    let world = busy_world(&["c1"]);
    let of = |app: &str| Order { scope: Scope::Everything, app: Some(app.to_owned()), ..Order::default() };
    assert_eq!(clean(&world, &of("workers")).found.len(), 2);
    let other = clean(&world, &of("other"));
    assert_eq!((other.apps, other.found.len()), (vec!["other".to_owned()], 0));
}

#[test]
fn s20_counts_are_of_what_happened() {
    let world = World::new(2);
    world.enqueue("c1");
    let count = || world.with_cx(|cx| block_on(cleanup::counted(cx, &world.outside(), &SqliteStore(cx.ledger)))).unwrap();
    let first = count();
    assert_eq!((first.requested, first.stopped, first.active, first.pending), (1, 0, 1, 0));
    world.pass(2_000);
    let second = count();
    assert_eq!((second.requested, second.stopped, second.active), (0, 0, 1));
}
