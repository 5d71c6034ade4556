//! A free port, when its number must be known before anything listens on it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Context as _, Result};

/// `port` on this machine, or a free one when it is 0; an error when it is taken.
///
/// The public address of clawstead is one of its variables, so it is needed before the host listens. Between the look and the
/// use somebody else can take the port; the host then refuses to start.
pub(crate) fn local(port: u16) -> Result<SocketAddr> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).with_context(|| format!("cannot listen on port {port} of 127.0.0.1"))?;
    Ok(listener.local_addr()?)
}

/// The port `offset` above `port` when it is free, so that an address stays the same from run to run; otherwise any free one.
pub fn preferred_address(port: u16, offset: u16) -> SocketAddr {
    let wanted = port.checked_add(offset).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let free = wanted.filter(|wanted| port != 0 && TcpListener::bind(wanted).is_ok());
    free.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
}
