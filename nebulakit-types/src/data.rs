//! What files and directories have in common: where their bytes are, and where they go when they are written as literals.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use percent_encoding::percent_decode_str;

use crate::outbox::{Outbox, Transfer};
use crate::storage::{PutOptions, Storage};
use crate::workspace::Workspace;
use crate::{Error, ErrorKind, Result};

/// Where the bytes are.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// In a store, or wherever the URI says.
    Uri(String),
    /// On this machine, to be stored when the value is written.
    Path(PathBuf),
    /// In memory, to be stored when the value is written, under this name.
    Bytes(String, Bytes),
}

/// Where bytes go that are not in a store yet.
#[derive(Debug, Clone, Default)]
pub(crate) enum Destination {
    /// Below the raw-output prefix.
    #[default]
    Fresh,
    /// To this URL.
    Url(String),
    /// Nowhere: others find them where they are.
    Stay,
}

/// Bytes, and where they go.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) source: Source,
    pub(crate) destination: Destination,
    /// Where this value and its clones have been sent, so that no one of them is sent twice.
    sent: Arc<OnceLock<String>>,
}

impl Placed {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, destination: Destination::default(), sent: Arc::default() }
    }

    /// The URI under which others find the bytes; they are put into the outbox unless they are there already.
    ///
    /// A URI of another place stays as it is, and so does a local path where the outbox has no place for it (Flyte task contract,
    /// "upload decision"). `name` is the last segment of a fresh URL, and `upload` stores a path of this machine.
    pub(crate) fn send(&self, outbox: &mut Outbox, name: &str, upload: impl FnOnce(PathBuf, String) -> Result<Transfer>) -> Result<String> {
        if let Some(uri) = self.uri() {
            return Ok(uri.to_owned());
        }
        let url = match &self.destination {
            Destination::Stay => None,
            Destination::Url(url) => Some(url.clone()),
            Destination::Fresh => outbox.fresh_url(name),
        };
        let (transfer, url) = match (&self.source, url) {
            (Source::Uri(uri), _) => return Ok(uri.clone()),
            (Source::Path(path), None) => return text(path),
            (Source::Bytes(name, _), None) => {
                let message = format!("there is no place to store `{name}`: it is written outside of a task");
                return Err(Error::new(ErrorKind::Unencodable, message));
            }
            (Source::Path(path), Some(url)) => (upload(path.clone(), url.clone())?, url),
            (Source::Bytes(name, bytes), Some(url)) => {
                let (bytes, to, options) = (bytes.clone(), url.clone(), options_for(name));
                let put = move |storage: Storage| async move { storage.put(&to, vec![bytes], &options).await };
                (Transfer::custom(name.clone(), put), url)
            }
        };
        outbox.push(transfer);
        Ok(self.sent.get_or_init(|| url).clone())
    }

    /// The last segment of the path or the URI; empty for what has none.
    pub(crate) fn name(&self) -> &str {
        match &self.source {
            Source::Uri(uri) => uri.trim_end_matches('/').rsplit('/').next().unwrap_or_default(),
            Source::Path(path) => path.file_name().and_then(|name| name.to_str()).unwrap_or_default(),
            Source::Bytes(name, _) => name,
        }
    }

    /// The URI of the bytes, where they are in a store or have been sent to one.
    pub(crate) fn uri(&self) -> Option<&str> {
        match &self.source {
            Source::Uri(uri) => Some(uri),
            _ => self.sent.get().map(String::as_str),
        }
    }
}

/// What the store is told of an object of this name (Flyte task contract, "upload decision": `.gz` is content-encoding gzip).
pub(crate) fn options_for(name: &str) -> PutOptions {
    let gzip = Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
    PutOptions { content_encoding: gzip.then(|| "gzip".to_owned()), ..PutOptions::default() }
}

/// A path as text, as it stands in literals.
pub(crate) fn text(path: &Path) -> Result<String> {
    let text = path.to_str().ok_or_else(|| Error::new(ErrorKind::Unencodable, format!("the path `{}` is not UTF-8", path.display())))?;
    Ok(text.to_owned())
}

/// The name under which a file called `name` is stored.
///
/// flytekit percent-decodes the URIs that it writes, also those that it passes on, so a name that changes by it would not be found
/// again: it is decoded before, until it stays as it is.
pub(crate) fn stored_name(name: &str) -> String {
    let mut name = name.to_owned();
    while let Ok(decoded) = percent_decode_str(&name).decode_utf8() {
        if decoded == name {
            break;
        }
        name = decoded.into_owned();
    }
    // What is left of escapes are bytes that are no text.
    let escapes = percent_decode_str(&name).next().is_some() && percent_decode_str(&name).decode_utf8().is_err();
    let name: String = name.chars().map(|c| if c == '/' || c.is_control() || (escapes && c == '%') { '_' } else { c }).collect();
    if matches!(name.as_str(), "" | "." | "..") { "file".to_owned() } else { name }
}

/// The workspace of a value: its own, else that of the process.
pub(crate) fn workspace(own: Option<&Workspace>) -> Workspace {
    own.cloned().unwrap_or_else(Workspace::of_process)
}

/// A failure of this machine's file system.
pub(crate) fn io_error(what: &str, path: &Path, error: std::io::Error) -> Error {
    let kind = if error.kind() == std::io::ErrorKind::NotFound { ErrorKind::NotFound } else { ErrorKind::Io };
    Error::new(kind, format!("cannot {what} `{}`", path.display())).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_names_stay_as_they_are_when_they_are_decoded() {
        for (name, stored) in [
            ("a.csv", "a.csv"),
            ("a b+c.csv", "a b+c.csv"),
            ("100%.csv", "100%.csv"),
            ("a%20b", "a b"),
            ("a%2520b", "a b"),
            ("a%2Fb", "a_b"),
            ("%2e%2e", "file"),
            ("é%C3%A9", "éé"),
            ("%FF", "_FF"),
        ] {
            assert_eq!(stored_name(name), stored);
            assert_eq!(percent_decode_str(stored).decode_utf8_lossy(), stored);
        }
    }
}
