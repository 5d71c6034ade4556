//! Requests per second of the fixture, with keep-alive clients in the same process.
//!
//! `cargo run --release -p clawstead-host --example throughput [seconds] [clients]`
//!
//! The component must have been built: `cargo build --release --target wasm32-wasip2 -p host-fixture`.

use clawstead_host::HostOptions;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let clients = arguments.next().map_or(Ok(16), |text| text.parse())?;
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixture.toml");
    let data = std::env::temp_dir().join(format!("clawstead-throughput-{}", std::process::id()));

    let started = Instant::now();
    let host = HostOptions::new(manifest).data_dir(&data).variable("key", "k").start().await?;
    println!("started in {:?}", started.elapsed());
    for (name, path) in [("empty handler", "/empty"), ("sqlite insert", "/insert")] {
        let figures = measure(host.addr(), path, clients, Duration::from_secs(seconds)).await?;
        println!("{name}: {figures}");
    }
    host.stop().await;
    std::fs::remove_dir_all(data)?;
    Ok(())
}

/// Has `clients` clients ask for `path`, each as soon as it has its answer.
async fn measure(addr: SocketAddr, path: &str, clients: usize, time: Duration) -> Result<String, Failure> {
    let end = Instant::now() + time;
    let running: Vec<_> =
        (0..clients).map(|_| tokio::spawn(client(addr, format!("GET {path} HTTP/1.1\r\nhost: {addr}\r\n\r\n"), end))).collect();
    let mut waits = Vec::new();
    for client in running {
        waits.extend(client.await??);
    }
    waits.sort_unstable();
    let at = |part: usize| waits.get(waits.len() * part / 100).copied().unwrap_or_default();
    let rate = waits.len() as f64 / time.as_secs_f64();
    Ok(format!("{rate:.0} requests/s, p50 {:?}, p99 {:?}", at(50), at(99)))
}

async fn client(addr: SocketAddr, request: String, end: Instant) -> Result<Vec<Duration>, Failure> {
    let mut stream = TcpStream::connect(addr).await?;
    stream.set_nodelay(true)?;
    let mut waits = Vec::new();
    let mut answer = Vec::with_capacity(4096);
    while Instant::now() < end {
        let asked = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        answer.clear();
        while !is_complete(&answer) {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err("the host closed the connection".into());
            }
        }
        if !answer.starts_with(b"HTTP/1.1 200") {
            return Err(String::from_utf8_lossy(&answer).into_owned().into());
        }
        waits.push(asked.elapsed());
    }
    Ok(waits)
}

/// Whether a response whose body is empty has come whole, chunked or with a length.
fn is_complete(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|end| end == b"\r\n\r\n") else {
        return false;
    };
    let chunked = answer[..head].windows(7).any(|word| word.eq_ignore_ascii_case(b"chunked"));
    !chunked || answer.ends_with(b"0\r\n\r\n")
}
