//! Digests that tell a resumed run whether the inputs and outputs of nodes are unchanged.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use nebulakit_types::convert::places::{Place, places, places_of};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use crate::run::{Contents, DigestParts, RunsFolder, inputs_digest};

/// Larger files are identified by size, modification time and inode: otherwise each run would read them before its tasks do.
const LARGEST: u64 = 64 << 20;

/// Digests of inputs, and of the metadata of stored files.
///
/// Files that runs stored are identified by size and time, because nothing else writes there. All other files are read, once in a run.
pub(super) struct Digests {
    contents: Contents,
    /// The folder of the files that runs store.
    stored: PathBuf,
    /// The digests of the files that were read.
    read: Mutex<HashMap<PathBuf, Arc<OnceCell<String>>>>,
}

impl Digests {
    pub(super) fn new(runs: &RunsFolder, contents: Contents) -> Self {
        Self { contents: contents.up_to(LARGEST), stored: runs.path().join("runs"), read: Mutex::default() }
    }

    /// The digest of inputs, and of the contents of the local files that they name. A file that cannot be read counts only by its path: the task reports what
    /// is wrong with it.
    pub(super) async fn of_inputs(&self, inputs: &[(&str, Bytes)]) -> String {
        let own = inputs_digest(inputs.iter().map(|(name, literal)| (*name, &**literal)));
        let named = inputs.iter().flat_map(|(_, literal)| places_of(literal).unwrap_or_default());
        let read: Vec<_> = here(named).filter(|path| !path.starts_with(&self.stored)).collect();
        if read.is_empty() {
            return own;
        }
        let mut parts = DigestParts::default();
        parts.add(own);
        for path in read {
            parts.add(self.of_file(path).await);
        }
        parts.digest()
    }

    /// A digest of the metadata of the stored files that outputs name, which changes when the files do; [`None`] if they name none.
    pub(super) async fn stamp(&self, outputs: &[u8]) -> Option<String> {
        let stored: Vec<_> = here(places(outputs).unwrap_or_default()).filter(|path| path.starts_with(&self.stored)).collect();
        if stored.is_empty() {
            return None;
        }
        // A file that cannot be looked at counts as changed.
        spawn_blocking(move || stamp(&stored)).await.ok().and_then(Result::ok).or_else(|| Some(String::new()))
    }

    /// The stored files that outputs name but that no longer exist, relative to the folder of all runs.
    pub(super) fn gone(&self, outputs: &[u8]) -> Vec<PathBuf> {
        let named = here(places(outputs).unwrap_or_default()).filter(|path| !path.exists());
        named.filter_map(|path| path.strip_prefix(&self.stored).ok().map(Path::to_owned)).collect()
    }

    async fn of_file(&self, path: PathBuf) -> String {
        let cell = Arc::clone(self.read.lock().unwrap_or_else(PoisonError::into_inner).entry(path.clone()).or_default());
        let contents = self.contents.clone();
        let digest = || async move { spawn_blocking(move || contents.digest(&path).ok()).await.ok().flatten().unwrap_or_default() };
        cell.get_or_init(digest).await.clone()
    }
}

fn here(places: impl IntoIterator<Item = Place>) -> impl Iterator<Item = PathBuf> {
    places.into_iter().filter_map(|place| match place {
        Place::Here(path) => Some(path),
        Place::Elsewhere(_) => None,
    })
}

/// A digest of the names, sizes and times of the files, and of those below folders.
fn stamp(paths: &[PathBuf]) -> io::Result<String> {
    let mut parts = DigestParts::default();
    let mut left: Vec<PathBuf> = paths.iter().rev().cloned().collect();
    while let Some(path) = left.pop() {
        let about = fs::metadata(&path)?;
        parts.add(path.as_os_str().as_encoded_bytes());
        if about.is_dir() {
            left.extend(entries(&path)?);
        } else {
            parts.add(told_of(&about));
        }
    }
    Ok(parts.digest())
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort_unstable();
    Ok(entries)
}

fn told_of(about: &Metadata) -> Vec<u8> {
    [about.len().to_le_bytes(), about.mtime().to_le_bytes(), about.mtime_nsec().to_le_bytes()].concat()
}
