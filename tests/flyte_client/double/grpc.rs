//! A gRPC server of unary calls, by hand: what the client sends is not judged by the library that sends it.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::stream;
use http::{HeaderMap, HeaderValue};
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Codes of gRPC.
pub(crate) const OK: u32 = 0;
pub(crate) const INVALID_ARGUMENT: u32 = 3;
pub(crate) const NOT_FOUND: u32 = 5;
pub(crate) const ALREADY_EXISTS: u32 = 6;
pub(crate) const RESOURCE_EXHAUSTED: u32 = 8;
pub(crate) const FAILED_PRECONDITION: u32 = 9;
pub(crate) const UNIMPLEMENTED: u32 = 12;
pub(crate) const UNAVAILABLE: u32 = 14;
pub(crate) const UNAUTHENTICATED: u32 = 16;

/// A call: its method's name, what it is sent with, and its message.
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) headers: HeaderMap,
    pub(crate) message: Bytes,
}

/// What a call is answered with: a message, or a code with a text.
pub(crate) type Answer = Result<Vec<u8>, (u32, String)>;

/// Serves calls without TLS until the runtime ends.
pub(crate) async fn serve<F, A>(answer: F) -> SocketAddr
where
    F: Fn(Call) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Answer> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router(answer)).await.unwrap() });
    address
}

/// The same over TLS.
pub(crate) async fn serve_tls<F, A>(tls: rustls::ServerConfig, answer: F) -> SocketAddr
where
    F: Fn(Call) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Answer> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listener = TlsListener { listener, acceptor: TlsAcceptor::from(Arc::new(tls)) };
    tokio::spawn(async move { axum::serve(listener, router(answer)).await.unwrap() });
    address
}

fn router<F, A>(answer: F) -> Router
where
    F: Fn(Call) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Answer> + Send,
{
    Router::new().fallback(move |request: Request| {
        let answer = answer.clone();
        async move {
            let method = request.uri().path().rsplit('/').next().unwrap().to_owned();
            let (parts, body) = request.into_parts();
            let framed = to_bytes(body, usize::MAX).await.unwrap();
            assert_eq!(framed[0], 0, "not compressed");
            response(answer(Call { method, headers: parts.headers, message: framed.slice(5..) }).await)
        }
    })
}

fn response(answer: Answer) -> Response {
    let (message, code, text) = match answer {
        Ok(message) => (Some(message), OK, String::new()),
        Err((code, text)) => (None, code, text),
    };
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", code.into());
    let text: String = text
        .bytes()
        .map(|b| if (b' '..=b'~').contains(&b) && b != b'%' { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect();
    trailers.insert("grpc-message", HeaderValue::from_str(&text).unwrap());
    // Not base64, which a client has to survive.
    trailers.insert("grpc-status-details-bin", HeaderValue::from_static("%%%"));
    let message = message.map(|message| {
        let mut framed = BytesMut::with_capacity(message.len() + 5);
        framed.put_u8(0);
        framed.put_u32(message.len().try_into().unwrap());
        framed.put_slice(&message);
        Frame::data(framed.freeze())
    });
    let frames = message.into_iter().chain([Frame::trailers(trailers)]).map(Ok::<_, std::convert::Infallible>);
    Response::builder().header("content-type", "application/grpc").body(Body::new(StreamBody::new(stream::iter(frames)))).unwrap()
}

struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.listener.accept().await.unwrap();
            // A client that does not trust the certificate goes away.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
