//! Where the browser comes back to after a login: one page, served on this machine for as long as the login takes.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use url::{Host, Url};

use super::super::error::{ClientError, ClientErrorKind};

/// The largest request head that is read, in bytes; browsers send far less.
const LONGEST_HEAD: usize = 16 * 1024;

/// Browsers open connections that they may need, and leave them silent.
const LONGEST_SILENCE: Duration = Duration::from_secs(10);

/// Waits for the browser.
pub(super) struct Redirected {
    listener: TcpListener,
    place: Url,
}

impl Redirected {
    /// Listens where the browser is sent after the login, which has to be this machine.
    pub(super) async fn listen(place: &Url) -> Result<Self, ClientError> {
        let wrong = |message: String| ClientError::new(ClientErrorKind::Unauthenticated, message);
        let host = match place.host() {
            Some(Host::Domain("localhost")) => "127.0.0.1".to_owned(),
            Some(Host::Ipv4(address)) if address.is_loopback() => address.to_string(),
            Some(Host::Ipv6(address)) if address.is_loopback() => address.to_string(),
            _ => return Err(wrong(format!("the control plane's redirect URI `{place}` does not lead to this machine"))),
        };
        let port = place.port_or_known_default().unwrap_or_default();
        let listener = TcpListener::bind((host.as_str(), port)).await.map_err(|error| {
            wrong(format!("the login cannot wait for the browser at `{host}:{port}`: {error}"))
                .with_hint("another login may be waiting; `admin.authType: DeviceFlow` needs no port")
        })?;
        Ok(Self { listener, place: place.clone() })
    }

    /// The code that the browser brings for the login `state`. Everything else is answered, and waited past.
    pub(super) async fn code(&self, state: &str) -> Result<String, ClientError> {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => {
                    let (stream, _) = match accepted {
                        Ok(accepted) => accepted,
                        // That browser is gone, and may come again.
                        Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                        Err(error) => {
                            let message = format!("the login cannot wait for the browser any longer: {error}");
                            return Err(ClientError::new(ClientErrorKind::Unauthenticated, message));
                        }
                    };
                    connections.spawn(tokio::time::timeout(LONGEST_SILENCE, target(stream)));
                }
                Some(request) = connections.join_next(), if !connections.is_empty() => {
                    let Ok(Ok(Some((stream, target)))) = request else { continue };
                    let brought = self.brought(&target, state);
                    answer(stream, brought.page()).await;
                    match brought {
                        Brought::Code(code) => return Ok(code),
                        Brought::Refusal(why) => {
                            return Err(ClientError::new(ClientErrorKind::Unauthenticated, format!("the login was refused: {why}")));
                        }
                        Brought::Nothing => {}
                    }
                }
            }
        }
    }

    fn brought(&self, target: &str, state: &str) -> Brought {
        let Ok(url) = self.place.join(target) else { return Brought::Nothing };
        let value = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        // A page that does not know the state may lead the browser here as well.
        if url.path() != self.place.path() || value("state").as_deref() != Some(state) {
            return Brought::Nothing;
        }
        match (value("error"), value("code")) {
            (Some(error), _) => Brought::Refusal(value("error_description").map_or(error.clone(), |text| format!("{error}: {text}"))),
            (None, Some(code)) => Brought::Code(code),
            (None, None) => Brought::Nothing,
        }
    }
}

/// What a request brings.
enum Brought {
    Code(String),
    Refusal(String),
    Nothing,
}

impl Brought {
    /// The answer's status and text.
    fn page(&self) -> (&'static str, &'static str) {
        match self {
            Self::Code(_) => ("200 OK", "You are logged in. You can close this page."),
            Self::Refusal(_) => ("200 OK", "The login was refused. The terminal says why."),
            Self::Nothing => ("404 Not Found", "There is nothing here."),
        }
    }
}

/// The target of a GET request, such as `/callback?code=..`; nothing for anything else.
async fn target(mut stream: TcpStream) -> Option<(TcpStream, String)> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > LONGEST_HEAD || stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let line = std::str::from_utf8(&head).ok()?.lines().next()?;
    let target = line.strip_prefix("GET ")?.split(' ').next()?.to_owned();
    Some((stream, target))
}

/// A browser that is gone misses the page, and nothing else.
async fn answer(mut stream: TcpStream, (status, text): (&str, &str)) {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        text.len()
    );
    let _ = stream.write_all(format!("{head}{text}").as_bytes()).await;
    let _ = stream.shutdown().await;
}
