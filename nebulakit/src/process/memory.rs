//! The memory that a process may take, as the kernel keeps account of it: in cgroups, of version 1 or 2.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
#[cfg(feature = "coordinator")]
use std::time::Duration;
use std::time::Instant;

/// Where cgroups are.
const ROOT: &str = "/sys/fs/cgroup";

/// What version 1 calls no limit is the largest number of whole pages.
const NO_LIMIT: u64 = 1 << 62;

/// A cgroup, for its account of memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MemoryGroup {
    pub(crate) folder: PathBuf,
    pub(crate) is_v2: bool,
}

impl MemoryGroup {
    /// The one that this process is in, where there is one.
    pub(crate) fn of_this_process() -> Option<Self> {
        Self::find(Path::new(ROOT), &fs::read_to_string("/proc/self/cgroup").ok()?)
    }

    /// The one of a process with that `membership`.
    #[cfg(feature = "container")]
    pub(crate) fn of(membership: &str) -> Option<Self> {
        Self::find(Path::new(ROOT), membership)
    }

    /// The one that `membership`, a file as `/proc/self/cgroup` is, names.
    fn find(root: &Path, membership: &str) -> Option<Self> {
        let of = |controller: &str| folders(root, membership, controller);
        let v1 = of("memory").into_iter().map(|folder| Self { folder, is_v2: false });
        let v2 = of("").into_iter().map(|folder| Self { folder, is_v2: true });
        v1.chain(v2).find(|group| group.folder.join(group.accounts()).is_file())
    }

    fn accounts(&self) -> &'static str {
        if self.is_v2 { "memory.events" } else { "memory.oom_control" }
    }

    /// How many processes of it were killed for want of memory, where that is counted.
    pub(crate) fn kills(&self) -> Option<u64> {
        let text = fs::read_to_string(self.folder.join(self.accounts())).ok()?;
        text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
    }

    /// The most memory that it may take, in bytes, where there is a limit.
    pub(crate) fn limit(&self) -> Option<u64> {
        self.number(if self.is_v2 { "memory.max" } else { "memory.limit_in_bytes" }).filter(|limit| *limit < NO_LIMIT)
    }

    /// The lowest limit of it and of those above it.
    #[cfg(feature = "coordinator")]
    pub(crate) fn lowest_limit(&self) -> Option<u64> {
        let above = self.folder.ancestors().map(|folder| Self { folder: folder.to_owned(), is_v2: self.is_v2 });
        above.take_while(|group| group.folder.join("cgroup.procs").is_file()).filter_map(|group| group.limit()).min()
    }

    /// The most memory that it took, in bytes, where that is kept.
    pub(crate) fn peak(&self) -> Option<u64> {
        self.number(if self.is_v2 { "memory.peak" } else { "memory.max_usage_in_bytes" })
    }

    /// The CPU time that was spent in it, in all and in the kernel, in microseconds, where that is kept.
    #[cfg(feature = "container")]
    pub(crate) fn cpu(&self) -> Option<[u64; 2]> {
        if self.is_v2 {
            let text = fs::read_to_string(self.folder.join("cpu.stat")).ok()?;
            let of = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
            return Some([of("usage_usec ")?, of("system_usec ")?]);
        }
        // Version 1 keeps it for another controller, whose groups have the same names where engines make them.
        let root = self.folder.ancestors().find(|folder| folder.ends_with("memory"))?;
        let group = root.with_file_name("cpuacct").join(self.folder.strip_prefix(root).ok()?);
        let of = |file: &str| fs::read_to_string(group.join(file)).ok()?.trim().parse::<u64>().ok().map(|nanos| nanos / 1_000);
        Some([of("cpuacct.usage")?, of("cpuacct.usage_sys")?])
    }

    /// The memory that it has now, in bytes.
    #[cfg(feature = "coordinator")]
    pub(crate) fn usage(&self) -> Option<u64> {
        self.number(if self.is_v2 { "memory.current" } else { "memory.usage_in_bytes" })
    }

    fn number(&self, file: &str) -> Option<u64> {
        fs::read_to_string(self.folder.join(file)).ok()?.trim().parse().ok()
    }
}

/// What a process that was ended for want of memory could have, and had at most, in bytes, where that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exceeded {
    pub(crate) limit: Option<u64>,
    pub(crate) peak: Option<u64>,
}

/// The kernel's count of processes that it killed for want of memory, and what it was before.
#[derive(Debug)]
pub(crate) struct Account {
    group: MemoryGroup,
    /// What it was, and when that was read.
    before: Mutex<(u64, Instant)>,
    /// Whether others are in the group, whose ends are counted too.
    #[cfg(feature = "coordinator")]
    is_shared: bool,
}

/// For how long the count of a group that others are in is taken for what it was: reading it costs as much as a small task.
#[cfg(feature = "coordinator")]
const FRESH: Duration = Duration::from_secs(1);

impl Account {
    /// That of the group that this process and those that it starts are in.
    pub(crate) fn open() -> Option<Self> {
        Self::of(MemoryGroup::of_this_process()?, true)
    }

    /// That of `group`, which others are in too where it `is_shared`.
    #[cfg_attr(not(feature = "coordinator"), expect(unused_variables, reason = "nothing else begins in it"))]
    pub(crate) fn of(group: MemoryGroup, is_shared: bool) -> Option<Self> {
        Some(Self {
            before: Mutex::new((group.kills()?, Instant::now())),
            group,
            #[cfg(feature = "coordinator")]
            is_shared,
        })
    }

    /// Other work begins at `now`: what was counted before is not its own.
    #[cfg(feature = "coordinator")]
    pub(crate) fn begin(&self, now: Instant) {
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_shared
            && now.saturating_duration_since(before.1) > FRESH
            && let Some(kills) = self.group.kills()
        {
            *before = (kills, now);
        }
    }

    /// The limit that was run into since, where one was.
    pub(crate) fn exceeded(&self) -> Option<Exceeded> {
        let before = self.before.lock().unwrap_or_else(PoisonError::into_inner).0;
        let is_more = self.group.kills().is_some_and(|kills| kills > before);
        is_more.then(|| {
            let limit = self.group.limit();
            // What went before may have been allowed more.
            Exceeded { limit, peak: self.group.peak().map(|peak| limit.map_or(peak, |limit| peak.min(limit))) }
        })
    }
}

/// The folders in which a process of that `membership` may find its group for `controller`, likeliest first; version 2 has one hierarchy, which is
/// called nothing.
pub(crate) fn folders(root: &Path, membership: &str, controller: &str) -> Vec<PathBuf> {
    let path = membership.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        controllers.split(',').any(|one| one == controller).then(|| path.trim_start_matches('/'))
    });
    let Some(path) = path else { return Vec::new() };
    let tops =
        if controller.is_empty() { [root.to_owned(), root.join("unified")] } else { [root.join(controller), root.join("cpu,cpuacct")] };
    // In a container the path may be that of the host, and the top is the container's own.
    tops.iter().filter(|top| top.is_dir()).flat_map(|top| [top.join(path), top.clone()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[cfg(feature = "coordinator")]
    #[test]
    fn what_was_counted_before_the_work_is_not_its_own() {
        let root = written(&[("memory.events", "oom_kill 0\n")]);
        let group = MemoryGroup { folder: root.path().to_owned(), is_v2: true };
        let before = Mutex::new((0, Instant::now()));
        let account = Account { group, before, is_shared: true };
        fs::write(root.path().join("memory.events"), "oom_kill 2\n").unwrap();
        assert!(account.exceeded().is_some());
        account.begin(Instant::now() + 2 * FRESH);
        assert!(account.exceeded().is_none());
    }

    #[test]
    fn version_2_is_read() {
        let root = written(&[
            ("pod/a/memory.events", "low 0\nhigh 0\nmax 9\noom 2\noom_kill 2\noom_group_kill 0\n"),
            ("pod/a/memory.max", "67108864\n"),
            ("pod/a/memory.peak", "67104768\n"),
        ]);
        let group = MemoryGroup::find(root.path(), "0::/pod/a\n").unwrap();
        assert_eq!((group.kills(), group.limit(), group.peak()), (Some(2), Some(67_108_864), Some(67_104_768)));
    }

    #[test]
    fn version_1_is_read_also_where_both_are_mounted() {
        let root = written(&[
            ("memory/pod/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n"),
            ("memory/pod/memory.limit_in_bytes", "9223372036854771712\n"),
            ("memory/pod/memory.max_usage_in_bytes", "4096\n"),
            ("unified/cgroup.procs", ""),
        ]);
        let group = MemoryGroup::find(root.path(), "4:memory:/pod\n0::/\n").unwrap();
        assert_eq!((group.kills(), group.limit(), group.peak()), (Some(1), None, Some(4096)));
    }

    #[cfg(feature = "container")]
    #[test]
    fn cpu_time_is_read_of_both_versions() {
        let root = written(&[
            ("a/memory.events", "oom_kill 0\n"),
            ("a/cpu.stat", "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\n"),
            ("memory/b/memory.oom_control", "oom_kill 0\n"),
            ("cpuacct/b/cpuacct.usage", "1500000\n"),
            ("cpuacct/b/cpuacct.usage_sys", "500000\n"),
        ]);
        for (membership, is_v2) in [("0::/a\n", true), ("4:memory:/b\n", false)] {
            let group = MemoryGroup::find(root.path(), membership).unwrap();
            assert_eq!((group.is_v2, group.cpu()), (is_v2, Some([1500, 500])));
        }
    }

    #[test]
    fn a_container_that_sees_its_own_group_as_the_top_finds_it() {
        let root = written(&[("memory.events", "oom_kill 3\n"), ("memory.max", "max\n")]);
        let group = MemoryGroup::find(root.path(), "0::/kubepods/pod1/abc\n").unwrap();
        assert_eq!((group.kills(), group.limit(), group.peak()), (Some(3), None, None));
        assert_eq!(MemoryGroup::find(root.path(), "nothing of the kind"), None);
    }
}
