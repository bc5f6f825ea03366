//! A small S3 in this process, for where no real one runs: it checks what uploads through signed URLs have to hold.

pub(crate) mod presign;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use axum::serve::ListenerExt as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use md5::{Digest as _, Md5};
use tokio::net::TcpListener;

use self::presign::{Credentials, hex};

#[derive(Clone, Debug)]
struct Object {
    bytes: Bytes,
    metadata: Vec<(String, String)>,
}

/// The objects, by bucket and key.
#[derive(Clone, Debug)]
pub(crate) struct Objects {
    credentials: Credentials,
    all: Arc<Mutex<BTreeMap<String, Object>>>,
    parts: Arc<Mutex<HashMap<String, BTreeMap<u32, Bytes>>>>,
}

/// A request granted: its status, the headers and the body of the answer.
type Granted = (StatusCode, Vec<(String, String)>, Bytes);

/// A request refused: its status and code.
type Refused = (StatusCode, &'static str);

impl Objects {
    pub(crate) fn new(credentials: Credentials) -> Self {
        Self { credentials, all: Arc::default(), parts: Arc::default() }
    }

    /// Serves them until the runtime ends.
    pub(crate) async fn serve(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // Small answers do not wait for more.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let this = self.clone();
        let router = Router::new().fallback(move |request: Request| {
            let this = this.clone();
            async move {
                let (parts, body) = request.into_parts();
                let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
                let (status, headers, body) = match this.answer(&parts, body) {
                    Ok(answer) => answer,
                    Err((status, code)) => {
                        let body = format!("<Error><Code>{code}</Code></Error>");
                        (status, Vec::new(), if parts.method == Method::HEAD { Bytes::new() } else { body.into() })
                    }
                };
                let mut response = Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                response.body(Body::from(body)).unwrap()
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        address
    }

    fn answer(&self, parts: &http::request::Parts, body: Bytes) -> Result<Granted, Refused> {
        let query: BTreeMap<String, String> =
            url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let path = unescaped(parts.uri.path());
        self.admit(parts, &path, &query)?;
        let key = path.trim_start_matches('/').to_owned();
        let upload = query.get("uploadId");
        match parts.method {
            Method::PUT => {
                let object = checked(&parts.headers, body)?;
                let etag = format!("\"{}\"", hex(&Md5::digest(&object.bytes)));
                match upload {
                    Some(id) => {
                        let number = query.get("partNumber").and_then(|number| number.parse().ok()).unwrap_or(0);
                        self.parts.lock().unwrap().entry(id.clone()).or_default().insert(number, object.bytes);
                    }
                    None => drop(self.all.lock().unwrap().insert(key, object)),
                }
                Ok((StatusCode::OK, vec![("ETag".to_owned(), etag)], Bytes::new()))
            }
            Method::POST => {
                let bucket_and_key = key.clone();
                if let Some(id) = upload {
                    let whole = self.parts.lock().unwrap().remove(id).unwrap_or_default();
                    let bytes = whole.into_values().collect::<Vec<_>>().concat().into();
                    self.all.lock().unwrap().insert(key, Object { bytes, metadata: Vec::new() });
                    let xml = "<CompleteMultipartUploadResult><ETag>\"whole\"</ETag></CompleteMultipartUploadResult>";
                    return Ok((StatusCode::OK, Vec::new(), xml.into()));
                }
                let id = hex(&Md5::digest(format!("{bucket_and_key}{:?}", std::time::Instant::now())));
                let xml = format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>");
                Ok((StatusCode::OK, Vec::new(), xml.into()))
            }
            Method::DELETE => {
                match upload {
                    Some(id) => drop(self.parts.lock().unwrap().remove(id)),
                    None => drop(self.all.lock().unwrap().remove(&key)),
                }
                Ok((StatusCode::NO_CONTENT, Vec::new(), Bytes::new()))
            }
            _ if query.contains_key("list-type") => Ok((StatusCode::OK, Vec::new(), self.listed(&key, &query).into())),
            _ => self.object(parts, &key),
        }
    }

    fn object(&self, parts: &http::request::Parts, key: &str) -> Result<Granted, Refused> {
        let object = self.all.lock().unwrap().get(key).cloned().ok_or((StatusCode::NOT_FOUND, "NoSuchKey"))?;
        let size = object.bytes.len();
        let mut headers = object.metadata.clone();
        headers.push(("ETag".to_owned(), format!("\"{}\"", hex(&Md5::digest(&object.bytes)))));
        headers.push(("Last-Modified".to_owned(), "Thu, 29 Feb 2024 12:34:56 GMT".to_owned()));
        if parts.method == Method::HEAD {
            headers.push(("Content-Length".to_owned(), size.to_string()));
            return Ok((StatusCode::OK, headers, Bytes::new()));
        }
        let range = parts.headers.get("range").and_then(|range| range.to_str().ok()?.strip_prefix("bytes="));
        let Some((first, last)) = range.and_then(|range| range.split_once('-')) else { return Ok((StatusCode::OK, headers, object.bytes)) };
        let (first, end) = match first.parse::<usize>() {
            Ok(first) => (first, last.parse::<usize>().map_or(size, |last| (last + 1).min(size))),
            Err(_) => (size.saturating_sub(last.parse().unwrap_or(0)), size),
        };
        if first >= end {
            return Err((StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange"));
        }
        headers.push(("Content-Range".to_owned(), format!("bytes {first}-{}/{size}", end - 1)));
        Ok((StatusCode::PARTIAL_CONTENT, headers, object.bytes.slice(first..end)))
    }

    fn listed(&self, bucket: &str, query: &BTreeMap<String, String>) -> String {
        let part = |name: &str| query.get(name).map_or("", String::as_str);
        let (prefix, delimiter) = (part("prefix"), part("delimiter"));
        let root = format!("{}/", bucket.trim_end_matches('/'));
        let (mut contents, mut groups) = (String::new(), BTreeSet::new());
        for (key, object) in self.all.lock().unwrap().iter() {
            let Some(key) = key.strip_prefix(&root) else { continue };
            let Some(rest) = key.strip_prefix(prefix) else { continue };
            match rest.find(delimiter).filter(|_| !delimiter.is_empty()) {
                Some(at) => drop(groups.insert(format!("{prefix}{}", &rest[..at + delimiter.len()]))),
                None => {
                    let (key, size) = (xml(key), object.bytes.len());
                    let _ = write!(
                        contents,
                        "<Contents><Key>{key}</Key><LastModified>2024-02-29T12:34:56Z</LastModified><ETag>\"e\"</ETag><Size>{size}</Size></Contents>"
                    );
                }
            }
        }
        let groups: String =
            groups.iter().map(|group| format!("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", xml(group))).collect();
        format!("<ListBucketResult><IsTruncated>false</IsTruncated>{contents}{groups}</ListBucketResult>")
    }

    /// Lets a request in: by our key, or by a signed URL that is whole, of these headers, and not expired.
    fn admit(&self, parts: &http::request::Parts, path: &str, query: &BTreeMap<String, String>) -> Result<(), Refused> {
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let Some(signature) = query.get("X-Amz-Signature") else {
            let is_ours = header("authorization").contains(&format!("Credential={}/", self.credentials.id));
            return if is_ours { Ok(()) } else { Err((StatusCode::FORBIDDEN, "AccessDenied")) };
        };
        let part = |name: &str| query.get(name).map_or("", String::as_str);
        let seconds: u64 = part("X-Amz-Expires").parse().unwrap_or(0);
        let signed = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", part("X-Amz-Date"));
        let signed = signed.and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC)).map_err(|_| (StatusCode::FORBIDDEN, "AccessDenied"))?;
        let age = jiff::Timestamp::now().as_second() - signed.timestamp().as_second();
        if age >= i64::try_from(seconds).unwrap_or(0) {
            return Err((StatusCode::FORBIDDEN, "AccessDenied"));
        }
        let headers = part("X-Amz-SignedHeaders").split(';').filter(|name| *name != "host");
        let headers: Vec<_> = headers.map(|name| (name.to_owned(), header(name).to_owned())).collect();
        let request = presign::Request {
            method: parts.method.as_str(),
            host: header("host"),
            path,
            date: part("X-Amz-Date"),
            seconds,
            headers: &headers,
        };
        if request.signature(&self.credentials) == *signature { Ok(()) } else { Err((StatusCode::FORBIDDEN, "SignatureDoesNotMatch")) }
    }
}

/// An object whose bytes are those that its request speaks of.
fn checked(headers: &HeaderMap, bytes: Bytes) -> Result<Object, Refused> {
    let digest = STANDARD.encode(Md5::digest(&bytes));
    if headers.get("content-md5").is_some_and(|told| told.as_bytes() != digest.as_bytes()) {
        return Err((StatusCode::BAD_REQUEST, "BadDigest"));
    }
    let metadata = headers.iter().filter(|(name, _)| name.as_str().starts_with("x-amz-meta-"));
    let metadata = metadata.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    Ok(Object { bytes, metadata: metadata.collect() })
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn unescaped(path: &str) -> String {
    let plus = path.replace('+', "%2B");
    url::form_urlencoded::parse(format!("p={}", plus.replace('&', "%26").replace('=', "%3D")).as_bytes())
        .find(|(name, _)| name == "p")
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
