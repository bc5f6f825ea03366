//! Downloads of what the control plane keeps in its store, since it does not fit into its answers.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body_util::BodyExt as _;
use nebulakit_types::client::{Fault, FaultKind};
use nebulakit_types::wire::flyteidl::service::CreateDownloadLocationRequest;
use tokio::time::timeout;

use super::admin::CREATE_DOWNLOAD_LOCATION;
use super::client::FlyteClient;
use super::error::{ClientError, ClientErrorKind};

/// How long a store may be silent.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a download failed.
enum Failure {
    /// The next try would meet it too.
    Final(String),
    Passing(String),
    Absent,
    TooLarge,
}

impl FlyteClient {
    /// What lies at an address that the control plane signed, which says that it has this many bytes: asked for again while what is met
    /// passes. The address gives access to it, and is not repeated in errors.
    pub(super) async fn download(&self, url: &str, bytes: u64) -> Result<Vec<u8>, ClientError> {
        let most = self.settings().largest_answer;
        let too_large = || {
            ClientError::new(
                ClientErrorKind::TooLarge,
                format!("`{}` keeps {bytes} bytes elsewhere, and {most} is the limit", self.endpoint()),
            )
            .with_hint("`admin.maxMessageSizeBytes` of the configuration file is the limit")
        };
        if bytes > most as u64 {
            return Err(too_large());
        }
        let host = url.parse().ok().and_then(|url: http::Uri| Some(url.authority()?.host().to_owned())).unwrap_or_default();
        let failed = |why: &str| ClientError::new(ClientErrorKind::Unreachable, format!("a download from `{host}` failed: {why}"));
        let mut failures = 0;
        loop {
            let why = match self.downloaded(url, most).await {
                Ok(body) => return Ok(body),
                Err(Failure::TooLarge) => return Err(too_large()),
                Err(Failure::Absent) => {
                    let message = format!("`{host}` does not have what was to be downloaded");
                    return Err(ClientError::new(ClientErrorKind::NotFound, message));
                }
                Err(Failure::Final(why)) => return Err(failed(&why)),
                Err(Failure::Passing(why)) => why,
            };
            let Some(wait) = self.settings().wait_after(failures) else { return Err(failed(&why)) };
            tracing::info!("a download from `{host}` failed: {why}; the next try is in {wait:.1?}");
            tokio::time::sleep(wait).await;
            failures += 1;
        }
    }

    /// A file of the control plane's store, to which it is asked to give access.
    ///
    /// # Errors
    /// There is none, the control plane gives no access to it, or it is larger than the largest answer of the settings.
    pub(super) async fn stored(&self, uri: &str) -> Result<Vec<u8>, ClientError> {
        let request = CreateDownloadLocationRequest { native_url: uri.to_owned(), expires_in: None };
        let url = self.call(&CREATE_DOWNLOAD_LOCATION, &request).await?.signed_url;
        self.download(&url, 0).await
    }

    /// One try.
    async fn downloaded(&self, url: &str, most: usize) -> Result<Vec<u8>, Failure> {
        let silent = |_| Failure::Passing(format!("it was silent for {PATIENCE:?}"));
        let request = http::Request::get(url).body(Bytes::new()).map_err(|_| Failure::Final("its address is not valid".to_owned()))?;
        let answer = timeout(PATIENCE, self.store().send(request)).await.map_err(silent)?.map_err(|fault| Failure::of(&fault))?;
        let status = answer.status();
        if status == StatusCode::NOT_FOUND {
            return Err(Failure::Absent);
        }
        if !status.is_success() {
            let is_passing = status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
                || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
            let why = format!("it answered {status}");
            return Err(if is_passing { Failure::Passing(why) } else { Failure::Final(why) });
        }
        let (mut body, mut read) = (answer.into_body(), Vec::new());
        while let Some(frame) = timeout(PATIENCE, body.frame()).await.map_err(silent)? {
            let Ok(piece) = frame.map_err(|fault| Failure::of(&fault))?.into_data() else { continue };
            if read.len() + piece.len() > most {
                return Err(Failure::TooLarge);
            }
            read.extend_from_slice(&piece);
        }
        Ok(read)
    }
}

impl Failure {
    fn of(fault: &Fault) -> Self {
        match fault.kind() {
            FaultKind::Unreachable | FaultKind::TimedOut | FaultKind::Interrupted => Self::Passing(fault.to_string()),
            _ => Self::Final(fault.to_string()),
        }
    }
}
