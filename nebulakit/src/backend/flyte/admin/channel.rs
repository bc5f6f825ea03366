//! The connection to a control plane, as tonic wants it: HTTP/2 requests in, answers with trailers out.

use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use nebulakit_types::client::{AnswerBody, HttpClient};
use tonic::body::Body;
use tower_service::Service;

/// The key of a status's details. Nothing here reads them, and tonic panics on those that are not base64.
const DETAILS: &str = "grpc-status-details-bin";

#[derive(Debug, Clone)]
pub(super) struct Channel(pub(super) HttpClient);

impl Service<Request<Body>> for Channel {
    type Response = Response<AnswerBody>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let client = self.0.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            // Every call here is one message, which is in memory anyway.
            let body = body.collect().await?.to_bytes();
            let (mut parts, body) = client.send(Request::from_parts(parts, body)).await?.into_parts();
            parts.headers.remove(DETAILS);
            let body = body.map_frame(|mut frame| {
                if let Some(trailers) = frame.trailers_mut() {
                    trailers.remove(DETAILS);
                }
                frame
            });
            Ok(Response::from_parts(parts, body.boxed_unsync()))
        })
    }
}
