//! A gRPC server of unary calls, by hand: what the client sends is not judged by the library that sends it.

use std::future::Future;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::AsFd as _;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use axum::serve::IncomingStream;
use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::stream;
use http::{HeaderMap, HeaderValue};
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A code of gRPC.
pub const OK: u32 = 0;
/// A code of gRPC.
pub const INVALID_ARGUMENT: u32 = 3;
/// A code of gRPC.
pub const NOT_FOUND: u32 = 5;
/// A code of gRPC.
pub const ALREADY_EXISTS: u32 = 6;
/// A code of gRPC.
pub const FAILED_PRECONDITION: u32 = 9;
/// A code of gRPC.
pub const RESOURCE_EXHAUSTED: u32 = 8;
/// A code of gRPC.
pub const INTERNAL: u32 = 13;
/// A code of gRPC.
pub const UNIMPLEMENTED: u32 = 12;
/// A code of gRPC.
pub const UNAVAILABLE: u32 = 14;
/// A code of gRPC.
pub const UNAUTHENTICATED: u32 = 16;

/// In place of a code: the connection is closed without an answer.
pub const DROPPED: u32 = u32::MAX;

/// A call: its method's name, what it is sent with, and its message.
#[derive(Debug)]
pub struct Call {
    /// The method's name alone.
    pub method: String,
    /// What it is sent with.
    pub headers: HeaderMap,
    /// The message, encoded.
    pub message: Bytes,
}

/// What a call is answered with: a message, or a code with a text.
pub type Answer = Result<Vec<u8>, (u32, String)>;

/// Not base64, which a client of ours has to survive.
const MALFORMED: &str = "%%%";

/// Serves calls without TLS until the runtime ends, with a header that no client should look at.
pub async fn serve<F, A>(answer: F) -> SocketAddr
where
    F: Fn(Call) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Answer> + Send,
{
    serve_with(Some(MALFORMED), answer).await
}

/// The same without that header: other clients end calls for it.
pub(crate) async fn serve_with<F, A>(details: Option<&'static str>, answer: F) -> SocketAddr
where
    F: Fn(Call) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Answer> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(
        async move { axum::serve(listener, router(details, answer).into_make_service_with_connect_info::<Line>()).await.unwrap() },
    );
    address
}

/// The same over TLS.
pub async fn serve_tls<F, A>(tls: rustls::ServerConfig, answer: F) -> SocketAddr
where
    F: Fn(Call) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Answer> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listener = TlsListener { listener, acceptor: TlsAcceptor::from(Arc::new(tls)) };
    tokio::spawn(async move {
        axum::serve(listener, router(Some(MALFORMED), answer).into_make_service_with_connect_info::<Line>()).await.unwrap()
    });
    address
}

fn router<F, A>(details: Option<&'static str>, answer: F) -> Router
where
    F: Fn(Call) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Answer> + Send,
{
    Router::new().fallback(move |request: Request| {
        let answer = answer.clone();
        let line = request.extensions().get::<ConnectInfo<Line>>().map(|ConnectInfo(line)| line.clone());
        async move {
            let method = request.uri().path().rsplit('/').next().unwrap().to_owned();
            let (parts, body) = request.into_parts();
            let framed = to_bytes(body, usize::MAX).await.unwrap();
            assert_eq!(framed[0], 0, "not compressed");
            let answer = answer(Call { method, headers: parts.headers, message: framed.slice(5..) }).await;
            if let (Err((DROPPED, _)), Some(line)) = (&answer, line) {
                line.cut();
            }
            response(details, answer)
        }
    })
}

fn response(details: Option<&'static str>, answer: Answer) -> Response {
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
    if let Some(details) = details {
        trailers.insert("grpc-status-details-bin", HeaderValue::from_static(details));
    }
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

/// A connection, to close it.
#[derive(Clone, Debug)]
struct Line(Arc<Option<std::net::TcpStream>>);

impl Line {
    fn of(stream: &TcpStream) -> Self {
        // Small answers do not wait for more.
        let _ = stream.set_nodelay(true);
        Self(Arc::new(stream.as_fd().try_clone_to_owned().ok().map(Into::into)))
    }

    fn cut(&self) {
        if let Some(stream) = &*self.0 {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Connected<IncomingStream<'_, TcpListener>> for Line {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        Self::of(stream.io())
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Line {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        Self::of(stream.io().get_ref().0)
    }
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
