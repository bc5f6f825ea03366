//! A context that anyone can make.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use nebulakit_types::Dialect;
use nebulakit_types::convert::reader::Bounds;
use nebulakit_types::storage::Storage;

use crate::services::devices::Gpus;
use crate::services::identity::Identity;
use crate::services::secrets::Secrets;
use crate::services::stats::Stats;
use crate::services::stores::Stores;
use crate::task::cancellation::Cancellation;
use crate::task::context::Context;
use crate::task::invocation::Caller;
use crate::task::mock::Mocks;
use crate::task::sinks::{LogSink, ProgressSink};
use crate::task::surroundings::{Deadline, Places, Surroundings};

impl Context {
    /// A context without a platform, for tests and for programs of your own: its data goes below the folder `dir`, it reads no environment
    /// and no configuration, and it reaches only this machine (`file` and `memory`). [`builder`](Self::builder) gives it more.
    ///
    /// # Examples
    /// ```
    /// # use nebulakit::prelude::*;
    /// #[task]
    /// fn save(ctx: Context, text: String) -> anyhow::Result<File> {
    ///     let path = ctx.working_directory()?.join("text.txt");
    ///     std::fs::write(&path, text)?;
    ///     Ok(File::from_path(path))
    /// }
    /// # let folder = tempfile::tempdir()?;
    /// let ctx = Context::local(folder.path());
    /// let file = save(ctx.clone(), "hello".to_owned())?;
    /// assert_eq!(file.blocking().read_to_string()?, "hello");
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    #[must_use]
    pub fn local(dir: impl Into<PathBuf>) -> Self {
        Self::builder(dir).build()
    }

    /// The same with storage, secrets, an attempt, a checkpoint, cancellation or a deadline of your choice.
    #[must_use]
    pub fn builder(dir: impl Into<PathBuf>) -> ContextBuilder {
        ContextBuilder::new(dir.into())
    }
}

/// Makes a [`Context`] without a platform; see [`Context::builder`].
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use nebulakit::secrets::Secrets;
/// use nebulakit::{Cancellation, Context};
///
/// let cancellation = Cancellation::new();
/// let context = Context::builder("/tmp/app")
///     .secrets(Secrets::of([("db", "password", "dummy")]))
///     .attempt(2)
///     .cancellation(&cancellation)
///     .deadline(Duration::from_secs(60))
///     .build();
/// cancellation.cancel();
/// assert!(context.is_cancelled() && context.attempt() == 2);
/// ```
pub struct ContextBuilder(Surroundings);

impl fmt::Debug for ContextBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ContextBuilder {
    pub(super) fn new(dir: PathBuf) -> Self {
        let place = |name: &str| dir.join(name).to_string_lossy().into_owned();
        Self(Surroundings {
            identity: Identity::local(),
            child: None,
            stores: Stores::new(Storage::local),
            secrets: Secrets::none(),
            stats: Arc::new(Stats::disabled),
            cancellation: Cancellation::new(),
            started: SystemTime::now(),
            custom: BTreeMap::new(),
            deadline: None,
            output_prefix: place("outputs").into(),
            raw_output_prefix: Some(place("raw")),
            checkpoint: Places::default(),
            temporary: dir.into(),
            dialect: &Dialect::FLYTE_1,
            offloaded: Bounds::default(),
            gpus: Gpus::Granted(Vec::new()),
            progress: None,
            logs: None,
            traced: None,
            cpu: None,
            caller: None,
            stands_in: true,
            takes_graphs: false,
            mocks: Mocks::default(),
        })
    }

    /// One of these surroundings.
    #[cfg(feature = "run")]
    pub(crate) fn of(surroundings: Surroundings) -> Self {
        Self(surroundings)
    }

    /// The object stores, instead of this machine alone. For those that the environment says, as in a container, give
    /// [`storage::from_environment()`](crate::storage::from_environment).
    #[must_use]
    pub fn storage(mut self, storage: Storage) -> Self {
        self.0.stores = Stores::new(move || storage.clone());
        self
    }

    /// Where files, directories and tables go, instead of `raw` in the folder.
    #[must_use]
    pub fn raw_output_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.0.raw_output_prefix = Some(prefix.into());
        self
    }

    /// The secrets, instead of none.
    #[must_use]
    pub fn secrets(mut self, secrets: Secrets) -> Self {
        self.0.secrets = secrets;
        self
    }

    /// Where metrics go, instead of nowhere.
    #[must_use]
    pub fn stats(mut self, stats: Stats) -> Self {
        self.0.stats = Arc::new(move || stats.clone());
        self
    }

    /// Which attempt it is, from 0.
    #[must_use]
    pub fn attempt(mut self, attempt: u32) -> Self {
        let identity = Identity { attempt, ..(*self.0.identity()).clone() };
        (self.0.identity, self.0.child) = (Arc::new(identity), None);
        self
    }

    /// The URL or folder where this attempt saves its checkpoint, and that of the former attempt.
    #[must_use]
    pub fn checkpoint(mut self, destination: impl Into<String>, previous: Option<String>) -> Self {
        self.0.checkpoint = Places { destination: Some(destination.into()), previous, resumes_own: false };
        self
    }

    /// What asks the task to stop.
    #[must_use]
    pub fn cancellation(mut self, cancellation: &Cancellation) -> Self {
        self.0.cancellation = cancellation.clone();
        self
    }

    /// How long the task may run from now on. When it is over the task is asked to stop; a run ends then with the code `USER:Timeout`, and
    /// transfers with an error.
    ///
    /// The runtime that polls a run with a deadline needs timers (`enable_time` or `enable_all` on tokio's builder): without them the run fails,
    /// with an error that says so, before the task's code is called. A run that no runtime polls has no clock: its
    /// task is not asked to stop, and fails all the same if it ends too late.
    #[must_use]
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.0.deadline = Deadline::after(limit, true);
        self
    }

    /// The custom context that the run was started with.
    #[must_use]
    pub fn custom_context(mut self, custom: impl IntoIterator<Item = (String, String)>) -> Self {
        self.0.custom = custom.into_iter().collect();
        self
    }

    /// Who hears how far the task has come.
    #[must_use]
    pub fn progress(mut self, sink: Arc<dyn ProgressSink>) -> Self {
        self.0.progress = Some(sink);
        self
    }

    /// Who takes the lines of the run's own log.
    #[must_use]
    pub fn logs(mut self, sink: Arc<dyn LogSink>) -> Self {
        self.0.logs = Some(sink);
        self
    }

    /// Who starts the tasks that this one calls, instead of a run in the same process.
    #[must_use]
    pub fn caller(mut self, caller: Arc<dyn Caller>) -> Self {
        self.0.caller = Some(caller);
        self
    }

    /// For the tasks of a graph: graphs that dynamic tasks return are run, and bodies stand in for what is registered elsewhere.
    #[cfg(feature = "run")]
    #[must_use]
    pub(crate) fn in_a_graph(mut self) -> Self {
        self.0.takes_graphs = true;
        self.0.stands_in = true;
        self
    }

    /// What stands in for tasks, wherever they run or are called.
    #[cfg(feature = "run")]
    #[must_use]
    pub(crate) fn mocks(mut self, mocks: Mocks) -> Self {
        self.0.mocks = mocks;
        self
    }

    /// The context. Nothing is read or made before something is asked of it.
    #[must_use]
    pub fn build(self) -> Context {
        Context::new(self.0, Vec::new())
    }
}
