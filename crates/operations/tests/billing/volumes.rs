//! Deleting one volume.

use clawstead_fly::volume_name;
use clawstead_operations::{OperationError, cleanup};
use clawstead_transport::Transport;
use futures::executor::block_on;
use serde_json::json;

use crate::fly::TOKEN;
use crate::world::{DEPLOYMENT, World};

fn delete(world: &World, app: &str, volume_id: &str) -> Result<(), OperationError> {
    world.with_cx(|cx| block_on(cleanup::delete_volume(cx, &world.outside(), app, volume_id)))
}

/// Somebody makes a volume, and not the log.
pub(super) fn plant(world: &World, name: &str) -> String {
    let request = http::Request::post("https://api.machines.test/v1/apps/workers/volumes")
        .header("authorization", format!("Bearer {TOKEN}"));
    let request = request.body(json!({ "name": name, "region": "fra" }).to_string().into_bytes()).unwrap();
    block_on(world.fly.send(request)).unwrap();
    world.fly.volumes.borrow().last().unwrap().id.clone()
}

fn code(outcome: Result<(), OperationError>) -> &'static str {
    match outcome.unwrap_err() {
        OperationError::Refused(refusal) => refusal.code,
        other => panic!("{other}"),
    }
}

#[test]
fn a_volume_that_nobody_needs_is_deleted_and_once_more_is_fine() {
    let world = World::new(1);
    let lost = plant(&world, &volume_name(DEPLOYMENT, "nobody"));
    delete(&world, "workers", &lost).unwrap();
    assert!(world.fly.volumes.borrow().is_empty());
    delete(&world, "workers", &lost).unwrap();
}

#[test]
fn x2_a_volume_of_somebody_else_or_of_a_worker_is_left_alone() {
    let world = World::new(1);
    let theirs = plant(&world, "postgres_data");
    assert_eq!(code(delete(&world, "workers", &theirs)), "not_ours");
    world.enqueue("c1");
    world.tick_well();
    let of_worker = world.fly.volumes.borrow().last().unwrap().id.clone();
    assert_eq!(code(delete(&world, "workers", &of_worker)), "volume_in_use");
    assert_eq!(world.fly.volumes.borrow().len(), 2);
}

#[test]
fn trouble_at_fly_is_told() {
    let world = World::new(1);
    *world.fly.broken.borrow_mut() = Some("GET /volumes".to_owned());
    assert!(matches!(delete(&world, "workers", "vol_1").unwrap_err(), OperationError::Outside { .. }));
}
