//! The HTTP client of the SDK's crates, which is the one of this library: one TLS, one set of roots.

use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use nebulakit_types::client::{ClientOptions, Fault, FaultKind, HttpClient, Protocol};
use tokio::runtime::{Handle, Id};

/// The longest answer that is read, in bytes. A hundred jobs with all that is said of them have a tenth of it.
const LONGEST: usize = 32 << 20;

/// Sends what the SDK asks for. Connections belong to the runtime on which they were made.
pub(super) struct Sender {
    options: ClientOptions,
    made: Mutex<Option<(Option<Id>, HttpClient)>>,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl Sender {
    pub(super) fn new(options: ClientOptions) -> Self {
        Self { options, made: Mutex::default() }
    }

    fn client(&self) -> Result<HttpClient, Fault> {
        let here = Handle::try_current().ok().map(|runtime| runtime.id());
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        match &*made {
            Some((runtime, client)) if *runtime == here => Ok(client.clone()),
            _ => {
                let client = HttpClient::new(self.options.clone(), Protocol::Http1)?;
                *made = Some((here, client.clone()));
                Ok(client)
            }
        }
    }
}

impl HttpConnector for Sender {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.client();
        HttpConnectorFuture::new(async move { exchange(client.map_err(failed)?, request).await })
    }
}

async fn exchange(client: HttpClient, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let user = |error: Box<dyn std::error::Error + Send + Sync>| ConnectorError::user(error);
    let request = request.try_into_http1x().map_err(|error| user(error.into()))?;
    let (parts, body) = request.into_parts();
    // Every request of Batch's is a small document, which is in memory anyway.
    let body = body.bytes().map(Bytes::copy_from_slice).unwrap_or_default();
    let (parts, body) = client.send(::http::Request::from_parts(parts, body)).await.map_err(failed)?.into_parts();
    let body = Limited::new(body, LONGEST).collect().await.map_err(ConnectorError::io)?.to_bytes();
    ::http::Response::from_parts(parts, SdkBody::from(body)).try_into().map_err(|error| ConnectorError::other(Box::new(error), None))
}

fn failed(fault: Fault) -> ConnectorError {
    match fault.kind() {
        FaultKind::TimedOut => ConnectorError::timeout(fault.into()),
        FaultKind::Unreachable => ConnectorError::io(fault.into()).never_connected(),
        FaultKind::Interrupted => ConnectorError::io(fault.into()),
        FaultKind::Untrusted | FaultKind::Other => ConnectorError::user(fault.into()),
    }
}
