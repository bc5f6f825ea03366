//! Where tokens are kept between processes: the system's keyring, else a file that only its owner can read.
//!
//! The keyring is asked by its own command, `secret-tool` of libsecret, so that no build links D-Bus. Where that is not installed, or has no
//! keyring to ask, the file is used. A token that cannot be kept is not an error: it costs another login.

use std::borrow::Cow;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tonic::metadata::AsciiMetadataKey;
use zeroize::Zeroizing;

use super::token::Token;
use crate::services::env::{self, Environment};

/// The longest time that the keyring may take; it may ask for its password.
const LIMIT: Duration = Duration::from_secs(60);

/// A token, and the metadata key under which it is sent.
pub(super) struct Kept {
    pub(super) key: AsciiMetadataKey,
    pub(super) token: Token,
}

/// Where the token of one control plane is kept.
pub(super) struct Keep {
    endpoint: String,
    keyring: Option<PathBuf>,
    file: Option<PathBuf>,
}

/// What is written.
#[derive(Serialize, Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    endpoint: Cow<'a, str>,
    #[serde(borrow)]
    metadata_key: Cow<'a, str>,
    #[serde(borrow)]
    access_token: Cow<'a, str>,
    #[serde(borrow)]
    refresh_token: Option<Cow<'a, str>>,
    /// In seconds since 1970.
    end: Option<u64>,
}

impl Keep {
    pub(super) fn new(environment: &Environment, endpoint: &str) -> Self {
        let keyring = environment
            .raw(env::PATH)
            .and_then(|path| std::env::split_paths(path).map(|folder| folder.join("secret-tool")).find(|program| program.is_file()));
        let name: String = endpoint.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' }).collect();
        let home = environment.raw(env::HOME).filter(|home| !home.is_empty());
        let file = home.map(|home| Path::new(home).join(".nebulakit/tokens").join(format!("{name}.json")));
        Self { endpoint: endpoint.to_owned(), keyring, file }
    }

    /// The token that this or another process has kept.
    pub(super) async fn load(&self) -> Option<Kept> {
        if let Some(program) = &self.keyring {
            match self.ask(program, "lookup", &[]).await {
                Ok(text) if !text.is_empty() => return self.read(&text),
                Ok(_) => {}
                Err(error) => tracing::debug!("the keyring cannot be read: {error}"),
            }
        }
        let file = self.file.as_deref()?;
        match fs::read(file).map(Zeroizing::new) {
            Ok(text) => self.read(&text),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!("the token in `{}` cannot be read: {error}", file.display());
                }
                None
            }
        }
    }

    /// Keeps a token; what is not possible is logged.
    pub(super) async fn store(&self, kept: &Kept) {
        let record = Record {
            endpoint: self.endpoint.as_str().into(),
            metadata_key: kept.key.as_str().into(),
            access_token: kept.token.access.expose().into(),
            refresh_token: kept.token.refresh.as_ref().map(|token| token.expose().into()),
            end: kept.token.end.and_then(|end| end.duration_since(UNIX_EPOCH).ok()).map(|since| since.as_secs()),
        };
        let text = Zeroizing::new(serde_json::to_vec(&record).expect("texts and a number are JSON"));
        if let Some(program) = &self.keyring {
            match self.ask(program, "store", &text).await {
                Ok(_) => {
                    // What an earlier login left there is worth nothing any more.
                    self.file.as_deref().map(fs::remove_file);
                    return;
                }
                Err(error) => tracing::info!("the keyring cannot keep the token, a file does: {error}"),
            }
        }
        let Some(file) = &self.file else { return };
        if let Err(error) = write_privately(file, &text) {
            tracing::warn!("the token cannot be kept in `{}`, so the next process has to log in: {error}", file.display());
        }
    }

    fn read(&self, text: &[u8]) -> Option<Kept> {
        let record: Record<'_> = serde_json::from_slice(text).ok()?;
        let end = |seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        (record.endpoint == self.endpoint).then_some(())?;
        Some(Kept {
            key: record.metadata_key.parse().ok()?,
            token: Token {
                access: record.access_token.into(),
                refresh: record.refresh_token.map(Into::into),
                end: record.end.and_then(end),
            },
        })
    }

    /// Has the keyring's command do something with this control plane's entry; `input` is never among its words, which others see.
    async fn ask(&self, program: &Path, verb: &str, input: &[u8]) -> io::Result<Zeroizing<Vec<u8>>> {
        let mut command = Command::new(program);
        command.arg(verb);
        if verb == "store" {
            command.arg(format!("--label=Nebulakit at {}", self.endpoint));
        }
        command.args(["service", "nebulakit", "endpoint", &self.endpoint]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let exchange = async {
            let mut child = command.spawn()?;
            if let Some(mut stdin) = child.stdin.take() {
                stdin.write_all(input).await?;
            }
            child.wait_with_output().await
        };
        let output = tokio::time::timeout(LIMIT, exchange).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        // Without an entry, `lookup` fails and says nothing.
        if output.status.success() || verb == "lookup" && said.is_empty() {
            Ok(Zeroizing::new(output.stdout))
        } else {
            Err(io::Error::other(format!("`{}` failed: {said}", program.display())))
        }
    }
}

/// Writes a file that only its owner can read, and that is there as a whole or not at all.
fn write_privately(path: &Path, text: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let draft = folder.join(format!(".{}", uuid::Uuid::new_v4().simple()));
    let write = || {
        fs::File::options().write(true).create_new(true).mode(0o600).open(&draft)?.write_all(text)?;
        fs::rename(&draft, path)
    };
    write().inspect_err(|_| drop(fs::remove_file(&draft)))
}
