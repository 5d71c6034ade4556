//! clawstead as it ships, through seeded schedules of faults, in virtual time.
//!
//! A run is decided by a [`plane::Build`], a seed and a schedule: the same three give the same [`history::History`], byte for
//! byte. [`world::run`] plays it.

pub mod actors;
pub mod check;
pub mod clock;
pub mod crash;
pub mod dice;
pub mod history;
pub mod host_lines;
pub mod met;
pub mod plane;
pub mod schedule;
pub mod shrink;
pub mod wire;
pub mod world;
