//! Fuzzing over a kept corpus: a property holds for each of its files, and for mutations of them.
//!
//! A test says what must hold with [`Target::run`]. In every run of the tests that is each file, and a bounded number of mutations from a
//! fixed seed. `cargo xtask fuzz` runs the same tests for as long as it is told, with new seeds; there what breaks the property is
//! made shorter and kept as a file, so that the next run of the tests fails until it is mended.

mod corpus;
mod mutate;
mod shorten;
mod target;

pub use corpus::Corpus;
pub use mutate::Mutator;
pub use shorten::shorten;
pub use target::Target;
