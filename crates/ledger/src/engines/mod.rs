//! The databases a ledger runs on.

#[cfg(feature = "rusqlite")]
pub mod native;
#[cfg(target_arch = "wasm32")]
pub mod spin;
