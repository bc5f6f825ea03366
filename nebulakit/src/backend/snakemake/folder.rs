//! Where things are in the folder of a plan.
//!
//! | file | holds |
//! |---|---|
//! | `Snakefile`, `run.sh`, `profiles/default/config.yaml` | what Snakemake runs, and how |
//! | `plan.json`, `graph.json`, `inputs.pb`, `bin/` | what the jobs run |
//! | `nodes/NODE/outputs` | the node is over: the attempt whose outputs count, or `skipped`, or of an element of a map `failed` or `stopped` |
//! | `nodes/NODE/ATTEMPT/outputs.pb` | what it gave |
//! | `nodes/NODE/inputs.pb` | what a workflow or a map was given |
//! | `nodes/NODE/told.jsonl` | its events and its log |
//! | `answers/` | answers to gates |
//! | `failed.json`, `stop` | why the run failed, and the request to stop what runs |

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::parts::Part;
use crate::run::file_name;

/// The folder of a plan.
#[derive(Debug, Clone)]
pub(super) struct PlanFolder(PathBuf);

impl PlanFolder {
    pub(super) fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The folder of a node.
    pub(super) fn node(&self, id: &str) -> PathBuf {
        self.0.join(node(id))
    }

    /// The file that says that this part of the node is over.
    pub(super) fn marker(&self, id: &str, part: Part) -> PathBuf {
        self.0.join(marker(id, part))
    }

    /// What the file says that says that this part of the node is over; [`None`] where it is not.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn said(&self, id: &str, part: Part) -> io::Result<Option<String>> {
        let said = read(&self.marker(id, part))?;
        Ok(said.map(|said| String::from_utf8_lossy(&said).trim_end().to_owned()))
    }

    /// What a node gave; [`None`] where it gave nothing.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn outputs(&self, id: &str) -> io::Result<Option<Vec<u8>>> {
        match self.said(id, Part::End)? {
            Some(attempt) if attempt.parse::<u32>().is_ok() => fs::read(self.node(id).join(attempt).join("outputs.pb")).map(Some),
            _ => Ok(None),
        }
    }

    /// The answer to a gate.
    pub(super) fn answer(&self, signal: &str) -> PathBuf {
        self.0.join("answers").join(file_name(signal))
    }

    /// The request to stop what runs: in all of the run, or in one map.
    pub(super) fn stop(&self, map: Option<&str>) -> PathBuf {
        map.map_or_else(|| self.0.clone(), |map| self.node(map)).join("stop")
    }
}

/// The folder of a node, from that of its plan.
pub(super) fn node(id: &str) -> String {
    format!("nodes/{}", file_name(id))
}

/// The file that says that this part of a node is over, from the folder of its plan.
pub(super) fn marker(id: &str, part: Part) -> String {
    format!("{}/{}", node(id), part.marker())
}

/// Writes a file that is there whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub(super) fn publish(path: &Path, contents: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make(folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = folder.join(format!(".{name}.{}", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(contents)?;
    fs::rename(&temporary, path)
}

/// Writes a file, if nobody has; whether it did.
///
/// # Errors
/// When it cannot be written.
pub(super) fn publish_first(path: &Path, contents: &[u8]) -> io::Result<bool> {
    let temporary = path.with_extension(format!("{}.new", std::process::id()));
    fs::write(&temporary, contents)?;
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary)?;
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Makes a folder that only its owner can read.
///
/// # Errors
/// When it cannot be made.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The contents of a file; [`None`] where there is none.
///
/// # Errors
/// When it cannot be read.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(contents) => Ok(Some(contents)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
