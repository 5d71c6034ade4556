//! Snapshots: making, finishing, offering, listing and retiring them.

mod facts;
mod finish;
mod list;
mod offer;
mod retire;
mod start;

pub use finish::{Finish, fail, finish};
pub use list::{SnapshotView, list};
pub use offer::{Offer, fetched, latest};
pub use retire::retire;
pub use start::{Started, start};
