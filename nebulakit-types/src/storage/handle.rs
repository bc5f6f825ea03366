//! The handle by which all is reached: what it shares, and what every operation on it has in common.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::OwnedSemaphorePermit;

use super::backoff::{Backoff, LONGEST_TRYING, RETRIES};
use super::budget::{Budget, Request};
use super::config::StorageConfig;
use super::deadline::in_time;
use super::location::out_of_reach;
use super::progress::Progress;
use super::store::{Pending, Resilience};
use super::store_set::StoreSet;
use super::stores::{Located, Stores};
use super::words::{LATE, ONE_TRY, crowded, late, tried};
use crate::{Error, ErrorKind, Result};

/// Where URLs lead. Cheap to clone; clones share their stores, their connections and their memory.
///
/// ```
/// # use nebulakit_types::storage::{PutOptions, Storage};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let storage = Storage::memory();
/// storage.put("memory://run/outputs.pb", vec!["by".into(), "tes".into()], &PutOptions::default()).await?;
/// assert_eq!(storage.get("memory://run/outputs.pb").await?, "bytes");
/// # Ok::<(), nebulakit_types::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Storage {
    pub(super) inner: Arc<Inner>,
    /// When what is begun with it has to be over.
    pub(super) deadline: Option<Instant>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) stores: Stores,
    pub(super) budget: Arc<Budget>,
    pub(super) progress: Progress,
    pub(super) config: Arc<StorageConfig>,
}

impl Default for Storage {
    fn default() -> Self {
        Self::new(StorageConfig::default())
    }
}

impl Storage {
    /// Makes a storage with the stores that come along. No I/O, no client: those come with the first URL that needs them.
    #[must_use]
    pub fn new(config: StorageConfig) -> Self {
        Self::with_stores(config, StoreSet::default())
    }

    /// Makes a storage that reaches only this machine: files, and an empty `memory://` of its own.
    #[must_use]
    pub fn local() -> Self {
        Self::new(StorageConfig { only_local: true, ..StorageConfig::default() })
    }

    /// Makes a storage with stores of one's own besides those that come along.
    #[doc(hidden)]
    #[must_use]
    pub fn with_stores(config: StorageConfig, own: StoreSet) -> Self {
        let (config, budget) = (Arc::new(config), Arc::new(Budget::default()));
        let stores = Stores::new(
            config.clone(),
            #[cfg(feature = "client")]
            &budget,
            own,
        );
        Self { inner: Arc::new(Inner { stores, budget, progress: Progress::default(), config }), deadline: None }
    }

    /// Makes a storage for tests, with an empty `memory://` of its own.
    #[must_use]
    pub fn memory() -> Self {
        Self::default()
    }

    /// The same storage, all of whose transfers are over by a deadline. Those that are not through by then are given up like any that fail,
    /// with an error that says so; what they have sent of an object is taken back, in the background.
    ///
    /// It binds what is begun with this storage and its clones, and not what others do with the stores that they share. What the file system
    /// of this machine does in one call is not interrupted.
    #[must_use]
    pub fn until(&self, deadline: impl Into<Option<Instant>>) -> Self {
        Self { inner: self.inner.clone(), deadline: deadline.into() }
    }

    /// Whether this program has a store for a URL. Nothing is asked of it.
    #[must_use]
    pub fn serves(&self, url: &str) -> bool {
        self.locate(url).is_ok_and(|place| place.store.file(&place.address).is_ok())
    }

    /// What a block of a table may become, where that is set.
    #[cfg(feature = "schema")]
    pub(crate) fn table_block(&self) -> Option<u64> {
        self.inner.config.table_block
    }

    /// The file of this machine that a URL leads to, if it leads to one.
    pub(crate) fn local_path(&self, url: &str) -> Option<PathBuf> {
        let place = self.locate(url).ok()?;
        place.store.file(&place.address).ok()?
    }

    /// What follows the transfers of this storage and its clones.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.inner.progress.clone()
    }

    /// Where a URL leads.
    pub(super) fn locate(&self, url: &str) -> Result<Located> {
        let place = self.inner.stores.locate(url, self.deadline)?;
        if place.store.is_remote() {
            if self.inner.config.only_local {
                return Err(out_of_reach(url));
            }
            self.inner.progress.goes_out();
        }
        Ok(place)
    }

    /// Waits for the right to a request, where a place is reached by one.
    pub(super) async fn request(&self, place: &Located) -> Result<Option<Request>> {
        if place.store.is_remote() { self.slot(place.address.url()).await.map(Some) } else { Ok(None) }
    }

    /// Waits for the right to a request.
    pub(super) async fn slot(&self, url: &str) -> Result<Request> {
        self.inner.budget.request_until(self.deadline).await.ok_or_else(|| crowded(url))
    }

    /// Waits for the right to hold this many bytes.
    pub(super) async fn room(&self, url: &str, bytes: usize) -> Result<Option<OwnedSemaphorePermit>> {
        in_time(self.deadline, self.inner.budget.memory(bytes)).await.ok_or_else(|| crowded(url))
    }

    /// Counts what was not counted when it was listed.
    pub(super) fn expected(&self, listed: Option<u64>, length: u64) {
        if listed.is_none() {
            self.inner.progress.expect(1, length);
        }
    }

    /// Whether the deadline has passed.
    pub(super) fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= Instant::now())
    }

    /// Waits before a body that broke off for the nth time is asked for again, but not beyond the deadline.
    pub(super) async fn wait(&self, breaks: u32) {
        in_time(self.deadline, Backoff::after(&self.inner.config, breaks).wait()).await;
    }

    /// How often a request that failed is made again.
    pub(super) fn retries(&self) -> u32 {
        self.inner.config.retries.unwrap_or(RETRIES)
    }

    /// Waits for a store, but not beyond the deadline, where it does not keep that itself.
    pub(super) async fn ask_once<T: Send>(&self, place: &Located, asked: Pending<'_, T>) -> Result<T> {
        let deadline = self.deadline.filter(|_| place.store.resilience() == Resilience::None);
        in_time(deadline, asked).await.unwrap_or_else(|| Err(unanswered(place, ONE_TRY)))
    }

    /// Asks a store, and asks again while it is unavailable, unless it does so itself.
    pub(super) async fn ask<'a, T: Send>(&self, place: &'a Located, ask: impl Fn() -> Pending<'a, T>) -> Result<T> {
        self.ask_first(place, ask(), ask).await
    }

    /// The same, where the first try has begun.
    pub(super) async fn ask_first<'a, T: Send>(
        &self,
        place: &'a Located,
        first: Pending<'a, T>,
        ask: impl Fn() -> Pending<'a, T>,
    ) -> Result<T> {
        if place.store.resilience() != Resilience::None {
            return first.await;
        }
        let (started, mut tries, mut next) = (Instant::now(), 1, first);
        loop {
            match in_time(self.deadline, next).await {
                None => return Err(unanswered(place, &tried(tries, started.elapsed()))),
                Some(Err(error)) if error.kind() == ErrorKind::Unavailable => self.before_another(error, started, tries).await?,
                Some(asked) => return asked,
            }
            tries += 1;
            next = ask();
        }
    }

    /// Waits until another try is due.
    ///
    /// # Errors
    /// The error of the last one, with how much was tried, if there is none.
    async fn before_another(&self, error: Error, started: Instant, tries: u32) -> Result<()> {
        let is_over = tries > self.retries() || started.elapsed() > LONGEST_TRYING;
        if !is_over && !self.is_late() {
            self.wait(tries).await;
            if !self.is_late() {
                return Ok(());
            }
        }
        let end = if self.is_late() { LATE } else { "" };
        let message = format!("{}{}{end}", error.message(), tried(tries, started.elapsed()));
        Err(error.saying(message))
    }
}

/// The error of a store that did not answer before the deadline.
fn unanswered(place: &Located, tried: &str) -> Error {
    late(place.address.url(), &format!("the store did not answer in time{tried}"))
}
