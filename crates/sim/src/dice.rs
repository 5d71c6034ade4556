//! Dice that a seed decides.

use std::sync::{Mutex, PoisonError};

use clawstead_host::Random;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

/// A stream of numbers. Each part of the world has one of its own, so that what one draws does not move another.
#[derive(Debug)]
pub struct Dice(Mutex<StdRng>);

impl Dice {
    /// The stream of `part` in the run of this seed.
    pub fn of(seed: u64, part: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ part.rotate_left(32))))
    }

    /// A number from `least` up to, not including, `end`.
    pub fn between(&self, least: u64, end: u64) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).random_range(least..end.max(least + 1))
    }

    /// True once in so many times.
    pub fn one_in(&self, times: u64) -> bool {
        self.between(0, times) == 0
    }

    /// One of these.
    pub fn pick<'a, T>(&self, from: &'a [T]) -> &'a T {
        &from[usize::try_from(self.between(0, from.len() as u64)).unwrap_or(0)]
    }
}

impl Random for Dice {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }
}
