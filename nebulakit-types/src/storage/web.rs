//! `http://` and `https://`: plain requests, redirects followed, queries kept, any server that answers a GET.
//!
//! A user and a password in the URL go to its own origin, as basic authentication.

use std::future::ready;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use http::{HeaderValue, header};
use http_body_util::BodyExt as _;
use object_store::client::{HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse};
use percent_encoding::percent_decode_str;

use super::address::Address;
use super::checksum::Checksum;
use super::config::StorageConfig;
use super::content::{Chunks, Content, Extent};
use super::fault::{absence, status_kind};
use super::location::schemes_of;
use super::object::{Answer, ObjectMeta, PutOptions};
use super::page::{Depth, Page};
use super::shown::shown;
use super::store::{Pending, Resilience, Store, Upload};
use super::transport::{Connector, Trace, Watch, follow, innermost, retry_config, said};
use super::web_fault::explain_web;
use super::words::ONE_TRY;
use crate::{Error, ErrorKind, Result};

/// Web addresses: read only, and without a listing.
#[derive(Debug)]
pub(super) struct Web {
    config: Arc<StorageConfig>,
    connector: Connector,
}

impl Web {
    pub(super) fn new(config: Arc<StorageConfig>, connector: Connector) -> Self {
        Self { config, connector }
    }
}

fn read_only(at: &Address) -> Error {
    Error::new(ErrorKind::Url, format!("`{}` cannot be written: http is for reading", shown(at.url())))
}

impl Store for Web {
    fn schemes(&self) -> Vec<String> {
        schemes_of("http")
    }

    fn head<'a>(&'a self, at: &'a Address) -> Pending<'a, Answer<ObjectMeta>> {
        Box::pin(stat(&self.config, &self.connector, at.target(), at.deadline()))
    }

    fn get<'a>(&'a self, at: &'a Address, extent: &'a Extent, version: Option<&'a str>) -> Pending<'a, Answer<Content>> {
        Box::pin(open(&self.config, &self.connector, at.target(), at.deadline(), extent, version))
    }

    fn get_whole<'a>(&'a self, at: &'a Address) -> Pending<'a, Answer<Bytes>> {
        Box::pin(get(&self.config, &self.connector, at.target(), at.deadline()))
    }

    fn begin<'a>(&'a self, at: &'a Address, _options: &'a PutOptions) -> Pending<'a, Arc<dyn Upload>> {
        Box::pin(ready(Err(read_only(at))))
    }

    fn list<'a>(&'a self, prefix: &'a Address, _depth: Depth, _page: Option<&'a str>) -> Pending<'a, Page> {
        let text = format!("`{}` cannot be listed: http has no listing", shown(prefix.url()));
        Box::pin(ready(Err(Error::new(ErrorKind::Url, text))))
    }

    fn delete<'a>(&'a self, at: &'a Address) -> Pending<'a, ()> {
        Box::pin(ready(Err(read_only(at))))
    }

    fn check_write(&self, at: &Address, _options: &PutOptions) -> Result<()> {
        Err(read_only(at))
    }

    fn resilience(&self) -> Resilience {
        Resilience::Requests
    }
}

async fn get(config: &StorageConfig, connector: &Connector, url: &str, deadline: Option<Instant>) -> Result<Answer<Bytes>> {
    let read = |answer: HttpResponse| async move {
        let checksum = answer.extensions().get::<Checksum>().copied();
        // A body that is shorter than its announced length is an error of the client below.
        Ok((checksum, answer.into_body().collect().await?.to_bytes()))
    };
    let (out, trace) = Trace::of(deadline, run(config, connector, request(url, "GET")?, read)).await;
    let out = out.map_err(|why| explain_web(url, config, &why, &trace))?;
    let Some((checksum, bytes)) = out else { return Ok(Answer::Absent(absence(config, &trace))) };
    if let Some(checksum) = checksum {
        checksum.check(url, checksum.of(&bytes))?;
    }
    Ok(Answer::There(bytes))
}

async fn stat(config: &StorageConfig, connector: &Connector, url: &str, deadline: Option<Instant>) -> Result<Answer<ObjectMeta>> {
    let read = |answer: HttpResponse| std::future::ready(Ok(facts(&answer)));
    let (out, trace) = Trace::of(deadline, run(config, connector, request(url, "HEAD")?, read)).await;
    let meta = out.map_err(|why| explain_web(url, config, &why, &trace))?;
    Ok(meta.map_or_else(|| Answer::Absent(absence(config, &trace)), Answer::There))
}

/// Opens an object or a range of it, of the version named by an etag where one is given; one request. A server that does not support ranges gives
/// the whole object.
async fn open(
    config: &Arc<StorageConfig>,
    connector: &Connector,
    url: &str,
    deadline: Option<Instant>,
    wanted: &Extent,
    version: Option<&str>,
) -> Result<Answer<Content>> {
    let mut request = request(url, "GET")?;
    let range = match wanted {
        Extent::All => None,
        Extent::From(start) => Some(format!("bytes={start}-")),
        Extent::First(length) => Some(format!("bytes=0-{}", length - 1)),
        Extent::Range(range) => Some(format!("bytes={}-{}", range.start, range.end.saturating_sub(1))),
    };
    let fault = |why: &str| Error::new(ErrorKind::Io, format!("`{}`: {why}{ONE_TRY}", shown(url)));
    for (name, value) in [(header::RANGE, range.as_deref()), (header::IF_MATCH, version)] {
        if let Some(value) = value {
            let value = HeaderValue::from_str(value).map_err(|_| fault("its etag cannot stand in a request"))?;
            request.headers_mut().insert(name, value);
        }
    }
    let watch = Watch::until(deadline);
    let opened = watch.of(run(config, connector, request, |answer| std::future::ready(Ok(answer)))).await;
    let opened = opened.map_err(|why| explain_web(url, config, &why, &watch.trace()))?;
    let Some(answer) = opened else { return Ok(Answer::Absent(absence(config, &watch.trace()))) };
    let mut meta = facts(&answer);
    let mut cut = 0..u64::MAX;
    let range = if answer.status().as_u16() == 206 {
        let text = answer.headers().get(header::CONTENT_RANGE).and_then(|text| text.to_str().ok()).unwrap_or_default();
        let (range, size) = content_range(text).ok_or_else(|| fault(&format!("the server gave a range that it calls `{}`", said(text))))?;
        meta.size = size.unwrap_or(ObjectMeta::UNKNOWN);
        let asked = wanted.within(url, meta.size)?;
        if range != asked {
            return Err(fault(&format!("the server was asked for the bytes {asked:?} and gave {range:?}")));
        }
        range
    } else if let Extent::First(_) = wanted {
        0..meta.size
    } else {
        // The server does not support ranges and gives the whole object: the rest of it is skipped.
        let mut range = wanted.within(url, meta.size)?;
        cut = range.clone();
        if meta.size == ObjectMeta::UNKNOWN {
            range.end = ObjectMeta::UNKNOWN;
        }
        range
    };
    if version.is_some_and(|version| meta.etag.as_deref() != Some(version)) {
        return Err(Error::new(ErrorKind::Changed, format!("`{}`: the object changed while it was read{ONE_TRY}", shown(url))));
    }
    let checksum = answer.extensions().get().copied();
    let (config, owned, record) = (config.clone(), url.to_owned(), watch.clone());
    let body = watch.stream(only(cut, answer.into_body().into_data_stream()));
    let body = body.map_err(move |error| explain_web(&owned, &config, &innermost(&error), &record.trace()));
    Ok(Answer::There(Content { meta, range, checksum, body: Chunks::streamed(body.boxed()) }))
}

/// The part of a body that lies in a range.
fn only<E: Send>(
    range: Range<u64>,
    body: impl Stream<Item = Result<Bytes, E>> + Unpin + Send,
) -> impl Stream<Item = Result<Bytes, E>> + Unpin + Send {
    let mut at = 0;
    let end = range.end;
    let within = move |piece: &Result<Bytes, E>| {
        let before = at < end;
        at += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        std::future::ready(before)
    };
    let mut at = 0;
    let cut = move |mut piece: Bytes| {
        let (from, to) = (at, at + piece.len() as u64);
        at = to;
        piece.truncate((range.end.clamp(from, to) - from) as usize);
        piece.split_off((range.start.clamp(from, to) - from).min(piece.len() as u64) as usize)
    };
    body.take_while(within).map_ok(cut)
}

/// Reads `bytes 0-9/100`, or `bytes 0-9/*`.
fn content_range(text: &str) -> Option<(Range<u64>, Option<u64>)> {
    let (range, size) = text.trim().strip_prefix("bytes")?.trim().split_once('/')?;
    let (start, last) = range.split_once('-')?;
    let (start, last) = (start.trim().parse::<u64>().ok()?, last.trim().parse::<u64>().ok()?);
    let size = if size.trim() == "*" { None } else { Some(size.trim().parse().ok()?) };
    (start <= last && size.is_none_or(|size| last < size)).then_some((start..last + 1, size))
}

fn facts(answer: &HttpResponse) -> ObjectMeta {
    let text = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    ObjectMeta {
        size: text(header::CONTENT_LENGTH).and_then(|size| size.trim().parse().ok()).unwrap_or(ObjectMeta::UNKNOWN),
        // A weak etag names what is as good, not what is the same.
        etag: text(header::ETAG).filter(|etag| !etag.starts_with("W/")),
        content_type: text(header::CONTENT_TYPE),
        content_encoding: text(header::CONTENT_ENCODING),
        ..ObjectMeta::default()
    }
}

/// Makes a request until it succeeds, fails for good or has failed too often; `None` where nothing is.
async fn run<T, O>(
    config: &StorageConfig,
    connector: &Connector,
    request: HttpRequest,
    read: impl Fn(HttpResponse) -> O,
) -> Result<Option<T>, String>
where
    O: Future<Output = Result<T, HttpError>>,
{
    let client = connector.client();
    let retry = retry_config(config);
    let started = Instant::now();
    for tries_left in (0..=retry.max_retries).rev() {
        let why = match follow(&client, request.clone()).await {
            Ok(answer) if answer.status().is_success() => match read(answer).await {
                Ok(out) => return Ok(Some(out)),
                Err(error) => innermost(&error),
            },
            Ok(answer) => match status_kind(answer.status().as_u16()) {
                ErrorKind::NotFound => return Ok(None),
                ErrorKind::Unavailable => answer.status().to_string(),
                _ => return Err(answer.status().to_string()),
            },
            Err(error) if error.kind() == HttpErrorKind::Unknown => return Err(innermost(&error)),
            Err(error) => innermost(&error),
        };
        if tries_left == 0 || started.elapsed() > retry.retry_timeout {
            return Err(why);
        }
    }
    Err("never tried".to_owned())
}

fn request(url: &str, method: &str) -> Result<HttpRequest> {
    let fault = |why: String| Error::new(ErrorKind::Url, format!("`{}` is not a URL: {why}", shown(url)));
    let mut parsed = url::Url::parse(url).map_err(|error| fault(error.to_string()))?;
    let mut request = HttpRequest::new(HttpRequestBody::empty());
    if !parsed.username().is_empty() || parsed.password().is_some() {
        let decoded = |text| percent_decode_str(text).collect::<Vec<u8>>();
        let user = [decoded(parsed.username()), b":".to_vec(), decoded(parsed.password().unwrap_or_default())].concat();
        let mut basic = HeaderValue::from_str(&format!("Basic {}", BASE64.encode(user))).map_err(|error| fault(error.to_string()))?;
        basic.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, basic);
        let is_gone = parsed.set_username("").and_then(|()| parsed.set_password(None));
        is_gone.map_err(|()| fault("it names a user and no host".to_owned()))?;
    }
    *request.method_mut() = method.parse().map_err(|_| fault(format!("`{method}` is not a method")))?;
    *request.uri_mut() = parsed.as_str().parse().map_err(|_| fault("a request cannot hold it".to_owned()))?;
    Ok(request)
}
