//! What S3 is asked for besides an object: the checksum that it keeps of it.
//!
//! S3 names it only when it is asked to, by a header that has to be signed, and `object_store` has no way to add one. So requests for objects
//! are signed once more here, on their way through, with the credentials of the store that made them.

use std::sync::{Arc, OnceLock, Weak};

use http::{HeaderName, HeaderValue, Method, header};
use object_store::CredentialProvider;
use object_store::aws::{AwsAuthorizer, AwsCredential, AwsCredentialProvider};
use object_store::client::HttpRequest;

const MODE: HeaderName = HeaderName::from_static("x-amz-checksum-mode");

/// Asks for checksums, in the name of one store.
#[derive(Debug, Default)]
pub(in super::super) struct Asking(OnceLock<Signer>);

#[derive(Debug)]
struct Signer {
    region: String,
    /// The store has its client, by which credentials are fetched, and the client has this.
    credentials: Weak<dyn CredentialProvider<Credential = AwsCredential>>,
}

impl Asking {
    /// Whose requests they are.
    pub(in super::super) fn sign_as(&self, credentials: &AwsCredentialProvider, region: &str) {
        // A store is made once.
        let _ = self.0.set(Signer { region: region.to_owned(), credentials: Arc::downgrade(credentials) });
    }

    /// Asks, if it is an object that is asked for. Where that cannot be signed, it is not asked.
    pub(super) async fn with(&self, request: &mut HttpRequest) {
        let of_object = request.method() == Method::GET && request.uri().query().is_none();
        // Only what this store signed as it signs here: not what asks for credentials, and not what a session of its own signs.
        let signed = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(signed) = signed.filter(|text| of_object && text.starts_with("AWS4-HMAC-SHA256 ")) else { return };
        let Some(signer) = self.0.get().filter(|signer| signed.contains(&format!("/{}/s3/", signer.region))) else { return };
        let Some(credentials) = signer.credentials.upgrade() else { return };
        let Ok(credential) = credentials.get_credential().await else { return };
        let mut asking = request.clone();
        asking.headers_mut().insert(MODE, HeaderValue::from_static("ENABLED"));
        let authorizer = AwsAuthorizer::new(&credential, "s3", &signer.region);
        if authorizer.try_authorize(&mut asking, None).is_ok() {
            *request = asking;
        }
    }
}
