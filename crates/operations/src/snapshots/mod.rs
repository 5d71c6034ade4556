//! Snapshots: making, finishing, offering, listing and retiring them.

mod facts;
mod finish;
mod list;
mod offer;
mod retire;
mod start;

pub use finish::{Finish, fail, finish, take_in};
pub use list::{SnapshotView, list, list_for, list_of_user_agent};
pub use offer::{Offer, fetched, latest, say_fetched};
pub use retire::retire;
pub use start::{Started, start};
