//! The one HTTP client that all stores share, and how each of them comes to it.
//!
//! | module | holds |
//! |---|---|
//! | `client` | the client of each runtime: one request and its answer, with limits on every silence |
//! | `asking` | what S3 is asked for besides an object |
//! | `body` | what is read while it is sent |
//! | `listed` | listings whose keys stay what they are |
//! | `nearby` | hosts that only this machine reaches |
//! | `redirect` | redirects, as they are seen and named |
//! | `follow` | those of web addresses: where they may lead, and what goes along |
//! | `retry` | how often a request is made again, and the waits in between |
//! | `trace` | what the requests of one operation met, and the deadline that they keep |
//! | `cause` | what is at the bottom of a failed request |

#[cfg(feature = "aws")]
mod asking;
mod body;
mod cause;
mod client;
#[cfg(feature = "http")]
mod follow;
#[cfg(feature = "cloud")]
mod listed;
mod nearby;
mod redirect;
mod retry;
mod trace;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use object_store::ClientOptions;
use object_store::client::{ClientConfigKey, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService};

#[cfg(feature = "aws")]
pub(super) use self::asking::Asking;
#[cfg(feature = "cloud")]
pub(super) use self::body::{Body, Unreadable};
use self::cause::Said;
pub(crate) use self::cause::{caused_by, innermost, said, tls_text};
use self::client::{Client, Hop, late, origin};
#[cfg(feature = "http")]
pub(super) use self::follow::follow;
#[cfg(feature = "cloud")]
pub(super) use self::listed::Wrapped;
#[cfg(feature = "aws")]
pub(super) use self::nearby::is_container_service;
#[cfg(any(feature = "aws", feature = "azure"))]
pub(super) use self::nearby::is_this_machine;
use self::retry::pause;
pub(super) use self::retry::retry_config;
use self::trace::within;
pub(super) use self::trace::{FailedRequest, Trace, Watch, What, brief, status_text};
use super::budget::Budget;
use super::config::StorageConfig;

/// Machines that serve credentials are next door; elsewhere their addresses lead nowhere, and this is what finding out costs.
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);

/// The same client asking a metadata service: twice, briefly, and never retried from outside.
#[derive(Debug)]
struct Metadata(Arc<Client>);

#[async_trait]
impl HttpService for Metadata {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let origin = origin(&request);
        let mut why = String::new();
        for _ in 0..2 {
            match within(METADATA_TIMEOUT, self.0.exchange(request.clone())).await {
                Ok(Ok(answer)) => {
                    Trace::with(|trace| trace.last.iter_mut().for_each(|last| last.metadata = true));
                    return Ok(answer);
                }
                Ok(Err(error)) => why = innermost(&error),
                // Given up, the exchange could not count it itself.
                Err(_) => {
                    Trace::with(Trace::count);
                    why = format!("no answer within {METADATA_TIMEOUT:?}");
                }
            }
        }
        Trace::with(|trace| {
            trace.last = Some(FailedRequest { origin, metadata: true, what: What::Silence(format!("did not answer: {why}")) })
        });
        Err(HttpError::new(HttpErrorKind::Unknown, Said(why)))
    }
}

/// Gives every store the one client.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    client: Arc<Client>,
    stored_form: bool,
    #[cfg(feature = "aws")]
    asking: Option<Arc<Asking>>,
}

impl Connector {
    pub(super) fn new(config: Arc<StorageConfig>, budget: Arc<Budget>) -> Self {
        Self {
            client: Arc::new(Client::new(config, budget)),
            stored_form: false,
            #[cfg(feature = "aws")]
            asking: None,
        }
    }

    /// The same for a store that would decode objects with a `Content-Encoding` for clients that do not claim to understand it.
    #[cfg(feature = "gcp")]
    pub(super) fn in_stored_form(&self) -> Self {
        Self { stored_form: true, ..self.clone() }
    }

    /// The same for a store that names its checksums only when it is asked to.
    #[cfg(feature = "aws")]
    pub(super) fn asking(&self, asking: &Arc<Asking>) -> Self {
        Self { asking: Some(asking.clone()), ..self.clone() }
    }

    #[cfg(feature = "cloud")]
    pub(super) fn budget(&self) -> &Arc<Budget> {
        &self.client.budget
    }

    pub(super) fn client(&self) -> HttpClient {
        HttpClient::new(SharedClient(self.clone()))
    }
}

#[derive(Debug)]
struct SharedClient(Connector);

#[async_trait]
impl HttpService for SharedClient {
    async fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if self.0.stored_form {
            request.headers_mut().insert(http::header::ACCEPT_ENCODING, http::HeaderValue::from_static("gzip"));
        }
        #[cfg(feature = "aws")]
        if let Some(asking) = &self.0.asking {
            asking.with(&mut request).await;
        }
        let client = &self.0.client;
        let is_further = request.extensions().get::<Hop>().is_some_and(|hop| hop.is_further);
        if !is_further && within(Duration::MAX, pause(&client.config)).await.is_err() {
            return Err(late());
        }
        #[cfg(feature = "cloud")]
        if Wrapped::is_wanted(&request) {
            let origin = origin(&request);
            return client.exchange(request).await.map(|answer| Wrapped::answer(origin, answer));
        }
        client.exchange(request).await
    }
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        // object_store asks for its metadata clients with another connect timeout than for the rest, and marks them by nothing else.
        let usual = client_options().get_config_value(&ClientConfigKey::ConnectTimeout);
        if options.get_config_value(&ClientConfigKey::ConnectTimeout) == usual {
            Ok(self.client())
        } else {
            Ok(HttpClient::new(Metadata(self.client.clone())))
        }
    }
}

/// The options of every store. Those that concern the client are this module's own; a connection without TLS is what an `http://` endpoint
/// asks for.
pub(super) fn client_options() -> ClientOptions {
    ClientOptions::new().with_allow_http(true)
}
