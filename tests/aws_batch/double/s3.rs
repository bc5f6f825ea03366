//! As much of S3 as a plan and its data need, in memory: one bucket, by paths.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::http::{Answer, Request};

const THEN: &str = "Thu, 01 Jan 2026 00:00:00 GMT";

#[derive(Default)]
pub(super) struct Bucket {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
    uploads: Mutex<BTreeMap<String, BTreeMap<u32, Vec<u8>>>>,
}

impl Bucket {
    fn objects(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn uploads(&self) -> MutexGuard<'_, BTreeMap<String, BTreeMap<u32, Vec<u8>>>> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn keys(&self) -> Vec<String> {
        self.objects().keys().cloned().collect()
    }

    pub(super) fn text(&self) -> String {
        self.objects().iter().map(|(key, bytes)| format!("{key}\n{}\n", String::from_utf8_lossy(bytes))).collect()
    }

    pub(super) fn answer(&self, request: &Request) -> Option<Answer> {
        if !request.header("authorization").is_some_and(|signed| signed.starts_with("AWS4-HMAC-SHA256 Credential=")) {
            return Some(Answer::new(403, "<Error><Code>AccessDenied</Code><Message>no signature</Message></Error>"));
        }
        let (_, key) = request.path.trim_start_matches('/').split_once('/').unwrap_or((request.path.trim_start_matches('/'), ""));
        Some(match request.method.as_str() {
            "GET" if key.is_empty() => self.list(request),
            "GET" | "HEAD" => self.get(key, request.header("range")),
            "PUT" if request.asked("uploadId").is_some() => self.part(request),
            "PUT" => self.put(key, request),
            "POST" if request.asked("uploads").is_some() => {
                let id = format!("u{}", self.uploads().len());
                self.uploads().insert(id.clone(), BTreeMap::new());
                Answer::new(200, format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"))
            }
            "POST" => self.complete(key, request.asked("uploadId").unwrap_or_default()),
            "DELETE" => {
                if request.asked("uploadId").is_none() {
                    self.objects().remove(key);
                }
                Answer::new(204, "")
            }
            _ => Answer::new(405, ""),
        })
    }

    fn put(&self, key: &str, request: &Request) -> Answer {
        let mut objects = self.objects();
        if request.header("if-none-match") == Some("*") && objects.contains_key(key) {
            return Answer::new(412, "<Error><Code>PreconditionFailed</Code><Message>it is there</Message></Error>");
        }
        objects.insert(key.to_owned(), request.body.clone());
        Answer::new(200, "").with("etag", &etag(&request.body))
    }

    fn get(&self, key: &str, range: Option<&str>) -> Answer {
        let objects = self.objects();
        let Some(bytes) = objects.get(key) else {
            return Answer::new(404, "<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>");
        };
        let answer = |status, body: &[u8]| {
            let answer = Answer::new(status, body).with("etag", &etag(bytes)).with("last-modified", THEN);
            answer.with("content-length", &body.len().to_string())
        };
        let Some(range) = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-')) else { return answer(200, bytes) };
        let (from, to) = match range {
            ("", last) => (bytes.len().saturating_sub(last.parse().unwrap_or(0)), bytes.len()),
            (from, to) => (from.parse().unwrap_or(0), to.parse::<usize>().map_or(bytes.len(), |to| bytes.len().min(to + 1))),
        };
        if from >= bytes.len() {
            return Answer::new(416, "");
        }
        answer(206, &bytes[from..to]).with("content-range", &format!("bytes {from}-{}/{}", to - 1, bytes.len()))
    }

    fn part(&self, request: &Request) -> Answer {
        let number = request.asked("partNumber").and_then(|number| number.parse().ok()).unwrap_or(0);
        let mut uploads = self.uploads();
        let parts = uploads.entry(request.asked("uploadId").unwrap_or_default().to_owned()).or_default();
        parts.insert(number, request.body.clone());
        Answer::new(200, "").with("etag", &etag(&request.body))
    }

    fn complete(&self, key: &str, upload: &str) -> Answer {
        let whole: Vec<u8> = self.uploads().remove(upload).unwrap_or_default().into_values().flatten().collect();
        let tag = etag(&whole);
        self.objects().insert(key.to_owned(), whole);
        Answer::new(200, format!("<CompleteMultipartUploadResult><ETag>{tag}</ETag></CompleteMultipartUploadResult>"))
    }

    fn list(&self, request: &Request) -> Answer {
        let (prefix, delimiter) = (request.asked("prefix").unwrap_or_default(), request.asked("delimiter").unwrap_or_default());
        let is_encoded = request.asked("encoding-type") == Some("url");
        let shown = |text: &str| if is_encoded { encoded(text) } else { escaped(text) };
        let (mut text, mut prefixes, objects) = (String::new(), BTreeSet::new(), self.objects());
        for (key, bytes) in objects.iter() {
            let Some(rest) = key.strip_prefix(prefix) else { continue };
            match rest.split_once(delimiter).filter(|_| !delimiter.is_empty()) {
                Some((name, _)) => drop(prefixes.insert(format!("{prefix}{name}{delimiter}"))),
                None => {
                    let _ = write!(
                        text,
                        "<Contents><Key>{}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>{}</ETag><Size>{}</Size></Contents>",
                        shown(key),
                        etag(bytes),
                        bytes.len()
                    );
                }
            }
        }
        for prefix in prefixes {
            let _ = write!(text, "<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", shown(&prefix));
        }
        let encoding = if is_encoded { "<EncodingType>url</EncodingType>" } else { "" };
        let whole = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult><IsTruncated>false</IsTruncated>{encoding}{text}</ListBucketResult>"
        );
        Answer::new(200, whole).with("content-type", "application/xml")
    }
}

fn etag(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn encoded(text: &str) -> String {
    let letter = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(letter).collect()
}
