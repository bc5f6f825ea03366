//! Processes that start workers, and end.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Coordinator, ProcessStrategy, Strategy, WORKER, ends_within, processes, run, soon, tasks, with};

#[test]
fn workers_end_with_the_process_that_started_them() {
    let mut parent = Command::new(WORKER).arg("parent").stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let workers: Vec<u64> = lines.take(2).map(|line| line.unwrap().parse().unwrap()).collect();
    parent.kill().unwrap();
    for worker in workers {
        assert!(ends_within(worker, 2), "{worker} is still there");
    }
    parent.wait().unwrap();
}

/// Who started it may be gone before it looks who that was: it does not go on with its `main`.
#[cfg(target_os = "linux")]
#[test]
fn a_worker_that_has_another_parent_by_now_is_a_worker() {
    let (own, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    // The shell is its parent, as the process is that takes in orphans.
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "\"$0\" exits; exit $?", WORKER]).env("NEBULAKIT_WORKER", format!("1:{}", std::process::id()));
    let shell = shell.stdin(std::os::fd::OwnedFd::from(theirs)).stdout(Stdio::piped()).spawn().unwrap();
    drop(own);
    let output = shell.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
}

/// Who asked for it may be gone before it comes to its `main`. A program that a task starts in a container has the same variable, and is itself.
#[test]
fn a_worker_in_a_container_that_nobody_wants_ends() {
    let folder = tempfile::tempdir().unwrap();
    let marker = format!("1@{}", folder.path().join("socket").display());
    let said = |argument: &str| {
        let program = Command::new(WORKER).arg(argument).env("NEBULAKIT_WORKER", &marker).output().unwrap();
        (program.status.code(), String::from_utf8(program.stdout).unwrap(), String::from_utf8(program.stderr).unwrap())
    };
    let (code, stdout, stderr) = said("nebulakit-worker");
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    assert!(
        stderr.starts_with("error: this worker process cannot go on: the process that asked for it is gone: cannot connect to `"),
        "{stderr}"
    );
    let (code, stdout, _) = said("exits");
    assert_eq!(code, Some(0));
    assert!(stdout.starts_with("the worker process ended with exit code 7\n"), "{stdout}");
}

#[test]
fn a_program_that_forgets_to_be_a_worker_is_told_so_at_once() {
    let forgetful = Command::new(WORKER).arg("forgetful").output().unwrap();
    let said = String::from_utf8(forgetful.stdout).unwrap();
    assert_eq!(
        said,
        "this program has no workers: `nebulakit::coordinator::worker_main()` has to be the first line of its `main`, as `nebulakit::main!` makes it; \
         a test names another program by `ProcessStrategy::program`\n"
    );
}

/// It is started as a worker, starts none in turn, and does not go on.
#[tokio::test]
async fn another_program_that_forgets_it_is_ended() {
    let error = run(&with(processes(1).variable_with("FORGETFUL", "1")), tasks::add::with(1, 2)).await.unwrap_err();
    assert!(error.to_string().starts_with("the program ended, and did not say that it is a worker: "), "{error}");
    let error = run(&with(ProcessStrategy::with_slots(1).program("/bin/true")), tasks::add::with(1, 2)).await.unwrap_err();
    assert!(error.to_string().contains("`nebulakit::coordinator::worker_main()` has to be the first line"), "{error}");
    let error = run(&with(ProcessStrategy::with_slots(1).program("/no/such/program")), tasks::add::with(1, 2)).await.unwrap_err();
    assert!(error.to_string().starts_with("no worker of `/no/such/program` can be started: "), "{error}");
}

/// What it prints before it says what it is fills its pipes.
#[tokio::test]
async fn a_program_that_prints_much_at_its_start_is_heard() {
    let coordinator = with(processes(1).variable_with("CHATTY", "1"));
    let mut events = super::listening(&coordinator);
    let job = super::submitted(&coordinator, tasks::add::with(1, 2)).await;
    let id = job.id().clone();
    assert_eq!(soon(job.join()).await.unwrap(), 3);
    let said = super::events_of(&mut events, &id).await;
    let lines = said.iter().filter(|event| matches!(event.kind, super::EventKind::Output { .. })).count();
    assert_eq!(lines, 4_000);

    let begin = std::time::Instant::now();
    let forgetful = with(processes(1).variable_with("CHATTY", "1").variable_with("FORGETFUL", "1"));
    let error = run(&forgetful, tasks::add::with(1, 2)).await.unwrap_err();
    assert!(error.to_string().starts_with("the program ended, and did not say that it is a worker: "), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(20));
}

/// One that ends in the middle of a word is not waited for.
#[tokio::test]
async fn a_program_that_says_one_half_is_told_so_at_once() {
    let begin = std::time::Instant::now();
    let error = run(&with(processes(1).variable_with("HALF", "1")), tasks::add::with(1, 2)).await.unwrap_err();
    assert!(error.to_string().starts_with("the program ended, and did not say that it is a worker: "), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(20));
}

/// A program that ignores SIGCHLD does not hear how its workers end, and says no wrong thing of it.
#[test]
fn where_the_end_of_children_is_ignored_nothing_is_made_up() {
    let said = |ignored: &[&str]| {
        let program = Command::new("env").args(ignored).args([WORKER, "exits"]).output().unwrap();
        String::from_utf8(program.stdout).unwrap()
    };
    let heard = said(&[]);
    assert!(heard.starts_with("the worker process ended with exit code 7\n"), "{heard}");
    let unheard = said(&["--ignore-signal=CHLD"]);
    assert!(unheard.starts_with("the worker process ended, and the program did not hear how: "), "{unheard}");
}

/// A test is not a program of workers, and says so.
#[tokio::test]
async fn under_a_test_the_program_is_given() {
    let error = soon(Coordinator::new().submit(tasks::add::with(1, 2), Strategy::Process).await.unwrap().join()).await.unwrap_err();
    assert!(error.to_string().starts_with("this program has no workers: "), "{error}");
}

#[tokio::test]
async fn no_worker_outlives_a_shutdown() {
    let coordinator = with(processes(2));
    let mut events = super::listening(&coordinator);
    let idle = run(&coordinator, tasks::pid::with()).await.unwrap();
    let job = super::submitted(&coordinator, tasks::goes_on::with("/dev/null".to_owned())).await;
    let busy = super::progress(&mut events).await;
    let report = soon(coordinator.shutdown(Duration::ZERO)).await;
    assert_eq!((report.cancelled, report.lost), (1, 0), "{report:?}");
    soon(job.join()).await.unwrap_err();
    for worker in [idle.try_into().unwrap(), busy] {
        assert!(ends_within(worker, 0), "{worker} is still there");
    }
}

#[test]
fn workers_end_with_their_coordinator() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let coordinator = with(processes(1));
    let pid = runtime.block_on(run(&coordinator, tasks::pid::with())).unwrap();
    drop((runtime, coordinator));
    assert!(ends_within(pid.try_into().unwrap(), 60));
}

#[test]
fn a_runtime_that_cannot_watch_processes_says_what_is_missing() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let coordinator = with(processes(1));
    let error =
        runtime.block_on(async { coordinator.submit(tasks::add::with(1, 2), Strategy::Process).await.unwrap().join().await }).unwrap_err();
    assert!(error.to_string().contains("call `enable_all()` on the runtime's builder"), "{error}");
}

#[tokio::test]
async fn workers_that_do_not_react_end_with_a_shutdown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_string_lossy().into_owned();
    let coordinator = with(processes(2));
    let one = super::submitted(&coordinator, tasks::one_of_two::with(path.clone())).await;
    let other = run(&coordinator, tasks::one_of_two::with(path)).await.unwrap();
    let workers = [soon(one.join()).await.unwrap(), other];
    for worker in workers {
        let worker = rustix::process::Pid::from_raw(worker.try_into().unwrap()).unwrap();
        rustix::process::kill_process(worker, rustix::process::Signal::STOP).unwrap();
    }
    soon(coordinator.shutdown(Duration::ZERO)).await;
    for worker in workers {
        assert!(ends_within(worker.try_into().unwrap(), 2), "{worker} is still there");
    }
}
