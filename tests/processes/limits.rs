//! What workers may take.

use std::path::Path;
use std::time::Duration;

use nebulakit::coordinator::{Enforced, JobError, Limit, ProcessStrategy};

use super::{processes, run, tasks, with};

const MIB: u64 = 1 << 20;

/// Whether this machine lets this user make cgroups.
fn makes_groups() -> bool {
    matches!(ProcessStrategy::new().memory(MIB).limits_in_force().memory, Enforced::Cgroup1 | Enforced::Cgroup2)
}

fn limit(error: JobError) -> (Limit, String) {
    match error {
        JobError::Limit { limit, tail } => (limit, tail.to_string()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_limit_on_memory_is_told() {
    let coordinator = with(processes(1).memory(64 * MIB));
    assert_eq!(run(&coordinator, tasks::holds::with(8 << 20)).await.unwrap(), 1);
    let error = run(&coordinator, tasks::holds::with(1 << 30)).await.unwrap_err();
    assert_eq!((error.code(), error.is_recoverable()), ("USER:OutOfMemory", true));
    let Limit::Memory { limit: Some(most), peak } = limit(error).0 else { panic!("not of memory") };
    assert_eq!(most, 64 * MIB);
    if makes_groups() {
        assert!(peak.is_some_and(|peak| peak > 32 * MIB && peak <= 64 * MIB), "{peak:?}");
    }
    assert_eq!(run(&coordinator, tasks::holds::with(8 << 20)).await.unwrap(), 1, "the pool goes on");
}

/// Where no cgroup can be made, each process has a limit of its own.
#[tokio::test]
async fn without_cgroups_a_resource_limit_is_kept() {
    let strategy = processes(1).memory(256 * MIB).cgroup("/nowhere");
    assert_eq!(strategy.limits_in_force().memory, Enforced::Rlimit);
    let coordinator = with(strategy);
    assert_eq!(run(&coordinator, tasks::holds::with(8 << 20)).await.unwrap(), 1);
    let (limit, tail) = limit(run(&coordinator, tasks::holds::with(1 << 30)).await.unwrap_err());
    assert!(matches!(limit, Limit::Memory { limit: Some(most), peak: None } if most == 256 * MIB), "{limit:?}");
    assert!(tail.contains("memory allocation of"), "{tail}");
}

#[tokio::test]
async fn a_limit_on_cpu_time_is_told() {
    let coordinator = with(processes(1).cpu_time(Duration::from_secs(1)));
    let error = run(&coordinator, tasks::computes::with()).await.unwrap_err();
    assert_eq!(error.to_string(), "it used all of its CPU time of 1s");
    // A worker has as much for each job.
    assert_eq!(run(&coordinator, tasks::add::with(1, 1)).await.unwrap(), 2);
}

#[tokio::test]
async fn a_limit_on_cores_slows_the_work_down() {
    let strategy = processes(1).cpus(0.2);
    if strategy.limits_in_force().cpus == Enforced::Not {
        return;
    }
    let took = run(&with(strategy), tasks::is_busy::with(150)).await.unwrap();
    assert!(took > 450, "{took} ms for 150 ms of work at a fifth of a core");
}

/// What is in force may be asked before all is said.
#[tokio::test]
async fn a_limit_that_is_set_after_a_question_is_kept() {
    let strategy = processes(1).cgroup("/nowhere");
    assert_eq!(strategy.limits_in_force().memory, Enforced::NotAsked);
    let error = run(&with(strategy.memory(256 * MIB)), tasks::holds::with(1 << 30)).await.unwrap_err();
    assert!(matches!(error, JobError::Limit { .. }), "{error}");
}

#[tokio::test]
async fn limits_that_cannot_be_kept_are_told() {
    let strategy = processes(1).cpus(0.5).memory(1 << 30).cgroup("/nowhere");
    let said = strategy.limits_in_force().to_string();
    assert_eq!(
        said,
        "memory by resource limit, for each process by itself; CPU time not asked for; cores not kept: no cgroup can be made here"
    );
    assert_eq!(run(&with(strategy), tasks::add::with(1, 1)).await.unwrap(), 2);
    let error = run(&with(processes(1).cpus(f64::NAN)), tasks::add::with(1, 1)).await.unwrap_err();
    assert!(error.to_string().contains("a worker cannot have NaN cores"), "{error}");
    let error = run(&with(processes(1).cpus(0.5).cgroup("/nowhere").require_limits()), tasks::add::with(1, 1)).await.unwrap_err();
    assert!(error.to_string().contains("the limit on cores is required"), "{error}");
}

#[tokio::test]
async fn groups_are_removed_with_their_workers() {
    if !makes_groups() {
        return;
    }
    let coordinator = with(processes(1).memory(64 * MIB));
    run(&coordinator, tasks::add::with(1, 1)).await.unwrap();
    super::soon(coordinator.shutdown(Duration::ZERO)).await;
    let own = format!("nebulakit-{}-", std::process::id());
    let membership = std::fs::read_to_string("/proc/self/cgroup").unwrap();
    let folders: Vec<_> = membership
        .lines()
        .filter_map(|line| {
            let (controller, path) = line.split_once(':')?.1.split_once(':')?;
            Some(Path::new("/sys/fs/cgroup").join(controller).join(path.trim_start_matches('/')))
        })
        .collect();
    let left = || {
        let groups = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
        let mut groups = groups.filter(|group| group.file_name().to_string_lossy().starts_with(&own));
        groups.any(|group| std::fs::read_to_string(group.path().join("cgroup.procs")).is_ok_and(|members| members.is_empty()))
    };
    // Other tests of this process have groups of their own, which are without a process for a moment; what is left is so for good.
    super::soon(async {
        while left() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Several find out at the same time.
#[test]
fn each_strategy_finds_the_same_limits() {
    let expected = ProcessStrategy::new().memory(MIB).cpus(0.5).limits_in_force();
    let all: Vec<_> = (0..16)
        .map(|_| std::thread::spawn(|| (0..20).map(|_| ProcessStrategy::new().memory(MIB).cpus(0.5).limits_in_force()).collect()))
        .collect();
    for found in all.into_iter().flat_map(|one: std::thread::JoinHandle<Vec<_>>| one.join().unwrap()) {
        assert_eq!(found, expected);
    }
}
