//! A small S3 in this process: real objects, ranges, versions, listings and multipart uploads, over kept connections, and a hook that makes
//! it fail.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufReader, Read as _, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use bytes::Bytes;

use super::{Request, read};

/// What goes wrong with one request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fault {
    None,
    /// An error with a status, a code and header lines.
    Error(u16, &'static str, &'static [&'static str]),
    /// The connection is closed after this many bytes of the body.
    Break(usize),
    /// After this many bytes of the body nothing comes until the client gives up.
    Stall(usize),
    /// The answer claims this many bytes more than come (or fewer, below zero).
    Lie(i64),
    /// Waits until [`S3::open_gate`].
    Gate,
}

type Hook = dyn FnMut(&Request, &mut Objects) -> Fault + Send;

#[derive(Debug, Default)]
pub(crate) struct Objects {
    pub(crate) all: BTreeMap<String, Object>,
    /// Multipart uploads under way: their key and their parts.
    pub(crate) uploads: HashMap<String, (String, BTreeMap<u32, Bytes>)>,
    pub(crate) aborted: usize,
    /// A header line that comes with every object's bytes.
    pub(crate) says: String,
    next: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) bytes: Bytes,
    pub(crate) etag: String,
    pub(crate) headers: BTreeMap<String, String>,
}

impl Objects {
    pub(crate) fn put(&mut self, key: &str, bytes: impl Into<Bytes>) {
        self.next += 1;
        let object = Object { bytes: bytes.into(), etag: format!("\"{}\"", self.next), headers: BTreeMap::new() };
        self.all.insert(key.to_owned(), object);
    }
}

struct State {
    objects: Mutex<Objects>,
    seen: Mutex<Vec<Request>>,
    hook: Mutex<Box<Hook>>,
    gate: (Mutex<bool>, Condvar),
    arrived: (Mutex<usize>, Condvar),
}

/// The server; its bucket is `bucket`.
#[derive(Clone)]
pub(crate) struct S3 {
    pub(crate) url: String,
    state: Arc<State>,
}

impl S3 {
    pub(crate) fn start(hook: impl FnMut(&Request, &mut Objects) -> Fault + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            objects: Mutex::default(),
            seen: Mutex::default(),
            hook: Mutex::new(Box::new(hook)),
            gate: Default::default(),
            arrived: Default::default(),
        });
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let state = shared.clone();
                // A client that goes away in the middle is what many tests are about.
                std::thread::spawn(move || drop(serve(&stream.unwrap(), &state)));
            }
        });
        Self { url, state }
    }

    pub(crate) fn objects(&self) -> MutexGuard<'_, Objects> {
        self.state.objects.lock().unwrap()
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.state.seen.lock().unwrap().clone()
    }

    pub(crate) fn forget(&self) {
        self.state.seen.lock().unwrap().clear();
    }

    /// Lets those through that wait at the gate, and all that come later.
    pub(crate) fn open_gate(&self) {
        *self.state.gate.0.lock().unwrap() = true;
        self.state.gate.1.notify_all();
    }

    /// Waits until `count` requests wait at the gate or stall.
    pub(crate) fn wait_for_stuck(&self, count: usize) {
        let (stuck, changed) = &self.state.arrived;
        drop(changed.wait_while(stuck.lock().unwrap(), |stuck| *stuck < count).unwrap());
    }
}

fn serve(stream: &TcpStream, state: &State) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        state.seen.lock().unwrap().push(Request { body: Bytes::new(), ..request.clone() });
        let fault = (state.hook.lock().unwrap())(&request, &mut state.objects.lock().unwrap());
        let (mut head, body) = match &fault {
            Fault::Error(status, code, headers) => {
                let body = format!("<Error><Code>{code}</Code><Message>as told</Message></Error>");
                let mut head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
                headers.iter().for_each(|header| head.push_str(&format!("{header}\r\n")));
                (head, Bytes::from(body))
            }
            Fault::Gate => {
                stuck(state);
                let (open, changed) = &state.gate;
                drop(changed.wait_while(open.lock().unwrap(), |open| !*open).unwrap());
                answer(&request, &mut state.objects.lock().unwrap())
            }
            _ => answer(&request, &mut state.objects.lock().unwrap()),
        };
        if let Fault::Lie(more) = fault {
            head = head.replace(&format!("Content-Length: {}", body.len()), &format!("Content-Length: {}", body.len() as i64 + more));
        }
        let mut out = stream;
        out.write_all(head.as_bytes())?;
        out.write_all(b"\r\n")?;
        let body = if request.line.starts_with("HEAD") { Bytes::new() } else { body };
        match fault {
            Fault::Break(after) => {
                out.write_all(&body[..after.min(body.len())])?;
                return stream.shutdown(Shutdown::Both);
            }
            Fault::Stall(after) => {
                out.write_all(&body[..after.min(body.len())])?;
                stuck(state);
                let mut end = stream;
                let _ = end.read(&mut [0]);
                return Ok(());
            }
            Fault::Lie(_) => {
                out.write_all(&body)?;
                return stream.shutdown(Shutdown::Both);
            }
            _ => out.write_all(&body)?,
        }
    }
    Ok(())
}

fn stuck(state: &State) {
    *state.arrived.0.lock().unwrap() += 1;
    state.arrived.1.notify_all();
}

/// The head without its empty line, and the body.
fn answer(request: &Request, objects: &mut Objects) -> (String, Bytes) {
    let mut words = request.line.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query: HashMap<_, _> = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
    let decode = |text: &str| percent_decode(text);
    let key = decode(path.strip_prefix("/bucket").unwrap().trim_start_matches('/'));
    let plain = |status: u16, body: String| (format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len()), Bytes::from(body));
    let missing = || plain(404, "<Error><Code>NoSuchKey</Code><Message>no</Message></Error>".to_owned());
    match (method, query.get("uploadId"), query.contains_key("uploads"), key.is_empty()) {
        ("GET", ..) if key.is_empty() => plain(200, listing(objects, &query)),
        ("GET" | "HEAD", ..) => match objects.all.get(&key) {
            Some(object) => {
                let (mut head, body) = read_object(request, object);
                head.push_str(&objects.says);
                (head, body)
            }
            None => missing(),
        },
        ("POST", None, true, _) => {
            objects.next += 1;
            let id = objects.next.to_string();
            objects.uploads.insert(id.clone(), (key, BTreeMap::new()));
            plain(200, format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"))
        }
        ("PUT", Some(id), ..) => match objects.uploads.get_mut(*id) {
            Some((_, parts)) => {
                parts.insert(query["partNumber"].parse().unwrap(), request.body.clone());
                ("HTTP/1.1 200 X\r\nContent-Length: 0\r\nETag: \"part\"\r\n".to_owned(), Bytes::new())
            }
            None => plain(404, "<Error><Code>NoSuchUpload</Code></Error>".to_owned()),
        },
        ("POST", Some(id), ..) => {
            // Asked again, because the answer came too late for the client.
            let Some((key, parts)) = objects.uploads.remove(*id) else {
                return plain(200, "<CompleteMultipartUploadResult><ETag>\"m\"</ETag></CompleteMultipartUploadResult>".to_owned());
            };
            let small = parts.values().rev().skip(1).any(|part| part.len() < 5 << 20);
            assert!(!small, "a part that is not the last has less than 5 MiB");
            let whole = parts.into_values().collect::<Vec<_>>().concat();
            objects.put(&key, whole);
            plain(200, "<CompleteMultipartUploadResult><ETag>\"m\"</ETag></CompleteMultipartUploadResult>".to_owned())
        }
        ("DELETE", Some(id), ..) => {
            objects.aborted += usize::from(objects.uploads.remove(*id).is_some());
            plain(204, String::new())
        }
        ("DELETE", ..) => {
            objects.all.remove(&key);
            plain(204, String::new())
        }
        ("PUT", ..) => {
            objects.put(&key, request.body.clone());
            let object = objects.all.get_mut(&key).unwrap();
            object.headers = request.headers.clone();
            (format!("HTTP/1.1 200 X\r\nContent-Length: 0\r\nETag: {}\r\n", object.etag), Bytes::new())
        }
        _ => plain(405, String::new()),
    }
}

fn read_object(request: &Request, object: &Object) -> (String, Bytes) {
    let size = object.bytes.len();
    let headers = format!("ETag: {}\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n", object.etag);
    if request.headers.get("if-match").is_some_and(|wanted| *wanted != object.etag) {
        return ("HTTP/1.1 412 X\r\nContent-Length: 0\r\n".to_owned(), Bytes::new());
    }
    let Some(range) = request.headers.get("range") else {
        return (format!("HTTP/1.1 200 X\r\nContent-Length: {size}\r\n{headers}"), object.bytes.clone());
    };
    let (start, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
    let start: usize = start.parse().unwrap();
    let end = last.parse::<usize>().map_or(size, |last| (last + 1).min(size));
    if start >= size {
        return (format!("HTTP/1.1 416 X\r\nContent-Range: bytes */{size}\r\nContent-Length: 0\r\n"), Bytes::new());
    }
    let head = format!("HTTP/1.1 206 X\r\nContent-Length: {}\r\nContent-Range: bytes {start}-{}/{size}\r\n{headers}", end - start, end - 1);
    (head, object.bytes.slice(start..end))
}

fn listing(objects: &Objects, query: &HashMap<&str, &str>) -> String {
    let prefix = percent_decode(query.get("prefix").copied().unwrap_or_default());
    let after = percent_decode(query.get("continuation-token").copied().unwrap_or_default());
    let delimited = query.contains_key("delimiter");
    let mut xml = String::from("<ListBucketResult>");
    let mut prefixes = Vec::new();
    let below = objects.all.iter().filter(|(key, _)| key.starts_with(&prefix) && **key > after);
    for (count, (key, object)) in below.enumerate() {
        if count == 1000 {
            break;
        }
        if count == 999 {
            xml.push_str(&format!("<NextContinuationToken>{}</NextContinuationToken>", escape(key)));
        }
        if let Some((name, _)) = key[prefix.len()..].split_once('/').filter(|_| delimited) {
            // It came with an earlier page.
            if after.starts_with(&format!("{prefix}{name}/")) {
                continue;
            }
            let name = format!("<CommonPrefixes><Prefix>{}{}/</Prefix></CommonPrefixes>", escape(&prefix), escape(name));
            if !prefixes.contains(&name) {
                prefixes.push(name);
            }
            continue;
        }
        xml.push_str(&format!(
            "<Contents><Key>{}</Key><Size>{}</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>",
            escape(key),
            object.bytes.len()
        ));
    }
    xml.push_str(&prefixes.concat());
    xml.push_str("</ListBucketResult>");
    xml
}

/// As S3 writes keys, characters that XML does not allow among them.
fn escape(text: &str) -> String {
    let escaped = |c: char| match c {
        '&' | '<' | '>' | '\0'..' ' => format!("&#x{:x};", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let hex = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}
