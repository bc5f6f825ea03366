//! Servers that misbehave: one that follows a script, and a small S3 whose faults are chosen request by request.

#![allow(clippy::unwrap_used, dead_code, reason = "tests, each of which uses a part of it")]

pub(crate) mod s3;

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use bytes::Bytes;

/// What the server does with one request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A status, header lines, a body; the length is the body's unless a header says otherwise.
    Answer(u16, &'static [&'static str], &'static str),
    /// Closes the connection.
    Hangup,
    /// Says nothing until the client gives up.
    Silence,
}
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Bytes,
}

/// An HTTP server that follows a script, then repeats its last line.
pub(crate) struct Server {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(crate) fn follow(script: impl IntoIterator<Item = Reply>) -> Self {
        let mut script: VecDeque<_> = script.into_iter().collect();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::<Mutex<Vec<Request>>>::default();
        let log = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(request) = read(&mut stream) else { continue };
                log.lock().unwrap().push(request.clone());
                let reply = if script.len() > 1 { script.pop_front().unwrap() } else { script[0].clone() };
                answer(stream, &request, reply);
            }
        });
        Self { url, seen }
    }

    /// One that decides by the request: a status, header lines, a body.
    pub(crate) fn answer_with(reply: impl Fn(&Request) -> (u16, Vec<String>, &'static str) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::<Mutex<Vec<Request>>>::default();
        let log = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(request) = read(&mut stream) else { continue };
                log.lock().unwrap().push(request.clone());
                let (status, headers, body) = reply(&request);
                let headers: Vec<_> = headers.iter().map(String::as_str).collect();
                let _ = stream.write_all(&rendered(&request, status, &headers, body));
            }
        });
        Self { url, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

pub(crate) fn read(stream: &mut impl Read) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut request = Request::default();
    reader.read_line(&mut request.line).ok().filter(|length| *length > 0)?;
    request.line.truncate(request.line.trim_end().len());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.split_once(':') else { break };
        request.headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = request.headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    request.body = body.into();
    Some(request)
}

fn answer(mut stream: TcpStream, request: &Request, reply: Reply) {
    match reply {
        Reply::Hangup => {}
        Reply::Silence => {
            std::thread::spawn(move || stream.read(&mut [0]));
        }
        Reply::Answer(status, headers, body) => drop(stream.write_all(&rendered(request, status, headers, body))),
    }
}

pub(crate) fn rendered(request: &Request, status: u16, headers: &[&str], body: &str) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} X\r\nConnection: close\r\n");
    headers.iter().for_each(|header| text.push_str(&format!("{header}\r\n")));
    if !headers.iter().any(|header| header.starts_with("Content-Length") || header.starts_with("Transfer-Encoding")) {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    if !request.line.starts_with("HEAD") {
        text.push_str(body);
    }
    text.into_bytes()
}
