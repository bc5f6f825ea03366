//! Jobs and the bare state: rows E1 to E6 and E14 of the model's tests, I1 to I6, D1, D2, D7, D8, D27.

use std::time::Duration;

use nebulakit::coordinator::{Coordinator, CoordinatorState, Job, JobOutcome, JobState, Overflow, RequestId, Strategy, SubmitError, Work};

use crate::{endless, giving, joined, soon, until_finished, words};

#[test]
fn job_opens_then_closes() {
    let mut state = CoordinatorState::empty();
    let id = state.add_job(Job::new("one")).unwrap();
    let job = state.job(&id).unwrap();
    assert!(job.is_open() && job.id().to_string() == "one" && job.ended().is_none() && job.outcome().is_none());
    let opened = job.opened();
    state.end_job(&id, JobOutcome::Success).unwrap();
    let job = state.job(&id).unwrap();
    assert!(!job.is_open() && job.outcome() == Some(&JobOutcome::Success) && job.ended() >= Some(opened));
}

#[test]
fn job_accepts_missing_times() {
    let job = Job::new("one");
    assert_eq!((job.started(), job.ended(), job.waited(), job.took()), (None, None, None, None));
    assert_eq!((job.attempts(), job.parent(), job.name(), job.labels().count()), (0, None, None, 0));
}

#[test]
fn state_end_unknown_is_error() {
    let error = CoordinatorState::empty().end_job(&RequestId::from("none"), JobOutcome::Success).unwrap_err();
    assert_eq!(error.to_string(), "there is no job `none`");
}

#[test]
fn a_closed_job_does_not_close_again() {
    let mut state = CoordinatorState::empty();
    let id = state.add_job(Job::new("one")).unwrap();
    state.end_job(&id, JobOutcome::Success).unwrap();
    let error = state.end_job(&id, JobOutcome::Success).unwrap_err();
    assert_eq!(error.to_string(), "the job `one` is closed already");
    assert_eq!(state.counts().succeeded, 1);
}

#[test]
fn a_state_refuses_an_id_that_it_knows() {
    let mut state = CoordinatorState::empty();
    state.add_job(Job::new("one")).unwrap();
    let error = state.add_job(Job::new("one")).unwrap_err();
    assert!(matches!(&error, SubmitError::Duplicate(id) if id.to_string() == "one"), "{error}");
    assert_eq!(state.open().count(), 1);
}

/// R13, in the bare state: the ledger itself holds no more than its history.
#[test]
fn closed_history_is_bounded() {
    let mut state = CoordinatorState::with_history(1_000, None);
    for number in 0..100_000 {
        let id = state.add_job(Job::new(format!("n{number}"))).unwrap();
        state.end_job(&id, JobOutcome::Success).unwrap();
    }
    assert_eq!((state.closed().count(), state.open().count()), (1_000, 0));
    assert_eq!((state.counts().submitted, state.counts().succeeded), (100_000, 100_000));
    assert_eq!(state.closed().next().unwrap().id().to_string(), "n99000");
    assert!(state.job(&RequestId::from("n98999")).is_none());
}

#[test]
fn old_history_goes() {
    let mut state = CoordinatorState::with_history(1_000, Some(Duration::ZERO));
    for name in ["first", "second"] {
        let id = state.add_job(Job::new(name)).unwrap();
        std::thread::yield_now();
        state.end_job(&id, JobOutcome::Success).unwrap();
    }
    assert!(state.job(&RequestId::from("first")).is_none());
}

/// E5, I1, I3.
#[tokio::test]
async fn submit_records_and_executes() {
    let coordinator = Coordinator::new();
    let handle = coordinator.submit(giving(7).id("seven"), Strategy::Async).await.unwrap();
    assert_eq!(handle.id().to_string(), "seven");
    let id = handle.id().clone();
    assert!(coordinator.job(&id).is_some());
    assert_eq!(soon(handle.join()).await.unwrap(), 7);
    let job = coordinator.job(&id).unwrap();
    assert!(!job.is_open() && job.attempts() == 1 && job.outcome() == Some(&JobOutcome::Success));
    assert!(job.waited().is_some() && job.took().is_some() && job.ended() >= job.started());
}

/// D27: work that gives nothing is over like any other.
#[tokio::test]
async fn a_job_that_gives_nothing_is_closed() {
    let coordinator = Coordinator::new();
    joined(&coordinator, giving(()).id("unit")).await.unwrap();
    assert!(matches!(coordinator.job(&RequestId::from("unit")).unwrap().state(), JobState::Closed(JobOutcome::Success)));
}

/// R5, D7.
#[tokio::test]
async fn duplicate_id_rejected() {
    let coordinator = Coordinator::new();
    let first = coordinator.submit(endless().id("twin"), Strategy::Async).await.unwrap();
    let error = coordinator.submit(giving(1).id("twin"), Strategy::Async).await.unwrap_err();
    assert_eq!(error.to_string(), "there is a job `twin` already");
    assert!(coordinator.job(first.id()).unwrap().is_open());
    assert_eq!(coordinator.system_detail().counts.submitted, 1);
    first.cancel();
    soon(first.join()).await.unwrap_err();
}

#[tokio::test]
async fn a_number_that_was_chosen_is_not_given_again() {
    let coordinator = Coordinator::new();
    joined(&coordinator, giving(1).id("job-3")).await.unwrap();
    for _ in 0..5 {
        joined(&coordinator, giving(1)).await.unwrap();
    }
    assert_eq!(coordinator.system_detail().counts.succeeded, 6);
}

/// R4, D4: nothing is left of work that no strategy runs.
#[tokio::test]
async fn unknown_mode_leaves_no_job() {
    let coordinator = Coordinator::new();
    let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(10));
    let error = coordinator.submit(giving(1), Strategy::named("gpu-box")).await.unwrap_err();
    assert_eq!(error.to_string(), "the coordinator has no strategy `gpu-box`; it has `async`, `thread`, `process`");
    joined(&coordinator, giving(1).id("next")).await.unwrap();
    assert_eq!(words(&until_finished(&mut events, "next").await), ["next submitted", "next started 0", "next succeeded"]);
    assert_eq!(coordinator.system_detail().counts.submitted, 1);
}

/// D2: a child's parent is the job that started it.
#[tokio::test]
async fn a_child_knows_its_parent_and_its_run() {
    let coordinator = Coordinator::new();
    let work = Work::new(|ctx| async move {
        assert!(ctx.parent().is_none());
        ctx.call(
            Work::new(|ctx| async move { anyhow::Ok((ctx.parent().map(ToString::to_string), ctx.run().to_string())) }).id("child"),
            Strategy::Async,
        )
        .await
    });
    let (parent, run) = joined(&coordinator, work.id("parent").run("nightly")).await.unwrap();
    assert_eq!((parent.as_deref(), run.as_str()), (Some("parent"), "nightly"));
    let job = coordinator.job(&RequestId::from("child")).unwrap();
    assert_eq!((job.parent().unwrap().to_string(), job.run().to_string()), ("parent".to_owned(), "nightly".to_owned()));
}

#[tokio::test]
async fn names_and_labels_are_kept() {
    let coordinator = Coordinator::new();
    joined(&coordinator, giving(1).id("x").name("count").label("team", "data").label("tier", "gold")).await.unwrap();
    let job = coordinator.job(&RequestId::from("x")).unwrap();
    assert_eq!(job.name(), Some("count"));
    assert_eq!(job.labels().collect::<Vec<_>>(), [("team", "data"), ("tier", "gold")]);
    assert_eq!(job.to_string(), "x (count): succeeded");
}

/// I10, D35: two coordinators share nothing.
#[tokio::test]
async fn two_coordinators_share_nothing() {
    let [one, other] = [Coordinator::new(), Coordinator::new()];
    let mut events = other.publisher().subscribe(Overflow::DropOldest(10));
    joined(&one, giving(1).id("same")).await.unwrap();
    joined(&other, giving(2).id("same")).await.unwrap();
    assert_eq!(until_finished(&mut events, "same").await.len(), 3);
    assert_eq!(one.system_detail().counts.submitted, 1);
    soon(one.shutdown(Duration::ZERO)).await;
    assert_eq!(joined(&other, giving(3)).await.unwrap(), 3);
}

/// `system_detail` is a snapshot: what happens later does not change it.
#[tokio::test]
async fn the_detail_is_a_snapshot() {
    let coordinator = Coordinator::new();
    let handle = coordinator.submit(endless().id("open"), Strategy::Async).await.unwrap();
    let detail = coordinator.system_detail();
    assert_eq!(detail.open.iter().map(|job| job.id().to_string()).collect::<Vec<_>>(), ["open"]);
    handle.cancel();
    soon(handle.join()).await.unwrap_err();
    assert!(detail.open[0].is_open() && detail.closed.is_empty() && !detail.is_closed);
    assert_eq!(coordinator.system_detail().closed.len(), 1);
}

/// It needs no runtime of the caller's.
#[test]
fn it_works_in_a_program_that_blocks() {
    let coordinator = Coordinator::new();
    let handle = coordinator.try_submit(giving(5), Strategy::Async).unwrap();
    assert_eq!(handle.join_blocking().unwrap(), 5);
    let handle = coordinator.try_submit(Work::blocking(|_| anyhow::Ok(6)), Strategy::Thread).unwrap();
    assert_eq!(handle.join_blocking().unwrap(), 6);
}

/// An id may be what a stranger chose.
#[tokio::test]
async fn the_largest_number_as_an_id_leaves_numbers_for_others() {
    let coordinator = Coordinator::new();
    let largest = format!("job-{}", u64::MAX);
    joined(&coordinator, giving(1).id(largest.as_str())).await.unwrap();
    for _ in 0..3 {
        let job = coordinator.submit(giving(1), Strategy::Async).await.unwrap();
        assert_ne!(job.id().to_string(), largest);
        soon(job.join()).await.unwrap();
    }
}
