//! The scripted server behind TLS: what a stranger with a certificate that everybody trusts would see.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::fault_server::{Reply, Request, read, rendered};

/// A certificate of this machine, and the file by which a client trusts it.
pub(crate) struct Certificate {
    pub(crate) bundle: PathBuf,
    config: Arc<rustls::ServerConfig>,
}

impl Certificate {
    pub(crate) fn make(folder: &Path) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let bundle = folder.join("ca.pem");
        std::fs::write(&bundle, made.cert.pem()).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        Self { bundle, config: Arc::new(config) }
    }
}

/// An HTTPS server that gives one answer to all, and keeps what it is asked.
pub(crate) struct Tls {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Tls {
    /// Begins to answer; `reply` must be an answer.
    pub(crate) fn always(certificate: &Certificate, reply: Reply) -> Self {
        Self::with_headers(certificate, reply, Vec::new())
    }

    /// The same, with more header lines.
    pub(crate) fn with_headers(certificate: &Certificate, reply: Reply, more: Vec<String>) -> Self {
        let Reply::Answer(status, headers, body) = reply else { panic!("only answers come through TLS") };
        let config = certificate.config.clone();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::<Mutex<Vec<Request>>>::default();
        let log = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let session = rustls::ServerConnection::new(config.clone()).unwrap();
                let mut stream = rustls::StreamOwned::new(session, stream.unwrap());
                let Some(request) = read(&mut stream) else { continue };
                log.lock().unwrap().push(request.clone());
                let headers: Vec<_> = headers.iter().copied().chain(more.iter().map(String::as_str)).collect();
                let _ = stream.write_all(&rendered(&request, status, &headers, body));
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        });
        Self { port, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}
