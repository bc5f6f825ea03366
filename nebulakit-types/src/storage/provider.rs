//! The provider of cryptography, for programs.

/// Makes ring (or aws-lc-rs, with the feature `tls-aws-lc`) the process's provider of cryptography for rustls, unless there is one already.
///
/// The stores do not depend on it; a program's own HTTPS client may, where two providers are linked and neither is the default.
///
/// The stores trust the CA certificates of the first of these that is there, read when a connection first needs them:
/// [`StorageConfig::ca_bundle`](super::StorageConfig::ca_bundle), `AWS_CA_BUNDLE`, `SSL_CERT_FILE`, `SSL_CERT_DIR` (a folder of certificates), those compiled in by the
/// feature `embedded-roots`, the bundle file of the distribution.
pub fn install_crypto_provider() {
    #[cfg(feature = "client")]
    super::roots::install();
}
