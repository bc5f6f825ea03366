//! Bad days: subscribers that never read, clocks that jump, runtimes that go, disks that are full.

use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak, mpsc};
use std::time::{Duration, Instant, SystemTime};

use nebulakit::coordinator::{
    AsyncStrategy, Clock, Coordinator, EventKind, JobContext, JobError, JobEvent, JobState, Lost, Overflow, Retry, Strategy,
    ThreadStrategy, Timeout, Work,
};
use nebulakit::prelude::*;
use tokio::sync::Notify;

use crate::depot::{Depot, Door};
use crate::{endless, giving, joined, soon, turned, turning, until_finished};

/// Events go when nobody can read them any more: what is kept is bounded, however many there were.
#[tokio::test]
async fn a_subscriber_that_never_reads_keeps_nothing_but_its_queue() {
    const EVENTS: u64 = 100_000;
    let coordinator = Coordinator::new();
    let mut never = coordinator.publisher().subscribe(Overflow::DropOldest(64));
    let mut cut_off = coordinator.publisher().subscribe(Overflow::Disconnect(64));
    let mut reads = coordinator.publisher().subscribe(Overflow::DropOldest(1_000));
    let reader = tokio::spawn(async move {
        let (mut told, mut seen) = (0, Vec::<Weak<JobEvent>>::new());
        while let Some(event) = reads.next().await {
            told += u64::from(matches!(event.kind, EventKind::Broadcast { .. }));
            assert!(!matches!(event.kind, EventKind::Lagged { .. }), "{event}");
            seen.push(Arc::downgrade(&event));
            if matches!(event.kind, EventKind::Finished { .. }) {
                break;
            }
        }
        (told, seen)
    });
    let work = Work::new(|ctx: JobContext| async move {
        for number in 0..EVENTS {
            ctx.broadcast(number);
            if number % 100 == 0 {
                tokio::task::yield_now().await;
            }
        }
        anyhow::Ok(())
    });
    joined(&coordinator, work.id("talks")).await.unwrap();
    let (told, seen) = soon(reader).await.unwrap();
    assert_eq!(told, EVENTS);
    // Those that the two queues hold are alive, and no other.
    assert_eq!(seen.iter().filter(|event| event.strong_count() > 0).count(), 128);

    let all = EVENTS + 3;
    let first = soon(never.next()).await.unwrap();
    assert!(matches!(first.kind, EventKind::Lagged { missed } if missed == all - 64), "{first}");
    assert_eq!(until_finished(&mut never, "talks").await.len(), 64);
    let mut kept = Vec::new();
    while let Some(event) = soon(cut_off.next()).await {
        kept.push(event);
    }
    assert_eq!(kept.len(), 65);
    assert!(matches!(kept[64].kind, EventKind::Lagged { missed: 1 }), "{}", kept[64]);
    assert_eq!(coordinator.publisher().dropped(), all - 64 + 1);
}

/// A clock that jumps by centuries: what has a limit is over it, what pauses goes on, and all else is left alone.
#[tokio::test]
async fn a_clock_that_jumps_ahead_ends_what_has_a_limit_alone() {
    let (clock, coordinator) = turned();
    let hour = Duration::from_secs(3600);
    let limited = coordinator.submit(endless().timeout(hour), Strategy::Async).await.unwrap();
    let in_all = coordinator.submit(endless().schedule_to_close(hour).timeout(2 * hour), Strategy::Async).await.unwrap();
    let unlimited = coordinator.submit(endless().id("unlimited"), Strategy::Async).await.unwrap();
    let pausing = Work::new(|ctx: JobContext| async move {
        if ctx.attempt() == 0 { Err(TaskError::recoverable(anyhow::anyhow!("again"))) } else { Ok(ctx.attempt()) }
    });
    let pausing = pausing.retry(Retry::fixed(1, hour).without_jitter());
    let pausing = coordinator.submit(pausing.id("pausing"), Strategy::Async).await.unwrap();
    while !matches!(coordinator.job(&"pausing".into()).unwrap().state(), JobState::Backoff { .. }) {
        tokio::task::yield_now().await;
    }
    let centuries = Duration::from_secs(200 * 365 * 24 * 3600);
    clock.turn(centuries);
    assert!(matches!(soon(limited.join()).await, Err(JobError::TimedOut { timeout: Timeout::StartToClose, .. })));
    assert!(matches!(soon(in_all.join()).await, Err(JobError::TimedOut { timeout: Timeout::ScheduleToClose, .. })));
    assert_eq!(soon(pausing.join()).await.unwrap(), 1);
    assert!(coordinator.job(unlimited.id()).unwrap().is_open());
    let job = coordinator.job(&"pausing".into()).unwrap();
    assert!(is_nearly(job.took(), centuries), "{:?}", job.took());
    assert!(unlimited.cancel());
    soon(unlimited.join()).await.unwrap_err();
    assert_eq!(turning(&clock, coordinator.shutdown(hour)).await.lost, 0);
}

/// An administrator sets the machine's clock back, to before the epoch and far ahead: no deadline and no duration goes by it.
#[tokio::test]
async fn a_wall_clock_that_is_set_changes_what_is_shown_alone() {
    let (clock, coordinator) = turned();
    let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(100));
    let second = Duration::from_secs(1);
    let walls = [
        SystemTime::UNIX_EPOCH,
        SystemTime::UNIX_EPOCH - Duration::from_secs(1_000_000_000),
        SystemTime::UNIX_EPOCH + Duration::from_secs(100_000_000_000_000),
    ];
    for (number, wall) in walls.into_iter().enumerate() {
        let id = format!("n{number}");
        let set = clock.clone();
        let work = Work::new(move |_| {
            set.set_wall(wall);
            set.turn(second);
            std::future::pending::<anyhow::Result<()>>()
        });
        let job = coordinator.submit(work.id(id.as_str()).timeout(10 * second), Strategy::Async).await.unwrap();
        let begin = clock_now(&clock);
        let error = turning(&clock, job.join()).await.unwrap_err();
        assert!(matches!(error, JobError::TimedOut { .. }), "{error}");
        assert_eq!(clock_now(&clock).duration_since(begin), 10 * second);
        let record = coordinator.job(&id.as_str().into()).unwrap();
        assert!(record.waited().unwrap() < second && is_nearly(record.took(), 10 * second), "{record:?}");
        assert!(record.ended().unwrap() > record.opened() && record.to_string().contains("USER:Timeout"));
        let seen = until_finished(&mut events, &id).await;
        assert!(seen.windows(2).all(|pair| pair[0].sequence < pair[1].sequence));
        for event in &seen {
            // What no calendar has is an error of who writes it down.
            assert!(serde_json::to_string(event).is_ok() || event.at > SystemTime::now());
        }
    }
}

fn clock_now(clock: &impl Clock) -> Instant {
    clock.now()
}

/// A job's first attempt begins a nanosecond after it was opened at the earliest.
fn is_nearly(took: Option<Duration>, expected: Duration) -> bool {
    took.is_some_and(|took| took <= expected && took + Duration::from_nanos(1) >= expected)
}

/// A clock that breaks its promise and goes back.
struct Unsteady(Instant, AtomicU32);

impl Clock for Unsteady {
    fn now(&self) -> Instant {
        let calls = self.1.fetch_add(1, Ordering::Relaxed);
        self.0 + Duration::from_secs(3600) * (20_000 - calls.min(20_000))
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn sleep_until(&self, _: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_clock_that_goes_back_breaks_nothing() {
    let coordinator = Coordinator::builder()
        .clock(Unsteady(Instant::now(), AtomicU32::new(0)))
        .history(10, Some(Duration::from_secs(1)))
        .strategy(Strategy::Async, AsyncStrategy::with_slots(1))
        .ageing(Duration::from_secs(1))
        .build();
    let begun = Arc::new(Mutex::new(0));
    let mut jobs = Vec::new();
    for _ in 0..50 {
        let begun = Arc::clone(&begun);
        let work = Work::new(move |ctx: JobContext| {
            *begun.lock().unwrap() += 1;
            async move {
                ctx.heartbeat();
                tokio::task::yield_now().await;
                anyhow::Ok(())
            }
        });
        let work = work.timeout(Duration::from_secs(1)).heartbeat(Duration::from_secs(1)).schedule_to_close(Duration::from_secs(1));
        jobs.push(coordinator.submit(work, Strategy::Async).await.unwrap());
    }
    for job in jobs {
        soon(job.join()).await.unwrap();
    }
    assert_eq!(*begun.lock().unwrap(), 50);
    let detail = coordinator.system_detail();
    assert!(detail.closed.iter().all(|job| job.took().is_some_and(|took| took < Duration::from_secs(1))));
    assert_eq!(soon(coordinator.shutdown(Duration::from_secs(1))).await.lost, 0);
}

/// Jobs of every state are open when their runtime goes: each is told, and the coordinator goes on with the next runtime.
#[test]
fn a_runtime_that_goes_takes_its_jobs_and_nothing_else() {
    let coordinator = Coordinator::builder()
        .strategy(Strategy::Async, AsyncStrategy::with_slots(2))
        .strategy(Strategy::Thread, ThreadStrategy::with_slots(1))
        .max_open(5)
        .build();
    let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(1_000));
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let first = runtime();
    let (end, ended) = mpsc::channel::<()>();
    let handles = first.block_on(async {
        let again = || Work::new(|_| async { Err::<(), _>(TaskError::recoverable(anyhow::anyhow!("again"))) });
        let pausing = again().retry(Retry::fixed(1, Duration::from_secs(3600)).without_jitter()).id("pausing");
        let pausing = coordinator.submit(pausing, Strategy::Async).await.unwrap();
        while !matches!(coordinator.job(&"pausing".into()).unwrap().state(), JobState::Backoff { .. }) {
            tokio::task::yield_now().await;
        }
        let began = Arc::new(Notify::new());
        let tell = Arc::clone(&began);
        let parent = Work::new(move |ctx: JobContext| {
            let tell = Arc::clone(&tell);
            async move {
                let child = Work::new(move |_| {
                    tell.notify_one();
                    std::future::pending::<anyhow::Result<()>>()
                });
                ctx.call(child.id("child"), Strategy::Async).await
            }
        });
        let parent = coordinator.submit(parent.id("parent"), Strategy::Async).await.unwrap();
        soon(began.notified()).await;
        let running = coordinator.submit(endless().id("running"), Strategy::Async).await.unwrap();
        let queued = coordinator.submit(endless().id("queued"), Strategy::Async).await.unwrap();
        let began = Arc::new(Notify::new());
        let (tell, ended) = (Arc::clone(&began), Mutex::new(ended));
        let thread = Work::blocking(move |_| {
            tell.notify_one();
            anyhow::Ok(ended.lock().unwrap().recv()?)
        });
        let thread = coordinator.submit(thread.id("thread"), Strategy::Thread).await.unwrap();
        soon(began.notified()).await;
        // Nobody hears of one that was not taken.
        let full = tokio::spawn({
            let coordinator = coordinator.clone();
            async move { coordinator.submit(giving(1).id("waiting"), Strategy::Async).await.map(drop) }
        });
        tokio::task::yield_now().await;
        assert!(!full.is_finished());
        [pausing, parent, running, queued, thread]
    });
    drop(first);
    for handle in handles {
        let error = handle.join_blocking().unwrap_err();
        assert!(matches!(&error, JobError::Lost { how: Lost::Runtime, .. }), "{error}");
    }
    let detail = coordinator.system_detail();
    assert_eq!((detail.open.len(), detail.counts.lost, detail.counts.submitted), (0, 6, 6));
    // A thread cannot be stopped: it has its slot until it ends.
    assert_eq!((detail.strategies[0].taken, detail.strategies[1].taken), (0, 1));
    end.send(()).unwrap();
    while coordinator.system_detail().strategies[1].taken > 0 {
        std::thread::yield_now();
    }

    let second = runtime();
    second.block_on(async {
        assert_eq!(joined(&coordinator, giving(7).id("after")).await.unwrap(), 7);
        // On a thread too, where a future needs a runtime: the one that is there.
        let sleeps = Work::new(|ctx: JobContext| async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            ctx.call(giving(8), Strategy::Async).await
        });
        assert_eq!(soon(coordinator.submit(sleeps, Strategy::Thread).await.unwrap().join()).await.unwrap(), 8);
        let seen = until_finished(&mut events, "after").await;
        let finished = seen.iter().filter(|event| matches!(event.kind, EventKind::Finished { .. })).count();
        assert_eq!(finished, 7);
    });
    drop(second);
    // Where there is none, one of the process's own.
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let taken = coordinator.try_submit(giving(9), Strategy::Async).unwrap();
        sender.send(taken.join_blocking()).unwrap();
    });
    assert_eq!(receiver.recv_timeout(Duration::from_secs(60)).unwrap().unwrap(), 9);
}

#[task(retries = 1_000)]
async fn report(text: String) -> anyhow::Result<File> {
    Ok(File::from_bytes("report.txt", text.into_bytes()))
}

/// No room for what a task returns: a failure of the system, which another attempt may not have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_is_a_failed_attempt() {
    let folder = tempfile::tempdir().unwrap();
    let depot = Depot::new(Door::Full);
    let coordinator = Coordinator::builder().context(depot.context(&folder)).build();
    for strategy in [Strategy::Async, Strategy::Thread] {
        depot.set(Door::Full);
        let once = Work::from(report::with("whole")).retry(Retry::NEVER);
        let error = soon(coordinator.submit(once, strategy.clone()).await.unwrap().join()).await.unwrap_err();
        assert!(error.code() == "SYSTEM" && error.is_recoverable(), "{error:?}");
        let said = error.to_string();
        assert!(said.contains("cannot store the data of the outputs") && said.contains("no space left on device"), "{said}");
        // Others do not need room.
        assert_eq!(soon(coordinator.submit(giving(1), strategy.clone()).await.unwrap().join()).await.unwrap(), 1);

        let id = format!("on {strategy}");
        let again = Work::from(report::with("whole")).retry(Retry::fixed(1_000, Duration::from_millis(1))).id(id.as_str());
        let again = coordinator.submit(again, strategy).await.unwrap();
        while coordinator.job(&id.as_str().into()).unwrap().attempts() < 3 {
            tokio::task::yield_now().await;
        }
        depot.set(Door::Open);
        let file = soon(again.join()).await.unwrap();
        assert_eq!(file.read_to_string().await.unwrap(), "whole");
    }
    // What was not stored left nothing behind.
    assert_eq!(depot.len(), 2);
}
