//! A small HTTP/1.1 client that keeps its connection: what it costs is not what is measured.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One connection.
pub(crate) struct Client {
    address: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A request, ready to be sent; the body is JSON.
#[derive(Clone)]
pub(crate) struct Request {
    /// Method and path, as in `POST /v1/messages`.
    pub(crate) line: String,
    /// A header line, or nothing.
    pub(crate) header: String,
    /// The body.
    pub(crate) body: String,
}

/// A response, read whole.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { address, stream, buffer: Vec::with_capacity(16 << 10) })
    }

    pub(crate) async fn send(&mut self, request: &Request) -> Result<Response> {
        let Request { line, header, body } = request;
        let text = format!(
            "{line} HTTP/1.1\r\nhost: {}\r\n{header}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.stream.write_all(text.as_bytes()).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the host closed the connection");
            }
            if let Some(response) = whole(&self.buffer)? {
                return Ok(response);
            }
        }
    }
}

impl Response {
    pub(crate) fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).context("the answer is not JSON")
    }

    /// An error unless the status is this one.
    pub(crate) fn expect(self, status: u16) -> Result<Self> {
        if self.status != status {
            bail!("status {} where {status} was expected: {}", self.status, String::from_utf8_lossy(&self.body));
        }
        Ok(self)
    }
}

/// The response in the buffer, when all of it is there.
fn whole(buffer: &[u8]) -> Result<Option<Response>> {
    let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&buffer[..end]).context("the head is not text")?;
    let status = head.get(9..12).and_then(|digits| digits.parse().ok()).context("there is no status")?;
    let rest = &buffer[end + 4..];
    let field = |name: &str| {
        head.lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    };
    let body = if status == 204 {
        Some(Vec::new())
    } else if let Some(length) = field("content-length") {
        rest.get(..length.parse::<usize>()?).map(<[u8]>::to_vec)
    } else if field("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        chunks(rest)?
    } else {
        bail!("the answer says neither its length nor that it comes in chunks");
    };
    Ok(body.map(|body| Response { status, body }))
}

/// The body that came in chunks, when the last one is there.
fn chunks(mut rest: &[u8]) -> Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    loop {
        let Some(end) = rest.windows(2).position(|two| two == b"\r\n") else { return Ok(None) };
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end])?.trim(), 16)?;
        let Some(chunk) = rest.get(end + 2..end + 2 + length) else { return Ok(None) };
        if rest.len() < end + 4 + length {
            return Ok(None);
        }
        if length == 0 {
            return Ok(Some(body));
        }
        body.extend_from_slice(chunk);
        rest = &rest[end + 4 + length..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_whole_when_its_body_is() {
        let chunked = b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        for end in 0..chunked.len() {
            assert!(whole(&chunked[..end]).unwrap().is_none(), "after {end} bytes");
        }
        let response = whole(chunked).unwrap().unwrap();
        assert_eq!((response.status, response.body.as_slice()), (201, b"abcde".as_slice()));
        let sized = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
        assert!(whole(&sized[..sized.len() - 1]).unwrap().is_none());
        assert_eq!(whole(sized).unwrap().unwrap().body, b"hi");
    }
}
