//! The files of a folder, and what is free beside what they say.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use crate::coordinator::resources::limits::{Demand, Limits};
use crate::coordinator::resources::shared::record::{Amounts, Want, Wanted, read, write};

/// The file whose lock is held while others are read and written.
const LOCK: &str = "lock";

/// How the file of a process ends.
const HOLDS: &str = ".holds";

/// The folder, and the file of this coordinator in it.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    lock: File,
    own: File,
    own_path: PathBuf,
}

/// What came of an exchange.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exchanged {
    /// What was given of what is wanted.
    pub(crate) given: Option<Amounts>,
    /// Whether jobs of other processes wait whose turn it is: what comes free here is theirs.
    pub(crate) others_wait: bool,
}

/// What is free for all processes together.
#[derive(Debug, Clone)]
struct Free {
    millicores: u64,
    memory: u64,
    gpus: Vec<Arc<str>>,
    tokens: Vec<(Arc<str>, u32)>,
}

impl Folder {
    /// Opens the folder, which is made where it is not there, with a file for this coordinator.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path.join(LOCK))?;
        let own_path = path.join(format!("{}-{}{HOLDS}", std::process::id(), Uuid::new_v4()));
        let _locked = Locked::new(&lock)?;
        let own = OpenOptions::new().create_new(true).write(true).open(&own_path)?;
        own.lock()?;
        Ok(Self { path: path.to_owned(), lock: lock.try_clone()?, own, own_path })
    }

    /// Says that `held` is held, and takes what the first of `wants` asks for that fits beside what others hold.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub(crate) fn exchange(&mut self, limits: &Limits, held: &Amounts, wants: &[Want]) -> io::Result<Exchanged> {
        let _locked = Locked::new(&self.lock)?;
        let mut free = Free::all(limits);
        free.take(held);
        let mut waiting = Vec::new();
        for (others, wanted) in self.others()? {
            free.take(&others);
            waiting.extend(wanted);
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_nanos().max(1));
        let since = |want: &Want| now.saturating_sub(want.waited.as_nanos()).max(1);
        let chosen = wants.iter().enumerate().find_map(|(place, want)| {
            // What those wait for who began before is kept for them.
            let mut left = free.clone();
            waiting.iter().filter(|wanted| !want.is_urgent && wanted.since < since(want)).for_each(|wanted| left.keep(wanted));
            Some((place, left.give(&want.demand, limits)?))
        });
        let first = wants.first().filter(|_| chosen.as_ref().is_none_or(|(place, _)| *place > 0));
        let wanted = first.map(|want| Wanted::new(&want.demand, limits, since(want)));
        let mut all = held.clone();
        if let Some((_, chosen)) = &chosen {
            all.add(chosen);
        }
        let text = write(&all, wanted.as_ref());
        let mut own = &self.own;
        own.rewind()?;
        own.write_all(text.as_bytes())?;
        own.set_len(text.len() as u64)?;
        let own_turn = wanted.map_or(u128::MAX, |wanted| wanted.since);
        let others_wait = waiting.iter().any(|others| others.since < own_turn);
        Ok(Exchanged { given: chosen.map(|(_, chosen)| chosen), others_wait })
    }

    /// What the other processes hold that are alive, and wait for. The files of those that are gone are removed.
    fn others(&self) -> io::Result<Vec<(Amounts, Option<Wanted>)>> {
        let mut others = Vec::new();
        for entry in std::fs::read_dir(&self.path)? {
            let path = entry?.path();
            if path == self.own_path || !path.to_string_lossy().ends_with(HOLDS) {
                continue;
            }
            let mut file = match OpenOptions::new().read(true).write(true).open(&path) {
                Ok(file) => file,
                // It ended at this moment.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            match file.try_lock() {
                Ok(()) => drop(std::fs::remove_file(&path)),
                Err(TryLockError::WouldBlock) => {
                    let mut text = String::new();
                    file.read_to_string(&mut text)?;
                    others.push(read(&text));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(others)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left of it counts for nothing once its lock is gone.
        let _ = std::fs::remove_file(&self.own_path);
    }
}

/// The folder's lock, while it is held.
struct Locked<'a>(&'a File);

impl<'a> Locked<'a> {
    fn new(lock: &'a File) -> io::Result<Self> {
        lock.lock()?;
        Ok(Self(lock))
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

impl Amounts {
    fn add(&mut self, more: &Self) {
        self.millicores += more.millicores;
        self.memory = self.memory.saturating_add(more.memory);
        self.gpus.extend(more.gpus.iter().cloned());
        for (name, number) in &more.tokens {
            match self.tokens.iter_mut().find(|(one, _)| one == name) {
                Some((_, sum)) => *sum += number,
                None => self.tokens.push((Arc::clone(name), *number)),
            }
        }
    }
}

impl Free {
    fn all(limits: &Limits) -> Self {
        let Limits { millicores, memory, gpus, tokens, .. } = limits.clone();
        Self { millicores, memory: memory.unwrap_or(u64::MAX), gpus, tokens }
    }

    fn take(&mut self, held: &Amounts) {
        self.less(held.millicores, held.memory, &held.tokens);
        self.gpus.retain(|id| !held.gpus.contains(id));
    }

    /// What one who waits asks for is not there for others.
    fn keep(&mut self, wanted: &Wanted) {
        self.less(wanted.millicores, wanted.memory, &wanted.tokens);
        self.gpus.truncate(self.gpus.len().saturating_sub(wanted.gpus as usize));
    }

    fn less(&mut self, millicores: u64, memory: u64, tokens: &[(Arc<str>, u32)]) {
        self.millicores = self.millicores.saturating_sub(millicores);
        if self.memory < u64::MAX {
            self.memory = self.memory.saturating_sub(memory);
        }
        for (name, number) in tokens {
            if let Some((_, free)) = self.tokens.iter_mut().find(|(one, _)| one == name) {
                *free = free.saturating_sub(*number);
            }
        }
    }

    /// What is asked for, if there is as much.
    fn give(&self, demand: &Demand, limits: &Limits) -> Option<Amounts> {
        let memory = demand.memory.unwrap_or(0);
        let gpus = self.gpus.get(..demand.gpus as usize)?.to_vec();
        let tokens = demand.tokens.iter().map(|(place, number)| {
            let name = &limits.tokens.get(*place)?.0;
            let free = self.tokens.iter().find(|(one, _)| one == name)?.1;
            (free >= *number).then(|| (Arc::clone(name), *number))
        });
        let tokens = tokens.collect::<Option<Vec<_>>>()?;
        (self.millicores >= demand.millicores && self.memory >= memory).then_some(Amounts {
            millicores: demand.millicores,
            memory,
            gpus,
            tokens,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limits() -> Limits {
        Limits {
            millicores: 4_000,
            memory: Some(100),
            gpus: vec!["0".into(), "1".into()],
            tokens: vec![("t".into(), 2)],
            ..Limits::default()
        }
    }

    fn want(millicores: u64, gpus: u32) -> Want {
        Want { demand: Demand { millicores, gpus, ..Demand::default() }, waited: Duration::ZERO, is_urgent: false }
    }

    #[test]
    fn what_one_holds_is_not_there_for_the_other_until_it_is_gone() {
        let (root, limits) = (tempfile::tempdir().unwrap(), limits());
        let open = || Folder::open(root.path()).unwrap();
        let (mut one, mut other) = (open(), open());
        let nothing = Amounts::default();
        let held = one.exchange(&limits, &nothing, &[want(3_000, 1)]).unwrap().given.unwrap();
        assert_eq!((held.millicores, &*held.gpus[0]), (3_000, "0"));
        assert_eq!(other.exchange(&limits, &nothing, &[want(2_000, 0)]).unwrap().given, None);
        let small = other.exchange(&limits, &nothing, &[want(2_000, 0), want(1_000, 1)]).unwrap().given.unwrap();
        assert_eq!((small.millicores, &*small.gpus[0]), (1_000, "1"));
        drop(one);
        assert_eq!(other.exchange(&limits, &small, &[want(3_000, 1)]).unwrap().given.unwrap().millicores, 3_000);
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 2);
    }

    #[test]
    fn who_waited_first_goes_first() {
        let (root, limits) = (tempfile::tempdir().unwrap(), limits());
        let open = || Folder::open(root.path()).unwrap();
        let (mut large, mut small) = (open(), open());
        let nothing = Amounts::default();
        let held = small.exchange(&limits, &nothing, &[want(1_000, 0)]).unwrap().given.unwrap();
        let early = Want { waited: Duration::from_secs(1), ..want(4_000, 0) };
        let told = large.exchange(&limits, &nothing, std::slice::from_ref(&early)).unwrap();
        assert_eq!(told, Exchanged { given: None, others_wait: false });
        let told = small.exchange(&limits, &held, &[want(1_000, 0)]).unwrap();
        assert_eq!(told, Exchanged { given: None, others_wait: true });
        assert_eq!(small.exchange(&limits, &held, &[want(1_000, 0)]).unwrap().given, None);
        // Jobs that hold something wait for it.
        let urgent = Want { is_urgent: true, ..want(1_000, 0) };
        assert!(small.exchange(&limits, &held, &[urgent]).unwrap().given.is_some());
        assert_eq!(small.exchange(&limits, &nothing, &[want(1_000, 0)]).unwrap().given, None);
        assert!(large.exchange(&limits, &nothing, &[early]).unwrap().given.is_some());
    }

    #[test]
    fn a_file_that_nobody_has_locked_counts_for_nothing() {
        let (root, limits) = (tempfile::tempdir().unwrap(), limits());
        let left = root.path().join("1-x.holds");
        std::fs::write(&left, "cores 4000\n").unwrap();
        let mut one = Folder::open(root.path()).unwrap();
        assert!(one.exchange(&limits, &Amounts::default(), &[want(4_000, 0)]).unwrap().given.is_some());
        assert!(!left.exists());
    }
}
