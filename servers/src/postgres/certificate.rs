//! A certificate for a private server, signed by a root of its own.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// Where the files are, in PEM.
#[derive(Debug)]
pub(super) struct Certificate {
    pub(super) root: PathBuf,
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl Certificate {
    /// Makes one for `host` and writes it into `folder`.
    pub(super) fn write(host: &str, folder: &Path) -> Result<Self> {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, "a root for tests");
        let authority_key = KeyPair::generate()?;
        let root_text = authority.self_signed(&authority_key)?.pem();
        let issuer = Issuer::new(authority, authority_key);
        let own_key = KeyPair::generate()?;
        let own = CertificateParams::new([host.to_owned()])?.signed_by(&own_key, &issuer)?;

        let [root, certificate, key] =
            ["root.pem", "server.pem", "server.key"].map(|name| folder.join(name));
        fs::write(&root, root_text)?;
        fs::write(&certificate, own.pem())?;
        fs::write(&key, own_key.serialize_pem())?;
        Ok(Self { root, certificate, key })
    }
}
