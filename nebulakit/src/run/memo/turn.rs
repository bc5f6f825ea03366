//! Turns of equal calls: one runs at a time, across all runs and processes that share a folder, and the others use its outputs.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Queue, OwnedMutexGuard};

use crate::run::error::{At as _, RecordError};
use crate::run::folder::{RunsFolder, make};
use crate::run::lookup::{CacheKey, Caller};

/// How often to try to take a turn that another run has.
const PAUSE: Duration = Duration::from_millis(20);

/// The turns of a run.
#[derive(Debug)]
pub(crate) struct Turns {
    /// The folder of the locks, which all runs see.
    folder: PathBuf,
    /// The calls of this run that have or wait for their turn.
    queues: Arc<Queues>,
}

/// Calls, by the digests of their keys: of each only the first asks for the lock.
type Queues = Mutex<HashMap<String, Waiting>>;

#[derive(Debug)]
struct Waiting {
    queue: Arc<Queue<()>>,
    /// The call that is the first.
    first: Caller,
}

/// The first place in a queue, until it is dropped.
#[derive(Debug)]
struct Place {
    queues: Arc<Queues>,
    digest: String,
    guard: OwnedMutexGuard<()>,
}

/// The turn of a call, until it is dropped. The kernel gives it back with the process's end, however that comes.
#[derive(Debug)]
pub(crate) struct Turn {
    path: PathBuf,
    // The lock is given back before the next call of this run asks for it.
    _lock: File,
    _place: Place,
}

impl Turns {
    pub(crate) fn new(runs: &RunsFolder) -> Self {
        Self { folder: runs.path().join("turns"), queues: Arc::default() }
    }

    /// Waits until it is the turn of `caller`; `behind` is called with the call that has the turn before it.
    ///
    /// # Errors
    /// When the lock cannot be created.
    ///
    /// # Cancel safety
    /// If this is dropped, it no longer waits.
    pub(crate) async fn take(&self, key: &CacheKey, caller: &Caller, behind: impl Fn(Caller)) -> Result<Turn, RecordError> {
        let digest = key.digest();
        let path = self.folder.join(format!("{digest}.lock"));
        let (place, mut is_told) = self.place(digest, caller, &behind).await;
        loop {
            if let Some(lock) = try_lock(&path, caller)? {
                return Ok(Turn { path, _lock: lock, _place: place });
            }
            if !is_told && let Some(other) = holder(&path) {
                behind(other);
                is_told = true;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits for the first place among the calls of this run, and says whether another one had it.
    async fn place(&self, digest: String, caller: &Caller, behind: impl Fn(Caller)) -> (Place, bool) {
        let (queue, first) = self.queue(digest.clone(), caller);
        let (guard, is_told) = match Arc::clone(&queue).try_lock_owned() {
            Ok(guard) => (guard, false),
            Err(_) => {
                behind(first);
                (queue.lock_owned().await, true)
            }
        };
        if let Some(waiting) = self.queues.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&digest) {
            waiting.first = caller.clone();
        }
        (Place { queues: Arc::clone(&self.queues), digest, guard }, is_told)
    }

    fn queue(&self, digest: String, caller: &Caller) -> (Arc<Queue<()>>, Caller) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = queues.entry(digest).or_insert_with(|| Waiting { queue: Arc::default(), first: caller.clone() });
        (Arc::clone(&waiting.queue), waiting.first.clone())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        // One is the map's and one is this place's: nobody waits.
        if Arc::strong_count(OwnedMutexGuard::mutex(&self.guard)) == 2 {
            queues.remove(&self.digest);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Who opened it before finds that it is not there any more, and makes another one.
        let _ = fs::remove_file(&self.path);
    }
}

/// Takes the lock at `path`, and writes into it which call holds it; [`None`] if another call holds it.
fn try_lock(path: &Path, caller: &Caller) -> Result<Option<File>, RecordError> {
    loop {
        let opened = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path);
        let mut file = match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                path.parent().map_or(Ok(()), make)?;
                continue;
            }
            opened => opened.at("open", path)?,
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(RecordError::io("lock", path, &error)),
        }
        let ours = file.metadata().at("read", path)?.ino();
        if fs::metadata(path).is_ok_and(|there| there.ino() == ours) {
            let json = serde_json::to_vec(caller).map_err(|error| RecordError::io("write", path, &error.into()))?;
            file.rewind().and_then(|()| file.set_len(0)).and_then(|()| file.write_all(&json)).at("write", path)?;
            return Ok(Some(file));
        }
    }
}

/// The call that holds the lock, once it has written that.
fn holder(path: &Path) -> Option<Caller> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::FutureExt as _;

    use super::*;
    use crate::run::RunId;

    fn key() -> CacheKey {
        let text = || String::from("x");
        CacheKey { task: text(), version: text(), inputs_type: text(), outputs_type: text(), inputs: BTreeMap::new(), ignored: Vec::new() }
    }

    fn caller(node: &str) -> Caller {
        Caller { run: RunId::from("r1"), node: node.into() }
    }

    /// What stands behind which call.
    fn told(behind: &Mutex<Vec<Caller>>) -> impl Fn(Caller) {
        move |call| behind.lock().unwrap().push(call)
    }

    #[tokio::test]
    async fn one_has_the_turn_at_a_time_in_a_run_and_between_runs() {
        let dir = tempfile::tempdir().unwrap();
        let runs = RunsFolder::open(dir.path().join("runs")).unwrap();
        // As many of each: two runs, or two processes.
        let turns = [Turns::new(&runs), Turns::new(&runs)];
        let inside = AtomicUsize::new(0);
        let calls = (0..8).map(|call| {
            let (turns, inside) = (&turns[call % 2], &inside);
            async move {
                let turn = turns.take(&key(), &caller("n0"), |_| ()).await.unwrap();
                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                tokio::task::yield_now().await;
                inside.fetch_sub(1, Ordering::SeqCst);
                drop(turn);
            }
        });
        futures_util::future::join_all(calls).await;
        assert_eq!(fs::read_dir(runs.path().join("turns")).unwrap().count(), 0, "nothing is left");
    }

    #[tokio::test]
    async fn who_waits_is_told_for_whom_and_can_give_up() {
        let dir = tempfile::tempdir().unwrap();
        let runs = RunsFolder::open(dir.path().join("runs")).unwrap();
        let (turns, others) = (Turns::new(&runs), Turns::new(&runs));
        let first = turns.take(&key(), &caller("n0"), |_| panic!("nobody has it")).await.unwrap();
        let behind = Mutex::default();
        for turns in [&turns, &others] {
            assert!(turns.take(&key(), &caller("n1"), told(&behind)).now_or_never().is_none());
        }
        assert_eq!(*behind.lock().unwrap(), [caller("n0"), caller("n0")]);
        drop(first);
        others.take(&key(), &caller("n2"), |_| panic!("nobody has it")).await.unwrap();
    }

    #[tokio::test]
    async fn who_waits_is_told_of_the_call_that_has_the_turn_now() {
        let dir = tempfile::tempdir().unwrap();
        let runs = RunsFolder::open(dir.path().join("runs")).unwrap();
        let (turns, key, behind) = (Turns::new(&runs), key(), Mutex::default());
        let (first, second, third) = (caller("n0"), caller("n1"), caller("n2"));
        let turn = turns.take(&key, &first, told(&behind)).await.unwrap();
        let mut waiting = pin!(turns.take(&key, &second, told(&behind)));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(turn);
        let turn = waiting.await.unwrap();
        assert!(turns.take(&key, &third, told(&behind)).now_or_never().is_none());
        assert_eq!(*behind.lock().unwrap(), [caller("n0"), caller("n1")]);
        drop(turn);
        assert!(turns.queues.lock().unwrap().is_empty(), "nothing is left");
    }
}
