//! Those who live beside the schedule.

pub mod engine;
pub mod external;
pub mod timer;
