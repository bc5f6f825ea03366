//! The files that the nodes of a run stored, and the pages of their decks.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{DirEntry, File, Metadata};
use std::io;
use std::path::PathBuf;

use crate::process::file_name::file_name;
use crate::run::digest;
use crate::run::error::{At as _, RecordError};
use crate::run::folder::{DECK, RunFolder, entries};
use crate::run::path::NodePath;
use crate::run::state::RunState;

/// A file that a node of a run stored; or the folder of its files, if they were deleted because nothing needed them any more.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Artifact {
    /// Where it is.
    pub path: PathBuf,
    /// How many bytes it has, or had.
    pub size: u64,
    /// The node that stored it, if its path says so.
    pub node: Option<NodePath>,
    /// What it is.
    pub kind: ArtifactKind,
}

/// What a file of a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ArtifactKind {
    /// Data that a task stored: a file, part of a directory or of a table.
    Data,
    /// The page of a task's decks.
    Deck,
    /// Data of a node that was deleted because nothing needed it any more: the folder that it was in.
    Deleted,
}

impl Artifact {
    /// The SHA-256 digest of its bytes, in lower-case hex. This reads the file.
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
    let mut found = data(run, state)?;
    found.extend(decks(run, state)?);
    found.extend(deleted(run, state));
    found.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// The files that are data.
fn data(run: &RunFolder, state: &RunState) -> Result<Vec<Artifact>, RecordError> {
    let (nodes, mut found) = (by_file_name(state), Vec::new());
    let root = run.all_raw();
    // Folders are told by who stored what is in them: those of the root by their names, others by the one that they are in.
    let mut folders: Vec<(PathBuf, Option<NodePath>)> = vec![(root.clone(), None)];
    while let Some((folder, node)) = folders.pop() {
        for entry in entries(&folder)? {
            let path = entry.path();
            let Some(about) = about(&entry)? else { continue };
            let node = if folder == root { nodes.get(&entry.file_name()).map(|node| (*node).clone()) } else { node.clone() };
            if about.is_dir() {
                folders.push((path, node));
            } else if about.is_file() {
                found.push(Artifact { path, size: about.len(), node, kind: ArtifactKind::Data });
            }
        }
    }
    Ok(found)
}

/// The pages of decks, by their paths, without those that an attempt has not finished writing.
pub(super) fn decks(run: &RunFolder, state: &RunState) -> Result<Vec<Artifact>, RecordError> {
    let pages = entries(&run.all_decks())?;
    if pages.is_empty() {
        return Ok(Vec::new());
    }
    let (nodes, mut found) = (by_file_name(state), Vec::new());
    for entry in pages {
        let path = entry.path();
        let node = path.file_name().and_then(|name| name.to_str()?.strip_suffix(DECK)).and_then(|name| nodes.get(OsStr::new(name)));
        if let Some(node) = node
            && let Some(about) = about(&entry)?
        {
            found.push(Artifact { path: path.clone(), size: about.len(), node: Some((*node).clone()), kind: ArtifactKind::Deck });
        }
    }
    found.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// The data of nodes that was deleted because nothing needed it any more.
fn deleted(run: &RunFolder, state: &RunState) -> impl Iterator<Item = Artifact> {
    let deleted = state.nodes.iter().filter_map(|(node, state)| Some((node, state.deleted?)));
    deleted.map(|(node, (_, size))| Artifact { path: run.raw(node), size, node: Some(node.clone()), kind: ArtifactKind::Deleted })
}

/// The nodes, by the names of their files.
fn by_file_name(state: &RunState) -> HashMap<OsString, &NodePath> {
    state.nodes.keys().map(|node| (file_name(node).into(), node)).collect()
}

/// What a file is; [`None`] where a node that runs has renamed or removed it meanwhile.
fn about(entry: &DirEntry) -> Result<Option<Metadata>, RecordError> {
    match entry.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        about => about.map(Some).at("read", &entry.path()),
    }
}
