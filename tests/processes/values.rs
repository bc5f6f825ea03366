//! What tasks in processes take and give.

use nebulakit::coordinator::{JobError, SubmitError, Work};
use nebulakit::prelude::*;

use super::{Coordinator, EventKind, Strategy, events_of, listening, processes, run, submitted, tasks, with};

#[tokio::test]
async fn a_task_gives_its_value() {
    let coordinator = with(processes(1));
    assert_eq!(run(&coordinator, tasks::add::with(1, 2)).await.unwrap(), 3);
    assert_eq!(run(&coordinator, tasks::add_later::with(3, 4)).await.unwrap(), 7);
}

#[tokio::test]
async fn a_worker_is_kept_for_the_next_job() {
    let coordinator = with(processes(1));
    let first = run(&coordinator, tasks::pid::with()).await.unwrap();
    assert_ne!(first, i64::from(std::process::id()));
    assert_eq!(run(&coordinator, tasks::pid::with()).await.unwrap(), first);
}

#[tokio::test]
async fn a_worker_is_replaced_after_so_many_jobs() {
    let coordinator = with(processes(1).recycle_after(2));
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(run(&coordinator, tasks::pid::with()).await.unwrap());
    }
    assert!(seen[0] == seen[1] && seen[1] != seen[2] && seen[2] == seen[3], "{seen:?}");
}

/// The first is replaced when it is needed: nobody knows yet that there will be another job.
#[tokio::test]
async fn the_next_worker_starts_while_the_last_job_of_the_one_before_runs() {
    let coordinator = with(processes(1).recycle_after(1));
    run(&coordinator, tasks::pid::with()).await.unwrap();
    run(&coordinator, tasks::is_busy::with(200)).await.unwrap();
    let age = run(&coordinator, tasks::age::with()).await.unwrap();
    assert!(age >= 150, "it was started {age} ms ago");
}

#[tokio::test]
async fn a_worker_that_has_grown_is_replaced() {
    let coordinator = with(processes(1).recycle_above(1));
    let first = run(&coordinator, tasks::pid::with()).await.unwrap();
    assert_ne!(run(&coordinator, tasks::pid::with()).await.unwrap(), first);
}

#[test]
fn it_works_in_a_program_that_blocks_and_on_one_runtime_after_the_other() {
    let coordinator = with(processes(1));
    let pid = || {
        let coordinator = coordinator.clone();
        async move { run(&coordinator, tasks::pid::with()).await.unwrap() }
    };
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime().block_on(pid());
    assert_eq!(runtime().block_on(pid()), first, "the worker went from one runtime to the other");
    let blocking = coordinator.try_submit(tasks::pid::with(), Strategy::Process).unwrap().join_blocking().unwrap();
    assert_eq!(blocking, first);
}

#[tokio::test]
async fn large_values_go_both_ways() {
    let coordinator = with(processes(1));
    let text = run(&coordinator, tasks::large::with(20_000_000)).await.unwrap();
    assert_eq!(text.len(), 20_000_000);
    assert_eq!(run(&coordinator, tasks::length::with(text)).await.unwrap(), 20_000_000);
}

#[tokio::test]
async fn files_are_found_by_the_one_who_asked_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::builder().strategy(Strategy::Process, processes(1)).context(Context::local(folder.path())).build();
    let file = run(&coordinator, tasks::writes::with("hello".to_owned())).await.unwrap();
    assert_eq!(std::fs::read_to_string(file.path().await.unwrap()).unwrap(), "hello");
}

#[tokio::test]
async fn files_in_memory_are_found_by_the_worker() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::builder().strategy(Strategy::Process, processes(1)).context(Context::local(folder.path())).build();
    let text = || File::from_bytes("text", b"one two".to_vec());
    assert_eq!(run(&coordinator, tasks::words::with(text())).await.unwrap(), 2);
    assert_eq!(run(&coordinator, tasks::words_elsewhere::with(text())).await.unwrap(), 5);
}

#[tokio::test]
async fn an_error_keeps_its_marks() {
    let coordinator = with(processes(1));
    let plain = run(&coordinator, tasks::fails::with("plainly".to_owned())).await.unwrap_err();
    assert_eq!((plain.code(), plain.is_recoverable()), ("USER:RuntimeError", false));
    assert!(plain.to_string().starts_with("it went wrong") && plain.to_string().contains("no such luck"), "{plain}");
    let marked = run(&coordinator, tasks::fails::with("recoverable".to_owned())).await.unwrap_err();
    assert_eq!((marked.code(), marked.is_recoverable()), ("MY:Code", true));
}

#[tokio::test]
async fn a_fatal_error_is_one_here_too() {
    let coordinator = with(processes(2));
    let mut events = listening(&coordinator);
    let other = submitted(&coordinator, Work::from(tasks::waits::with()).run("one")).await;
    super::progress(&mut events).await;
    run(&coordinator, Work::from(tasks::fails::with("fatal".to_owned())).run("one")).await.unwrap_err();
    let error = super::soon(other.join()).await.unwrap_err();
    assert!(error.to_string().contains("another job of the run failed for good"), "{error}");
}

#[tokio::test]
async fn a_lost_worker_counts_as_recoverable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seen").to_string_lossy().into_owned();
    assert_eq!(run(&with(processes(1)), tasks::second_time::with(path)).await.unwrap(), 1);
}

#[tokio::test]
async fn what_is_not_a_task_is_refused() {
    let coordinator = with(processes(1));
    let work = Work::new(|_| async { anyhow::Ok(()) });
    let error = coordinator.submit(work, Strategy::Process).await.unwrap_err();
    assert!(matches!(error, SubmitError::WrongKind { .. }));
    assert!(error.to_string().contains("make it a `#[task]`"), "{error}");
}

#[tokio::test]
async fn what_it_prints_and_tells_are_events() {
    let coordinator = with(processes(1));
    let mut events = listening(&coordinator);
    let job = submitted(&coordinator, tasks::prints::with()).await;
    let mut lines: Vec<_> = events_of(&mut events, job.id())
        .await
        .into_iter()
        .filter_map(|event| match event.kind {
            EventKind::Output { stream, line } => Some(format!("{stream:?} {line}")),
            _ => None,
        })
        .collect();
    lines.sort();
    assert_eq!(lines, ["Stderr three \u{1b}[1m", "Stdout last", "Stdout one", "Stdout two \u{fffd}"]);
}

#[tokio::test]
async fn what_it_logs_names_its_job() {
    let coordinator = with(processes(1));
    let mut events = listening(&coordinator);
    let job = submitted(&coordinator, Work::from(tasks::logs::with()).id("mine").run("ours")).await;
    let lines = events_of(&mut events, job.id()).await.into_iter().filter_map(|event| match event.kind {
        EventKind::Output { line, .. } => Some(line),
        _ => None,
    });
    let [line] = lines.collect::<Vec<_>>().try_into().unwrap();
    let spans = r#""spans": [{"name": "job", "id": "mine", "run": "ours", "fields.name": "work.logs"}, {"name": "attempt", "number": 0}]"#;
    assert!(line.contains(r#""message": "look""#) && line.contains(spans), "{line}");
}

#[tokio::test]
async fn a_task_that_calls_others_lends_its_slot() {
    for slots in [1, 2, 3] {
        let coordinator = with(processes(slots));
        assert_eq!(run(&coordinator, tasks::sum::with(5)).await.unwrap(), 15);
        let detail = coordinator.system_detail();
        assert_eq!(detail.counts.succeeded, 6, "{slots} slots");
        assert!(detail.closed.iter().filter(|job| job.parent().is_some()).count() == 5, "each call is a job");
    }
}

#[tokio::test]
async fn the_error_of_a_called_task_reaches_its_caller() {
    let error = run(&with(processes(1)), tasks::calls_what_fails::with()).await.unwrap_err();
    assert_eq!((error.code(), error.is_recoverable()), ("MY:Code", true));
    let text = error.to_string();
    assert!(text.contains("called") && text.contains("no such luck"), "{text}");
}

#[tokio::test]
async fn a_call_that_is_given_up_is_cancelled() {
    let coordinator = with(processes(3));
    let mut events = listening(&coordinator);
    let job = submitted(&coordinator, tasks::gives_up::with()).await;
    let id = job.id().clone();
    assert_eq!(super::soon(job.join()).await.unwrap(), 3);
    events_of(&mut events, &id).await;
    super::soon(coordinator.shutdown(std::time::Duration::from_secs(60))).await;
    let waited = coordinator.system_detail().closed.into_iter().find(|job| job.name() == Some("work.waits")).unwrap();
    assert!(super::failed(waited.outcome().unwrap()).contains("cancelled"), "{waited:?}");
}

#[tokio::test]
async fn an_unknown_task_is_told_by_its_name() {
    #[task(name = "here.alone")]
    fn alone() {}
    let error = run(&with(processes(1)), alone::with()).await.unwrap_err();
    assert!(matches!(error, JobError::Failed(_)));
    assert!(error.to_string().contains("no task is called `here.alone`"), "{error}");
}

/// What is still on its way to a task that is over does not reach the next one.
#[tokio::test]
async fn an_answer_that_comes_too_late_does_not_hold_up_the_next_task() {
    const BYTES: i64 = 32 << 20;
    let coordinator = with(processes(3));
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_string_lossy().into_owned();
        assert_eq!(run(&coordinator, tasks::takes_the_first::with(path, BYTES)).await.unwrap(), BYTES);
        assert_eq!(run(&coordinator, tasks::add::with(1, 1)).await.unwrap(), 2);
    }
}

/// A thread that a task has left behind speaks for no other task.
#[tokio::test]
async fn what_a_thread_says_after_its_task_is_not_the_next_one_s() {
    let coordinator = with(processes(1));
    let mut events = listening(&coordinator);
    let first = submitted(&coordinator, tasks::talks_on::with()).await;
    let talks = first.id().clone();
    super::soon(first.join()).await.unwrap();
    for _ in 0..100 {
        let job = submitted(&coordinator, tasks::add::with(1, 1)).await;
        let said = events_of(&mut events, job.id()).await;
        assert!(!said.iter().any(|event| matches!(event.kind, EventKind::Log { .. })), "{said:?}");
    }
    // It may have called something while its own task was running.
    let detail = coordinator.system_detail();
    let others = detail.open.iter().chain(&detail.closed).filter(|job| job.parent().is_some_and(|parent| *parent != talks));
    assert_eq!(others.count(), 0, "it calls nothing either");
}
