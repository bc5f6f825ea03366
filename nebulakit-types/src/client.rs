//! HTTP for hosts that are no stores: the calls of a control plane, and the tokens for them.
//!
//! It is the client of the stores (reqwest over rustls) with other limits: nothing is retried here, redirects are answers, and proxies are named by the
//! caller.

mod put;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Limited};

pub use self::put::Content;
use crate::storage::{Trust, caused_by, innermost, install, tls, tls_text};

/// An answer that is read as a whole has at most 1 MiB; those of authorization servers are far below.
const LONGEST_ANSWER: usize = 1 << 20;

/// How hosts are reached. `Default` means directly, with the certificates of this machine, and with patience without end.
#[derive(Debug, Clone, Default)]
pub struct ClientOptions {
    /// The file of CA certificates (PEM) that counts instead of this machine's; `SSL_CERT_FILE`.
    pub ca_file: Option<PathBuf>,
    /// The folder of CA certificates that counts where no file is named; `SSL_CERT_DIR`.
    pub ca_folder: Option<PathBuf>,
    /// The file of CA certificates (PEM) that are trusted besides those.
    pub further_ca_file: Option<PathBuf>,
    /// The host whose certificate is not verified.
    pub unverified_host: Option<String>,
    /// The proxy through which `https` hosts are reached.
    pub proxy: Option<Proxy>,
    /// The longest time to open a connection.
    pub connect_timeout: Option<Duration>,
    /// The longest time from a request to the end of its answer.
    pub timeout: Option<Duration>,
    /// After which silence an HTTP/2 connection is asked whether it still lives.
    pub keep_alive: Option<Duration>,
}

/// An HTTP proxy. This machine is always reached without it.
#[derive(Clone)]
pub struct Proxy {
    /// Its URL, which may hold a name and a password.
    pub url: String,
    /// The hosts that are reached without it, in the form of the variable `NO_PROXY`.
    pub not_for: String,
}

/// The URL may hold a password, and is not shown.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("not_for", &self.not_for).finish_non_exhaustive()
    }
}

/// The version of HTTP that a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2, which the server is known to speak: gRPC.
    Http2,
}

/// The body of an answer, as it comes, with its trailers.
pub type AnswerBody = UnsyncBoxBody<Bytes, Fault>;

/// An HTTP client; clones share its connections.
#[derive(Debug, Clone)]
pub struct HttpClient(reqwest::Client);

impl HttpClient {
    /// Makes a client; nothing is connected yet, and no certificate read.
    ///
    /// # Errors
    /// The proxy's URL is not one.
    pub fn new(options: ClientOptions, protocol: Protocol) -> Result<Self, Fault> {
        install();
        let other = |error: &(dyn std::error::Error + 'static)| Fault { kind: FaultKind::Other, message: innermost(error) };
        let mut tls = tls(Trust {
            named: options.ca_file.map(|path| ("SSL_CERT_FILE", path)),
            folder: options.ca_folder,
            further: options.further_ca_file,
            unverified: options.unverified_host,
        })
        .map_err(|error| other(&error))?;
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .user_agent(concat!("nebulakit/", env!("CARGO_PKG_VERSION")))
            .tcp_nodelay(true)
            .no_proxy();
        if let Some(proxy) = options.proxy {
            let direct = reqwest::NoProxy::from_string(&format!("localhost,127.0.0.0/8,::1,{}", proxy.not_for));
            let proxy = reqwest::Proxy::https(proxy.url)
                .map_err(|_| Fault { kind: FaultKind::Other, message: "the proxy's URL is not valid".to_owned() })?;
            builder = builder.proxy(proxy.no_proxy(direct));
        }
        if let Some(limit) = options.connect_timeout {
            builder = builder.connect_timeout(limit);
        }
        if let Some(limit) = options.timeout {
            builder = builder.timeout(limit);
        }
        builder = match protocol {
            Protocol::Http1 => builder.http1_only(),
            Protocol::Http2 => {
                tls.alpn_protocols = vec![b"h2".to_vec()];
                builder.http2_prior_knowledge().http2_adaptive_window(true).http2_keep_alive_interval(options.keep_alive)
            }
        };
        builder.tls_backend_preconfigured(tls).build().map(Self).map_err(|error| other(&error))
    }

    /// Makes a request; its answer is there as soon as its headers are.
    ///
    /// # Errors
    /// When the host does not answer.
    pub async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<AnswerBody>, Fault> {
        let request = reqwest::Request::try_from(request).map_err(Fault::of)?;
        let answer = http::Response::<reqwest::Body>::from(self.0.execute(request).await.map_err(Fault::of)?);
        Ok(answer.map(|body| body.map_err(Fault::of).boxed_unsync()))
    }

    /// Makes a request, and reads its answer as a whole.
    ///
    /// # Errors
    /// When the host does not answer, breaks off, or sends more than 1 MiB.
    pub async fn exchange(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, Fault> {
        let (parts, body) = self.send(request.map(Bytes::from)).await?.into_parts();
        let body = Limited::new(body, LONGEST_ANSWER).collect().await.map_err(shortened)?;
        Ok(http::Response::from_parts(parts, body.to_bytes().into()))
    }
}

/// Why an answer could not be read to its end.
fn shortened(error: Box<dyn std::error::Error + Send + Sync>) -> Fault {
    match error.downcast::<Fault>() {
        Ok(fault) => *fault,
        Err(_) => Fault { kind: FaultKind::Other, message: format!("answered with more than {LONGEST_ANSWER} bytes") },
    }
}

/// Why a request failed. It displays as what the host did: `did not answer: connection refused`.
#[derive(Debug, Clone)]
pub struct Fault {
    kind: FaultKind,
    message: String,
}

/// What kind of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// No connection came about.
    Unreachable,
    /// The host's certificate is not trusted, or it does not speak TLS.
    Untrusted,
    /// The time for an answer is over.
    TimedOut,
    /// The connection broke off; whether the request was received is not known.
    Interrupted,
    /// Another one, which the next try would meet again.
    Other,
}

impl Fault {
    /// What kind of fault it is.
    #[must_use]
    pub fn kind(&self) -> FaultKind {
        self.kind
    }

    fn of(error: reqwest::Error) -> Self {
        if let Some(tls) = caused_by::<rustls::Error>(&error) {
            let message = match tls {
                rustls::Error::InvalidMessage(_) => "does not speak TLS".to_owned(),
                tls => format!("cannot be trusted: {}", tls_text(tls)),
            };
            return Self { kind: FaultKind::Untrusted, message };
        }
        let kind = match &error {
            error if error.is_timeout() => FaultKind::TimedOut,
            error if error.is_connect() => FaultKind::Unreachable,
            error if error.is_builder() => FaultKind::Other,
            _ => FaultKind::Interrupted,
        };
        let verb = if kind == FaultKind::Interrupted { "broke off the connection" } else { "did not answer" };
        Self { kind, message: format!("{verb}: {}", innermost(&error.without_url())) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}
