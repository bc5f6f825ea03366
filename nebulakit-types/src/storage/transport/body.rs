//! Bodies that are read while they are sent.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use object_store::client::HttpRequest;

tokio::task_local! {
    static BODY: Body;
}

/// What a request sends instead of the body that it came with, which is as long but only stands in for it.
///
/// `object_store` takes bodies in memory alone. One that comes from a file is read while it is sent: here, where the request passes through.
#[derive(Clone)]
pub(in super::super) struct Body {
    pub(in super::super) length: u64,
    /// Begins it, again for each try.
    pub(in super::super) begin: Arc<dyn Fn() -> BoxStream<'static, Result<Bytes, Unreadable>> + Send + Sync>,
}

impl Body {
    /// Runs a request that sends this.
    #[cfg(feature = "cloud")]
    pub(in super::super) async fn sent_by<T>(self, request: impl Future<Output = T>) -> T {
        BODY.scope(self, request).await
    }

    pub(super) fn of(request: &HttpRequest) -> Option<Self> {
        let stands_in = |body: &Self| request.method() == "PUT" && request.body().content_length() as u64 == body.length;
        BODY.try_with(|body| stands_in(body).then(|| body.clone())).ok().flatten()
    }
}

/// Why a body could not be read while it was sent; no other try would change it.
#[derive(Debug)]
pub(in super::super) struct Unreadable(pub(in super::super) String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Unreadable {}
