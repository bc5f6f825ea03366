//! The process's one HTTP client, and the limits on its silence.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody};
use object_store::client::{HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody};
use tokio::runtime::{self, Handle};

use super::super::budget::{Budget, REQUESTS};
use super::super::checksum::Checksum;
use super::super::config::StorageConfig;
use super::super::roots;
use super::body::{Body, Unreadable};
use super::cause::{Said, caused_by, failed, innermost, permanent, said, tls_text};
use super::nearby::{Near, Nearby, Shunned};
use super::redirect::{is_redirect, place};
use super::trace::{FailedRequest, Over, Trace, What, within};
use crate::ErrorKind;

/// How many clients are kept: for each runtime up to one for each way. A task's process has two runtimes; a program with more makes
/// connections again.
const CLIENTS: usize = 8;

/// In which way a host is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way {
    shunned: Shunned,
    /// Without a proxy, which would reach its own machine and its own neighbours instead, and be sent what is meant for those of this one.
    direct: bool,
}

/// Marks a request whose redirects are followed by its caller.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hop {
    /// Where it may not lead.
    pub(super) shunned: Shunned,
    /// Whether a redirect led to it: then it is due at once, whatever failed before.
    pub(super) is_further: bool,
}

/// How much of an error's body is read: the longest documented one is far below.
const ERROR_BODY: usize = 64 * 1024;

/// A store that asks to be left alone is left alone, but not for longer.
const LONGEST_REST: Duration = Duration::from_secs(20);

/// The process's HTTP client, made when first used, for each runtime that uses it.
pub(super) struct Client {
    tls: OnceLock<Result<rustls::ClientConfig, String>>,
    made: Mutex<Vec<(Option<runtime::Id>, Way, reqwest::Client)>>,
    pub(super) config: Arc<StorageConfig>,
    connect: Duration,
    silence: Duration,
    pub(super) budget: Arc<Budget>,
    /// Until when a store has asked to be left alone, by its origin.
    resting: Mutex<HashMap<String, Instant>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("made", &self.tls.get().is_some()).finish_non_exhaustive()
    }
}

impl Client {
    pub(super) fn new(config: Arc<StorageConfig>, budget: Arc<Budget>) -> Self {
        Self {
            budget,
            resting: Mutex::default(),
            tls: OnceLock::new(),
            made: Mutex::default(),
            connect: config.connect_timeout.unwrap_or(Duration::from_secs(5)),
            silence: config.answer_timeout.unwrap_or(Duration::from_secs(15)),
            config,
        }
    }

    /// The client of the runtime that asks. Connections end with the runtime on which they were made, and are served by it alone: a task's
    /// outputs must not be sent over one that the task has left behind.
    fn get(&self, way: Way) -> Result<reqwest::Client, HttpError> {
        let here = Handle::try_current().ok().map(|runtime| runtime.id());
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((.., client)) = made.iter().find(|(runtime, other, _)| *runtime == here && *other == way) {
            return Ok(client.clone());
        }
        let client = self.make(way).map_err(|message| HttpError::new(HttpErrorKind::Unknown, Said(message)))?;
        if made.len() == CLIENTS {
            made.remove(0);
        }
        made.push((here, way, client.clone()));
        Ok(client)
    }

    fn make(&self, way: Way) -> Result<reqwest::Client, String> {
        let tls = self.tls.get_or_init(|| {
            roots::install();
            roots::client_config(&self.config).map_err(|error| innermost(&error))
        });
        // Compression stays off even where another crate turns reqwest's on: an object's length is the one that the store names.
        let mut builder = reqwest::Client::builder()
            // Which redirects are followed is not the client's to decide.
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .user_agent(concat!("nebulakit/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(tls.clone()?)
            .connect_timeout(self.connect)
            .http1_only()
            .tcp_nodelay(true)
            .pool_max_idle_per_host(2 * REQUESTS)
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate();
        if way.direct {
            builder = builder.no_proxy();
        }
        if way.shunned != Shunned::default() {
            builder = builder.dns_resolver(Arc::new(way.shunned.resolver()));
        }
        builder.build().map_err(|error| innermost(&error))
    }

    /// Makes one request, with a limit on every silence. Bodies of error answers are read and kept.
    pub(super) async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let origin = origin(&request);
        let url = url::Url::parse(&request.uri().to_string()).map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
        let hop = request.extensions().get::<Hop>().copied();
        if within(LONGEST_REST, self.rest(&origin)).await.is_err() {
            return Err(late());
        }
        Trace::with(|trace| trace.asked += 1);
        // An upload is silent until it is through; a MiB a second is slower than any store worth waiting for.
        let limit = self.silence + Duration::from_secs(request.body().content_length() as u64 >> 20);
        let shunned = hop.map(|hop| hop.shunned).unwrap_or_default();
        let client = self.get(Way { shunned, direct: Near::of_url(&url).is_some() })?;
        let answer = match within(limit, send(&client, url.clone(), request)).await {
            Ok(answer) => answer,
            Err(Over::Limit) => Err(HttpError::new(HttpErrorKind::Timeout, Said(format!("no answer within {limit:?}")))),
            Err(Over::Deadline) => {
                Trace::failed(FailedRequest { origin, metadata: false, what: What::Silence("did not answer in time".to_owned()) });
                return Err(late());
            }
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let what = match (caused_by(&error), caused_by::<Unreadable>(&error), caused_by::<Nearby>(&error)) {
                    (Some(tls), ..) => What::Silence(format!("cannot be trusted: {}", tls_text(tls))),
                    (None, Some(why), _) => What::Unreadable(why.0.clone()),
                    (None, None, Some(why)) => {
                        What::Refused { kind: ErrorKind::Denied, why: format!("is not asked, as a redirect leads there: {why}") }
                    }
                    (None, None, None) => What::Silence(format!("did not answer: {}", innermost(&error))),
                };
                Trace::failed(FailedRequest { origin, metadata: false, what });
                return Err(permanent(error));
            }
        };
        let (mut parts, mut body) = answer.into_parts();
        if parts.status.is_success() {
            // The stores pass all extensions on to their caller, but only those headers that they know.
            if let Some(checksum) = Checksum::named(parts.status, &parts.headers) {
                parts.extensions.insert(checksum);
            }
            Trace::answered();
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
        // It becomes a part of a host's name.
        let is_region = |region: &String| !region.is_empty() && region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if let Some(region) = header("x-amz-bucket-region").filter(is_region) {
            Trace::with(|trace| trace.region = Some(region));
        }
        let mut kept = BytesMut::new();
        while kept.len() < ERROR_BODY {
            // Whatever broke it off, the status says more than the rest of its body.
            let Ok(Some(Ok(frame))) = within(self.silence, body.frame()).await else { break };
            kept.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new()));
        }
        if hop.is_some() && is_redirect(parts.status, &parts.headers) {
            // It was read, so that the connection serves the next request.
            return Ok(HttpResponse::from_parts(parts, Bytes::new().into()));
        }
        // Before anything is cut: a part of a secret would not be known for one.
        let text = self.config.scrub(String::from_utf8_lossy(&kept).into_owned());
        let code =
            header("x-ms-error-code").map(|code| said(&self.config.scrub(code))).or_else(|| named(&text, "Code")).unwrap_or_default();
        let message = named(&text, "Message").unwrap_or_default();
        let status = parts.status.as_u16();
        let what = match place(&url, &parts.headers).filter(|_| parts.status.is_redirection()) {
            Some(place) => What::Elsewhere { status, code, place },
            None => What::Answer { status, code, message },
        };
        Trace::failed(FailedRequest { origin, metadata: false, what });
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
            let next = match within(silence, body.frame()).await {
                Ok(Some(next)) => next,
                Ok(None) => {
                    Trace::succeeded();
                    return None;
                }
                Err(Over::Limit) => Err(HttpError::new(HttpErrorKind::Timeout, Said(format!("nothing came for {silence:?}")))),
                Err(Over::Deadline) => Err(late()),
            };
            match next {
                Ok(frame) => Some((Ok(frame), Some((body, origin)))),
                Err(error) => {
                    let text = format!("broke off its answer: {}", innermost(&error));
                    Trace::failed(FailedRequest { origin, metadata: false, what: What::Silence(text) });
                    Some((Err(error), None))
                }
            }
        });
        HttpResponseBody::new(StreamBody::new(pieces))
    }
}

/// The deadline has passed, and no other try would change that.
pub(super) fn late() -> HttpError {
    HttpError::new(HttpErrorKind::Unknown, Said("it had not come in time".to_owned()))
}

/// Hands a request to reqwest. `object_store` does the same, but always as a stream of what it holds in memory.
async fn send(client: &reqwest::Client, url: url::Url, request: HttpRequest) -> Result<HttpResponse, HttpError> {
    let streamed = Body::of(&request);
    let (parts, body) = request.into_parts();
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

pub(super) fn origin(request: &HttpRequest) -> String {
    let uri = request.uri();
    // Without the user part, which may hold a password.
    let host = uri.authority().map_or("", |authority| authority.as_str().rsplit('@').next().unwrap_or_default());
    format!("{}://{host}", uri.scheme_str().unwrap_or("http"))
}

/// The text of the first element of that name. Error documents of object stores are flat; a parser would not find more.
pub(super) fn named(xml: &str, element: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{element}>"))?;
    let (text, _) = rest.split_once(&format!("</{element}>"))?;
    Some(said(text))
}
