//! Syncs events to disk, many at a time.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::Notify;

use crate::run::error::{RecordError, RecordErrorKind};

/// A thread that syncs a file for everything that waits for it: one sync at a time, and requests that come meanwhile share the next one. It ends when this is
/// dropped.
#[derive(Debug)]
pub(super) struct Disk {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// For threads that wait, including the one that syncs.
    changed: Condvar,
    /// For futures that wait.
    synced: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// How many events must be on disk.
    wanted: u64,
    /// How many are on disk.
    synced: u64,
    failed: Option<RecordError>,
    is_over: bool,
}

impl Disk {
    /// Starts the thread. `sync` syncs what the kernel has, and returns how many events that covers.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(super) fn start(sync: impl FnMut() -> Result<u64, RecordError> + Send + 'static) -> Result<Self, RecordError> {
        let shared = Arc::new(Shared::default());
        let syncing = Arc::clone(&shared);
        let thread = thread::Builder::new().name("nebulakit-disk".to_owned()).spawn(move || syncing.run(sync));
        let thread = thread.map_err(|error| {
            RecordError::new(RecordErrorKind::Io(error.kind()), format!("cannot start a thread for the run's log: {error}"))
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Asks for the first `events` to be on disk soon.
    pub(super) fn ask(&self, events: u64) {
        let mut state = self.shared.locked();
        if state.wanted < events {
            state.wanted = events;
            self.shared.changed.notify_all();
        }
    }

    /// Waits until the first `events` are on disk; they must have been asked for.
    ///
    /// # Errors
    /// When a sync failed, this one or an earlier one: it is unknown what the kernel then does with the data.
    pub(super) fn wait(&self, events: u64) -> Result<(), RecordError> {
        let waits = |state: &mut State| state.done(events).is_none();
        let state = self.shared.changed.wait_while(self.shared.locked(), waits).unwrap_or_else(PoisonError::into_inner);
        state.done(events).unwrap_or(Ok(()))
    }

    /// The same in code that is async.
    ///
    /// # Errors
    /// As for [`wait`](Self::wait).
    pub(super) async fn wait_async(&self, events: u64) -> Result<(), RecordError> {
        loop {
            let mut synced = std::pin::pin!(self.shared.synced.notified());
            // It listens before it looks, so that no sync falls in between.
            synced.as_mut().enable();
            if let Some(done) = self.shared.locked().done(events) {
                return done;
            }
            synced.await;
        }
    }
}

impl State {
    /// The result for the first `events`; [`None`] if it is not known yet.
    fn done(&self, events: u64) -> Option<Result<(), RecordError>> {
        match &self.failed {
            Some(failed) => Some(Err(failed.clone())),
            None => (self.synced >= events).then_some(Ok(())),
        }
    }
}

impl Shared {
    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Syncs whenever more is asked for, until the end or the first failure.
    fn run(&self, mut sync: impl FnMut() -> Result<u64, RecordError>) {
        let idle = |state: &mut State| !state.is_over && state.wanted <= state.synced;
        loop {
            let state = self.changed.wait_while(self.locked(), idle).unwrap_or_else(PoisonError::into_inner);
            if state.is_over || state.failed.is_some() {
                return;
            }
            drop(state);
            let synced = sync();
            let mut state = self.locked();
            match synced {
                Ok(events) => state.synced = events,
                Err(error) => state.failed = Some(error),
            }
            drop(state);
            self.changed.notify_all();
            self.synced.notify_waiters();
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.shared.locked().is_over = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic in it was told where it happened.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn all_who_come_during_a_sync_share_the_next_one() {
        let (begun, begins) = mpsc::channel();
        let (go, goes) = mpsc::channel();
        let (written, syncs) = (Arc::new(AtomicU64::new(1)), Arc::new(AtomicU64::new(0)));
        let (has, counted) = (Arc::clone(&written), Arc::clone(&syncs));
        let disk = Disk::start(move || {
            let covered = has.load(Ordering::SeqCst);
            begun.send(()).unwrap();
            goes.recv().unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(covered)
        });
        let disk = disk.unwrap();
        disk.ask(1);
        begins.recv().unwrap();
        for event in 2..=1000 {
            written.store(event, Ordering::SeqCst);
            disk.ask(event);
        }
        go.send(()).unwrap();
        disk.wait(1).unwrap();
        begins.recv().unwrap();
        go.send(()).unwrap();
        (1..=1000).for_each(|event| disk.wait(event).unwrap());
        assert_eq!(syncs.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_sync_that_failed_fails_all_that_follow() {
        let failed = RecordError::new(RecordErrorKind::Io(std::io::ErrorKind::Other), "the disk is gone");
        let disk = Disk::start({
            let failed = failed.clone();
            move || Err(failed.clone())
        });
        let disk = disk.unwrap();
        disk.ask(1);
        assert_eq!(disk.wait(1), Err(failed.clone()));
        disk.ask(2);
        assert_eq!(nebulakit_types::block_on(disk.wait_async(2)).unwrap(), Err(failed));
    }
}
