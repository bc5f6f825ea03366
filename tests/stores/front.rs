//! What fake-gcs-server lacks of the XML interface by which Rust reaches Google Cloud Storage, put in front of it: it takes writes only with
//! the query of a signed URL, and answers them without an `ETag`. Everything else passes through untouched.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};

/// Starts on a free port and gives its URL. It ends with the process.
pub(crate) fn start(server: &str) -> String {
    let server = server.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let server = server.clone();
            std::thread::spawn(move || pass(&stream.unwrap(), &server));
        }
    });
    url
}

fn pass(client: &TcpStream, server: &str) {
    let mut from_client = BufReader::new(client);
    let (mut head, mut length, mut line) = (String::new(), 0, String::new());
    from_client.read_line(&mut line).unwrap();
    let write = line.starts_with("PUT ");
    head.push_str(&if write { line.replace(" HTTP/1.1", "?X-Goog-Algorithm=GOOG4-RSA-SHA256 HTTP/1.1") } else { line });
    loop {
        let mut line = String::new();
        from_client.read_line(&mut line).unwrap();
        let Some((name, value)) = line.split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap(),
            "connection" | "host" => continue,
            _ => {}
        }
        head.push_str(&line);
    }
    head.push_str(&format!("Host: {server}\r\nConnection: close\r\n\r\n"));
    let mut body = vec![0; length];
    from_client.read_exact(&mut body).unwrap();

    let mut upstream = TcpStream::connect(server).unwrap();
    upstream.write_all(head.as_bytes()).unwrap();
    upstream.write_all(&body).unwrap();
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).unwrap();
    if write {
        let end = answer.windows(2).position(|pair| pair == b"\r\n").unwrap();
        answer.splice(end..end, *b"\r\nETag: \"written\"");
    }
    let mut client = client;
    // A client that has gone has what it wanted.
    let _ = client.write_all(&answer);
    let _ = client.shutdown(Shutdown::Write);
}
