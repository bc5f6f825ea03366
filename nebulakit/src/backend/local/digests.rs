//! Digests that tell a resumed run whether the inputs and outputs of nodes are unchanged.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use nebulakit_types::convert::places::{Place, places};
use nebulakit_types::literal_type::LiteralType;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::readers::Readers;
use crate::run::{Contents, DigestParts, Durability, RunsFolder, inputs_digest, may_have_files, paths_in};
use crate::task::cancellation::Cancellation;
use crate::task::def::TaskDef;

/// Larger files are told by their sizes and times wherever they are: each run would read them before its tasks do.
const LARGEST: u64 = 64 << 20;

/// Digests of inputs, and of the metadata of stored files.
///
/// Files that runs stored are told by their sizes and times, where they were made: nobody else writes there. All others are read, once in a run, up to
/// [`LARGEST`].
pub(super) struct Digests {
    contents: Contents,
    readers: Readers,
    /// Where the files are that runs store.
    stored: PathBuf,
    durability: Durability,
    /// The inputs of tasks that may name files, by the names of the tasks.
    types: Mutex<HashMap<&'static str, Arc<Types>>>,
    /// The digests of the files that were read.
    read: Mutex<HashMap<PathBuf, Arc<OnceCell<String>>>>,
}

/// Types of inputs, by their names.
type Types = HashMap<String, LiteralType>;

impl Digests {
    pub(super) fn new(runs: &RunsFolder, contents: Contents, readers: Readers, durability: Durability) -> Self {
        let (contents, stored) = (contents.up_to(LARGEST).of_all(), runs.path().join("runs"));
        Self { contents, readers, stored, durability, types: Mutex::default(), read: Mutex::default() }
    }

    /// The digest of inputs of a task, and of what is in the files of this machine that they name, as far as they are read before `stop` asks to read no further. A file that
    /// is not there has one too: the task says what is wrong with it.
    pub(super) async fn of_inputs(&self, task: &'static TaskDef, inputs: &[(&str, Bytes)], stop: &Cancellation) -> String {
        let own = inputs_digest(inputs.iter().map(|(name, literal)| (*name, &**literal)));
        let types = self.types(task);
        let named = inputs.iter().filter_map(|(name, literal)| Some(paths_in(literal, types.get(*name)?))).flatten();
        let read: Vec<_> = named.filter(|path| !path.starts_with(&self.stored)).collect();
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

    /// Those of a task's inputs that may name files.
    fn types(&self, task: &'static TaskDef) -> Arc<Types> {
        let types = || {
            let named = task.interface().inputs.into_iter().map(|input| (input.name, input.literal_type));
            Arc::new(named.filter(|(_, literal_type)| may_have_files(literal_type)).collect())
        };
        Arc::clone(self.types.lock().unwrap_or_else(PoisonError::into_inner).entry(task.name).or_insert_with(types))
    }

    /// What tells whether the files that runs stored and outputs name are what they were; [`None`] where they name none. They are on the disk then, where the run is to
    /// survive a loss of power.
    pub(super) async fn stamp(&self, outputs: &[u8]) -> Option<String> {
        let stored: Vec<_> = here(places(outputs).unwrap_or_default()).filter(|path| path.starts_with(&self.stored)).collect();
        if stored.is_empty() {
            return None;
        }
        // A file that cannot be looked at counts as changed.
        let on_disk_below = (self.durability == Durability::Disk).then(|| self.stored.clone());
        spawn_blocking(move || stamp(&stored, on_disk_below.as_deref())).await.ok().and_then(Result::ok).or_else(|| Some(String::new()))
    }

    /// The stored files that outputs name but that no longer exist, relative to the folder of all runs.
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

/// The names, sizes and times of the files, and of those below folders. Where a folder is given, they reach the disk, and the folders between.
fn stamp(paths: &[PathBuf], on_disk_below: Option<&Path>) -> io::Result<String> {
    let sync = |path: &Path| File::open(path)?.sync_all();
    if let Some(folder) = on_disk_below {
        let above = paths.iter().flat_map(|path| path.ancestors().skip(1)).filter(|above| *above != folder && above.starts_with(folder));
        above.collect::<BTreeSet<_>>().into_iter().try_for_each(sync)?;
    }
    let mut parts = DigestParts::default();
    let mut left: Vec<PathBuf> = paths.iter().rev().cloned().collect();
    while let Some(path) = left.pop() {
        let about = fs::metadata(&path)?;
        if on_disk_below.is_some() {
            sync(&path)?;
        }
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
