//! Files that nothing needs any more: those of a node are deleted when the last value that names them is gone.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fs, io};

use nebulakit_types::convert::places::{Place, places};
use tokio::task::JoinSet;

use crate::backend::driver::{Hold, Shelf};
use crate::run::{EventKind, NodePath, Record, RunFolder};

/// The folders of the files that the nodes of a run stored, by who still needs them.
pub(super) struct RawFolders {
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
    /// Whether all stay: a value may name any of them.
    all_pinned: bool,
}

impl Folders {
    fn is_pinned(&self, folder: &Path) -> bool {
        self.all_pinned || self.pinned.contains(folder)
    }
}

impl RawFolders {
    pub(super) fn new(run: RunFolder, record: Arc<dyn Record>) -> Self {
        Self { run, record, folders: Mutex::default(), deleting: Mutex::default() }
    }

    /// Deletes all that neither these outputs of the run name nor anything beside it.
    pub(super) fn clear(&self, outputs: &[u8]) {
        let (stays, folders) = (self.named(outputs), self.folders());
        let left = entries(&self.run.all_raw()).unwrap_or_default();
        for folder in left.into_iter().filter(|folder| !stays.contains(folder) && !folders.is_pinned(folder)) {
            let node = folders.nodes.get(&folder).cloned();
            self.delete(folder, node);
        }
    }

    /// Waits until all is deleted that was to be.
    pub(super) async fn settle(&self) {
        let mut deleting = std::mem::take(&mut *self.deleting.lock().unwrap_or_else(PoisonError::into_inner));
        while deleting.join_next().await.is_some() {}
    }

    fn held(&self, named: HashSet<PathBuf>) -> Hold {
        let mut folders = self.folders();
        named.iter().for_each(|folder| *folders.held.entry(folder.clone()).or_default() += 1);
        Hold(named.into_iter().collect())
    }

    /// The folders of this run's nodes in which the files are that outputs name. Outputs that cannot be read may name any.
    fn named(&self, outputs: &[u8]) -> HashSet<PathBuf> {
        let raw = self.run.all_raw();
        let folder = |place| match place {
            Place::Here(path) => Some(raw.join(path.strip_prefix(&raw).ok()?.components().next()?)),
            Place::Elsewhere(_) => None,
        };
        match places(outputs) {
            Ok(places) => places.into_iter().filter_map(folder).collect(),
            Err(error) => {
                if !std::mem::replace(&mut self.folders().all_pinned, true) {
                    tracing::warn!(%error, "outputs cannot be read, and no more files of the run {} are deleted", self.run.id());
                }
                HashSet::new()
            }
        }
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

impl Shelf for RawFolders {
    fn hold_of(&self, node: &NodePath, outputs: &[u8]) -> Hold {
        let own = self.run.raw(node);
        self.folders().nodes.insert(own.clone(), node.clone());
        let mut folders = self.named(outputs);
        folders.insert(own);
        self.held(folders)
    }

    fn hold(&self, outputs: &[u8]) -> Hold {
        self.held(self.named(outputs))
    }

    fn pin(&self, outputs: &[u8]) {
        let named = self.named(outputs);
        self.folders().pinned.extend(named);
    }

    fn release(&self, hold: Hold) {
        let mut folders = self.folders();
        for folder in hold.0 {
            let Some(count) = folders.held.get_mut(&folder) else { continue };
            *count -= 1;
            if *count == 0 && !folders.is_pinned(&folder) {
                folders.held.remove(&folder);
                let node = folders.nodes.get(&folder).cloned();
                self.delete(folder, node);
            }
        }
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
