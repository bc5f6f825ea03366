//! An HTTP server that a test holds in its hand: it answers when the test says so.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

/// A server on a port of this machine.
#[derive(Debug)]
pub struct Server(TcpListener);

impl Server {
    /// Begins to listen.
    #[must_use]
    pub fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// The port that it listens at.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// The URL of `path` here.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port())
    }

    /// Waits for the next request, and reads it whole.
    #[must_use]
    pub fn request(&self) -> Request {
        let (stream, _) = self.0.accept().unwrap();
        Request::read(stream)
    }

    /// Whether somebody has come who has not been let in; for the moment when all who may come are known to be here.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        self.0.set_nonblocking(true).unwrap();
        let next = self.0.accept();
        self.0.set_nonblocking(false).unwrap();
        next.is_ok()
    }

    /// Waits for the next connection of any kind.
    #[must_use]
    pub fn connection(&self) -> TcpStream {
        self.0.accept().unwrap().0
    }
}

/// One request, which waits for its answer.
#[derive(Debug)]
pub struct Request {
    /// As `GET`.
    pub method: String,
    /// The path and the query.
    pub path: String,
    /// The names, in small letters, and values of its headers.
    pub headers: Vec<(String, String)>,
    /// What came with it.
    pub body: Vec<u8>,
    stream: TcpStream,
}

impl Request {
    fn read(stream: TcpStream) -> Self {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let mut words = line.split_whitespace();
        let (method, path) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
        let mut length = 0;
        let mut headers = Vec::new();
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            let Some((name, value)) = header.trim_end().split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            }
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        Self { method, path, headers, body, stream }
    }

    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Begins to answer with the first bytes of a range that is `length` bytes long, and gives the connection on which the rest is awaited.
    #[must_use]
    pub fn begin_answer(mut self, length: usize, body: &[u8]) -> TcpStream {
        let head = format!(
            "HTTP/1.1 206 x\r\ncontent-length: {length}\r\ncontent-range: bytes 0-{}/{length}\r\netag: \"e\"\r\n\
             last-modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n",
            length - 1
        );
        self.stream.write_all(head.as_bytes()).and_then(|()| self.stream.write_all(body)).unwrap();
        self.stream
    }

    /// Sends on to another place, and ends the connection.
    pub fn send_on(mut self, place: &str) {
        let head = format!("HTTP/1.1 302 x\r\ncontent-length: 0\r\nlocation: {place}\r\nconnection: close\r\n\r\n");
        let _ = self.stream.write_all(head.as_bytes());
    }

    /// Answers, and ends the connection.
    pub fn answer(mut self, status: u16, body: &[u8]) {
        let head = format!(
            "HTTP/1.1 {status} x\r\ncontent-length: {}\r\netag: \"e\"\r\nlast-modified: Thu, 01 Jan 2026 00:00:00 GMT\r\nconnection: close\r\n\r\n",
            body.len()
        );
        // The client may be gone by now.
        let _ = self.stream.write_all(head.as_bytes()).and_then(|()| self.stream.write_all(body));
    }
}

/// Puts bytes to a URL of this machine, and gives the status of the answer.
#[must_use]
pub fn put(url: &str, headers: &[(String, String)], body: &[u8]) -> u16 {
    let (host, target) = url.strip_prefix("http://").and_then(|rest| rest.split_at_checked(rest.find('/')?)).unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let mut head = format!("PUT {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut status = String::new();
    BufReader::new(stream).read_line(&mut status).unwrap();
    status.split(' ').nth(1).unwrap().parse().unwrap()
}
