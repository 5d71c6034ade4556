//! A free port, when its number must be known before anything listens on it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Context as _, Result};

/// Listens on `port` of this machine, or on a free one when it is 0; an error when it is taken.
///
/// The public address of clawstead is one of its variables, so it is needed before the host starts; until then the socket keeps the
/// port from everybody else who looks for a free one.
pub(crate) fn local(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).with_context(|| format!("cannot listen on port {port} of 127.0.0.1"))
}

/// The port `offset` above `port` when it is free, so that an address stays the same from run to run; otherwise any free one.
pub fn preferred_address(port: u16, offset: u16) -> SocketAddr {
    let wanted = port.checked_add(offset).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let free = wanted.filter(|wanted| port != 0 && TcpListener::bind(wanted).is_ok());
    free.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
}
