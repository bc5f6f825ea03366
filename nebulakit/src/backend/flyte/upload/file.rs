//! One file: the control plane signs an address for it, and the store behind that takes it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use http::{Method, Request, StatusCode, Uri};
use nebulakit_types::client::{Content, Fault, FaultKind};
use nebulakit_types::wire::flyteidl::service::{CreateUploadLocationRequest, CreateUploadLocationResponse};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tokio::task::spawn_blocking;

use super::super::admin::CREATE_UPLOAD_LOCATION;
use super::super::error::{ClientError, ClientErrorKind};
use super::uploads::{Uploads, unreadable};

/// How long a store may neither take a byte nor answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What FlyteAdmin, which reads a name as a part of an address, is given encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A file on its way.
pub(super) struct Sent {
    pub(super) path: PathBuf,
    pub(super) content: Content,
    /// Its name at the place, which is a path for files of a directory.
    pub(super) name: String,
    /// The place; [`None`] for one that comes of the content.
    pub(super) root: Option<String>,
}

/// Why a store did not take a file.
struct Refusal {
    message: String,
    is_passing: bool,
    hint: Option<&'static str>,
}

impl Uploads<'_> {
    pub(super) async fn upload_file(&self, path: &Path) -> Result<String, ClientError> {
        let content = content(path.to_owned()).await?;
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("file").to_owned();
        self.send(&Sent { path: path.to_owned(), content, name, root: None }).await
    }

    /// Where a file is to go. The URL in the answer names the object as the store does: the control plane gives it encoded.
    pub(super) async fn location(&self, sent: &Sent) -> Result<CreateUploadLocationResponse, ClientError> {
        let request = CreateUploadLocationRequest {
            project: self.project.to_owned(),
            domain: self.domain.to_owned(),
            filename: utf8_percent_encode(&sent.name, ENCODED).to_string(),
            filename_root: sent.root.clone().unwrap_or_default(),
            content_md5: sent.content.md5.to_vec(),
            add_content_md5_metadata: true,
            ..Default::default()
        };
        let location = self.client.call(&CREATE_UPLOAD_LOCATION, &request).await?;
        match percent_decode_str(&location.native_url).decode_utf8() {
            Ok(url) => Ok(CreateUploadLocationResponse { native_url: url.into_owned(), ..location }),
            Err(_) => {
                let message = format!("the control plane puts `{}` where no text leads to: `{}`", sent.path.display(), location.native_url);
                Err(ClientError::new(ClientErrorKind::Server, message))
            }
        }
    }

    /// Sends a file, again while what it meets passes, each time to an address that was just signed; its URL.
    pub(super) async fn send(&self, sent: &Sent) -> Result<String, ClientError> {
        let _turn = self.turns.acquire().await;
        let mut failures = 0;
        loop {
            let location = self.location(sent).await?;
            let refusal = match self.put(&location, sent).await? {
                Ok(()) => return Ok(location.native_url),
                Err(refusal) => refusal,
            };
            let wait = self.client.settings().wait_after(failures).filter(|_| refusal.is_passing);
            let Some(wait) = wait else {
                let error = ClientError::new(ClientErrorKind::Upload, format!("uploading `{}`: {}", sent.path.display(), refusal.message));
                return Err(match refusal.hint {
                    Some(hint) => error.with_hint(hint),
                    None => error,
                });
            };
            tracing::info!("uploading `{}`: {}; the next try is in {wait:.1?}", sent.path.display(), refusal.message);
            tokio::time::sleep(wait).await;
            failures += 1;
        }
    }

    async fn put(&self, location: &CreateUploadLocationResponse, sent: &Sent) -> Result<Result<(), Refusal>, ClientError> {
        let (request, host) = request(location, &sent.content).ok_or_else(|| {
            let message = format!("the control plane signed an address that is not one, for `{}`", sent.path.display());
            ClientError::new(ClientErrorKind::Server, message)
        })?;
        let file = File::open(&sent.path).map_err(|error| unreadable(&sent.path, &error))?;
        Ok(match self.http.send_file(request, file, sent.content.size, PATIENCE).await {
            Ok(answer) if matches!(answer.status(), StatusCode::OK | StatusCode::CREATED) => Ok(()),
            Ok(answer) => Err(refused(&host, answer.status(), answer.body())),
            Err(fault) => Err(failed(&host, &fault)),
        })
    }
}

/// What a file holds. It is read once.
pub(super) async fn content(path: PathBuf) -> Result<Content, ClientError> {
    let read = spawn_blocking(move || Content::of(&path).map_err(|error| unreadable(&path, &error)));
    read.await.map_err(|error| ClientError::new(ClientErrorKind::Upload, error.to_string()))?
}

/// The request to the signed address, and the host that it goes to; [`None`] if the address or a header is not one.
fn request(location: &CreateUploadLocationResponse, content: &Content) -> Option<(Request<()>, String)> {
    let uri: Uri = location.signed_url.parse().ok()?;
    let host = uri.authority()?.as_str().rsplit('@').next()?.to_owned();
    let mut request = Request::builder().method(Method::PUT).uri(uri).body(()).ok()?;
    let headers = request.headers_mut();
    for (name, value) in &location.headers {
        let name: HeaderName = name.parse().ok()?;
        // That one is the length of another text.
        if name != CONTENT_LENGTH {
            headers.insert(name, HeaderValue::from_str(value).ok()?);
        }
    }
    headers.insert(CONTENT_LENGTH, content.size.into());
    headers.insert("content-md5", STANDARD.encode(content.md5).parse().ok()?);
    if ["abfs://", "abfss://"].iter().any(|scheme| location.native_url.starts_with(scheme)) {
        headers.insert("x-ms-blob-type", HeaderValue::from_static("BlockBlob"));
    }
    Some((request, host))
}

/// An answer other than that the file is there. Its text may hold the signature, so only the store's code of it is told.
fn refused(host: &str, status: StatusCode, body: &[u8]) -> Refusal {
    let text = String::from_utf8_lossy(body);
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map(|(code, _)| code);
    let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let is_passing = status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    Refusal {
        message: format!("`{host}` answered {status}{}", code.map_or_else(String::new, |code| format!(" ({code})"))),
        is_passing,
        hint: match code {
            Some("BadDigest") => Some("was the file changed while it was read?"),
            Some("RequestTimeTooSkewed" | "AccessDenied" | "ExpiredToken") => {
                Some("the address that the control plane signed does not hold: is its clock right, and may it write to its store?")
            }
            _ => None,
        },
    }
}

fn failed(host: &str, fault: &Fault) -> Refusal {
    Refusal {
        message: format!("`{host}` {fault}"),
        is_passing: matches!(fault.kind(), FaultKind::Unreachable | FaultKind::TimedOut | FaultKind::Interrupted),
        hint: (fault.kind() == FaultKind::Unreachable)
            .then_some("the control plane signs addresses of its store, which this machine has to reach"),
    }
}
