//! Deletes files that nothing needs any more: those of a node are deleted when the last value that names them is gone.
//!
//! A value is held for its node until all nodes that take it are over, and then for the enclosing node until that is over too. The holds of a node
//! that did not succeed are never released, because a run that resumes this one needs the files.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fs, io};

use nebulakit_types::convert::places::{Place, places};
use tokio::task::JoinSet;

use crate::run::{EventKind, NodePath, Record, RunFolder};

/// The folders of the files that the nodes of a run stored, with how often each is still needed.
pub(crate) struct Shelf {
    run: RunFolder,
    record: Arc<dyn Record>,
    folders: Mutex<Folders>,
    deleting: Mutex<JoinSet<()>>,
}

#[derive(Default)]
struct Folders {
    held: HashMap<PathBuf, u32>,
    nodes: HashMap<PathBuf, NodePath>,
    /// Those that stay, however the run ends.
    pinned: HashSet<PathBuf>,
}

/// The folders that a value names, until they are released.
#[derive(Debug, Default)]
pub(super) struct Hold(Vec<PathBuf>);

/// What is held for a node until it is over.
pub(super) type Holds = Arc<Mutex<Vec<Hold>>>;

impl Shelf {
    pub(crate) fn new(run: RunFolder, record: Arc<dyn Record>) -> Self {
        Self { run, record, folders: Mutex::default(), deleting: Mutex::default() }
    }

    /// Holds what outputs name, and the folder of the node that they are from.
    pub(super) fn hold_of(&self, node: &NodePath, outputs: &[u8]) -> Hold {
        let own = self.run.raw(node);
        self.folders().nodes.insert(own.clone(), node.clone());
        let mut folders = self.named(outputs);
        folders.insert(own);
        self.held(folders)
    }

    /// Holds what outputs name.
    pub(super) fn hold(&self, outputs: &[u8]) -> Hold {
        self.held(self.named(outputs))
    }

    /// Keeps what outputs name for good, because something outside the run refers to it.
    pub(super) fn pin(&self, outputs: &[u8]) {
        let named = self.named(outputs);
        self.folders().pinned.extend(named);
    }

    /// Releases a hold, and deletes what is no longer held.
    pub(super) fn release(&self, hold: Hold) {
        let mut folders = self.folders();
        for folder in hold.0 {
            let Some(count) = folders.held.get_mut(&folder) else { continue };
            *count -= 1;
            if *count == 0 && !folders.pinned.contains(&folder) {
                folders.held.remove(&folder);
                let node = folders.nodes.get(&folder).cloned();
                self.delete(folder, node);
            }
        }
    }

    /// Deletes everything except what these outputs of the run name and what is pinned.
    pub(crate) fn clear(&self, outputs: &[u8]) {
        let (stays, folders) = (self.named(outputs), self.folders());
        let left = entries(&self.run.all_raw()).unwrap_or_default();
        for folder in left.into_iter().filter(|folder| !stays.contains(folder) && !folders.pinned.contains(folder)) {
            let node = folders.nodes.get(&folder).cloned();
            self.delete(folder, node);
        }
        self.run.data().clear_own();
    }

    /// Waits until everything that was to be deleted is gone.
    pub(crate) async fn settle(&self) {
        let mut deleting = std::mem::take(&mut *self.deleting.lock().unwrap_or_else(PoisonError::into_inner));
        while deleting.join_next().await.is_some() {}
    }

    fn held(&self, named: HashSet<PathBuf>) -> Hold {
        let mut folders = self.folders();
        named.iter().for_each(|folder| *folders.held.entry(folder.clone()).or_default() += 1);
        Hold(named.into_iter().collect())
    }

    /// The folders of this run's nodes that contain files which outputs name.
    fn named(&self, outputs: &[u8]) -> HashSet<PathBuf> {
        let raw = self.run.all_raw();
        let folder = |place| match place {
            Place::Here(path) => Some(raw.join(path.strip_prefix(&raw).ok()?.components().next()?)),
            Place::Elsewhere(_) => None,
        };
        places(outputs).unwrap_or_default().into_iter().filter_map(folder).collect()
    }

    /// Deletes a folder on a separate thread, after recording it.
    fn delete(&self, folder: PathBuf, node: Option<NodePath>) {
        let record = Arc::clone(&self.record);
        self.deleting.lock().unwrap_or_else(PoisonError::into_inner).spawn_blocking(move || {
            let deleted = delete(&folder, node.as_ref(), &*record);
            deleted.unwrap_or_else(|error| tracing::warn!(%error, "`{}`, which nothing needs, cannot be deleted", folder.display()));
        });
    }

    fn folders(&self) -> MutexGuard<'_, Folders> {
        self.folders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn delete(folder: &Path, node: Option<&NodePath>, record: &dyn Record) -> io::Result<()> {
    let (mut files, mut bytes, mut left) = (0, 0, vec![folder.to_owned()]);
    while let Some(path) = left.pop() {
        match fs::symlink_metadata(&path) {
            Ok(about) if about.is_dir() => left.extend(entries(&path)?),
            Ok(about) => (files, bytes) = (files + 1, bytes + about.len()),
            // Most nodes store nothing.
            Err(error) if error.kind() == io::ErrorKind::NotFound && path == folder => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    if let Some(node) = node {
        record.record(Some(node), EventKind::Deleted { files, bytes })?;
    }
    fs::remove_dir_all(folder)
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}
