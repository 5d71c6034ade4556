//! What every component shares: routing, authentication, reading JSON, problem responses, settings, and the loop around
//! one request. A component adds what it does for each operation, and nothing else.

mod authenticate;
pub mod call;
#[cfg(target_arch = "wasm32")]
mod courier;
pub mod json;
#[cfg(any(test, target_arch = "wasm32"))]
mod log;
mod operation;
#[cfg(target_arch = "wasm32")]
pub mod outside;
#[cfg(target_arch = "wasm32")]
mod poke;
mod principal;
mod problem;
mod rates;
pub mod reach;
mod reply;
mod route;
mod settings;
#[cfg(target_arch = "wasm32")]
pub mod skills;
#[cfg(target_arch = "wasm32")]
pub mod spin;
#[cfg(target_arch = "wasm32")]
mod tally;

pub use authenticate::authenticate;
pub use call::Call;
pub use operation::{About, Operation, Permission};
pub use principal::Principal;
pub use problem::Problem;
pub use rates::Rates;
pub use reply::Reply;
pub use route::{Component, Found, ROUTES, Route, find};
pub use settings::{Settings, SettingsError};
