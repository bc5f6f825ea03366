//! What tells a run that goes on with another one whether what nodes were given, and gave, is what it was.

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
use uuid::Uuid;

use super::readers::Readers;
use crate::run::{Contents, DigestParts, RunsFolder, inputs_digest};
use crate::task::cancellation::Cancellation;

/// Larger files are told by their sizes and times wherever they are: each run would read them before its tasks do.
const LARGEST: u64 = 64 << 20;

/// Digests of inputs, and of what is known of files without reading them.
///
/// Files that runs stored are told by their sizes and times, where they were made: nobody else writes there. All others are read, once in a run, up to
/// [`LARGEST`].
pub(super) struct Digests {
    contents: Contents,
    readers: Readers,
    /// Where the files are that runs store.
    stored: PathBuf,
    /// The digests of the files that were read.
    read: Mutex<HashMap<PathBuf, Arc<OnceCell<String>>>>,
}

impl Digests {
    pub(super) fn new(runs: &RunsFolder, contents: Contents, readers: Readers) -> Self {
        Self { contents: contents.up_to(LARGEST).of_all(), readers, stored: runs.path().join("runs"), read: Mutex::default() }
    }

    /// The digest of inputs, and of what is in the files of this machine that they name, as far as they are read before `stop` asks to read no further. A file that
    /// is not there has one too: the task says what is wrong with it.
    pub(super) async fn of_inputs(&self, inputs: &[(&str, Bytes)], stop: &Cancellation) -> String {
        let own = inputs_digest(inputs.iter().map(|(name, literal)| (*name, &**literal)));
        let named = inputs.iter().flat_map(|(_, literal)| places_of(literal).unwrap_or_default());
        let read: Vec<_> = here(named).filter(|path| !path.starts_with(&self.stored)).collect();
        if read.is_empty() {
            return own;
        }
        let mut parts = DigestParts::default();
        parts.add(own);
        for path in read {
            parts.add(self.of_file(path, stop).await);
        }
        parts.digest()
    }

    /// What tells whether the files that runs stored and outputs name are what they were; [`None`] where they name none.
    pub(super) async fn stamp(&self, outputs: &[u8]) -> Option<String> {
        let stored: Vec<_> = here(places(outputs).unwrap_or_default()).filter(|path| path.starts_with(&self.stored)).collect();
        if stored.is_empty() {
            return None;
        }
        // A file that cannot be looked at counts as changed.
        spawn_blocking(move || stamp(&stored)).await.ok().and_then(Result::ok).or_else(|| Some(String::new()))
    }

    /// The files that runs stored and outputs name, and that are not there; below the folder of all runs.
    pub(super) fn gone(&self, outputs: &[u8]) -> Vec<PathBuf> {
        let named = here(places(outputs).unwrap_or_default()).filter(|path| !path.exists());
        named.filter_map(|path| path.strip_prefix(&self.stored).ok().map(Path::to_owned)).collect()
    }

    async fn of_file(&self, path: PathBuf, stop: &Cancellation) -> String {
        let cell = Arc::clone(self.read.lock().unwrap_or_else(PoisonError::into_inner).entry(path.clone()).or_default());
        let contents = self.contents.until(stop);
        // Nothing is known to be the same as a file of which nothing is known.
        let digest = cell.get_or_try_init(|| self.readers.read(move || contents.digest(&path))).await;
        digest.map_or_else(|_| Uuid::new_v4().to_string(), Clone::clone)
    }
}

fn here(places: impl IntoIterator<Item = Place>) -> impl Iterator<Item = PathBuf> {
    places.into_iter().filter_map(|place| match place {
        Place::Here(path) => Some(path),
        Place::Elsewhere(_) => None,
    })
}

/// The names, sizes and times of the files, and of those below folders.
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
