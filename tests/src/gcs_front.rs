//! What fake-gcs-server lacks of the XML interface by which Rust reaches Google Cloud Storage, put in front of it: it takes writes only with
//! the query of a signed URL, answers them without an `ETag`, and knows no uploads in parts, which are put together here. Everything else
//! passes through untouched.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// The parts of the uploads under way.
type Uploads = Arc<Mutex<HashMap<String, BTreeMap<u32, Vec<u8>>>>>;

/// Starts on a free port and gives its URL. It ends with the process.
#[must_use]
pub fn start(server: &str) -> String {
    let server = server.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let uploads = Uploads::default();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (server, uploads) = (server.clone(), uploads.clone());
            std::thread::spawn(move || pass(&stream.unwrap(), &server, &uploads));
        }
    });
    url
}

fn pass(client: &TcpStream, server: &str, uploads: &Uploads) {
    let mut from_client = BufReader::new(client);
    let (mut head, mut length, mut line) = (String::new(), 0, String::new());
    from_client.read_line(&mut line).unwrap();
    let target = line.split(' ').nth(1).unwrap().to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let of_query = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let upload = of_query("uploadId").map(str::to_owned);
    let completes = line.starts_with("POST ") && upload.is_some();
    if completes {
        line = format!("PUT {path} HTTP/1.1\r\n");
    }
    let begins = line.starts_with("POST ") && query.starts_with("uploads");
    let aborts = line.starts_with("DELETE ") && upload.is_some();
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
    let mut body = vec![0; length];
    from_client.read_exact(&mut body).unwrap();
    if let Some(answer) = part(uploads, begins, aborts, upload.as_deref(), of_query("partNumber"), &body) {
        let mut client = client;
        let _ = client.write_all(answer.as_bytes());
        let _ = client.shutdown(Shutdown::Write);
        return;
    }
    if completes {
        let parts = uploads.lock().unwrap().remove(upload.as_deref().unwrap()).unwrap();
        body = parts.into_values().collect::<Vec<_>>().concat();
        head = head
            .lines()
            .filter(|line| !line.to_ascii_lowercase().starts_with("content-length"))
            .map(|line| format!("{line}\r\n"))
            .collect();
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str(&format!("Host: {server}\r\nConnection: close\r\n\r\n"));

    let mut upstream = TcpStream::connect(server).unwrap();
    upstream.write_all(head.as_bytes()).unwrap();
    upstream.write_all(&body).unwrap();
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).unwrap();
    if write {
        let end = answer.windows(2).position(|pair| pair == b"\r\n").unwrap();
        answer.splice(end..end, *b"\r\nETag: \"written\"");
    }
    if completes {
        let xml = "<CompleteMultipartUploadResult><ETag>\"written\"</ETag></CompleteMultipartUploadResult>";
        answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{xml}", xml.len()).into_bytes();
    }
    let mut client = client;
    // A client that has gone has what it wanted.
    let _ = client.write_all(&answer);
    let _ = client.shutdown(Shutdown::Write);
}

/// The answer to what concerns an upload in parts, but for its end.
fn part(uploads: &Uploads, begins: bool, aborts: bool, upload: Option<&str>, number: Option<&str>, body: &[u8]) -> Option<String> {
    let mut uploads = uploads.lock().unwrap();
    let answer = |status: &str, header: &str, body: &str| {
        Some(format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{header}\r\n{body}", body.len()))
    };
    match (upload, number) {
        _ if begins => {
            let id = format!("upload-{}", std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos());
            uploads.insert(id.clone(), BTreeMap::new());
            let xml = format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>");
            answer("200 OK", "", &xml)
        }
        (Some(id), _) if aborts => {
            uploads.remove(id);
            answer("204 No Content", "", "")
        }
        (Some(id), Some(number)) => {
            uploads.get_mut(id).unwrap().insert(number.parse().unwrap(), body.to_vec());
            answer("200 OK", "ETag: \"part\"\r\n", "")
        }
        _ => None,
    }
}
