//! The files of the jobs that drive a run, one after the other.

use std::fs::{self, DirBuilder};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::backend::engine::EngineId;
use crate::backend::node::PlanFolder;

/// The folder of one of these jobs.
#[derive(Debug, Clone)]
pub(in crate::backend::slurm) struct DriverFolder {
    pub(in crate::backend::slurm) number: u32,
    path: PathBuf,
}

/// What is known of its job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::backend::slurm) struct DriverJob {
    /// Its name on Slurm.
    pub(in crate::backend::slurm) name: String,
    /// Its id; left out as long as no answer to its submit was heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::backend::slurm) id: Option<String>,
}

/// Why it left the run to the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub(in crate::backend::slurm) enum Left {
    /// Its time was over.
    Time,
    /// It was told to stop before its time was over; Slurm knows why.
    Stopped,
    /// All that is left waits for answers.
    Gates,
    /// The time limit of a node is longer than all of its time.
    TooLong {
        /// The node.
        node: String,
        /// Its time limit, in seconds.
        seconds: u64,
    },
    /// It cannot drive the run, nor can another one.
    Cannot {
        /// Why.
        said: String,
    },
}

impl DriverFolder {
    pub(in crate::backend::slurm) fn of(plan: &PlanFolder, number: u32) -> Self {
        Self { number, path: all(plan).join(number.to_string()) }
    }

    /// The last one of a plan.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub(in crate::backend::slurm) fn last(plan: &PlanFolder) -> io::Result<Option<Self>> {
        let entries = match fs::read_dir(all(plan)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            entries => entries?,
        };
        let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        Ok(numbers.max().map(|number| Self::of(plan, number)))
    }

    pub(in crate::backend::slurm) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it; whether it was not there. Who makes it submits its job.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(in crate::backend::slurm) fn make(&self) -> io::Result<bool> {
        if let Some(all) = self.path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(all)?;
        }
        match DirBuilder::new().mode(0o700).create(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            made => made.map(|()| true),
        }
    }

    /// What is known of its job.
    pub(in crate::backend::slurm) fn job(&self) -> io::Result<Option<DriverJob>> {
        self.read("job.json")
    }

    pub(in crate::backend::slurm) fn note_job(&self, name: &str, id: Option<&EngineId>) -> io::Result<()> {
        self.write("job.json", &DriverJob { name: name.to_owned(), id: id.map(EngineId::to_string) })
    }

    /// Whether it drives the run, or did.
    pub(in crate::backend::slurm) fn has_begun(&self) -> bool {
        self.path.join("begun").exists()
    }

    pub(in crate::backend::slurm) fn note_begun(&self) -> io::Result<()> {
        self.write("begun", &std::process::id())
    }

    /// Why it left the run to the next one, if it did.
    pub(in crate::backend::slurm) fn left(&self) -> io::Result<Option<Left>> {
        self.read("left.json")
    }

    pub(in crate::backend::slurm) fn note_left(&self, left: &Left) -> io::Result<()> {
        self.write("left.json", left)
    }

    fn read<T: for<'de> Deserialize<'de>>(&self, name: &str) -> io::Result<Option<T>> {
        match fs::read(self.path.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            text => serde_json::from_slice(&text?).map(Some).map_err(io::Error::other),
        }
    }

    /// Writes a file that is there whole or not at all.
    fn write(&self, name: &str, what: &impl Serialize) -> io::Result<()> {
        let temporary = self.path.join(format!(".{name}"));
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(&serde_json::to_vec(what).map_err(io::Error::other)?)?;
        fs::rename(temporary, self.path.join(name))
    }
}

fn all(plan: &PlanFolder) -> PathBuf {
    plan.path().join("drivers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_makes_the_next_driver() {
        let dir = tempfile::tempdir().unwrap();
        let plan = PlanFolder::at(dir.path()).unwrap();
        assert!(DriverFolder::last(&plan).unwrap().is_none());
        let first = DriverFolder::of(&plan, 0);
        assert!(first.make().unwrap());
        assert!(!first.make().unwrap());
        assert_eq!(DriverFolder::last(&plan).unwrap().map(|last| last.number), Some(0));
        first.note_job("nk-x", None).unwrap();
        assert_eq!(first.job().unwrap(), Some(DriverJob { name: "nk-x".to_owned(), id: None }));
        assert_eq!(first.left().unwrap(), None);
        let left = Left::TooLong { node: "n0".to_owned(), seconds: 7 };
        first.note_left(&left).unwrap();
        assert_eq!(first.left().unwrap(), Some(left));
    }
}
