//! TLS: the provider of cryptography, and CA certificates that are looked up when a handshake first needs them.
//!
//! A client that loads its roots when it is made pays for them on plain-http endpoints too, reads every file of `/etc/ssl/certs`, and cannot
//! even be made in an image without certificates. So the roots are found here, lazily, in one bundle file.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::config::StorageConfig;
use super::local::read_file;

/// Where the distributions keep their bundle: Debian and Alpine, Fedora, RHEL, SUSE, Alpine and macOS.
#[cfg(not(feature = "embedded-roots"))]
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// What [`Trust::further`] is called in messages.
const FURTHER: &str = "the configured CA certificates";

fn provider() -> CryptoProvider {
    #[cfg(feature = "tls-aws-lc")]
    {
        rustls::crypto::aws_lc_rs::default_provider()
    }
    #[cfg(not(feature = "tls-aws-lc"))]
    {
        rustls::crypto::ring::default_provider()
    }
}

pub(crate) fn install() {
    // Another provider set before is the program's own choice.
    let _ = provider().install_default();
}

/// Whom a client trusts.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    /// The file of CA certificates that counts alone, and what it is called in messages.
    pub(crate) named: Option<(&'static str, PathBuf)>,
    /// The folder of CA certificates that counts where no file is named.
    pub(crate) folder: Option<PathBuf>,
    /// The file of CA certificates that count besides.
    pub(crate) further: Option<PathBuf>,
    /// The host whose certificate is not verified.
    pub(crate) unverified: Option<String>,
}

/// TLS as the stores' clients speak it.
pub(super) fn client_config(config: &StorageConfig) -> Result<ClientConfig, rustls::Error> {
    tls(Trust {
        named: config.ca_bundle.clone().map(|path| ("the configured CA bundle", path)).or_else(|| {
            let named = |name| Some((name, PathBuf::from(config.environment.get(name)?)));
            ["AWS_CA_BUNDLE", "SSL_CERT_FILE"].into_iter().find_map(named)
        }),
        folder: config.environment.get("SSL_CERT_DIR").map(PathBuf::from),
        ..Trust::default()
    })
}

/// TLS with the usual versions, for a client that shows no certificate of its own.
pub(crate) fn tls(trust: Trust) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(provider());
    let verifier = LazyRoots { provider: provider.clone(), trust, found: OnceLock::new() };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

/// Verifies as rustls does, with roots that are looked up at the first handshake.
#[derive(Debug)]
struct LazyRoots {
    provider: Arc<CryptoProvider>,
    trust: Trust,
    found: OnceLock<Result<Arc<WebPkiServerVerifier>, String>>,
}

impl LazyRoots {
    fn verifier(&self) -> Result<&WebPkiServerVerifier, rustls::Error> {
        let found = self.found.get_or_init(|| {
            let roots = Arc::new(self.roots()?);
            WebPkiServerVerifier::builder_with_provider(roots, self.provider.clone()).build().map_err(|error| error.to_string())
        });
        found.as_deref().map_err(|message| rustls::Error::General(message.clone()))
    }

    fn roots(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        match (&self.trust.named, &self.trust.folder) {
            (Some((name, path)), _) => add_named(&mut roots, name, path)?,
            (None, Some(folder)) => {
                let fault = |error| format!("cannot list `{}` (SSL_CERT_DIR): {error}", folder.display());
                // Such folders hold README files and stale links beside the certificates.
                std::fs::read_dir(folder).map_err(fault)?.flatten().for_each(|entry| drop(add(&mut roots, &entry.path())));
            }
            (None, None) => usual(&mut roots),
        }
        if let Some(path) = &self.trust.further {
            let before = roots.len();
            add_named(&mut roots, FURTHER, path)?;
            if roots.len() == before {
                return Err(format!("no CA certificates in `{}` ({FURTHER})", path.display()));
            }
        }
        if roots.is_empty() { Err(self.none()) } else { Ok(roots) }
    }

    fn none(&self) -> String {
        match (&self.trust.named, &self.trust.folder) {
            (Some((name, path)), _) => format!("no CA certificates in `{}` ({name})", path.display()),
            (None, Some(folder)) => format!("no CA certificates in `{}` (SSL_CERT_DIR)", folder.display()),
            #[cfg(feature = "embedded-roots")]
            (None, None) => "no CA certificates are compiled in".to_owned(),
            #[cfg(not(feature = "embedded-roots"))]
            (None, None) => format!(
                "no CA certificates found: looked at SSL_CERT_FILE, SSL_CERT_DIR, {}; an image without them needs the feature \
                 `embedded-roots` of nebulakit",
                BUNDLES.join(", ")
            ),
        }
    }
}

/// What is trusted where nothing is named.
fn usual(roots: &mut RootCertStore) {
    #[cfg(feature = "embedded-roots")]
    roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    #[cfg(not(feature = "embedded-roots"))]
    for path in BUNDLES {
        // One bundle is the whole list: the others are other distributions' names for it.
        if add(roots, path.as_ref()).is_ok() && !roots.is_empty() {
            return;
        }
    }
}

fn add_named(roots: &mut RootCertStore, name: &str, path: &Path) -> Result<(), String> {
    add(roots, path).map_err(|error| format!("cannot read `{}` ({name}): {error}", path.display()))
}

fn add(roots: &mut RootCertStore, path: &Path) -> std::io::Result<()> {
    let pem = read_file(path)?;
    // As everywhere, a certificate that cannot be read is passed over, so that one bad entry does not take the others with it.
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).flatten());
    Ok(())
}

impl ServerCertVerifier for LazyRoots {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.trust.unverified.as_deref().is_some_and(|host| host == server_name.to_str()) {
            return Ok(ServerCertVerified::assertion());
        }
        self.verifier()?.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(all(test, feature = "embedded-roots"))]
mod tests {
    use super::*;

    #[test]
    fn embedded_roots_need_no_file() {
        let mut roots = RootCertStore::empty();
        usual(&mut roots);
        assert!(roots.len() > 50, "{}", roots.len());
    }
}
