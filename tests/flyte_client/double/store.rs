//! The store of a control plane, which takes files at signed addresses as S3 was seen to take them, and the control plane that signs them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use md5::{Digest as _, Md5};
use nebulakit_tests::flyte::addressed;
use nebulakit_types::wire::flyteidl::service::{CreateUploadLocationRequest, CreateUploadLocationResponse};
use tokio::net::TcpListener;

/// The header that carries the digest once more.
const META: &str = "x-amz-meta-flyteContentMD5";

/// The store. Clones share their state.
#[derive(Clone)]
pub(crate) struct Store(Arc<Mutex<State>>, SocketAddr);

#[derive(Default)]
struct State {
    /// What is stored, by its path.
    objects: BTreeMap<String, Vec<u8>>,
    /// The digests that addresses were signed for, by their paths.
    signed: BTreeMap<String, String>,
    /// What the next requests are answered with, whatever they hold.
    failures: Vec<StatusCode>,
    /// How many requests came, how many are being answered now, and the most of them at once.
    requests: usize,
    now: usize,
    most: usize,
    scheme: String,
}

impl Store {
    /// A store whose URLs have this scheme.
    pub(crate) async fn serve(scheme: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = State { scheme: scheme.to_owned(), ..State::default() };
        let this = Self(Arc::new(Mutex::new(state)), listener.local_addr().unwrap());
        let server = this.clone();
        let router = Router::new().fallback(move |request: Request| {
            let server = server.clone();
            async move { server.put(request).await }
        });
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        this
    }

    /// Answers the next requests with these.
    pub(crate) fn fail(&self, statuses: &[StatusCode]) {
        self.0.lock().unwrap().failures = statuses.iter().rev().copied().collect();
    }

    pub(crate) fn object(&self, url: &str) -> Option<Vec<u8>> {
        self.0.lock().unwrap().objects.get(url.split_once("://").unwrap().1).cloned()
    }

    pub(crate) fn objects(&self) -> Vec<String> {
        self.0.lock().unwrap().objects.keys().cloned().collect()
    }

    pub(crate) fn requests(&self) -> usize {
        self.0.lock().unwrap().requests
    }

    /// The most requests that were answered at once.
    pub(crate) fn most(&self) -> usize {
        self.0.lock().unwrap().most
    }

    /// Signs an address, as FlyteAdmin does.
    pub(crate) fn sign(&self, request: &CreateUploadLocationRequest) -> CreateUploadLocationResponse {
        let digest = STANDARD.encode(&request.content_md5);
        let root = match request.filename_root.as_str() {
            "" => request.content_md5.iter().map(|byte| format!("{byte:02x}")).collect(),
            root => root.to_owned(),
        };
        let (name, address) = addressed(&request.filename).unwrap();
        let (path, address) = [name, address].map(|name| format!("bucket/{}/{}/{root}/{name}", request.project, request.domain)).into();
        let mut state = self.0.lock().unwrap();
        state.signed.insert(path.clone(), digest.clone());
        let escaped: String =
            url::form_urlencoded::byte_serialize(path.as_bytes()).collect::<String>().replace("%2F", "/").replace('+', "%20");
        let mut headers = vec![("Content-MD5", digest.clone()), ("Content-Length", digest.len().to_string())];
        if request.add_content_md5_metadata {
            headers.push((META, digest));
        }
        CreateUploadLocationResponse {
            signed_url: format!("http://{}/{escaped}?X-Amz-Signature=secret", self.1),
            native_url: format!("{}://{address}", state.scheme),
            headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            ..CreateUploadLocationResponse::default()
        }
    }

    async fn put(&self, request: Request) -> Response {
        let failure = {
            let mut state = self.0.lock().unwrap();
            state.requests += 1;
            state.now += 1;
            state.most = state.most.max(state.now);
            state.failures.pop()
        };
        let answer = match failure {
            Some(status) => status.into_response(),
            None => self.take(request).await,
        };
        self.0.lock().unwrap().now -= 1;
        answer
    }

    async fn take(&self, request: Request) -> Response {
        let refused = |status: StatusCode, code: &str| {
            (status, format!("<Error><Code>{code}</Code><StringToSign>secret</StringToSign></Error>")).into_response()
        };
        let (parts, body) = request.into_parts();
        let path = url::form_urlencoded::parse(format!("p={}", parts.uri.path().trim_start_matches('/')).as_bytes())
            .next()
            .unwrap()
            .1
            .into_owned();
        let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let (scheme, digest) = {
            let state = self.0.lock().unwrap();
            (state.scheme.clone(), state.signed.get(&path).cloned())
        };
        let is_signed = parts.uri.query() == Some("X-Amz-Signature=secret") && digest.as_ref() == Some(&header("content-md5"));
        if !is_signed || digest != Some(header(META)) {
            return refused(StatusCode::FORBIDDEN, "SignatureDoesNotMatch");
        }
        if scheme == "abfs" && header("x-ms-blob-type") != "BlockBlob" {
            return refused(StatusCode::BAD_REQUEST, "MissingRequiredHeader");
        }
        let body = to_bytes(body, usize::MAX).await.unwrap();
        // A transfer in chunks has no length, which S3 refuses.
        if header("content-length") != body.len().to_string() {
            return refused(StatusCode::LENGTH_REQUIRED, "MissingContentLength");
        }
        if STANDARD.encode(Md5::digest(&body)) != header("content-md5") {
            return refused(StatusCode::BAD_REQUEST, "BadDigest");
        }
        self.0.lock().unwrap().objects.insert(path, body.to_vec());
        if scheme == "abfs" { StatusCode::CREATED.into_response() } else { StatusCode::OK.into_response() }
    }
}
