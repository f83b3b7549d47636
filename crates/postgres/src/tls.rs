//! Which servers to believe: `sslmode` and root certificates, as libpq understands them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::PostgresError;

/// When the connection is encrypted, and what the server's certificate must show: libpq's `sslmode`.
///
/// A connection by a Unix socket is never encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SslMode {
    /// Never encrypted.
    Disable,
    /// Encrypted if the server can, whoever the server is. The default, as PostgreSQL's: it needs no certificates and
    /// keeps those out who only listen.
    #[default]
    Prefer,
    /// Always encrypted, whoever the server is; if a file with root certificates was given, like
    /// [`VerifyCa`](Self::VerifyCa).
    Require,
    /// Always encrypted, and a root that is trusted has signed the server's certificate, for whatever name.
    VerifyCa,
    /// Always encrypted, and the certificate is for the very host that was asked for. Right over any network.
    VerifyFull,
}

impl FromStr for SslMode {
    type Err = PostgresError;

    fn from_str(text: &str) -> Result<Self, PostgresError> {
        Ok(match text {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return Err(PostgresError::SslMode(text.to_owned())),
        })
    }
}

impl SslMode {
    /// Returns the part of it that the driver does.
    pub(crate) fn of_driver(self) -> tokio_postgres::config::SslMode {
        match self {
            Self::Disable => tokio_postgres::config::SslMode::Disable,
            Self::Prefer => tokio_postgres::config::SslMode::Prefer,
            _ => tokio_postgres::config::SslMode::Require,
        }
    }
}

/// Whom to trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Roots {
    /// The operating system, if anything is verified at all.
    #[default]
    Default,
    System,
    File(PathBuf),
}

/// Returns what makes TLS connections.
pub(crate) fn connector(mode: SslMode, roots: &Roots) -> Result<MakeRustlsConnect, PostgresError> {
    let provider = Arc::new(ring::default_provider());
    let mode = match (mode, roots) {
        (SslMode::Require, Roots::File(_)) => SslMode::VerifyCa,
        _ => mode,
    };
    let anybody = || Believe { provider: provider.clone(), roots: None };
    let verifier: Arc<dyn ServerCertVerifier> = match mode {
        SslMode::Disable | SslMode::Prefer | SslMode::Require => Arc::new(anybody()),
        SslMode::VerifyCa => {
            Arc::new(Believe { roots: Some(web_pki(&provider, roots)?), ..anybody() })
        }
        SslMode::VerifyFull => web_pki(&provider, roots)?,
    };
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().map_err(PostgresError::Tls)?;
    let config = config.dangerous().with_custom_certificate_verifier(verifier);
    Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
}

/// Returns the verifier that browsers' rules make: chain, time and name.
fn web_pki(
    provider: &Arc<CryptoProvider>,
    roots: &Roots,
) -> Result<Arc<WebPkiServerVerifier>, PostgresError> {
    let (certificates, place) = match roots {
        Roots::File(path) => (from_file(path)?, path.as_path()),
        Roots::Default | Roots::System => {
            (rustls_native_certs::load_native_certs().certs, Path::new("the operating system"))
        }
    };
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(certificates);
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone())
        .build()
        // It has no root, then.
        .map_err(|_| PostgresError::RootCertificate(place.to_owned()))
}

fn from_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, PostgresError> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|_| PostgresError::RootCertificate(path.to_owned()))
}

/// Believes a certificate without looking at its name: if one of the roots signed it, or anyway.
struct Believe {
    provider: Arc<CryptoProvider>,
    roots: Option<Arc<WebPkiServerVerifier>>,
}

impl fmt::Debug for Believe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Believe").field("roots", &self.roots.is_some()).finish_non_exhaustive()
    }
}

impl ServerCertVerifier for Believe {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(roots) = &self.roots else { return Ok(ServerCertVerified::assertion()) };
        // The name is looked at last, after the chain and its time.
        match roots.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            result => result,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_root_is_refused() {
        for path in ["/nowhere/root.pem", "/dev/null"] {
            let roots = Roots::File(path.into());
            for mode in [SslMode::Require, SslMode::VerifyCa, SslMode::VerifyFull] {
                let error = connector(mode, &roots).err();
                assert!(matches!(error, Some(PostgresError::RootCertificate(_))), "{mode:?}");
            }
        }
    }
}
