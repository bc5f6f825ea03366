//! The one HTTP client that all stores share, the limits on its silence, and the record of what went wrong.
//!
//! `object_store` reports a failed request as text. Here, on its way through, every failure is kept as data for the message that the user
//! reads ([`Trace`]); the operation that asks and the requests made for it run in one tokio task, so a task-local carries it.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody};
use object_store::client::{
    ClientConfigKey, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};

use super::{StorageConfig, roots};

/// How much of an error's body is read: the longest documented one is far below.
const ERROR_BODY: usize = 64 * 1024;

/// Machines that serve credentials are next door; elsewhere their addresses lead nowhere, and this is what finding out costs.
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);

tokio::task_local! {
    static TRACE: Arc<Mutex<Trace>>;
}

/// What the requests of one operation met.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) started: Instant,
    /// Failures since the last success.
    pub(super) tries: u32,
    pub(super) last: Option<Failure>,
    /// The region in which the bucket says it is.
    pub(super) region: Option<String>,
}

/// The last failed request.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    /// Scheme, host and port asked.
    pub(super) origin: String,
    /// Whether it asked a metadata service for credentials.
    pub(super) metadata: bool,
    pub(super) what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    /// The store answered with an error: its status, its code and its message, as far as it told them.
    Answer { status: u16, code: String, message: String },
    /// No answer, or one that broke off: what the server did instead, as a clause that follows its name.
    Silence(String),
}

impl Trace {
    /// Runs one operation and tells what its requests met.
    pub(super) async fn of<T>(operation: impl Future<Output = T>) -> (T, Trace) {
        let trace = Arc::new(Mutex::new(Trace { started: Instant::now(), tries: 0, last: None, region: None }));
        let out = TRACE.scope(trace.clone(), operation).await;
        let trace = match Arc::try_unwrap(trace) {
            Ok(trace) => trace.into_inner().unwrap_or_else(PoisonError::into_inner),
            Err(shared) => std::mem::replace(
                &mut *shared.lock().unwrap_or_else(PoisonError::into_inner),
                Trace { started: Instant::now(), tries: 0, last: None, region: None },
            ),
        };
        (out, trace)
    }

    fn with(change: impl FnOnce(&mut Trace)) {
        let _ = TRACE.try_with(|trace| change(&mut trace.lock().unwrap_or_else(PoisonError::into_inner)));
    }

    fn failed(failure: Failure) {
        Self::with(|trace| {
            trace.tries += 1;
            trace.last = Some(failure);
        });
    }

    fn succeeded() {
        Self::with(|trace| {
            trace.tries = 0;
            trace.last = None;
        });
    }
}

/// The process's HTTP client, made when first used.
struct Client {
    made: OnceLock<Result<reqwest::Client, String>>,
    config: Arc<StorageConfig>,
    connect: Duration,
    silence: Duration,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("made", &self.made.get().is_some()).finish_non_exhaustive()
    }
}

impl Client {
    fn new(config: Arc<StorageConfig>) -> Self {
        Self {
            made: OnceLock::new(),
            connect: config.connect_timeout.unwrap_or(Duration::from_secs(5)),
            silence: config.answer_timeout.unwrap_or(Duration::from_secs(15)),
            config,
        }
    }

    fn get(&self) -> Result<&reqwest::Client, HttpError> {
        let make = || -> Result<reqwest::Client, Box<dyn StdError>> {
            roots::install();
            // Compression stays off even where another crate turns reqwest's on: an object's length is the one that the store names.
            let builder = reqwest::Client::builder()
                .user_agent(concat!("nebulakit/", env!("CARGO_PKG_VERSION")))
                .tls_backend_preconfigured(roots::client_config(&self.config)?)
                .connect_timeout(self.connect)
                .http1_only()
                .no_gzip()
                .no_brotli()
                .no_zstd()
                .no_deflate();
            Ok(builder.build()?)
        };
        let made = self.made.get_or_init(|| make().map_err(|error| innermost(&*error)));
        made.as_ref().map_err(|message| HttpError::new(HttpErrorKind::Unknown, Said(message.clone())))
    }

    /// Makes one request, with a limit on every silence. Bodies of error answers are read and kept.
    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let origin = origin(&request);
        // An upload is silent until it is through; a MiB a second is slower than any store worth waiting for.
        let limit = self.silence + Duration::from_secs(request.body().content_length() as u64 >> 20);
        let silent = |limit: Duration| HttpError::new(HttpErrorKind::Timeout, Said(format!("no answer within {limit:?}")));
        let answer = match tokio::time::timeout(limit, HttpService::call(self.get()?, request)).await {
            Ok(answer) => answer,
            Err(_) => Err(silent(limit)),
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let clause = match rustls_error(&error) {
                    Some(tls) => format!("cannot be trusted: {}", tls_text(tls)),
                    None => format!("did not answer: {}", innermost(&error)),
                };
                Trace::failed(Failure { origin, metadata: false, what: What::Silence(clause) });
                return Err(permanent(error));
            }
        };
        let (parts, mut body) = answer.into_parts();
        if parts.status.is_success() {
            Trace::succeeded();
            let body = self.guarded(origin, body);
            return Ok(HttpResponse::from_parts(parts, body));
        }
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        if let Some(region) = header("x-amz-bucket-region") {
            Trace::with(|trace| trace.region = Some(region));
        }
        let mut kept = BytesMut::new();
        while kept.len() < ERROR_BODY {
            // Whatever broke it off, the status says more than the rest of its body.
            let Ok(Some(Ok(frame))) = tokio::time::timeout(self.silence, body.frame()).await else { break };
            kept.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new()));
        }
        let text = String::from_utf8_lossy(&kept);
        let code = header("x-ms-error-code").or_else(|| named(&text, "Code")).unwrap_or_default();
        let message = named(&text, "Message").unwrap_or_default();
        Trace::failed(Failure { origin, metadata: false, what: What::Answer { status: parts.status.as_u16(), code, message } });
        Ok(HttpResponse::from_parts(parts, kept.freeze().into()))
    }

    /// The body, with a limit on the silence between two pieces.
    fn guarded(&self, origin: String, body: HttpResponseBody) -> HttpResponseBody {
        let silence = self.silence;
        let pieces = stream::unfold(Some((body, origin)), move |state| async move {
            let (mut body, origin) = state?;
            let next = match tokio::time::timeout(silence, body.frame()).await {
                Ok(next) => next?,
                Err(_) => Err(HttpError::new(HttpErrorKind::Timeout, Said(format!("nothing came for {silence:?}")))),
            };
            match next {
                Ok(frame) => Some((Ok(frame), Some((body, origin)))),
                Err(error) => {
                    let text = format!("broke off its answer: {}", innermost(&error));
                    Trace::failed(Failure { origin, metadata: false, what: What::Silence(text) });
                    Some((Err(error), None))
                }
            }
        });
        HttpResponseBody::new(StreamBody::new(pieces))
    }
}

/// The same client asking a metadata service: twice, briefly, and never retried from outside.
#[derive(Debug)]
struct Metadata(Arc<Client>);

#[async_trait]
impl HttpService for Metadata {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let origin = origin(&request);
        let mut why = String::new();
        for _ in 0..2 {
            match tokio::time::timeout(METADATA_TIMEOUT, self.0.exchange(request.clone())).await {
                Ok(Ok(answer)) => {
                    Trace::with(|trace| trace.last.iter_mut().for_each(|last| last.metadata = true));
                    return Ok(answer);
                }
                Ok(Err(error)) => why = innermost(&error),
                Err(_) => why = format!("no answer within {METADATA_TIMEOUT:?}"),
            }
        }
        Trace::failed(Failure { origin, metadata: true, what: What::Silence(format!("did not answer: {why}")) });
        Err(HttpError::new(HttpErrorKind::Unknown, Said(why)))
    }
}

/// Gives every store the one client.
#[derive(Debug, Clone)]
pub(super) struct Connector(Arc<Client>);

impl Connector {
    pub(super) fn new(config: Arc<StorageConfig>) -> Self {
        Self(Arc::new(Client::new(config)))
    }

    pub(super) fn client(&self) -> HttpClient {
        HttpClient::new(SharedClient(self.0.clone()))
    }
}

#[derive(Debug)]
struct SharedClient(Arc<Client>);

#[async_trait]
impl HttpService for SharedClient {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.0.exchange(request).await
    }
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        // object_store asks for its metadata clients with another connect timeout than for the rest, and marks them by nothing else.
        let usual = client_options().get_config_value(&ClientConfigKey::ConnectTimeout);
        if options.get_config_value(&ClientConfigKey::ConnectTimeout) == usual {
            Ok(self.client())
        } else {
            Ok(HttpClient::new(Metadata(self.0.clone())))
        }
    }
}

/// The options of every store. Those that concern the client are this module's own; a connection without TLS is what an `http://` endpoint
/// asks for.
pub(super) fn client_options() -> ClientOptions {
    ClientOptions::new().with_allow_http(true)
}

pub(super) fn retry_config(config: &StorageConfig) -> RetryConfig {
    let first = config.backoff.unwrap_or(Duration::from_millis(200));
    RetryConfig {
        backoff: BackoffConfig { init_backoff: first, max_backoff: Duration::from_secs(5).max(first), base: 3.0 },
        max_retries: config.retries.unwrap_or(5) as usize,
        retry_timeout: Duration::from_secs(30),
    }
}

/// A failure that is told by its text.
#[derive(Debug)]
struct Said(String);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Said {}

/// A certificate that is not trusted now will not be on the next try.
fn permanent(error: HttpError) -> HttpError {
    match rustls_error(&error) {
        Some(tls) => HttpError::new(HttpErrorKind::Unknown, Said(tls_text(tls))),
        None => error,
    }
}

fn tls_text(error: &rustls::Error) -> String {
    match error {
        rustls::Error::General(text) => text.clone(),
        other => other.to_string(),
    }
}

fn rustls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(tls);
        }
        // An I/O error's source is its content's source, not its content.
        let content = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = content.map(|content| content as &(dyn StdError + 'static)).or_else(|| error.source());
    }
    None
}

/// The text at the bottom of a chain: in HTTP clients the others say that there was an error.
pub(super) fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

fn origin(request: &HttpRequest) -> String {
    let uri = request.uri();
    // Without the user part, which may hold a password.
    let host = uri.authority().map_or("", |authority| authority.as_str().rsplit('@').next().unwrap_or_default());
    format!("{}://{host}", uri.scheme_str().unwrap_or("http"))
}

/// The text of the first element of that name. Error documents of object stores are flat; a parser would not find more.
fn named(xml: &str, element: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{element}>"))?;
    let (text, _) = rest.split_once(&format!("</{element}>"))?;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(text.chars().take(300).collect())
}
