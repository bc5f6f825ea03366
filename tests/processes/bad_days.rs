//! Tasks that crash, do not stop, leave things behind and print without end.

use std::time::Duration;

use nebulakit::coordinator::{CancelReason, JobError, Lost, Retry, Work};

use super::{Coordinator, Strategy, ends_within, listening, processes, progress, run, soon, submitted, tasks, with};

/// How the job of `work` was lost, and the end of its output.
async fn lost<W: super::IntoWork>(coordinator: &Coordinator, work: W) -> (Lost, String)
where
    W::Output: Send + std::fmt::Debug + 'static,
{
    match run(coordinator, work).await {
        Err(JobError::Lost { how, tail }) => (how, tail.to_string()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_panic_is_a_failure() {
    let coordinator = with(processes(1));
    let pid = run(&coordinator, tasks::pid::with()).await.unwrap();
    for work in [Work::from(tasks::panics::with("oh".to_owned())), Work::from(tasks::panics_later::with("oh".to_owned()))] {
        let error = run(&coordinator, work).await.unwrap_err();
        assert!(matches!(error, JobError::Panicked(_)), "{error:?}");
        assert!(error.to_string().contains("panicked at") && error.to_string().contains(": oh"), "{error}");
    }
    assert_eq!(run(&coordinator, tasks::pid::with()).await.unwrap(), pid, "the worker goes on");
}

#[tokio::test]
async fn how_a_worker_ends_is_told_apart() {
    let coordinator = with(processes(1));
    let (how, tail) = lost(&coordinator, tasks::exits::with(7)).await;
    assert_eq!((how, tail.as_str()), (Lost::Exited(7), "leaving"));
    let (how, _) = lost(&coordinator, tasks::exits::with(0)).await;
    assert_eq!(how, Lost::Exited(0), "an exit code of 0 is no value");
    let (how, tail) = lost(&coordinator, tasks::aborts::with()).await;
    assert_eq!((how, tail.as_str()), (Lost::Aborted, "about to abort"));
    let (how, tail) = lost(&coordinator, tasks::overflows::with()).await;
    assert_eq!(how, Lost::StackOverflow);
    assert!(tail.contains("has overflowed its stack"), "{tail}");
    assert_eq!(run(&coordinator, tasks::add::with(1, 1)).await.unwrap(), 2, "the pool goes on");
}

/// What the task itself did has its own code, and is not repeated.
#[tokio::test]
async fn what_ends_a_worker_from_within_is_a_failure_with_its_name() {
    let coordinator = with(processes(1));
    let ends = [
        (Work::from(tasks::exits::with(7)), "USER:Exited"),
        (Work::from(tasks::aborts::with()), "USER:Aborted"),
        (Work::from(tasks::raises::with(4)), "USER:Crashed"),
        (Work::from(tasks::raises::with(15)), "SYSTEM:Lost"),
    ];
    for (work, code) in ends {
        let error = run(&coordinator, work).await.unwrap_err();
        assert_eq!((error.code(), error.is_recoverable()), (code, code == "SYSTEM:Lost"), "{error}");
    }
    let error = run(&coordinator, tasks::overflows::with()).await.unwrap_err();
    assert_eq!((error.code(), error.is_recoverable()), ("USER:StackOverflow", false));
}

#[tokio::test]
async fn a_worker_that_is_killed_is_lost() {
    let coordinator = with(processes(1));
    let mut events = listening(&coordinator);
    let job = submitted(&coordinator, tasks::goes_on::with("/dev/null".to_owned())).await;
    kill(progress(&mut events).await);
    let error = soon(job.join()).await.unwrap_err();
    assert_eq!(error.to_string(), "the worker process was ended by signal 9 (SIGKILL)");
    assert_eq!(error.code(), "SYSTEM:Lost");
}

#[tokio::test]
async fn a_worker_that_dies_while_it_has_nothing_to_do_is_not_missed() {
    let coordinator = with(processes(1));
    let pid = u64::try_from(run(&coordinator, tasks::pid::with()).await.unwrap()).unwrap();
    kill(pid);
    assert!(ends_within(pid, 60));
    assert_ne!(run(&coordinator, tasks::pid::with()).await.unwrap(), i64::try_from(pid).unwrap());
}

fn kill(process: u64) {
    let process = rustix::process::Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    // One that has ended meanwhile is as good.
    let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
}

#[tokio::test]
async fn a_task_that_is_cancelled_may_end_by_itself() {
    let coordinator = with(processes(1));
    let mut events = listening(&coordinator);
    let pid = run(&coordinator, tasks::pid::with()).await.unwrap();
    let job = submitted(&coordinator, tasks::waits::with()).await;
    progress(&mut events).await;
    job.cancel();
    let error = soon(job.join()).await.unwrap_err();
    assert!(matches!(error, JobError::Cancelled(CancelReason::Caller)), "{error:?}");
    assert_eq!(run(&coordinator, tasks::pid::with()).await.unwrap(), pid, "the worker goes on");
}

/// The order to stop may come in one piece with the end of the order to begin.
#[tokio::test]
async fn a_task_hears_that_it_was_cancelled_before_it_began() {
    let coordinator = Coordinator::builder().strategy(Strategy::Process, processes(1)).grace(Duration::from_secs(30)).build();
    let pid = run(&coordinator, tasks::pid::with()).await.unwrap();
    for _ in 0..5 {
        let work = Work::from(tasks::waits_with::with("x".repeat(16 << 20))).timeout(Duration::from_millis(1));
        let error = run(&coordinator, work).await.unwrap_err();
        assert!(matches!(error, JobError::TimedOut { .. }), "{error:?}");
        assert_eq!(run(&coordinator, tasks::pid::with()).await.unwrap(), pid, "the worker goes on");
    }
}

/// Without a cgroup, too.
#[tokio::test]
async fn what_left_the_group_ends_with_a_job_that_is_cancelled() {
    let coordinator = with(processes(1));
    let mut events = listening(&coordinator);
    let job = submitted(&coordinator, tasks::leaves_a_session_and_waits::with()).await;
    let left = progress(&mut events).await;
    job.cancel();
    soon(job.join()).await.unwrap_err();
    let ended = ends_within(left, 5);
    kill(left);
    assert!(ended);
}

#[tokio::test]
async fn what_takes_too_long_does_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let coordinator = with(processes(1));
    let mut events = listening(&coordinator);
    let work = Work::from(tasks::goes_on::with(trace.to_string_lossy().into_owned())).timeout(Duration::from_millis(300));
    let job = submitted(&coordinator, work).await;
    let pid = progress(&mut events).await;
    assert!(matches!(soon(job.join()).await.unwrap_err(), JobError::TimedOut { .. }));
    assert!(ends_within(pid, 60));
    assert!(!trace.exists());
    assert_eq!(coordinator.system_detail().abandoned, 0);
}

#[tokio::test]
async fn what_a_task_leaves_running_ends_with_it() {
    let coordinator = with(processes(1));
    let pid = run(&coordinator, tasks::pid::with()).await.unwrap();
    for in_session in [false, true] {
        let left = run(&coordinator, tasks::leaves::with(in_session)).await.unwrap();
        assert!(ends_within(left.try_into().unwrap(), 0), "it is over before the job is");
    }
    assert_eq!(run(&coordinator, tasks::pid::with()).await.unwrap(), pid, "the worker goes on");
}

#[tokio::test]
async fn the_whole_group_ends_with_a_job_that_is_cancelled() {
    let coordinator = with(processes(1));
    let mut events = listening(&coordinator);
    let job = submitted(&coordinator, tasks::leaves_and_waits::with()).await;
    let left = progress(&mut events).await;
    job.cancel();
    soon(job.join()).await.unwrap_err();
    assert!(ends_within(left, 60));
}

#[tokio::test]
async fn a_task_that_closes_its_descriptors_is_lost() {
    let coordinator = with(processes(1));
    let error = run(&coordinator, tasks::closes::with()).await.unwrap_err();
    assert!(matches!(error, JobError::Lost { .. }), "{error:?}");
    assert_eq!(run(&coordinator, tasks::add::with(1, 1)).await.unwrap(), 2, "the pool goes on");
}

/// Its answer is taken for the rest of the message.
#[tokio::test]
async fn a_task_that_says_one_half_of_a_message_is_lost() {
    let coordinator = with(processes(1));
    let (how, _) = lost(&coordinator, tasks::says_one_half::with()).await;
    assert_eq!(how, Lost::Strategy("the worker said one half of a message, and nothing more for 10s".to_owned()));
    assert_eq!(run(&coordinator, tasks::add::with(1, 1)).await.unwrap(), 2, "the pool goes on");
}

/// Other tests have memory of their own, so that a process of its own has a task print.
#[test]
fn a_gigabyte_is_printed_in_bounded_memory() {
    let printed = std::process::Command::new(super::WORKER).args(["prints", &(1 << 30).to_string()]).output().unwrap();
    let said = String::from_utf8(printed.stdout).unwrap();
    let [bytes, peak] = said.split_whitespace().map(|word| word.parse::<u64>().unwrap()).collect::<Vec<_>>()[..] else { panic!("{said}") };
    assert_eq!(bytes, 1 << 30);
    assert!(peak < 32 << 10, "{peak} KiB");
}

#[tokio::test]
async fn a_task_that_prints_without_end_can_be_cancelled() {
    let coordinator = with(processes(1));
    let mut events = listening(&coordinator);
    let job = submitted(&coordinator, tasks::prints_much::with(i64::MAX)).await;
    while !matches!(soon(events.next()).await.unwrap().kind, super::EventKind::Output { .. }) {}
    job.cancel();
    assert!(matches!(soon(job.join()).await.unwrap_err(), JobError::Cancelled(_)));
}

#[tokio::test]
async fn a_full_disk_is_an_error_of_the_task() {
    let error = run(&with(processes(1)), tasks::fills::with()).await.unwrap_err();
    assert!(error.to_string().contains("No space left on device"), "{error}");
}

/// Workers are killed at random while many jobs run: each job is told of, and all but those that were hit come to their value.
#[tokio::test]
async fn ten_thousand_jobs_outlive_their_workers() {
    const JOBS: usize = 10_000;
    let coordinator =
        Coordinator::builder().strategy(Strategy::Process, processes(4).variable_with("VICTIM", "1")).history(JOBS, None).build();
    let mut events = listening(&coordinator);
    let mut handles = Vec::with_capacity(JOBS);
    for number in 0..i64::try_from(JOBS).unwrap() {
        let work = Work::from(tasks::add::with(number, 1)).retry(Retry::fixed(50, Duration::ZERO));
        handles.push(submitted(&coordinator, work).await);
    }
    let mut killed = 0_u32;
    let mut state = 88_172_645_463_325_252_u64;
    let mut finished = 0;
    while finished < JOBS {
        if !matches!(soon(events.next()).await.unwrap().kind, super::EventKind::Finished { .. }) {
            continue;
        }
        finished += 1;
        // Of the children of this process, one that a xorshift picks.
        if finished % 100 == 50 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let workers = children();
            if !workers.is_empty() {
                kill(workers[usize::try_from(state % workers.len() as u64).unwrap()]);
                killed += 1;
            }
        }
    }
    for (number, handle) in handles.into_iter().enumerate() {
        assert_eq!(soon(handle.join()).await.unwrap(), i64::try_from(number).unwrap() + 1);
    }
    assert!(killed > 50, "{killed}");
    let detail = coordinator.system_detail();
    assert_eq!((detail.counts.succeeded, detail.open.len()), (JOBS as u64, 0));
    let attempts: u64 = detail.closed.iter().map(|job| u64::from(job.attempts())).sum();
    assert!(attempts >= JOBS as u64, "{attempts}");
}

/// The workers of this test alone.
fn children() -> Vec<u64> {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let lists = threads.flatten().filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    let all = lists.flat_map(|list| list.split_whitespace().map(|child| child.parse().unwrap()).collect::<Vec<u64>>());
    let is_victim = |child: &u64| {
        let variables = std::fs::read(format!("/proc/{child}/environ")).unwrap_or_default();
        variables.split(|byte| *byte == 0).any(|variable| variable == b"VICTIM=1")
    };
    all.filter(is_victim).collect()
}
