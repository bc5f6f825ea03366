//! More memory than there is.

use std::path::PathBuf;

use nebulakit_tests::literals::int;
use nebulakit_tests::{RECOVERABLE, USER};

use super::{launch, supervised};

const LIMIT: u64 = 64 << 20;

/// A cgroup with a limit, below that of this process. It is removed in the end.
struct Group(PathBuf);

impl Group {
    /// [`None`] where none can be made here; then the limit is tested by a resource limit alone.
    fn make() -> Option<Self> {
        let membership = std::fs::read_to_string("/proc/self/cgroup").unwrap();
        let path = |controller: &str| {
            let line = membership.lines().find(|line| line.split(':').nth(1) == Some(controller))?;
            Some(line.splitn(3, ':').nth(2)?.trim_start_matches('/').to_owned())
        };
        let name = format!("nebulakit-tests-{}", std::process::id());
        let places = [
            path("memory").map(|path| (PathBuf::from("/sys/fs/cgroup/memory").join(path), "memory.limit_in_bytes")),
            path("").map(|path| (PathBuf::from("/sys/fs/cgroup").join(path), "memory.max")),
        ];
        for (folder, limit) in places.into_iter().flatten() {
            let group = Self(folder.join(&name));
            if std::fs::create_dir(&group.0).is_ok()
                && group.0.join(limit).exists()
                && std::fs::write(group.0.join(limit), LIMIT.to_string()).is_ok()
            {
                return Some(group);
            }
        }
        None
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[test]
fn a_limit_of_the_container_is_told() {
    let Some(group) = Group::make() else {
        println!("no cgroup can be made here");
        return;
    };
    let task = "supervised.holds";
    assert_eq!(supervised(task).in_group(&group.0).input("bytes", int(8 << 20)).run().output(), int(1));
    let ended = supervised(task).in_group(&group.0).input("bytes", int(1 << 30)).run();
    let error = ended.error();
    assert_eq!((error.code.as_str(), error.kind, error.origin), ("USER:OutOfMemory", RECOVERABLE, USER), "{}", error.message);
    let said = error.message.strip_prefix("the process of the task `supervised.holds` ran out of memory: it used ").unwrap();
    let (peak, limit) = said.strip_suffix(" bytes").unwrap().split_once(" of ").unwrap();
    let (peak, limit): (u64, u64) = (peak.parse().unwrap(), limit.parse().unwrap());
    assert!(limit == LIMIT && peak > LIMIT / 2 && peak <= LIMIT, "{peak} of {limit}");
    // What is told is of this run, not of the one before.
    let error = supervised("aborts_supervised").in_group(&group.0).run().error();
    assert_eq!(error.code, "USER:Aborted");
    assert_eq!(launch(task).in_group(&group.0).input("bytes", int(1 << 30)).run().ended_by(), Some(9), "nobody watches it unless asked to");
}

#[test]
fn memory_that_the_system_refuses_is_told() {
    let ended = supervised("supervised.holds").memory(512).input("bytes", int(1 << 30)).run();
    let error = ended.error();
    assert_eq!((error.code.as_str(), error.kind, error.origin), ("USER:OutOfMemory", RECOVERABLE, USER));
    assert!(error.message.contains("ran out of memory: the system gave it no more\n"), "{}", error.message);
    assert!(error.message.contains("memory allocation of 1073741824 bytes failed"), "{}", error.message);
}

#[test]
fn the_child_is_the_likelier_victim() {
    let (started, _gate) = super::in_the_task(supervised("never_stops"));
    let of = |process: u32| std::fs::read_to_string(format!("/proc/{process}/oom_score_adj")).unwrap().trim().parse::<i32>().unwrap();
    let child = u32::try_from(super::child_of(started.id()).as_raw_pid()).unwrap();
    let (own, child) = (of(started.id()), of(child));
    assert!(child > own || child == 1000, "{child} is not above {own}");
    started.signal("TERM");
    assert_eq!(started.wait().error().code, "SYSTEM:Terminated");
}
