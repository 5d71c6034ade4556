//! What instances do to the host: count, trap, spin, eat memory, sleep, go on after the response.

use crate::{Reply, text};
use spin_sdk::http::StatusCode;
use spin_sdk::sqlite::{Connection, Value};
use std::cell::Cell;
use std::time::Duration;

thread_local! {
    static SERVED: Cell<u64> = const { Cell::new(0) };
    static IDENTITY: Cell<u64> = const { Cell::new(0) };
}

pub(crate) fn note_request() {
    SERVED.set(SERVED.get() + 1);
    if IDENTITY.get() == 0 {
        IDENTITY.set(spin_sdk::wasip3::random::random::get_random_u64());
    }
}

/// Which instance this is, and how many requests it has had.
pub(crate) fn instance() -> Reply {
    text(StatusCode::OK, format!("{:x} {}", IDENTITY.get(), SERVED.get()))
}

pub(crate) fn trap() -> Reply {
    panic!("told to");
}

pub(crate) fn busy() -> Reply {
    let mut turns = 0_u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}

/// Touches as many MiB as the query says.
pub(crate) fn hog(query: &str) -> Reply {
    let mib: usize = query.parse().unwrap_or(0);
    let bytes = vec![1_u8; mib << 20];
    let sum: u64 = bytes.iter().step_by(4096).map(|&byte| u64::from(byte)).sum();
    text(StatusCode::OK, sum.to_string())
}

/// Waits as many milliseconds as the query says.
pub(crate) async fn sleep(query: &str) -> Reply {
    let wait = Duration::from_millis(query.parse().unwrap_or(0));
    spin_sdk::time::sleep(wait).await;
    text(StatusCode::OK, "")
}

/// Answers at once and writes `query` into the table `later` 200 ms after.
pub(crate) fn later(query: &str) -> Reply {
    let word = query.to_owned();
    spin_sdk::wit_bindgen::spawn(async move {
        spin_sdk::time::sleep(Duration::from_millis(200)).await;
        let Ok(connection) = Connection::open_default().await else { return };
        for statement in ["CREATE TABLE IF NOT EXISTS later (word TEXT)", "INSERT INTO later (word) VALUES (?)"] {
            let parameters = statement.contains('?').then(|| Value::Text(word.clone()));
            if let Ok(result) = connection.execute(statement, parameters).await {
                drop(result.collect().await);
            }
        }
    });
    text(StatusCode::ACCEPTED, "")
}

/// Prints the query to standard output and to standard error.
pub(crate) fn print(query: &str) -> Reply {
    println!("{query}");
    eprintln!("error: {query}");
    text(StatusCode::OK, "")
}
