//! Cgroups for workers, of version 1 or 2: limits that the kernel keeps for a worker and all that it starts.
//!
//! Where a group can be made below that of this process, or beside it, one is made for each worker. Version 2 allows it where processes are in leaves
//! alone, as a service manager sets it up that delegates a group; version 1 wherever the folder can be written.

use std::fs;
use std::io;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::{Pid, Signal, kill_process};

use crate::process::memory::{MemoryGroup, folders};

/// The length of the period in which CPU time is given out, in microseconds.
const PERIOD: u64 = 100_000;

/// What groups are called, before the number of this process.
const NAME: &str = "nebulakit-";

/// The name of a group that this process has not used yet.
fn own_name() -> String {
    static NUMBERS: AtomicU64 = AtomicU64::new(0);
    format!("{NAME}{}-{}", std::process::id(), NUMBERS.fetch_add(1, Ordering::Relaxed))
}

/// Where groups for workers can be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) memory: Option<Place>,
    pub(super) cpu: Option<Place>,
}

/// A folder below which groups for one controller can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    folder: PathBuf,
    pub(super) is_v2: bool,
}

impl Places {
    /// What this process may use: below `folder` where it is given, else near the groups that it is in itself.
    pub(super) fn find(folder: Option<&Path>) -> Self {
        let membership = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let root = Path::new("/sys/fs/cgroup");
        let of = |controller: &'static str, file: [&str; 2]| {
            let near = |is_v2: bool| {
                let own = folders(root, &membership, if is_v2 { "" } else { controller });
                own.into_iter().flat_map(|own| [Some(own.clone()), own.parent().filter(|_| is_v2).map(Path::to_owned)]).flatten().collect()
            };
            let candidates = |is_v2| folder.map_or_else(|| near(is_v2), |folder| vec![folder.to_owned()]);
            let places =
                [false, true].into_iter().flat_map(|is_v2| candidates(is_v2).into_iter().map(move |folder| Place { folder, is_v2 }));
            places.into_iter().find(|place| place.serves(controller, file[usize::from(place.is_v2)]))
        };
        Self { memory: of("memory", ["memory.limit_in_bytes", "memory.max"]), cpu: of("cpu", ["cpu.cfs_quota_us", "cpu.max"]) }
    }
}

impl Place {
    /// Whether a group can be made here that has `file`, by which its limit is set.
    fn serves(&self, controller: &str, file: &str) -> bool {
        self.sweep();
        if self.is_v2
            && !fs::read_to_string(self.folder.join("cgroup.subtree_control"))
                .is_ok_and(|all| all.split_whitespace().any(|one| one == controller))
        {
            // It is refused where processes are in the group itself; a folder that is no cgroup has no such file, and gets none.
            let control = fs::OpenOptions::new().write(true).open(self.folder.join("cgroup.subtree_control"));
            let _ = control.and_then(|mut control| control.write_all(format!("+{controller}").as_bytes()));
        }
        // Another strategy of this process may look at the same time.
        let probe = self.folder.join(own_name());
        if fs::create_dir(&probe).is_err() {
            return false;
        }
        let is_there = fs::OpenOptions::new().write(true).open(probe.join(file)).is_ok();
        let _ = fs::remove_dir(&probe);
        is_there
    }

    /// Removes the groups of processes that were ended before they could do so.
    fn sweep(&self) {
        let Ok(groups) = fs::read_dir(&self.folder) else { return };
        for group in groups.flatten() {
            let name = group.file_name();
            let owner = name.to_str().and_then(|name| name.strip_prefix(NAME)?.split('-').next()?.parse::<u32>().ok());
            if owner.is_some_and(|owner| !Path::new("/proc").join(owner.to_string()).exists()) {
                // One with processes in it stays.
                let _ = fs::remove_dir(group.path());
            }
        }
    }
}

/// How much memory there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::coordinator::strategy) enum Bytes {
    Any,
    AtMost(u64),
}

/// The groups of one worker. They are removed with it.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) memory: Option<MemoryGroup>,
    folders: Vec<PathBuf>,
}

impl Group {
    /// Makes groups with at most `memory` bytes, or any number until that is [set](Self::limit_memory), and the CPU time of `cpus` cores.
    pub(super) fn make(places: &Places, memory: Option<Bytes>, cpus: Option<f64>) -> io::Result<Option<Self>> {
        let name = own_name();
        let mut group = Self { memory: None, folders: Vec::new() };
        if let (Some(place), Some(bytes)) = (&places.memory, memory) {
            let folder = group.add(place, &name)?;
            group.memory = Some(MemoryGroup { folder, is_v2: place.is_v2 });
            if let Bytes::AtMost(_) = bytes {
                group.limit_memory(bytes)?;
            }
        }
        if let (Some(place), Some(cpus)) = (&places.cpu, cpus) {
            let folder = group.add(place, &name)?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a number of cores is small"
            )]
            let quota = ((cpus * PERIOD as f64) as u64).max(1_000);
            if place.is_v2 {
                fs::write(folder.join("cpu.max"), format!("{quota} {PERIOD}"))?;
            } else {
                fs::write(folder.join("cpu.cfs_period_us"), PERIOD.to_string())?;
                fs::write(folder.join("cpu.cfs_quota_us"), quota.to_string())?;
            }
        }
        Ok((!group.folders.is_empty()).then_some(group))
    }

    fn add(&mut self, place: &Place, name: &str) -> io::Result<PathBuf> {
        let folder = place.folder.join(name);
        if !self.folders.contains(&folder) {
            fs::create_dir(&folder)?;
            self.folders.push(folder.clone());
        }
        Ok(folder)
    }

    /// What is in them may have as much memory from now on, and no swap.
    ///
    /// # Errors
    /// When that is less than they have, or the kernel does not take it.
    pub(super) fn limit_memory(&self, bytes: Bytes) -> io::Result<()> {
        let Some(MemoryGroup { folder, is_v2 }) = &self.memory else { return Ok(()) };
        let write = |file: &str, text: &str| fs::write(folder.join(file), text);
        let text = match bytes {
            Bytes::AtMost(bytes) => bytes.to_string(),
            Bytes::Any => if *is_v2 { "max" } else { "-1" }.to_owned(),
        };
        // Without swap there is no such file, and nothing to limit.
        if *is_v2 {
            let _ = write("memory.swap.max", "0");
            return write("memory.max", &text);
        }
        // The limit with swap is never below that without: one of the two is first where it grows, the other where it shrinks.
        let with_swap = || write("memory.memsw.limit_in_bytes", &text);
        let _ = with_swap();
        write("memory.limit_in_bytes", &text)?;
        let _ = with_swap();
        Ok(())
    }

    /// Puts a process into them.
    pub(super) fn take(&self, process: Pid) -> io::Result<()> {
        self.folders.iter().try_for_each(|folder| fs::write(folder.join("cgroup.procs"), process.as_raw_nonzero().to_string()))
    }

    /// Ends every process in them, also those that left the worker's process group.
    pub(super) fn kill(&self) {
        for folder in &self.folders {
            if fs::write(folder.join("cgroup.kill"), "1").is_ok() {
                continue;
            }
            let members = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
            for member in members.lines().filter_map(|member| Pid::from_raw(member.parse().ok()?)) {
                let _ = kill_process(member, Signal::KILL);
            }
        }
    }

    /// Ends what is left in them, and removes them.
    pub(super) fn remove(&self) {
        for _ in 0..100 {
            self.kill();
            if self.folders.iter().all(|folder| fs::remove_dir(folder).is_ok() || !folder.exists()) {
                return;
            }
            // What was killed takes a moment to be gone.
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for folder in &self.folders {
            // One that was removed is gone; one with a process in it is swept by the next coordinator.
            let _ = fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_where_no_cgroups_are() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::find(Some(folder.path()));
        assert!(places.memory.is_none() && places.cpu.is_none());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    /// A folder as a delegated group of version 2 is; a real one makes the files of a new group itself.
    fn delegated() -> (tempfile::TempDir, Places) {
        let root = tempfile::tempdir().unwrap();
        let place = Place { folder: root.path().to_owned(), is_v2: true };
        (root, Places { memory: Some(place.clone()), cpu: Some(place) })
    }

    #[test]
    fn version_2_has_one_group_with_both_limits() {
        let (root, places) = delegated();
        let group = Group::make(&places, Some(Bytes::AtMost(1 << 20)), Some(0.5)).unwrap().unwrap();
        group.take(rustix::process::getpid()).unwrap();
        let [folder] = group.folders.as_slice() else { panic!("{group:?}") };
        assert!(folder.starts_with(root.path()));
        let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
        assert_eq!([read("memory.max"), read("memory.swap.max"), read("cpu.max")], ["1048576", "0", "50000 100000"]);
        assert_eq!(read("cgroup.procs"), std::process::id().to_string());
        assert_eq!(group.memory.as_ref().unwrap().limit(), Some(1 << 20));
    }

    #[test]
    fn the_limit_on_memory_can_change() {
        let (root, places) = delegated();
        let group = Group::make(&places, Some(Bytes::Any), None).unwrap().unwrap();
        let file = group.folders[0].join("memory.max");
        assert!(group.folders[0].starts_with(root.path()) && !file.exists());
        for (bytes, expected) in [(Bytes::AtMost(5), "5"), (Bytes::Any, "max"), (Bytes::AtMost(7), "7")] {
            group.limit_memory(bytes).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), expected);
        }
    }

    #[test]
    fn nothing_is_made_where_nothing_is_asked() {
        let (_root, places) = delegated();
        assert!(Group::make(&places, None, None).unwrap().is_none());
        assert!(Group::make(&Places::default(), Some(Bytes::AtMost(1)), Some(1.0)).unwrap().is_none());
    }

    #[test]
    fn groups_of_processes_that_are_gone_are_swept() {
        let (root, places) = delegated();
        let (gone, own) = (format!("{NAME}4294967295-0"), format!("{NAME}{}-7", std::process::id()));
        for name in [&gone, &own] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        places.memory.unwrap().sweep();
        assert!(!root.path().join(gone).exists() && root.path().join(own).exists());
    }
}
