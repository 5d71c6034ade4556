//! What guests print, line by line.

use bytes::Bytes;
use std::io::Write;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Takes one line that a component printed: the component's id, and the line without its end.
///
/// It is called on the thread that runs the guest, so it must not wait.
pub type GuestLog = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// The longest line that is kept together, in bytes. A longer one comes in pieces.
const LINE_BYTES_MAX: usize = 64 << 10;

/// Writes each line to standard error as it is: a guest that prints JSON is read by machines, and
/// a prefix would spoil it.
pub(crate) fn standard_error() -> GuestLog {
    Arc::new(|_, line| {
        let mut stderr = std::io::stderr().lock();
        // A host whose own stderr is closed has nobody left to tell.
        drop(writeln!(stderr, "{line}"));
    })
}

/// Gives each line to `tracing`, target `guest`, with the field `component`.
#[must_use]
pub fn tracing_guest_log() -> GuestLog {
    Arc::new(|component, line| tracing::info!(target: "guest", component, "{line}"))
}

/// One of a guest's two output streams.
#[derive(Clone)]
pub(crate) struct GuestOutput {
    lines: Arc<Mutex<Lines>>,
}

struct Lines {
    component: Arc<str>,
    log: GuestLog,
    pending: Vec<u8>,
}

impl GuestOutput {
    pub(crate) fn new(component: Arc<str>, log: GuestLog) -> Self {
        Self { lines: Arc::new(Mutex::new(Lines { component, log, pending: Vec::new() })) }
    }

    fn push(&self, bytes: &[u8]) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
    }
}

impl Lines {
    fn push(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            self.pending.extend_from_slice(&bytes[..end]);
            self.emit();
            bytes = &bytes[end + 1..];
        }
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= LINE_BYTES_MAX {
            self.emit();
        }
    }

    fn emit(&mut self) {
        let line = std::mem::take(&mut self.pending);
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        (self.log)(&self.component, &String::from_utf8_lossy(line));
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if !self.pending.is_empty() {
            self.emit();
        }
    }
}

impl IsTerminal for GuestOutput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestOutput {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for GuestOutput {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.push(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl OutputStream for GuestOutput {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.push(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(LINE_BYTES_MAX)
    }
}

#[async_trait]
impl Pollable for GuestOutput {
    async fn ready(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(writes: &[&[u8]]) -> Vec<String> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log: GuestLog = {
            let seen = seen.clone();
            Arc::new(move |component, line| {
                seen.lock().expect("test lock").push(format!("{component}: {line}"));
            })
        };
        let output = GuestOutput::new("web".into(), log);
        for write in writes {
            output.push(write);
        }
        drop(output);
        Arc::into_inner(seen).expect("one owner").into_inner().expect("test lock")
    }

    #[test]
    fn lines_come_whole_however_they_were_written() {
        assert_eq!(lines_of(&[b"one\ntwo", b" and a half\r\n\n"]), ["web: one", "web: two and a half", "web: "]);
    }

    #[test]
    fn the_last_line_needs_no_end() {
        assert_eq!(lines_of(&[b"{\"level\":\"info\"}"]), ["web: {\"level\":\"info\"}"]);
    }

    #[test]
    fn an_endless_line_comes_in_pieces() {
        let lines = lines_of(&[&vec![b'x'; LINE_BYTES_MAX], b"y\n"]);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1], "web: y");
    }
}
