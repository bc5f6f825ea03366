//! The entries of the cache, one file each.

use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::coordinator::{RunId, wall};
use crate::process::file_name::file_name;
use crate::run::error::{At as _, RecordError, RecordErrorKind};
use crate::run::event::Recorded;
use crate::run::folder::{Data, Durability, RunsFolder, entries, make, publish};
use crate::run::lookup::{CacheKey, Caller, KeyChange};
use crate::run::memo::content::Contents;
use crate::run::path::NodePath;

/// The cache of a folder of runs. Processes share it: an entry exists completely or not at all, and if two are written at once, the later one stays.
///
/// # Examples
/// ```
/// use nebulakit::run::{Cache, RunsFolder};
///
/// # let scratch = tempfile::tempdir()?;
/// let cache = Cache::new(&RunsFolder::open(scratch.path())?);
/// assert!(cache.list(Some("app.count"))?.is_empty());
/// assert!(cache.clear(None, None)?.entries.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
    pub(super) data: Data,
    contents: Contents,
}

/// A cached call of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CacheEntry {
    /// Its key.
    pub key: CacheKey,
    /// Its outputs.
    pub outputs: Recorded,
    /// The run that it was part of.
    pub run: RunId,
    /// The node of that run.
    pub node: NodePath,
    /// When it was cached.
    #[serde(with = "wall")]
    pub at: SystemTime,
}

/// The entry that is most like a key.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Nearest {
    /// The entry.
    pub entry: CacheEntry,
    /// The parts of the key that differ in the entry.
    pub changes: Vec<KeyChange>,
}

/// What [`Cache::clear`] removed.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Cleared {
    /// The entries.
    pub entries: Vec<CacheEntry>,
    /// How many entries could not be read.
    pub damaged: usize,
}

impl CacheEntry {
    /// The node that gave its outputs.
    #[must_use]
    pub fn from(&self) -> Caller {
        Caller { run: self.run.clone(), node: self.node.clone() }
    }
}

impl Cache {
    /// The cache of a folder of runs.
    #[must_use]
    pub fn new(runs: &RunsFolder) -> Self {
        let (folder, contents) = (runs.path().join("cache"), Contents::new(runs.path().join("contents")));
        Self { folder, data: runs.data(), contents }
    }

    /// A copy that writes nothing.
    pub(crate) fn read_only(self) -> Self {
        Self { contents: self.contents.read_only(), ..self }
    }

    /// The digests of files, for keys.
    pub(crate) fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The entry of a key; [`None`] where there is none, or a damaged one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn get(&self, key: &CacheKey) -> Result<Option<CacheEntry>, RecordError> {
        Ok(read(&self.path(key))?.filter(|entry| entry.key == *key))
    }

    /// The outputs of an entry, as the bytes of an `outputs.pb`; [`None`] if they are gone or damaged.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn outputs(&self, entry: &CacheEntry) -> Result<Option<Vec<u8>>, RecordError> {
        match self.data.read(&entry.outputs) {
            Err(error) if matches!(error.kind(), RecordErrorKind::NotFound | RecordErrorKind::Corrupt) => Ok(None),
            outputs => outputs,
        }
    }

    /// Writes an entry, in place of an earlier one with its key.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn put(&self, entry: &CacheEntry, durability: Durability) -> Result<(), RecordError> {
        let path = self.path(&entry.key);
        make(&self.of_task(&entry.key.task))?;
        let json = serde_json::to_vec(entry).map_err(|error| RecordError::io("write", &path, &error.into()))?;
        publish(&path, &json, durability)
    }

    /// The entries of a task, or of all of them, the oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn list(&self, task: Option<&str>) -> Result<Vec<CacheEntry>, RecordError> {
        let mut found = Vec::new();
        for folder in self.folders(task)? {
            for entry in entries(&folder)? {
                found.extend(read(&entry.path())?);
            }
        }
        found.sort_by_key(|entry| entry.at);
        Ok(found)
    }

    /// The entry whose key's digest begins with `prefix`.
    ///
    /// # Errors
    /// When there is no such entry, or more than one; when the entries cannot be read.
    pub fn find(&self, prefix: &str) -> Result<CacheEntry, RecordError> {
        let mut found: Vec<_> = self.list(None)?.into_iter().filter(|entry| entry.key.digest().starts_with(prefix)).collect();
        match (found.pop(), found.len()) {
            (Some(entry), 0) => Ok(entry),
            (Some(_), others) => {
                Err(RecordError::new(RecordErrorKind::Ambiguous, format!("`{prefix}` begins the digests of {} cache entries", others + 1)))
            }
            (None, _) => {
                Err(RecordError::new(RecordErrorKind::NotFound, format!("no cache entry has a digest that begins with `{prefix}`"))
                    .with_hint("`cache list` shows the entries"))
            }
        }
    }

    /// Removes the entries of a task, or of all tasks: those from before `until`, or all. Their data stays, because runs may use it too.
    ///
    /// An entry that cannot be read counts as old as its file.
    ///
    /// # Errors
    /// When one cannot be read or removed.
    pub fn clear(&self, task: Option<&str>, until: Option<SystemTime>) -> Result<Cleared, RecordError> {
        let mut cleared = Cleared::default();
        for folder in self.folders(task)? {
            for entry in entries(&folder)? {
                let path = entry.path();
                let entry = read(&path)?;
                let written = || fs::metadata(&path).and_then(|about| about.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
                if until.is_some_and(|until| entry.as_ref().map_or_else(written, |entry| entry.at) >= until) {
                    continue;
                }
                match fs::remove_file(&path) {
                    // Another process was faster.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    removed => removed.at("remove", &path)?,
                }
                match entry {
                    Some(entry) => cleared.entries.push(entry),
                    None => cleared.damaged += 1,
                }
            }
            // Another process may have put an entry there.
            let _ = fs::remove_dir(&folder);
        }
        Ok(cleared)
    }

    /// The folders with the entries of a task, or of all tasks.
    fn folders(&self, task: Option<&str>) -> Result<Vec<PathBuf>, RecordError> {
        match task {
            Some(task) => Ok(vec![self.of_task(task)]),
            None => Ok(entries(&self.folder)?.iter().map(DirEntry::path).collect()),
        }
    }

    fn of_task(&self, task: &str) -> PathBuf {
        self.folder.join(file_name(task))
    }

    pub(super) fn path(&self, key: &CacheKey) -> PathBuf {
        self.of_task(&key.task).join(format!("{}.json", key.digest()))
    }
}

impl Nearest {
    /// The one of `entries` with the fewest differences from `key`; of several, the latest. `entries` begin with the oldest.
    #[must_use]
    pub fn of(key: &CacheKey, entries: &[CacheEntry]) -> Option<Self> {
        let all = entries.iter().rev().map(|entry| Self { changes: key.changes(&entry.key), entry: entry.clone() });
        all.min_by_key(|nearest| nearest.changes.len())
    }
}

/// The entry in a file; [`None`] if there is none, or a damaged one.
fn read(path: &Path) -> Result<Option<CacheEntry>, RecordError> {
    match fs::read(path) {
        Ok(json) => Ok(serde_json::from_slice(&json).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(RecordError::io("read", path, &error)),
    }
}
