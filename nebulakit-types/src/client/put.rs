//! Files as the bodies of requests, read in pieces: memory does not grow with the file.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use http_body_util::{BodyExt as _, Limited};
use md5::{Digest as _, Md5};

use super::{AnswerBody, Fault, FaultKind, HttpClient, LONGEST_ANSWER, shortened};

/// Bytes of a file that are in memory at a time.
const PIECE: u64 = 256 * 1024;

/// What a file holds: how many bytes, and their MD5 digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// Bytes.
    pub size: u64,
    /// Their MD5 digest.
    pub md5: [u8; 16],
}

impl Content {
    /// Reads the file at `path` once, in pieces. This blocks.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let (mut md5, mut size) = (Md5::new(), 0);
        let mut piece = vec![0; PIECE as usize];
        loop {
            match file.read(&mut piece) {
                Ok(0) => return Ok(Self { size, md5: md5.finalize().into() }),
                Ok(count) => {
                    md5.update(&piece[..count]);
                    size += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl HttpClient {
    /// Makes a request whose body is the first `size` bytes of `file`, and reads its answer as a whole. The request names its own `Content-Length`.
    ///
    /// `patience` is how long the host may neither take a byte nor answer.
    ///
    /// # Errors
    /// When the host does not answer, breaks off, loses patience, or sends more than 1 MiB; when the file cannot be read or has become shorter.
    pub async fn send_file(
        &self,
        request: http::Request<()>,
        file: File,
        size: u64,
        patience: Duration,
    ) -> Result<http::Response<Vec<u8>>, Fault> {
        let sent = Arc::new(AtomicU64::new(0));
        let body = match size {
            0 => reqwest::Body::from(""),
            size => reqwest::Body::wrap_stream(pieces(file, size, Arc::clone(&sent))),
        };
        let request = reqwest::Request::try_from(request.map(|()| body)).map_err(Fault::of)?;
        let mut exchange = std::pin::pin!(async {
            let answer: http::Response<reqwest::Body> = self.0.execute(request).await.map_err(Fault::of)?.into();
            let (parts, body) = answer.into_parts();
            let body: AnswerBody = body.map_err(Fault::of).boxed_unsync();
            let body = Limited::new(body, LONGEST_ANSWER).collect().await.map_err(shortened)?;
            Ok(http::Response::from_parts(parts, body.to_bytes().into()))
        });
        loop {
            let before = sent.load(Ordering::Relaxed);
            match tokio::time::timeout(patience, &mut exchange).await {
                Ok(answer) => return answer,
                Err(_) if sent.load(Ordering::Relaxed) > before => {}
                Err(_) => {
                    let message = format!("took nothing for {patience:?}, after {before} of {size} bytes");
                    return Err(Fault { kind: FaultKind::TimedOut, message });
                }
            }
        }
    }
}

/// The first `left` bytes of a file; `sent` counts them as they are asked for.
fn pieces(file: File, left: u64, sent: Arc<AtomicU64>) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::try_unfold((file, left), move |(mut file, left)| {
        let sent = Arc::clone(&sent);
        async move {
            if left == 0 {
                return Ok(None);
            }
            let read = tokio::task::spawn_blocking(move || {
                let mut piece = vec![0; left.min(PIECE) as usize];
                file.read_exact(&mut piece)?;
                io::Result::Ok((file, piece))
            });
            let (file, piece) = read.await.map_err(io::Error::other)??;
            let count = piece.len() as u64;
            sent.fetch_add(count, Ordering::Relaxed);
            Ok(Some((Bytes::from(piece), (file, left - count))))
        }
    })
}
