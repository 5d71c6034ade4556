//! What the ledger costs on this machine. `cargo run --release -p clawstead-ledger --example measure`
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made is of no use")]

mod bench;
mod queue;
mod rebuild;
mod timed;
mod triggers;

fn main() {
    println!("| what | wall | processor |\n|---|---|---|");
    triggers::measure();
    queue::measure();
    rebuild::measure();
}
