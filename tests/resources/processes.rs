//! What jobs in processes of their own are granted, and held to.

use std::process::{Command, Output};

use nebulakit::coordinator::{
    Coordinator, Enforced, EventKind, JobError, Limit, OnOom, Overflow, ProcessStrategy, Strategy, ThreadStrategy, Work,
};

use crate::{nothing_is_taken, soon, tasks};

const MIB: u64 = 1 << 20;

/// The program of the workers.
const WORKER: &str = env!("CARGO_BIN_EXE_counted");

/// Whether this machine lets this user make cgroups.
fn makes_groups() -> bool {
    matches!(ProcessStrategy::new().memory(MIB).limits_in_force().memory, Enforced::Cgroup1 | Enforced::Cgroup2)
}

/// Where cgroups can be made, with them and without.
fn ways() -> Vec<ProcessStrategy> {
    let processes = || ProcessStrategy::with_slots(2).program(WORKER);
    [makes_groups().then(processes), Some(processes().cgroup("/nowhere"))].into_iter().flatten().collect()
}

fn with(processes: ProcessStrategy) -> Coordinator {
    Coordinator::builder().strategy(Strategy::Process, processes).cores(4.0).memory(4 << 30).gpus(["4", "7"]).build()
}

async fn run<T: Send + 'static>(coordinator: &Coordinator, work: Work<T>) -> Result<T, JobError> {
    soon(coordinator.submit(work, Strategy::Process).await.unwrap().join()).await
}

fn holding(bytes: u64) -> Work<i64> {
    Work::from(tasks::holds::with(i64::try_from(bytes).unwrap()))
}

#[tokio::test]
async fn a_job_is_held_to_the_memory_that_it_asks_for() {
    for processes in ways() {
        let coordinator = with(processes);
        let error = run(&coordinator, holding(512 * MIB).memory(128 * MIB)).await.unwrap_err();
        assert_eq!((error.code(), error.is_recoverable()), ("USER:OutOfMemory", true));
        let JobError::Limit { limit: Limit::Memory { limit, peak }, .. } = error else { panic!("{error}") };
        assert_eq!(limit, Some(128 * MIB));
        assert!(peak.is_none_or(|peak| peak <= 128 * MIB), "{peak:?}");
        // Others have as much as they ask for, or any amount.
        run(&coordinator, holding(256 * MIB).memory(512 * MIB)).await.unwrap();
        run(&coordinator, holding(256 * MIB)).await.unwrap();
        run(&coordinator, holding(512 * MIB).memory(128 * MIB)).await.unwrap_err();
        nothing_is_taken(&coordinator);
    }
}

/// What the strategy says holds for jobs that say nothing.
#[tokio::test]
async fn a_job_s_own_memory_beats_that_of_the_strategy() {
    for processes in ways() {
        let coordinator = with(processes.memory(128 * MIB));
        run(&coordinator, holding(512 * MIB)).await.unwrap_err();
        run(&coordinator, holding(256 * MIB).memory(512 * MIB)).await.unwrap();
        run(&coordinator, holding(512 * MIB)).await.unwrap_err();
        run(&coordinator, holding(MIB)).await.unwrap();
    }
}

/// A cgroup's limit can be set while the worker waits.
#[tokio::test]
async fn a_worker_serves_jobs_with_other_limits() {
    if !makes_groups() {
        return;
    }
    let coordinator = with(ProcessStrategy::with_slots(1).program(WORKER));
    let first = run(&coordinator, holding(MIB).memory(512 * MIB)).await.unwrap();
    assert_eq!(run(&coordinator, holding(MIB).memory(256 * MIB)).await.unwrap(), first);
    assert_eq!(run(&coordinator, holding(300 * MIB)).await.unwrap(), first);
    assert_eq!(run(&coordinator, holding(300 * MIB).memory(1024 * MIB)).await.unwrap(), first);
    // Less than a worker takes itself is told, and not that it died.
    let error = run(&coordinator, holding(0).memory(4096)).await.unwrap_err();
    assert!(matches!(error, JobError::Limit { limit: Limit::Memory { limit: Some(4096), .. }, .. }), "{error}");
}

#[tokio::test]
async fn out_of_memory_is_repeated_with_more() {
    for processes in ways() {
        let coordinator = with(processes);
        let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(1_000));
        let work = Work::from(tasks::grows::with(i64::try_from(200 * MIB).unwrap())).id("grows");
        run(&coordinator, work).await.unwrap();
        let job = coordinator.job(&"grows".into()).unwrap();
        assert_eq!((job.attempts(), job.memory()), (2, Some(384 * MIB)));
        let more = loop {
            if let EventKind::Retrying { memory, failure, attempt: 0, .. } = &soon(events.next()).await.unwrap().kind {
                break (*memory, failure.code.clone());
            }
        };
        assert_eq!(more, (Some(384 * MIB), "USER:OutOfMemory".to_owned()));
    }
}

/// Work that does not say what it takes grows from the limit that it ran into.
#[tokio::test]
async fn without_a_number_of_its_own_it_grows_from_the_limit() {
    for processes in ways() {
        let coordinator = with(processes.memory(128 * MIB));
        let work = holding(200 * MIB).on_oom(OnOom::new(3.0)).id("grows");
        run(&coordinator, work).await.unwrap();
        assert_eq!(coordinator.job(&"grows".into()).unwrap().memory(), Some(384 * MIB));
        nothing_is_taken(&coordinator);
    }
}

/// The ids are those that the driver reads, and each worker has its own.
#[tokio::test]
async fn a_job_sees_the_gpus_that_it_was_granted() {
    let coordinator = with(ProcessStrategy::with_slots(4).program(WORKER));
    let sees = || Work::from(tasks::sees::with());
    let first = run(&coordinator, sees().gpus(1)).await.unwrap();
    assert_eq!(first[..2], ["4", "4"]);
    let again = run(&coordinator, sees().gpus(1)).await.unwrap();
    assert_eq!(again, first, "a worker that sees them is kept");
    let both = run(&coordinator, sees().gpus(2)).await.unwrap();
    assert_eq!(both[..2], ["4 7", "4,7"]);
    let none = run(&coordinator, sees()).await.unwrap();
    assert_eq!(none[..2], ["", ""], "those of others are not there");
    assert_eq!(run(&coordinator, sees().gpus(1)).await.unwrap(), first);
    nothing_is_taken(&coordinator);
}

/// Where the strategy names the variable, jobs that asked for none have it.
#[tokio::test]
async fn a_strategy_may_show_gpus_to_all() {
    let coordinator = with(ProcessStrategy::with_slots(1).program(WORKER).variable_with("CUDA_VISIBLE_DEVICES", "9"));
    assert_eq!(run(&coordinator, Work::from(tasks::sees::with())).await.unwrap()[1], "9");
    assert_eq!(run(&coordinator, Work::from(tasks::sees::with()).gpus(1)).await.unwrap()[1], "4");
}

/// Where none are handed out, nothing is said of them.
#[tokio::test]
async fn without_gpus_nothing_is_set() {
    let coordinator =
        Coordinator::builder().strategy(Strategy::Process, ProcessStrategy::with_slots(1).program(WORKER)).gpus([""; 0]).build();
    assert_eq!(run(&coordinator, Work::from(tasks::sees::with())).await.unwrap()[1], "not set");
}

/// A task in this process asks its context.
#[tokio::test]
async fn a_task_on_a_thread_asks_its_context() {
    let coordinator = Coordinator::builder().strategy(Strategy::Thread, ThreadStrategy::with_slots(1)).gpus(["4", "7"]).build();
    let job = coordinator.submit(Work::from(tasks::sees::with()).gpus(2), Strategy::Thread).await.unwrap();
    assert_eq!(soon(job.join()).await.unwrap()[0], "4 7");
}

fn said(words: &[&str]) -> Output {
    Command::new(WORKER).args(words).env("NEBULAKIT_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/resources-runs")).output().unwrap()
}

/// `run` has one task alone, and looks whether there are as many tokens.
#[test]
fn the_command_line_says_how_many_tokens_there_are() {
    for words in
        [&["run", "licensed"][..], &["run", "licensed", "--tokens", "licences=3"], &["run", "licensed", "--tokens", "seats=1,licences=2"]]
    {
        let Output { status, stdout, stderr } = said(words);
        assert!(status.success(), "{words:?}: {}", String::from_utf8_lossy(&stderr));
        assert_eq!(String::from_utf8_lossy(&stdout), "7\n");
    }
    for (limits, expected) in [
        ("licences=1", "the job asks for 2 tokens `licences`, and the limit is 1 token `licences`"),
        ("seats=1", "the job asks for tokens `licences`, which have no limit; there are limits for `seats`"),
        ("licences", "`licences` is not a limit of tokens; write a name and a number, as in `licences=3`"),
    ] {
        let Output { status, stderr, .. } = said(&["run", "licensed", "--tokens", limits]);
        let stderr = String::from_utf8_lossy(&stderr);
        assert_eq!(status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(expected), "{stderr}");
    }
    let help = |task| String::from_utf8_lossy(&said(&["run", task, "--help"]).stdout).into_owned();
    assert!(help("licensed").contains("--tokens <NAME=N>"), "{}", help("licensed"));
    assert!(!help("sees").contains("--tokens"));
}
