//! Where the data of one task comes from and goes to.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError, Weak};

use uuid::Uuid;

use crate::storage::{Storage, join, shown};

/// One task's object stores, the prefix under which it stores its data, and a folder of its own; cheap to clone.
///
/// Files, directories and tables that came in as inputs carry the workspace through which they are read. Those that a task makes go
/// under the raw-output prefix, each below a fresh random segment, so that no attempt ever overwrites the data of another (Flyte task
/// contract, "where things go").
///
/// ```
/// # use nebulakit_types::workspace::Workspace;
/// # let folder = tempfile::tempdir().unwrap();
/// let workspace = Workspace::local(folder.path());
/// assert!(workspace.fresh_url("counts.csv").unwrap().ends_with("/counts.csv"));
/// ```
#[derive(Clone)]
pub struct Workspace(Arc<Inner>);

struct Inner {
    storage: LazyLock<Storage, Box<dyn FnOnce() -> Storage + Send>>,
    raw_prefix: Option<String>,
    parent: PathBuf,
    scratch: OnceLock<PathBuf>,
}

/// What values that came from no task are read through. Nothing drops a static, so this one owns nothing.
static PROCESS: Mutex<Weak<Inner>> = Mutex::new(Weak::new());

/// The one of values that nobody gave another.
static PUBLIC: LazyLock<Workspace> = LazyLock::new(|| Workspace::new(Storage::default, None, "."));

impl Workspace {
    /// A workspace whose stores are made by `storage` when they are first needed, whose data goes under `raw_prefix`, and whose own folder
    /// is made in `parent`. Without a prefix nothing can be stored.
    pub fn new(storage: impl FnOnce() -> Storage + Send + 'static, raw_prefix: Option<String>, parent: impl Into<PathBuf>) -> Self {
        let storage: Box<dyn FnOnce() -> Storage + Send> = Box::new(storage);
        Self(Arc::new(Inner { storage: LazyLock::new(storage), raw_prefix, parent: parent.into(), scratch: OnceLock::new() }))
    }

    /// A workspace in a folder of this machine, for tests: data goes below `folder`, and so do downloads.
    pub fn local(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        Self::new(Storage::default, Some(folder.join("raw").to_string_lossy().into_owned()), folder)
    }

    /// What values are read through that were made from nothing but a URL: the workspace given to [`Workspace::share`] while somebody has
    /// it, else one with the clouds' public endpoints and without credentials.
    #[must_use]
    pub fn of_process() -> Self {
        Self::shared().unwrap_or_else(|| PUBLIC.clone())
    }

    /// The same for whoever makes something in its folder and keeps it: nothing drops the public one, and so nobody would remove its folder.
    pub(crate) fn with_a_folder(self) -> Self {
        if !Arc::ptr_eq(&self.0, &PUBLIC.0) {
            return self;
        }
        let storage = self.storage().clone();
        Self::new(move || storage, None, self.0.parent.clone())
    }

    fn shared() -> Option<Self> {
        PROCESS.lock().unwrap_or_else(PoisonError::into_inner).upgrade().map(Self)
    }

    /// Makes this the workspace of values that were made from nothing but a URL. Where one is shared and in use already, that stays.
    pub fn share(&self) {
        let mut process = PROCESS.lock().unwrap_or_else(PoisonError::into_inner);
        if process.strong_count() == 0 {
            *process = Arc::downgrade(&self.0);
        }
    }

    /// Removes the folder of the shared workspace, whoever still has it: for the end of a process, which a task that did not stop in time
    /// does not hold up.
    pub fn leave_nothing() {
        if let Some(shared) = Self::shared() {
            shared.0.remove_scratch();
        }
    }

    /// The object stores.
    #[must_use]
    pub fn storage(&self) -> &Storage {
        &self.0.storage
    }

    /// Where data goes, if there is such a place.
    #[must_use]
    pub fn raw_prefix(&self) -> Option<&str> {
        self.0.raw_prefix.as_deref()
    }

    /// A URL that nothing has: the raw-output prefix, 32 hexadecimal digits of 128 random bits, and `name` (which may be empty). [`None`]
    /// where there is no prefix.
    #[must_use]
    pub fn fresh_url(&self, name: &str) -> Option<String> {
        let segment = Uuid::new_v4().simple().to_string();
        let fresh = join(self.raw_prefix()?, &segment);
        Some(if name.is_empty() { fresh } else { join(&fresh, name) })
    }

    /// A folder of this workspace's own, readable by this user alone; it is removed when the last clone is dropped.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn scratch(&self) -> io::Result<&Path> {
        if let Some(folder) = self.0.scratch.get() {
            return Ok(folder);
        }
        let folder = self.0.parent.join(format!("nebulakit-{}", Uuid::new_v4().simple()));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder).map_err(|error| io::Error::new(error.kind(), format!("cannot make `{}`: {error}", folder.display())))?;
        if let Err(surplus) = self.0.scratch.set(folder) {
            // Another thread was faster.
            let _ = std::fs::remove_dir(surplus);
        }
        Ok(self.0.scratch.get().expect("set by this thread or another"))
    }
}

impl AsRef<Workspace> for Workspace {
    fn as_ref(&self) -> &Workspace {
        self
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace").field("raw_prefix", &self.0.raw_prefix.as_deref().map(shown)).finish_non_exhaustive()
    }
}

impl Inner {
    fn remove_scratch(&self) {
        if let Some(folder) = self.scratch.get() {
            // What is left is in a folder for temporary files.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.remove_scratch();
    }
}
