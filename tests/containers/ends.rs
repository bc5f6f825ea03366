//! How containers end: cancelled in each phase, out of memory, left by their client, and with the process that asked for them.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nebulakit::coordinator::{
    CancelReason, ContainerError, ContainerStrategy, Coordinator, EventKind, IntoWork as _, JobError, Limit, Strategy, Trouble,
};
use rustix::process::{Pid, Signal, kill_process};

use crate::engines::{call, engines, image};
use crate::{PROGRAM, containers, event, listening, run, shell, soon, submitted, with};

/// The names of all containers, running or not, whose name has `part` in it.
pub(crate) fn names(engine: &str, part: &str) -> Vec<String> {
    let names = call(engine, &["ps", "--all", "--filter", &format!("name={part}"), "--format", "{{.Names}}"]);
    names.split_whitespace().map(str::to_owned).collect()
}

/// Ends the coordinator: what it still had is gone then.
async fn shut_down(coordinator: Coordinator) {
    soon(coordinator.shutdown(Duration::from_secs(60))).await;
}

/// The name of the next container that is started.
async fn next_name(events: &mut nebulakit::coordinator::EventStream) -> String {
    match event(events, |kind| matches!(kind, EventKind::Container { .. })).await.kind {
        EventKind::Container { name, .. } => name,
        other => panic!("{other:?}"),
    }
}

async fn line(events: &mut nebulakit::coordinator::EventStream, expected: &str) {
    event(events, |kind| matches!(kind, EventKind::Output { line, .. } if line == expected)).await;
}

fn is_cancelled(error: &JobError) -> bool {
    matches!(error, JobError::Cancelled(CancelReason::Caller))
}

#[tokio::test]
async fn a_job_that_is_cancelled_in_the_queue_starts_nothing() {
    for engine in engines() {
        let coordinator = with(ContainerStrategy::with_slots(1).engine(&*engine).program(PROGRAM).offline());
        let mut events = listening(&coordinator);
        let first = submitted(&coordinator, shell(&engine, "echo runs; sleep 1000")).await;
        line(&mut events, "runs").await;
        let second = submitted(&coordinator, shell(&engine, "echo never")).await;
        second.cancel();
        assert!(is_cancelled(&soon(second.join()).await.unwrap_err()));
        first.cancel();
        assert!(is_cancelled(&soon(first.join()).await.unwrap_err()));
        let again = event(&mut events, |kind| matches!(kind, EventKind::Container { .. } | EventKind::Finished { .. })).await;
        assert!(matches!(again.kind, EventKind::Finished { .. }), "{engine}: {again}");
        shut_down(coordinator).await;
    }
}

/// A registry that takes connections and says nothing.
#[tokio::test]
async fn a_job_that_is_cancelled_while_its_image_is_pulled_ends() {
    for engine in engines() {
        let registry = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let image = format!("{}/silent:1", registry.local_addr().unwrap());
        let coordinator = with(containers(&engine).pull(nebulakit::coordinator::Pull::Missing));
        let job = submitted(&coordinator, nebulakit::coordinator::Container::new(&*image).command(["/bin/sh"])).await;
        let (connection, _) = tokio::task::spawn_blocking(move || registry.accept()).await.unwrap().unwrap();
        assert!(!processes(&image).is_empty(), "{engine}");
        job.cancel();
        assert!(is_cancelled(&soon(job.join()).await.unwrap_err()), "{engine}");
        shut_down(coordinator).await;
        let begin = Instant::now();
        while !processes(&image).is_empty() {
            assert!(begin.elapsed() < Duration::from_secs(20), "{engine}: {:?}", processes(&image));
        }
        drop(connection);
    }
}

#[tokio::test]
async fn a_job_that_is_cancelled_at_any_time_of_its_start_leaves_nothing() {
    for engine in engines() {
        let coordinator = Coordinator::builder().strategy(Strategy::Container, containers(&engine)).grace(Duration::ZERO).build();
        let mut events = listening(&coordinator);
        let mut started = Vec::new();
        for pause in [0, 10, 30, 60, 100, 150, 200, 250, 300, 400] {
            let job = submitted(&coordinator, shell(&engine, "sleep 1000")).await;
            started.push(next_name(&mut events).await);
            tokio::time::sleep(Duration::from_millis(pause)).await;
            job.cancel();
            assert!(is_cancelled(&soon(job.join()).await.unwrap_err()), "{engine}");
        }
        shut_down(coordinator).await;
        for name in started {
            assert_eq!(names(&engine, &name), [""; 0], "{engine}");
        }
    }
}

#[tokio::test]
async fn a_command_is_told_to_stop_and_removed_where_it_does_not() {
    for engine in engines() {
        let coordinator = Coordinator::builder().strategy(Strategy::Container, containers(&engine)).grace(Duration::from_secs(20)).build();
        let mut events = listening(&coordinator);
        let job = submitted(&coordinator, shell(&engine, "trap 'echo stops; exit 0' TERM; echo runs; while :; do sleep 0.1; done")).await;
        let polite = next_name(&mut events).await;
        line(&mut events, "runs").await;
        job.cancel();
        line(&mut events, "stops").await;
        assert!(is_cancelled(&soon(job.join()).await.unwrap_err()), "{engine}");

        let deaf = Coordinator::builder().strategy(Strategy::Container, containers(&engine)).grace(Duration::from_millis(100)).build();
        let mut events = listening(&deaf);
        let job = submitted(&deaf, shell(&engine, "trap '' TERM; echo runs; while :; do sleep 0.1; done")).await;
        let rude = next_name(&mut events).await;
        line(&mut events, "runs").await;
        // While it stops, it is told again.
        job.cancel();
        job.cancel();
        assert!(is_cancelled(&soon(job.join()).await.unwrap_err()), "{engine}");
        shut_down(deaf).await;
        shut_down(coordinator).await;
        assert_eq!([names(&engine, &polite), names(&engine, &rude)], [[""; 0]; 2], "{engine}");
    }
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_ended() {
    for engine in engines() {
        let coordinator = with(containers(&engine));
        let mut events = listening(&coordinator);
        let work = shell(&engine, "sleep 1000").into_work().timeout(Duration::from_secs(2));
        let error = run(&coordinator, work).await.unwrap_err();
        assert!(matches!(error, JobError::TimedOut { .. }), "{engine}: {error}");
        let name = next_name(&mut events).await;
        shut_down(coordinator).await;
        assert_eq!(names(&engine, &name), [""; 0], "{engine}");
    }
}

#[tokio::test]
async fn want_of_memory_is_told() {
    const LIMIT: u64 = 48 << 20;
    for engine in engines() {
        let coordinator = with(containers(&engine));
        for script in
            ["exec dd if=/dev/zero of=/dev/null bs=300M count=1", "sleep 0.5; dd if=/dev/zero of=/dev/null bs=300M count=1; exit 3"]
        {
            let error = run(&coordinator, shell(&engine, script).into_work().memory(LIMIT)).await.unwrap_err();
            let JobError::Limit { limit: Limit::Memory { limit, .. }, .. } = &error else { panic!("{engine} {script}: {error}") };
            assert_eq!((*limit, error.code()), (Some(LIMIT), "USER:OutOfMemory"), "{engine}");
        }
        // It is enough for what fits.
        run(&coordinator, shell(&engine, "dd if=/dev/zero of=/dev/null bs=3M count=1").into_work().memory(LIMIT)).await.unwrap();
        let killed = run(&coordinator, shell(&engine, "sh -c 'kill -9 $$'; exit 137").into_work().memory(LIMIT)).await.unwrap_err();
        assert_eq!(killed.code(), "SYSTEM:Lost", "{engine}: {killed}");
    }
}

#[tokio::test]
async fn cores_are_limited() {
    for engine in engines() {
        let quota = "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu.max 2>/dev/null; true";
        let ended = run(&with(containers(&engine)), shell(&engine, quota).into_work().cores(0.5)).await.unwrap();
        assert!(ended.tail.contains("50000"), "{engine}: {}", ended.tail);
    }
}

/// The processes that have `part` in their arguments, but for this one and those of the engine's daemon.
fn processes(part: &str) -> Vec<(i32, String)> {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let all = all.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let read = |number: i32| {
        let arguments = String::from_utf8_lossy(&std::fs::read(format!("/proc/{number}/cmdline")).ok()?).replace('\0', " ");
        Some((number, arguments))
    };
    all.filter_map(read).filter(|(_, arguments)| arguments.contains(part)).collect()
}

/// The keepers of a process.
fn keepers(parent: u32) -> Vec<i32> {
    let own = |process: i32| {
        let variables = std::fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
        String::from_utf8_lossy(&variables).contains(&format!("NEBULAKIT_WORKER=keeper:{parent}\0"))
    };
    processes("").into_iter().map(|(process, _)| process).filter(|process| own(*process)).collect()
}

/// The first process of a container.
fn first_process(engine: &str, name: &str) -> i32 {
    call(engine, &["inspect", "--format", "{{.State.Pid}}", name]).parse().unwrap()
}

fn is_alive(process: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test]
async fn a_client_that_is_killed_is_told_and_takes_its_container_with_it() {
    for engine in engines() {
        let coordinator = with(containers(&engine));
        let mut events = listening(&coordinator);
        let job = submitted(&coordinator, shell(&engine, "echo runs; sleep 1000")).await;
        let name = next_name(&mut events).await;
        line(&mut events, "runs").await;
        let clients = processes(&format!("run --rm --pull never --name {name}"));
        assert!(!clients.is_empty(), "{engine}");
        for (client, _) in clients {
            kill_process(Pid::from_raw(client).unwrap(), Signal::KILL).unwrap();
        }
        let error = soon(job.join()).await.unwrap_err();
        assert_eq!((error.code(), error.downcast_ref::<ContainerError>().unwrap().trouble), ("SYSTEM:Lost", Trouble::Gone), "{error}");
        assert!(error.is_recoverable() && error.to_string().contains("signal 9 (SIGKILL)"), "{error}");
        shut_down(coordinator).await;
        assert_eq!(names(&engine, &name), [""; 0], "{engine}");
    }
}

/// A process with so many containers that do not end, and its temporary files in `folder`.
fn parent(engine: &str, containers: usize, folder: &tempfile::TempDir) -> std::process::Child {
    let mut parent = Command::new(PROGRAM);
    parent.args(["parent", engine, &image(engine), &containers.to_string()]).env("TMPDIR", folder.path());
    parent.stdout(Stdio::piped()).spawn().unwrap()
}

#[test]
fn nothing_is_alive_two_seconds_after_the_parent_was_killed() {
    for engine in engines() {
        let folder = tempfile::tempdir().unwrap();
        let mut parent = parent(&engine, 3, &folder);
        let mut lines = BufReader::new(parent.stdout.take().unwrap()).lines();
        let (mut started, mut running) = (Vec::new(), 0);
        while running < 3 {
            let line = lines.next().expect("the parent ended early").unwrap();
            match line.strip_prefix("named ") {
                Some(name) => started.push(name.to_owned()),
                None => running += usize::from(line == "runs"),
            }
        }
        let first: Vec<_> = started.iter().map(|name| first_process(&engine, name)).collect();
        assert!(first.iter().all(|process| is_alive(*process)));
        parent.kill().unwrap();
        let killed = Instant::now();
        parent.wait().unwrap();
        let left = || {
            // Its keeper removes what it has ended.
            let all = started.iter().flat_map(|name| processes(name));
            let processes: Vec<_> = all.filter(|(_, arguments)| !arguments.contains(" rm --force ")).collect();
            let alive: Vec<_> = first.iter().filter(|process| is_alive(**process)).copied().collect();
            (processes, alive)
        };
        while left() != (Vec::new(), Vec::new()) {
            assert!(killed.elapsed() < Duration::from_secs(2), "{engine}: {:?}", left());
        }
        while !started.iter().all(|name| names(&engine, name).is_empty()) {
            assert!(killed.elapsed() < Duration::from_secs(10), "{engine}");
        }
    }
}

#[tokio::test]
async fn a_keeper_that_is_killed_is_replaced() {
    for engine in engines() {
        let coordinator = Coordinator::builder().strategy(Strategy::Container, containers(&engine)).grace(Duration::ZERO).build();
        let mut events = listening(&coordinator);
        let job = submitted(&coordinator, shell(&engine, "echo runs; sleep 1000")).await;
        let name = next_name(&mut events).await;
        line(&mut events, "runs").await;
        // Other tests of this process have keepers too; all of them are replaced where they are needed.
        for keeper in keepers(std::process::id()) {
            let _ = kill_process(Pid::from_raw(keeper).unwrap(), Signal::KILL);
        }
        job.cancel();
        assert!(is_cancelled(&soon(job.join()).await.unwrap_err()), "{engine}");
        shut_down(coordinator).await;
        assert_eq!(names(&engine, &name), [""; 0], "{engine}");
    }
}

/// One of its containers may be on its way still.
#[test]
fn what_was_about_to_begin_does_not_either() {
    for engine in engines() {
        for _ in 0..2 {
            let folder = tempfile::tempdir().unwrap();
            let mut parent = parent(&engine, 2, &folder);
            let mut lines = BufReader::new(parent.stdout.take().unwrap()).lines();
            let started: Vec<_> = (0..2).map(|_| lines.next().unwrap().unwrap().strip_prefix("named ").unwrap().to_owned()).collect();
            parent.kill().unwrap();
            let killed = Instant::now();
            parent.wait().unwrap();
            // The keeper has ended when there is nothing more to do.
            let mut is_done = false;
            while !is_done {
                assert!(killed.elapsed() < Duration::from_secs(60), "{engine}");
                is_done = started.iter().all(|name| processes(name).is_empty() && names(&engine, name).is_empty())
                    && keepers(parent.id()).is_empty();
            }
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{engine}");
        }
    }
}
