//! Where the data of one task comes from and goes to.

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, LazyLock, OnceLock};

use uuid::Uuid;

use crate::storage::{Storage, join, local_path, shown};
use crate::{Error, ErrorKind};

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

thread_local! {
    /// The one of the task whose code this thread runs.
    static CURRENT: RefCell<Option<Workspace>> = const { RefCell::new(None) };
}

/// The one of values that were made outside of a task and given no other, if the process has set one.
static DEFAULT: OnceLock<Workspace> = OnceLock::new();

/// Where the folder of a workspace is made by default.
pub(crate) const TEMPORARY: &str = "/tmp";

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

    /// The workspace of the task whose code runs here: in its own future, in its blocking function, and in what
    /// [`enter`](Self::enter) and [`scope`](Self::scope) run. A plain `tokio::spawn` and a thread have none.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.with_borrow(Clone::clone)
    }

    /// Runs `function` with this as the [`current`](Self::current) workspace: values that it makes from nothing but a URL are read through it.
    pub fn enter<T>(&self, function: impl FnOnce() -> T) -> T {
        let _before = Entered(CURRENT.replace(Some(self.clone())));
        function()
    }

    /// The same for a future, at each of its polls.
    pub async fn scope<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        poll_fn(|context| self.enter(|| future.as_mut().poll(context))).await
    }

    /// Makes this the workspace of values that are made outside of a task and given no other. It can be set once in a process.
    ///
    /// # Errors
    /// This workspace, when there is one already.
    pub fn set_default(self) -> Result<(), Self> {
        DEFAULT.set(self)
    }

    /// What a value at `url` is read through that has no workspace: the process's default; without one only this machine is in reach.
    pub(crate) fn of_nobody(url: Option<&str>) -> crate::Result<Self> {
        if let Some(default) = DEFAULT.get() {
            let storage = default.clone();
            // A static is never dropped, and so its folder would never be removed: each value has one of its own.
            return Ok(Self::new(move || storage.storage().clone(), None, default.0.parent.clone()));
        }
        if let Some(url) = url
            && local_path(url).is_none()
        {
            let message = format!("`{}` was not made in a task's own code, so nothing says through which stores it is opened", shown(url));
            let hint =
                "give it `.within(&ctx)` or `.within(&storage)`; or start the thread or future with `ctx.spawn` or `ctx.spawn_blocking`";
            return Err(Error::new(ErrorKind::Denied, message).with_hint(hint));
        }
        Ok(Self::new(Storage::default, None, TEMPORARY))
    }

    /// Removes the folder at once, also while others still have this workspace: for the end of a process, which a task that did not stop in time does
    /// not hold up.
    pub fn remove_scratch(&self) {
        self.0.remove_scratch();
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
        builder.recursive(true);
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

impl From<&Workspace> for Workspace {
    fn from(workspace: &Workspace) -> Self {
        workspace.clone()
    }
}

/// Reads through the storage, and stores nothing. Copies of files go to a folder in `/tmp`.
impl From<&Storage> for Workspace {
    fn from(storage: &Storage) -> Self {
        let storage = storage.clone();
        Self::new(move || storage, None, TEMPORARY)
    }
}

/// Puts the workspace back that was current before.
struct Entered(Option<Workspace>);

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
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
