//! Calls of FlyteAdmin: one gRPC call with its deadline, its retries and its errors. It knows no login.
//!
//! | module | holds |
//! |---|---|
//! | `settings` | what the client is told: endpoint, certificates, proxies, limits |
//! | `endpoint` | where the control plane is |
//! | `method` | the methods, each with its messages |
//! | `codec` | messages as gRPC carries them |
//! | `channel` | the connection |
//! | `failure` | whether a failed try is worth another one, and what it means for people |

mod channel;
mod codec;
mod endpoint;
mod failure;
mod method;
mod settings;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::uri::PathAndQuery;
use nebulakit_types::client::{HttpClient, Protocol};
use prost::Message;
use tonic::client::Grpc;
use tonic::metadata::MetadataMap;
use tonic::{Request, Status};

use self::channel::Channel;
use self::codec::Encoded;
use self::failure::is_passing;
pub(super) use self::failure::{explained, is_unauthenticated};
pub(super) use self::method::*;
pub(super) use self::settings::Settings;
use super::error::{ClientError, ClientErrorKind};

/// How often an endpoint that has never answered is tried again: its name is probably wrong.
const RETRIES_OF_STRANGERS: u32 = 2;

/// A control plane, without a login. Clones share the connection, which is made by the first call.
#[derive(Clone)]
pub(super) struct Admin(Arc<Inner>);

/// Why a call failed, and how often it had failed before.
pub(super) struct Failure {
    pub(super) status: Status,
    pub(super) failures: u32,
}

struct Inner {
    grpc: Grpc<Channel>,
    settings: Settings,
    has_answered: AtomicBool,
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Admin").field(&self.0.settings.endpoint).finish()
    }
}

impl Admin {
    pub(super) fn new(settings: Settings) -> Result<Self, ClientError> {
        let client = HttpClient::new(settings.connection(), Protocol::Http2)
            .map_err(|fault| ClientError::new(ClientErrorKind::Settings, format!("the client of the control plane: {fault}")))?;
        let grpc = Grpc::with_origin(Channel(client), settings.endpoint.origin()).max_decoding_message_size(settings.largest_answer);
        Ok(Self(Arc::new(Inner { grpc, settings, has_answered: AtomicBool::new(false) })))
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Makes a call as [`tried`](Self::tried) does.
    pub(super) async fn call<Q, A>(&self, method: &Method<Q, A>, request: Bytes, metadata: &MetadataMap) -> Result<A, Status>
    where
        A: Message + Default + 'static,
    {
        self.tried(method, request, metadata).await.map_err(|failure| failure.status)
    }

    /// Makes a call, again while what it meets passes. All methods are safe to repeat: what is created twice answers that it exists.
    pub(super) async fn tried<Q, A>(&self, method: &Method<Q, A>, request: Bytes, metadata: &MetadataMap) -> Result<A, Failure>
    where
        A: Message + Default + 'static,
    {
        let Inner { settings, has_answered, .. } = &*self.0;
        let mut failures = 0;
        loop {
            let status = match self.attempt(method, request.clone(), metadata.clone()).await {
                Ok(answer) => {
                    has_answered.store(true, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(status) => status,
            };
            if failure::is_answer(&status) {
                has_answered.store(true, Ordering::Relaxed);
            }
            let is_known = has_answered.load(Ordering::Relaxed);
            let most = if is_known { settings.retries } else { settings.retries.min(RETRIES_OF_STRANGERS) };
            if !is_passing(&status) || failures == most {
                return Err(Failure { status, failures });
            }
            let wait = settings.wait(failures);
            tracing::info!("{}; the next try is in {wait:.1?}", explained(settings, method.name(), &status));
            tokio::time::sleep(wait).await;
            failures += 1;
        }
    }

    async fn attempt<Q, A>(&self, method: &Method<Q, A>, message: Bytes, metadata: MetadataMap) -> Result<A, Status>
    where
        A: Message + Default + 'static,
    {
        let mut request = Request::from_parts(metadata, tonic::Extensions::default(), message);
        request.set_timeout(self.0.settings.try_timeout);
        let path = PathAndQuery::from_static(method.path);
        Ok(self.0.grpc.clone().unary(request, path, Encoded::new()).await?.into_inner())
    }
}
