//! The shortest part of a schedule that still breaks a promise.

use anyhow::Result;

use crate::check::check;
use crate::plane::Build;
use crate::schedule::Step;
use crate::world;

/// So many runs at most: what is shortest then has to do.
const RUNS_MAX: usize = 200;

/// The steps of these numbers.
pub fn part(schedule: &[Step], numbers: &[usize]) -> Vec<Step> {
    numbers.iter().filter_map(|number| schedule.get(*number).cloned()).collect()
}

/// Leaves out whatever can be left out of `from`, in ever smaller pieces, such that `rule` is still broken.
///
/// # Errors
/// A run could not be made.
pub fn shrink(build: &Build, seed: u64, schedule: &[Step], from: Vec<usize>, rule: &str) -> Result<Vec<usize>> {
    let mut least = from;
    let mut runs = 0;
    let mut breaks = |numbers: &[usize]| -> Result<bool> {
        runs += 1;
        let remains = world::run(build, seed, &part(schedule, numbers))?;
        Ok(runs < RUNS_MAX && check(&remains)?.iter().any(|violation| violation.rule == rule))
    };
    let mut piece = least.len().div_ceil(2);
    while piece > 0 {
        let mut start = 0;
        let mut changed = false;
        while start < least.len() {
            let end = (start + piece).min(least.len());
            let rest = [&least[..start], &least[end..]].concat();
            if breaks(&rest)? {
                least = rest;
                changed = true;
            } else {
                start = end;
            }
        }
        if !changed || piece > 1 {
            piece /= 2;
        }
    }
    Ok(least)
}
