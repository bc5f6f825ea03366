//! The entries of the cache, one file for each.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::coordinator::{RunId, wall};
use crate::run::error::{At as _, RecordError};
use crate::run::event::Recorded;
use crate::run::file_name::file_name;
use crate::run::folder::{Data, Durability, RunsFolder, make, publish};
use crate::run::memo::content::Contents;
use crate::run::memo::key::CacheKey;
use crate::run::memo::value::is_whole;
use crate::run::path::NodePath;

/// The cache of a folder of runs. Processes share it: an entry is there whole or not at all, and of two at once the later one stays.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
    pub(super) data: Data,
    contents: Contents,
}

/// What is remembered of a call of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CacheEntry {
    /// What it is remembered by.
    pub key: CacheKey,
    /// Its outputs.
    pub outputs: Recorded,
    /// The run that it was part of.
    pub run: RunId,
    /// The node of that run.
    pub node: NodePath,
    /// When it was.
    #[serde(with = "wall")]
    pub at: SystemTime,
}

impl Cache {
    /// The cache of a folder of runs.
    #[must_use]
    pub fn new(runs: &RunsFolder) -> Self {
        let (folder, contents) = (runs.path().join("cache"), Contents::new(runs.path().join("contents")));
        Self { folder, data: runs.data(), contents }
    }

    /// The digests of files, for keys.
    pub(crate) fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The entry of a key, and its outputs as the bytes of an `outputs.pb`. An entry that is damaged, or whose data or files are gone, is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn get(&self, key: &CacheKey) -> Result<Option<(CacheEntry, Vec<u8>)>, RecordError> {
        let Some(entry) = read(&self.path(key))?.filter(|entry| entry.key == *key) else { return Ok(None) };
        let outputs = self.data.read(&entry.outputs).ok().flatten().filter(|outputs| is_whole(outputs));
        Ok(outputs.map(|outputs| (entry, outputs)))
    }

    /// Remembers an entry, in the place of another one of its key.
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
        let folders = match task {
            Some(task) => vec![self.of_task(task)],
            None => paths(&self.folder)?,
        };
        let mut entries = Vec::new();
        for folder in folders {
            for path in paths(&folder)? {
                entries.extend(read(&path)?);
            }
        }
        entries.sort_by_key(|entry| entry.at);
        Ok(entries)
    }

    /// Forgets the entries of a task, or of all of them. Their data stays: runs may have it too.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub fn clear(&self, task: Option<&str>) -> Result<(), RecordError> {
        let folder = task.map_or_else(|| self.folder.clone(), |task| self.of_task(task));
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(RecordError::io("remove", &folder, &error)),
            _ => Ok(()),
        }
    }

    /// Why a key has no entry: the parts of it that are other than those of the entry that is most like it, and that entry.
    ///
    /// # Errors
    /// When the entries cannot be read.
    pub fn why(&self, key: &CacheKey) -> Result<Option<(Vec<String>, CacheEntry)>, RecordError> {
        let entries = self.list(Some(&key.task))?.into_iter().rev();
        Ok(entries.map(|entry| (key.changes(&entry.key), entry)).min_by_key(|(changes, _)| changes.len()))
    }

    fn of_task(&self, task: &str) -> PathBuf {
        self.folder.join(file_name(task))
    }

    pub(super) fn path(&self, key: &CacheKey) -> PathBuf {
        self.of_task(&key.task).join(format!("{}.json", key.digest()))
    }
}

/// The entry in a file; [`None`] where there is none, or a damaged one.
fn read(path: &Path) -> Result<Option<CacheEntry>, RecordError> {
    match fs::read(path) {
        Ok(json) => Ok(serde_json::from_slice(&json).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(RecordError::io("read", path, &error)),
    }
}

/// What is in a folder; nothing where it is not there.
fn paths(folder: &Path) -> Result<Vec<PathBuf>, RecordError> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>().at("read", folder),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(RecordError::io("read", folder, &error)),
    }
}
