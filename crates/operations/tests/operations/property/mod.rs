//! Whatever clients and workers do, in whatever order: the promises hold after every step, and replaying the log gives the
//! very views that are there.

mod actors;
mod holders;
mod model;
mod promises;
mod step;

use clawstead_ledger::Ledger;
use futures::executor::block_on;
use proptest::prelude::{ProptestConfig, proptest};
use proptest::test_runner::RngSeed;

use crate::world::World;
use actors::Actors;
use step::steps;

fn replayed_equals_live(world: &World, chunk: i64) {
    let live = world.views();
    let engine = block_on(clawstead_ledger::Engine::reopen(world.ledger.engine())).unwrap();
    block_on(Ledger::new(engine).rebuild("test", world.now(), chunk, |_| {})).unwrap();
    assert_eq!(world.views(), live);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        rng_seed: RngSeed::Fixed(20_260_317),
        failure_persistence: None,
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    })]

    #[test]
    fn promises_hold_and_replay_equals_live(steps in steps(120), chunk in 1_i64..40) {
        let world = World::new();
        let mut actors = Actors::new(&world);
        for step in steps {
            actors.take(&step);
            promises::hold(&world, &actors.model);
        }
        replayed_equals_live(&world, chunk);
        promises::hold(&world, &actors.model);
    }
}
