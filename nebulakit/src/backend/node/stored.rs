//! Plans in an object store: the same files, as objects below a prefix.
//!
//! The place of a plan is a path, or the URL of a prefix that is kept as one: names are joined to both in the same way.

use std::io;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::mpsc::sync_channel;

use bytes::Bytes;
#[cfg(feature = "run")]
use nebulakit_types::storage::TreeOptions;
use nebulakit_types::storage::{Level, PutOptions, Storage};
use nebulakit_types::{Error, ErrorKind, process_handle};

use crate::process::host::Host;
use crate::services::env::Environment;

/// The URL that a place is, if it is one.
pub(in crate::backend) fn url(place: &Path) -> Option<&str> {
    let text = place.to_str()?;
    let (scheme, _) = text.split_once("://")?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "+.-".contains(letter));
    (is_scheme && scheme != "file").then_some(text)
}

/// Fetches an object.
pub(super) fn read(url: &str) -> io::Result<Bytes> {
    let url = url.to_owned();
    wait(async move { storage().get(&url).await })
}

/// Stores an object in the place of another one.
pub(super) fn put(url: &str, bytes: &[u8]) -> io::Result<()> {
    let (url, bytes) = (url.to_owned(), Bytes::copy_from_slice(bytes));
    wait(async move { storage().put(&url, vec![bytes], &PutOptions::default()).await })
}

/// Stores an object if there is none of that name yet; whether it did.
pub(super) fn create(url: &str, bytes: &[u8]) -> io::Result<bool> {
    let (url, whole) = (url.to_owned(), Bytes::copy_from_slice(bytes));
    wait(async move {
        let storage = storage();
        let created = storage.put_new(&url, vec![whole.clone()], &PutOptions::default()).await;
        let failed = match created {
            Ok(true) => return Ok(true),
            Ok(false) => None,
            Err(error) if error.kind() == ErrorKind::Unavailable => Some(error),
            Err(error) => return Err(error),
        };
        // Where an answer was lost, what is there is what was sent.
        match (storage.get_if_exists(&url).await?, failed) {
            (Some(there), _) => Ok(!whole.is_empty() && there == whole),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(false),
        }
    })
}

/// Whether there is an object.
pub(super) fn exists(url: &str) -> io::Result<bool> {
    let url = url.to_owned();
    wait(async move { storage().exists(&url).await })
}

/// Whether there is anything below a prefix.
pub(super) fn is_filled(url: &str) -> io::Result<bool> {
    level(url).map(|level| !level.objects.is_empty() || !level.prefixes.is_empty())
}

/// Deletes an object.
#[cfg(feature = "run")]
pub(super) fn remove(url: &str) -> io::Result<()> {
    let url = url.to_owned();
    wait(async move { storage().delete(&url).await })
}

/// The names of the objects right below a prefix.
#[cfg(feature = "run")]
pub(super) fn names(url: &str) -> io::Result<Vec<String>> {
    level(url).map(|level| level.objects.into_iter().map(|object| object.key).collect())
}

/// The names of the prefixes right below a prefix.
#[cfg(feature = "aws-batch")]
pub(super) fn folders(url: &str) -> io::Result<Vec<String>> {
    level(url).map(|level| level.prefixes)
}

/// Stores a file, or a folder with all that is in it, unless it was stored whole before.
#[cfg(feature = "run")]
pub(super) fn upload(from: &Path, url: &str) -> io::Result<()> {
    let (from, url) = (from.to_owned(), url.to_owned());
    wait(async move {
        let storage = storage();
        // That this one is there says that all of it is.
        let whole = format!("{url}.whole");
        if storage.exists(&whole).await? {
            return Ok(());
        }
        if from.is_dir() {
            storage.upload_tree(&from, &url, &TreeOptions::default()).await?;
        } else {
            storage.upload(&from, &url, &PutOptions::default()).await?;
        }
        storage.put(&whole, Vec::new(), &PutOptions::default()).await
    })
}

fn level(url: &str) -> io::Result<Level> {
    let url = url.to_owned();
    wait(async move { storage().list_level(&url).await })
}

/// Waits, on whichever thread, for what the stores of this process do on a runtime of their own.
fn wait<T: Send + 'static>(does: impl Future<Output = nebulakit_types::Result<T>> + Send + 'static) -> io::Result<T> {
    let (tell, told) = sync_channel(1);
    process_handle()?.spawn(async move {
        // Who waits is there until it is told.
        let _ = tell.send(does.await);
    });
    told.recv().map_err(io::Error::other)?.map_err(as_io)
}

/// The stores that this process's settings lead to.
fn storage() -> &'static Storage {
    static STORAGE: OnceLock<Storage> = OnceLock::new();
    STORAGE.get_or_init(|| Host::new(Environment::from_process()).stores.all().clone())
}

fn as_io(error: Error) -> io::Error {
    let kind = match error.kind() {
        ErrorKind::NotFound => io::ErrorKind::NotFound,
        ErrorKind::Denied => io::ErrorKind::PermissionDenied,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_told_from_a_path() {
        for text in ["s3://b/k", "gs://b", "memory://x", "s3a://b/k", "abfss://c@a.dfs.core.windows.net/k"] {
            assert_eq!(url(Path::new(text)), Some(text));
        }
        for text in ["/a/s3://b", "s3:/b", "a b://c", "", "S3://b", "file:///x", "://x"] {
            assert_eq!(url(Path::new(text)), None, "{text}");
        }
        assert_eq!(url(&Path::new("s3://b/k").join("nodes").join("n0")), Some("s3://b/k/nodes/n0"));
    }
}
