//! What has to be stored before a written value is of use to others.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use tokio::sync::OnceCell;

use crate::Result;
use crate::storage::Storage;
use crate::workspace::Workspace;

/// How many values are under way at a time; what each of them may have in flight is the storage's own budget.
const AT_A_TIME: usize = 16;

/// The data of files, directories and tables that were written as literals, on its way to the stores.
///
/// Writing a value is quick and blocks nothing: it decides where the data will be. The transfers run afterwards, all together, and before
/// the literals that name them are published.
#[derive(Debug, Default)]
pub struct Outbox {
    workspace: Option<Workspace>,
    transfers: Vec<Transfer>,
    is_closed: bool,
    keeps_paths: bool,
    tells_contents: bool,
}

/// A future that stores something.
type Sending = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// One thing to be stored.
pub struct Transfer {
    what: String,
    send: Box<dyn FnOnce(Storage) -> Sending + Send>,
}

impl fmt::Debug for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Transfer").field(&self.what).finish()
    }
}

impl Transfer {
    /// Something that `send` stores; `what` is what `Debug` calls it.
    pub fn custom<F, S>(what: impl Into<String>, send: F) -> Self
    where
        F: FnOnce(Storage) -> S + Send + 'static,
        S: Future<Output = Result<()>> + Send + 'static,
    {
        Self { what: what.into(), send: Box::new(move |storage| Box::pin(send(storage))) }
    }

    /// The same, for something that several outboxes may hold: one of them stores it, and the others wait until it is `stored`.
    pub(crate) fn shared(self, stored: Arc<OnceCell<()>>) -> Self {
        let Self { what, send } = self;
        Self::custom(what, move |storage| async move { stored.get_or_try_init(|| send(storage)).await.copied() })
    }
}

impl Outbox {
    /// An outbox for data that goes to `workspace`.
    #[must_use]
    pub fn new(workspace: &Workspace) -> Self {
        Self { workspace: Some(workspace.clone()), ..Self::default() }
    }

    /// An outbox for values that are read in this process: what is in memory goes to `workspace`, and what is at a path of this machine stays
    /// there.
    #[must_use]
    pub fn in_process(workspace: &Workspace) -> Self {
        Self { keeps_paths: true, ..Self::new(workspace) }
    }

    /// An outbox for values that are compared, not read: what is in memory is written as a digest of its content, and nothing is sent. Equal values are
    /// written alike, as far as that can be told.
    #[must_use]
    pub fn of_contents(workspace: &Workspace) -> Self {
        Self { tells_contents: true, ..Self::in_process(workspace) }
    }

    /// Whether what is in memory is written as a digest of its content.
    pub(crate) fn tells_contents(&self) -> bool {
        self.tells_contents
    }

    /// Whether what is at a path of this machine stays there.
    pub(crate) fn keeps_paths(&self) -> bool {
        self.keeps_paths
    }

    /// An outbox for values that go out later, by another's outbox: data that is not in a store yet is an error.
    #[must_use]
    pub(crate) fn closed() -> Self {
        Self { is_closed: true, ..Self::default() }
    }

    /// Whether data has to be in a store already.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Where the data goes; [`None`] where it stays where it is.
    #[must_use]
    pub fn workspace(&self) -> Option<&Workspace> {
        self.workspace.as_ref()
    }

    /// A URL for data called `name`; [`None`] where data stays where it is.
    #[must_use]
    pub fn fresh_url(&self, name: &str) -> Option<String> {
        self.workspace.as_ref()?.fresh_url(name)
    }

    /// Adds something to be stored.
    pub fn push(&mut self, transfer: Transfer) {
        self.transfers.push(transfer);
    }

    /// Whether there is nothing to store.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.transfers.is_empty()
    }

    /// Stores everything. When this returns, the data is there for every reader.
    ///
    /// # Errors
    /// The first error of a transfer; the others are given up.
    pub async fn send(self) -> Result<()> {
        let Some(workspace) = self.workspace else { return Ok(()) };
        // The stores are made only if there is something for them.
        stream::iter(self.transfers)
            .map(|transfer| (transfer.send)(workspace.storage().clone()))
            .buffer_unordered(AT_A_TIME)
            .try_collect()
            .await
    }
}
