//! Ports that nobody listens on.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// Returns a free loopback port. Somebody else may take it before it is used; then the server says so, and one
/// tries again.
///
/// # Errors
///
/// If the system has no port left.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
