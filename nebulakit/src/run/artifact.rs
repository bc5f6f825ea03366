//! The files that the nodes of a run stored.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::run::digest;
use crate::run::error::{At as _, RecordError};
use crate::run::file_name::file_name;
use crate::run::folder::RunFolder;
use crate::run::path::NodePath;
use crate::run::state::RunState;

/// A file that a node of a run stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Artifact {
    /// Where it is.
    pub path: PathBuf,
    /// How many bytes it has.
    pub size: u64,
    /// The node that stored it, where its path says that.
    pub node: Option<NodePath>,
}

impl Artifact {
    /// The SHA-256 digest of its bytes, in lower-case hex. It reads the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sha256(&self) -> Result<String, RecordError> {
        let file = File::open(&self.path).at("open", &self.path)?;
        digest::of_file(&file, || false).at("read", &self.path)
    }
}

/// The files of a run, by their paths.
pub(super) fn artifacts(run: &RunFolder, state: &RunState) -> Result<Vec<Artifact>, RecordError> {
    let nodes: HashMap<OsString, &NodePath> = state.nodes.keys().map(|node| (file_name(node).into(), node)).collect();
    let mut found = Vec::new();
    let root = run.all_raw();
    // Folders are told by who stored what is in them: those of the root by their names, others by the one that they are in.
    let mut folders: Vec<(PathBuf, Option<NodePath>)> = vec![(root.clone(), None)];
    while let Some((folder, node)) = folders.pop() {
        for entry in read_folder(&folder)? {
            let path = entry.path();
            let about = entry.metadata().at("read", &path)?;
            let node = if folder == root { nodes.get(&entry.file_name()).map(|node| (*node).clone()) } else { node.clone() };
            if about.is_dir() {
                folders.push((path, node));
            } else if about.is_file() {
                found.push(Artifact { path, size: about.len(), node });
            }
        }
    }
    found.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

fn read_folder(path: &Path) -> Result<Vec<fs::DirEntry>, RecordError> {
    match fs::read_dir(path) {
        Ok(entries) => entries.collect::<io::Result<_>>().at("read", path),
        // A node that runs may have removed it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(RecordError::io("read", path, &error)),
    }
}
