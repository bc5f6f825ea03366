//! The one HTTP client that all stores share, the limits on its silence, and the record of what went wrong.
//!
//! `object_store` reports a failed request as text. Here, on its way through, every failure is kept as data for the message that the user
//! reads ([`Trace`]); the operation that asks and the requests made for it run in one tokio task, so a task-local carries it.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream, Stream};
use http_body_util::{BodyExt as _, StreamBody};
use object_store::client::{
    ClientConfigKey, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};

use super::budget::{Budget, REQUESTS};
use super::checksum::Checksum;
use super::{StorageConfig, roots};

/// How much of an error's body is read: the longest documented one is far below.
const ERROR_BODY: usize = 64 * 1024;

/// Machines that serve credentials are next door; elsewhere their addresses lead nowhere, and this is what finding out costs.
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);

/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// A store that asks to be left alone is left alone, but not for longer.
const LONGEST_REST: Duration = Duration::from_secs(20);

tokio::task_local! {
    static TRACE: Arc<Mutex<Trace>>;
    static BODY: Body;
}

/// What a request sends instead of the body that it came with, which is as long but only stands in for it.
///
/// `object_store` takes bodies in memory alone. One that comes from a file is read while it is sent: here, where the request passes through.
#[derive(Clone)]
pub(super) struct Body {
    pub(super) length: u64,
    /// Begins it, for each try anew.
    pub(super) begin: Arc<dyn Fn() -> BoxStream<'static, Result<Bytes, Unreadable>> + Send + Sync>,
}

impl Body {
    /// Runs a request that sends this.
    #[cfg(feature = "cloud")]
    pub(super) async fn sent_by<T>(self, request: impl Future<Output = T>) -> T {
        BODY.scope(self, request).await
    }

    fn of(request: &HttpRequest) -> Option<Self> {
        let stands_in = |body: &Self| request.method() == "PUT" && request.body().content_length() as u64 == body.length;
        BODY.try_with(|body| stands_in(body).then(|| body.clone())).ok().flatten()
    }
}

/// The record of an operation that lasts longer than one call, as a stream does.
#[derive(Debug, Clone)]
pub(super) struct Watch(Arc<Mutex<Trace>>);

impl Watch {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Trace::new())))
    }

    /// Runs a part of the operation.
    pub(super) async fn of<T>(&self, operation: impl Future<Output = T>) -> T {
        TRACE.scope(self.0.clone(), operation).await
    }

    /// What its requests have met so far.
    pub(super) fn trace(&self) -> MutexGuard<'_, Trace> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Polls a stream as a part of the operation.
    pub(super) fn stream<S: Stream + Unpin>(&self, mut stream: S) -> impl Stream<Item = S::Item> + use<S> {
        let trace = self.0.clone();
        stream::poll_fn(move |context| TRACE.sync_scope(trace.clone(), || Pin::new(&mut stream).poll_next(context)))
    }
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
    /// What was to be sent could not be read.
    Unreadable(String),
}

impl Trace {
    fn new() -> Self {
        Self { started: Instant::now(), tries: 0, last: None, region: None }
    }

    /// Runs one operation and tells what its requests met.
    #[cfg(feature = "http")]
    pub(super) async fn of<T>(operation: impl Future<Output = T>) -> (T, Trace) {
        let watch = Watch::new();
        let out = watch.of(operation).await;
        let trace = std::mem::replace(&mut *watch.trace(), Self::new());
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
    budget: Arc<Budget>,
    /// Until when a store has asked to be left alone, by its origin.
    resting: Mutex<HashMap<String, Instant>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("made", &self.made.get().is_some()).finish_non_exhaustive()
    }
}

impl Client {
    fn new(config: Arc<StorageConfig>, budget: Arc<Budget>) -> Self {
        Self {
            budget,
            resting: Mutex::default(),
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
                .tcp_nodelay(true)
                .pool_max_idle_per_host(2 * REQUESTS)
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
        self.rest(&origin).await;
        // An upload is silent until it is through; a MiB a second is slower than any store worth waiting for.
        let limit = self.silence + Duration::from_secs(request.body().content_length() as u64 >> 20);
        let silent = |limit: Duration| HttpError::new(HttpErrorKind::Timeout, Said(format!("no answer within {limit:?}")));
        let answer = match tokio::time::timeout(limit, send(self.get()?, request)).await {
            Ok(answer) => answer,
            Err(_) => Err(silent(limit)),
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let what = match (rustls_error(&error), unreadable(&error)) {
                    (Some(tls), _) => What::Silence(format!("cannot be trusted: {}", tls_text(tls))),
                    (None, Some(why)) => What::Unreadable(why.0.clone()),
                    (None, None) => What::Silence(format!("did not answer: {}", innermost(&error))),
                };
                Trace::failed(Failure { origin, metadata: false, what });
                return Err(permanent(error));
            }
        };
        let (mut parts, mut body) = answer.into_parts();
        if parts.status.is_success() {
            // The stores hand extensions on to whoever asked, and of headers only those that they know.
            if let Some(checksum) = Checksum::named(&parts.headers) {
                parts.extensions.insert(checksum);
            }
            Trace::succeeded();
            self.budget.answered();
            let body = self.guarded(origin, body);
            return Ok(HttpResponse::from_parts(parts, body));
        }
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        if matches!(parts.status.as_u16(), 429 | 503) {
            self.budget.throttled();
            if let Some(seconds) = header("retry-after").and_then(|after| after.trim().parse().ok()) {
                let until = Instant::now() + Duration::from_secs(seconds).min(LONGEST_REST);
                self.resting.lock().unwrap_or_else(PoisonError::into_inner).insert(origin.clone(), until);
            }
        }
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

    /// Waits until a store may be asked again that asked to be left alone (`Retry-After`, in seconds).
    async fn rest(&self, origin: &str) {
        let until = match self.resting.lock().unwrap_or_else(PoisonError::into_inner).get(origin) {
            Some(until) => *until,
            None => return,
        };
        tokio::time::sleep_until(until.into()).await;
        self.resting.lock().unwrap_or_else(PoisonError::into_inner).remove(origin);
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

/// Hands a request to reqwest. `object_store` does the same, but always as a stream of what it holds in memory.
async fn send(client: &reqwest::Client, request: HttpRequest) -> Result<HttpResponse, HttpError> {
    let streamed = Body::of(&request);
    let (parts, body) = request.into_parts();
    let url = parts.uri.to_string().parse().map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
    let mut request = reqwest::Request::new(parts.method, url);
    *request.headers_mut() = parts.headers;
    *request.body_mut() = Some(match (streamed, body.as_bytes()) {
        (Some(streamed), _) => reqwest::Body::wrap_stream((streamed.begin)()),
        (None, Some(bytes)) => bytes.clone().into(),
        (None, None) => reqwest::Body::wrap(body),
    });
    let answer = http::Response::<reqwest::Body>::from(client.execute(request).await.map_err(failed)?);
    Ok(answer.map(|body| HttpResponseBody::new(body.map_err(failed))))
}

/// Why a body could not be read while it was sent; no other try would change it.
#[derive(Debug)]
pub(super) struct Unreadable(pub(super) String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Unreadable {}

fn unreadable<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Unreadable> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// What kind of failure `object_store` is to take it for, which decides whether it tries again.
fn failed(error: reqwest::Error) -> HttpError {
    let mut kind = match &error {
        error if error.is_timeout() => HttpErrorKind::Timeout,
        error if error.is_connect() => HttpErrorKind::Connect,
        error if error.is_decode() => HttpErrorKind::Decode,
        error if error.is_builder() || error.is_redirect() => HttpErrorKind::Unknown,
        _ => HttpErrorKind::Interrupted,
    };
    if unreadable(&error).is_some() {
        kind = HttpErrorKind::Unknown;
    }
    HttpError::new(kind, error.without_url())
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
pub(super) struct Connector {
    client: Arc<Client>,
    stored_form: bool,
}

impl Connector {
    pub(super) fn new(config: Arc<StorageConfig>, budget: Arc<Budget>) -> Self {
        Self { client: Arc::new(Client::new(config, budget)), stored_form: false }
    }

    /// The same for a store that would decode objects with a `Content-Encoding` for whoever does not claim to understand it.
    #[cfg(feature = "gcp")]
    pub(super) fn in_stored_form(&self) -> Self {
        Self { client: self.client.clone(), stored_form: true }
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
        let client = &self.0.client;
        Backoff::due(&client.config).wait().await;
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

/// How often `object_store` asks again, and whether: it decides what is worth another try. The waits are [`Backoff`]'s.
pub(super) fn retry_config(config: &StorageConfig) -> RetryConfig {
    // `object_store` panics where there is no range to draw a wait from.
    let none = Duration::from_nanos(1);
    RetryConfig {
        backoff: BackoffConfig { init_backoff: none, max_backoff: none, base: 2.0 },
        max_retries: config.retries.unwrap_or(5) as usize,
        retry_timeout: Duration::from_secs(30),
    }
}

/// The waits between tries: exponential, each a random share of its most (full jitter), so that many who failed together do not come back
/// together.
#[derive(Debug)]
pub(super) struct Backoff {
    most: Duration,
}

impl Backoff {
    /// The wait that is due after so many failures; none after none.
    pub(super) fn after(config: &StorageConfig, failures: u32) -> Self {
        let Some(doublings) = failures.checked_sub(1) else { return Self { most: Duration::ZERO } };
        let first = config.backoff.unwrap_or(Duration::from_millis(200));
        Self { most: first.saturating_mul(1 << doublings.min(10)).min(LONGEST_WAIT.max(first)) }
    }

    /// The wait that is due before the next request of the operation under way.
    fn due(config: &StorageConfig) -> Self {
        let failures = TRACE.try_with(|trace| trace.lock().unwrap_or_else(PoisonError::into_inner).tries);
        Self::after(config, failures.unwrap_or_default())
    }

    fn drawn(&self) -> Duration {
        // Randomness for spreading load needs no more than the seed of a hasher.
        self.most.mul_f64(RandomState::new().hash_one(0) as f64 / u64::MAX as f64)
    }

    pub(super) async fn wait(self) {
        if !self.most.is_zero() {
            tokio::time::sleep(self.drawn()).await;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        let config = StorageConfig { backoff: Some(Duration::from_millis(100)), ..StorageConfig::default() };
        let most: Vec<_> = [0, 1, 2, 3, 6, 7, 1000].map(|failures| Backoff::after(&config, failures).most.as_millis()).into();
        assert_eq!(most, [0, 100, 200, 400, 3200, 5000, 5000]);
        assert_eq!(Backoff::after(&StorageConfig::default(), 1).most, Duration::from_millis(200));
    }

    #[test]
    fn each_wait_is_any_share_of_its_most() {
        let backoff = Backoff { most: Duration::from_secs(1) };
        let mut drawn: Vec<_> = (0..1000).map(|_| backoff.drawn().as_secs_f64()).collect();
        drawn.sort_by(f64::total_cmp);
        // Each of these fails by chance once in 10^20 runs or less.
        assert!(drawn[0] < 0.1 && (0.3..0.7).contains(&drawn[500]) && drawn[999] > 0.9 && drawn[999] <= 1.0, "{drawn:?}");
    }
}
