//! The harness of the end-to-end tests: a whole clawstead per test, on the built components.
//!
//! Everything goes over HTTP, through the interface that people use. A test says what it needs with [`App::builder`], and
//! waits for facts with [`eventually`], never for a time to pass.

mod app;
mod function_calls;
mod problems;
pub mod snapshots;
mod test_worker;
mod waiting;

pub use app::{App, AppBuilder};
pub use clawstead_emulators as emulators;
pub use clawstead_sandbox::{Answer, Api, seed, updates};
pub use function_calls::{FunctionKind, function_error, function_value};
pub use problems::assert_problem;
pub use test_worker::TestWorker;
pub use waiting::eventually;
