//! The clock and the dice of emulators that are part of a simulation.
//!
//! A simulation runs on one thread, and so do its emulators; what is set here holds for that thread. Waiting goes by Tokio's
//! clock anyway, which a simulation pauses.

use std::cell::RefCell;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

struct World {
    now_ms: Box<dyn Fn() -> i64>,
    dice: StdRng,
}

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

/// Has the emulators of this thread read another clock (milliseconds since the epoch) and throw dice that `seed` decides, until
/// the guard is dropped.
#[must_use]
pub fn simulate(seed: u64, now_ms: impl Fn() -> i64 + 'static) -> Simulated {
    WORLD.set(Some(World { now_ms: Box::new(now_ms), dice: StdRng::seed_from_u64(seed) }));
    Simulated(())
}

/// As long as it lives, the emulators of its thread are part of a simulation.
pub struct Simulated(());

impl Drop for Simulated {
    fn drop(&mut self) {
        WORLD.set(None);
    }
}

/// The simulation's clock, if there is one.
pub(crate) fn now_ms() -> Option<i64> {
    WORLD.with_borrow(|world| world.as_ref().map(|world| (world.now_ms)()))
}

/// A number below `bound`, from the simulation's dice or else from the operating system's.
pub(crate) fn below(bound: usize) -> usize {
    WORLD.with_borrow_mut(|world| match world {
        Some(world) => world.dice.random_range(0..bound),
        None => rand::rng().random_range(0..bound),
    })
}
