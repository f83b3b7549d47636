//! A certificate for a private server, and the authority that signs it.

use std::fs;
use std::path::Path;

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// Writes `ca.pem`, `server.pem` and `server.key`, for `localhost` and `127.0.0.1`.
pub(super) fn write_certificates(folder: &Path) -> Result<()> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate()?;
    fs::write(folder.join("ca.pem"), authority.self_signed(&authority_key)?.pem())?;

    let names = ["localhost", "127.0.0.1"].map(str::to_owned);
    let server_key = KeyPair::generate()?;
    let issuer = Issuer::new(authority, authority_key);
    let server = CertificateParams::new(names)?.signed_by(&server_key, &issuer)?;
    fs::write(folder.join("server.pem"), server.pem())?;
    fs::write(folder.join("server.key"), server_key.serialize_pem())?;
    Ok(())
}
