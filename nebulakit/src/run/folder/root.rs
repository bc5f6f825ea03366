//! The folder of all runs.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::coordinator::RunId;
use crate::run::error::{At as _, RecordError, RecordErrorKind};
use crate::run::folder::data::Data;
use crate::run::folder::entries::entries;
use crate::run::folder::id;
use crate::run::folder::lock::DriverLock;
use crate::run::folder::publish::{Durability, is_temporary, make, publish};
use crate::run::folder::run::RunFolder;
use crate::run::folder::sharing::{Cleared, InUse};

/// The version of the folder's format.
const FORMAT: u32 = 1;

/// The file with the version.
const FORMAT_FILE: &str = "format";

/// How many ids are tried for a new run.
const TRIES: usize = 16;

/// The folder that runs are recorded in.
///
/// # Examples
/// ```
/// use nebulakit::run::RunsFolder;
///
/// # let scratch = tempfile::tempdir()?;
/// # let path = scratch.path().join(".nebulakit");
/// let runs = RunsFolder::open(&path)?;
/// assert!(runs.list()?.is_empty());
/// assert_eq!(runs.find("2026").unwrap_err().to_string().lines().next(), Some("no run has an id that begins with `2026`"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct RunsFolder {
    path: Arc<Path>,
}

impl RunsFolder {
    /// Opens the folder at `path`. If it does not exist, it is created for this user only.
    ///
    /// # Errors
    /// When a newer version of nebulakit created it, when it holds something else, or when it cannot be created or read. In the first two cases it is not
    /// changed.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, RecordError> {
        let path = path.as_ref();
        let path = std::path::absolute(path).at("find", path)?;
        let folder = Self { path: path.into() };
        if folder.format()?.is_none() {
            folder.begin()?;
        }
        // They are there before a run syncs the names in this folder.
        make(&folder.runs())?;
        make(&folder.data_path())?;
        let ignore = folder.path.join(".gitignore");
        if !ignore.exists() {
            publish(&ignore, b"*\n", Durability::Kernel)?;
        }
        Ok(folder)
    }

    /// Opens the folder at `path`, which must exist.
    ///
    /// # Errors
    /// When it does not exist, or holds something else; otherwise as for [`open`](Self::open).
    pub fn open_existing(path: impl AsRef<Path>) -> Result<Self, RecordError> {
        let path = path.as_ref();
        let folder = Self { path: std::path::absolute(path).at("find", path)?.into() };
        match folder.format()? {
            Some(_) => Ok(folder),
            None => Err(RecordError::new(RecordErrorKind::NotFound, format!("no runs are recorded in `{}`", folder.path.display()))),
        }
    }

    /// The folder at `path`, only for reading: nothing is created, and a missing folder holds no runs.
    ///
    /// # Errors
    /// When a newer version of nebulakit created it, or when it cannot be read.
    pub(crate) fn as_it_is(path: impl AsRef<Path>) -> Result<Self, RecordError> {
        let path = path.as_ref();
        let folder = Self { path: std::path::absolute(path).at("find", path)?.into() };
        folder.format()?;
        Ok(folder)
    }

    /// The path of the folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The version of its format; [`None`] if it has none.
    fn format(&self) -> Result<Option<u32>, RecordError> {
        let path = self.path.join(FORMAT_FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Err(self.foreign("a folder".to_owned())),
            Err(error) => return Err(RecordError::io("read", &path, &error)),
        };
        match text.trim_end().parse() {
            Ok(version) if version <= FORMAT => Ok(Some(version)),
            Ok(version) => Err(RecordError::new(
                RecordErrorKind::Newer,
                format!(
                    "a newer version of nebulakit wrote `{}`: its format is {version}, and this one knows up to {FORMAT}",
                    self.path.display()
                ),
            )
            .with_hint("use that version, or another folder")),
            Err(_) => Err(RecordError::new(RecordErrorKind::Corrupt, format!("`{}` does not hold a format version", path.display()))
                .with_hint(format!("if the folder holds only runs, write `{FORMAT}` to that file"))),
        }
    }

    /// The error of a path that leads to something else.
    fn foreign(&self, than: String) -> RecordError {
        RecordError::new(RecordErrorKind::Foreign, format!("`{}` is not {than}", self.path.display()))
            .with_hint("name an empty folder, or one that does not exist yet")
    }

    /// Has what it was begun with reach the disk, for a run that is to survive a loss of power.
    ///
    /// # Errors
    /// When that fails.
    pub(crate) fn sync(&self) -> Result<(), RecordError> {
        let format = self.path.join(FORMAT_FILE);
        File::open(&format).and_then(|format| format.sync_data()).at("sync", &format)
    }

    /// Makes it a folder of runs, if nothing else is in it.
    fn begin(&self) -> Result<(), RecordError> {
        make(&self.path)?;
        for entry in fs::read_dir(&self.path).at("read", &self.path)? {
            let name = entry.at("read", &self.path)?.file_name();
            if is_temporary(&name) {
                continue;
            }
            // Another process may have begun it meanwhile.
            return match self.format()? {
                Some(_) => Ok(()),
                None => Err(self.foreign(format!("a folder of runs: it holds `{}` but no `{FORMAT_FILE}`", name.display()))),
            };
        }
        publish(&self.path.join(FORMAT_FILE), format!("{FORMAT}\n").as_bytes(), Durability::Kernel)
    }

    /// The ids of all runs, the oldest first.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> Result<Vec<RunId>, RecordError> {
        let mut names = self.names()?;
        names.sort_unstable();
        Ok(names.into_iter().map(RunId::from).collect())
    }

    /// The run whose id is `prefix`, or the only one whose id begins with it.
    ///
    /// # Errors
    /// When there is no such run, or more than one; when no id can begin with `prefix`; when the folder cannot be read.
    pub fn find(&self, prefix: &str) -> Result<RunId, RecordError> {
        id::check(prefix)?;
        let mut found: Vec<String> = self.names()?.into_iter().filter(|name| name.starts_with(prefix)).collect();
        found.sort_unstable();
        match found.as_slice() {
            [] => Err(RecordError::new(RecordErrorKind::NotFound, format!("no run has an id that begins with `{prefix}`"))
                .with_hint(format!("the runs are in `{}`", self.path.display()))),
            [one] => Ok(RunId::from(one.as_str())),
            // The shortest is the first.
            [one, ..] if one == prefix => Ok(RunId::from(prefix)),
            several => {
                let more = several.len().saturating_sub(3);
                let and = if more > 0 { format!(" and {more} more") } else { String::new() };
                let shown = several.iter().take(3).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                Err(RecordError::new(
                    RecordErrorKind::Ambiguous,
                    format!("several runs have an id that begins with `{prefix}`: {shown}{and}"),
                ))
            }
        }
    }

    /// The folder of an existing run.
    ///
    /// # Errors
    /// When there is no such run, or no run can have this id.
    pub(crate) fn run(&self, id: &RunId) -> Result<RunFolder, RecordError> {
        id::check(&id.to_string())?;
        let folder = RunFolder::new(&self.runs(), id.clone(), self.data());
        if folder.path().is_dir() {
            return Ok(folder);
        }
        Err(RecordError::new(RecordErrorKind::NotFound, format!("there is no run `{id}` in `{}`", self.path.display())))
    }

    /// Creates the folder of a new run, which this process drives.
    ///
    /// # Errors
    /// When it cannot be created.
    pub(crate) fn create(&self) -> Result<(RunFolder, DriverLock), RecordError> {
        make(&self.runs())?;
        for _ in 0..TRIES {
            let folder = RunFolder::new(&self.runs(), id::new(SystemTime::now()), self.data());
            if let Some(lock) = folder.make()? {
                return Ok((folder, lock));
            }
        }
        Err(RecordError::new(
            RecordErrorKind::Io(io::ErrorKind::AlreadyExists),
            format!("no id is free for a run in `{}`", self.path.display()),
        ))
    }

    /// Content-addressed data.
    pub(crate) fn data(&self) -> Data {
        Data { shared: self.data_path(), own: None }
    }

    /// Keeps data that runs share from being cleared.
    ///
    /// # Errors
    /// When its lock cannot be taken.
    pub(crate) fn in_use(&self) -> Result<InUse, RecordError> {
        InUse::take(&self.sharing())
    }

    /// Keeps runs from starting, if none is active.
    ///
    /// # Errors
    /// As for [`in_use`](Self::in_use).
    pub(crate) fn cleared(&self) -> Result<Option<Cleared>, RecordError> {
        Cleared::take(&self.sharing())
    }

    fn sharing(&self) -> PathBuf {
        self.path.join("in-use")
    }

    /// The folder for copies of inputs that can be read only once, each in its own folder.
    pub(crate) fn copies(&self) -> PathBuf {
        self.path.join("inputs")
    }

    pub(crate) fn data_path(&self) -> PathBuf {
        self.path.join("data")
    }

    pub(crate) fn runs(&self) -> PathBuf {
        self.path.join("runs")
    }

    fn names(&self) -> Result<Vec<String>, RecordError> {
        let path = self.runs();
        let mut names = Vec::new();
        for entry in entries(&path)? {
            let name = entry.file_name().into_string().unwrap_or_default();
            if id::check(&name).is_ok() && entry.file_type().at("read", &path)?.is_dir() {
                names.push(name);
            }
        }
        Ok(names)
    }
}
