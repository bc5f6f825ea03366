//! R6, R7, D33: the four times that a job has, by a clock that is turned by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nebulakit::coordinator::{AsyncStrategy, Clock as _, Coordinator, JobContext, JobError, ManualClock, Retry, Strategy, Timeout, Work};
use tokio::sync::Notify;

use crate::{endless, giving, joined, turned, turning, until};

const MINUTE: Duration = Duration::from_secs(60);

fn timed_out(ended: Result<(), JobError>) -> (Timeout, Duration) {
    match ended.unwrap_err() {
        JobError::TimedOut { timeout, limit } => (timeout, limit),
        other => panic!("{other}"),
    }
}

/// R6: what would come after the limit never happens.
#[tokio::test]
async fn timeout_stops_work() {
    let (clock, coordinator) = turned();
    let happened = Arc::new(AtomicBool::new(false));
    let (tell, time) = (Arc::clone(&happened), clock.clone());
    let work = Work::new(move |_| {
        let (tell, time) = (Arc::clone(&tell), time.clone());
        async move {
            time.sleep_until(time.now() + 2 * MINUTE).await;
            tell.store(true, Ordering::Relaxed);
            anyhow::Ok(())
        }
    });
    let ended = turning(&clock, coordinator.submit(work.timeout(MINUTE), Strategy::Async).await.unwrap().join()).await;
    assert_eq!(timed_out(ended), (Timeout::StartToClose, MINUTE));
    clock.turn(5 * MINUTE);
    joined(&coordinator, giving(())).await.unwrap();
    assert!(!happened.load(Ordering::Relaxed));
    assert_eq!(coordinator.system_detail().counts.timed_out, 1);
}

#[tokio::test]
async fn work_that_is_done_in_time_is_not_touched() {
    let (clock, coordinator) = turned();
    let time = clock.clone();
    let work = Work::new(move |_| {
        let time = time.clone();
        async move {
            time.sleep_until(time.now() + MINUTE / 2).await;
            anyhow::Ok(7)
        }
    });
    let work = work.timeout(MINUTE).schedule_to_close(MINUTE).schedule_to_start(MINUTE).heartbeat(MINUTE);
    assert_eq!(turning(&clock, coordinator.submit(work, Strategy::Async).await.unwrap().join()).await.unwrap(), 7);
}

#[tokio::test]
async fn a_job_does_not_wait_for_its_turn_for_ever() {
    let clock = ManualClock::new();
    let coordinator = Coordinator::builder().clock(clock.clone()).strategy(Strategy::Async, AsyncStrategy::with_slots(1)).build();
    let first = coordinator.submit(endless(), Strategy::Async).await.unwrap();
    let second = coordinator.submit(endless().schedule_to_start(MINUTE), Strategy::Async).await.unwrap();
    assert_eq!(timed_out(turning(&clock, second.join()).await), (Timeout::ScheduleToStart, MINUTE));
    first.cancel();
}

/// The time in all covers attempts and pauses; the last error is told, not the pause that had no end.
#[tokio::test]
async fn the_time_in_all_covers_retries() {
    let (clock, coordinator) = turned();
    let retry = Retry::fixed(1_000, MINUTE).without_jitter();
    let failing: Work<()> = Work::new(|_| async { Err(nebulakit::TaskError::recoverable(anyhow::anyhow!("again"))) });
    let failing = failing.retry(retry).schedule_to_close(3 * MINUTE + MINUTE / 2).id("x");
    let error = turning(&clock, coordinator.submit(failing, Strategy::Async).await.unwrap().join()).await.unwrap_err();
    assert!(matches!(&error, JobError::Failed(error) if error.to_string() == "again"), "{error}");
    assert_eq!(coordinator.job(&"x".into()).unwrap().attempts(), 4);

    let ended = turning(&clock, coordinator.submit(endless().schedule_to_close(MINUTE), Strategy::Async).await.unwrap().join()).await;
    assert_eq!(timed_out(ended), (Timeout::ScheduleToClose, MINUTE));
}

/// R7, I8.
#[tokio::test]
async fn deadline_is_inherited() {
    let (clock, coordinator) = turned();
    let parent = Work::new(|ctx: JobContext| async move {
        let child = ctx.spawn(endless().schedule_to_close(100 * MINUTE).id("child"), Strategy::Async)?;
        assert!(ctx.deadline().is_some());
        child.join().await?;
        anyhow::Ok(())
    });
    let begin = clock.now();
    let parent = coordinator.submit(parent.schedule_to_close(MINUTE), Strategy::Async).await.unwrap();
    turning(&clock, parent.join()).await.unwrap_err();
    assert!(clock.now() - begin < 2 * MINUTE);
    let child = coordinator.job(&"child".into()).unwrap();
    assert!(!child.is_open() && child.ended().unwrap().duration_since(child.opened()).unwrap() <= 2 * MINUTE);
}

#[tokio::test]
async fn signs_of_life_keep_an_attempt() {
    let (clock, coordinator) = turned();
    let time = clock.clone();
    let lively = Work::new(move |ctx: JobContext| {
        let time = time.clone();
        async move {
            for step in 0..10 {
                time.sleep_until(time.now() + MINUTE / 2).await;
                if step % 2 == 0 { ctx.heartbeat() } else { ctx.progress(step, 10) }
            }
            anyhow::Ok(())
        }
    });
    let lively = coordinator.submit(lively.heartbeat(MINUTE), Strategy::Async).await.unwrap();
    turning(&clock, lively.join()).await.unwrap();
    let silent = endless().heartbeat(MINUTE);
    let ended = turning(&clock, coordinator.submit(silent, Strategy::Async).await.unwrap().join()).await;
    assert_eq!(timed_out(ended), (Timeout::Heartbeat, MINUTE));
}

/// An attempt that took too long is one that may succeed the next time.
#[tokio::test]
async fn an_attempt_that_took_too_long_is_repeated() {
    let (clock, coordinator) = turned();
    let work = Work::new(|ctx: JobContext| async move {
        if ctx.attempt() == 0 {
            std::future::pending::<()>().await;
        }
        anyhow::Ok(ctx.attempt())
    });
    let work = work.timeout(MINUTE).retry(Retry::times(1));
    assert_eq!(turning(&clock, coordinator.submit(work, Strategy::Async).await.unwrap().join()).await.unwrap(), 1);
}

/// A thread cannot be stopped: it is counted, and keeps its slot.
#[tokio::test]
async fn a_thread_that_goes_on_is_counted() {
    let coordinator = Coordinator::builder().strategy(Strategy::Thread, nebulakit::coordinator::ThreadStrategy::with_slots(1)).build();
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let stuck = Work::blocking(move |_| {
        let _ = wait.lock().unwrap().recv();
        anyhow::Ok(())
    });
    let stuck = coordinator.submit(stuck.timeout(Duration::from_millis(50)), Strategy::Thread).await.unwrap();
    assert_eq!(timed_out(crate::soon(stuck.join()).await).0, Timeout::StartToClose);
    let detail = coordinator.system_detail();
    assert_eq!((detail.abandoned, detail.strategies[1].taken), (1, 1));
    // The next one gets the slot when the thread has really ended.
    let next = coordinator.submit(Work::blocking(|_| anyhow::Ok(7)).id("next"), Strategy::Thread).await.unwrap();
    assert_eq!(coordinator.system_detail().strategies[1].waiting, 1);
    drop(release);
    assert_eq!(crate::soon(next.join()).await.unwrap(), 7);
    assert_eq!(coordinator.system_detail().abandoned, 0);
}

#[tokio::test]
async fn times_beyond_the_clock_are_no_limits() {
    let coordinator = Coordinator::new();
    let work = giving(1).timeout(Duration::MAX).schedule_to_close(Duration::MAX).schedule_to_start(Duration::MAX).heartbeat(Duration::MAX);
    assert_eq!(joined(&coordinator, work).await.unwrap(), 1);
}

/// A closure that blocks and was given up before there was a thread for it does not begin later.
#[test]
fn what_is_given_up_before_it_begins_does_not_begin() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let coordinator = Coordinator::new();
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let only = tokio::task::spawn_blocking(move || wait.recv());
        let happened = Arc::new(AtomicBool::new(false));
        let tell = Arc::clone(&happened);
        let late = Work::blocking(move |_| {
            tell.store(true, Ordering::Relaxed);
            anyhow::Ok(())
        });
        let late = coordinator.submit(late.timeout(Duration::from_millis(20)), Strategy::Async).await.unwrap();
        assert_eq!(timed_out(crate::soon(late.join()).await).0, Timeout::StartToClose);
        drop(release);
        let _ = only.await.unwrap();
        // The only thread has come to what was queued before this.
        tokio::task::spawn_blocking(|| ()).await.unwrap();
        assert!(!happened.load(Ordering::Relaxed));
        assert_eq!(coordinator.system_detail().abandoned, 0);
    });
}

/// A thread whose call is over waits for its slot, and its time is up meanwhile: the next attempt waits in its place, not beside it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_that_is_given_up_leaves_the_queue() {
    let clock = ManualClock::new();
    let threads = nebulakit::coordinator::ThreadStrategy::with_slots(1);
    let coordinator = Coordinator::builder().clock(clock.clone()).strategy(Strategy::Thread, threads).grace(Duration::ZERO).build();
    let (began, wait_began) = std::sync::mpsc::channel::<()>();
    let held = |began: Option<std::sync::mpsc::Sender<()>>| {
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let wait = std::sync::Mutex::new(wait);
        let work = Work::blocking(move |_| {
            if let Some(began) = &began {
                began.send(()).unwrap();
            }
            let _ = wait.lock().unwrap().recv();
            anyhow::Ok(())
        });
        (release, work)
    };
    let detail = || coordinator.system_detail().strategies[1].clone();
    // The call is over when somebody else has the slot, whoever is quicker.
    let taken = Arc::new(Notify::new());
    let call = Arc::clone(&taken);
    let caller = Work::new(move |ctx: JobContext| {
        let call = until(&call);
        async move {
            if ctx.attempt() == 0 {
                ctx.call(call, Strategy::Async).await?;
            }
            anyhow::Ok(ctx.attempt())
        }
    });
    let caller = caller.timeout(MINUTE).retry(Retry::fixed(1, Duration::ZERO)).id("caller");
    let caller = coordinator.submit(caller, Strategy::Thread).await.unwrap();
    let (release_first, first) = held(Some(began));
    let first = coordinator.submit(first, Strategy::Thread).await.unwrap();
    // It has the slot that the caller lent.
    tokio::task::spawn_blocking(move || wait_began.recv()).await.unwrap().unwrap();
    taken.notify_one();
    while detail().waiting == 0 {
        tokio::task::yield_now().await;
    }
    let (release_second, second) = held(None);
    let second = coordinator.submit(second.priority(nebulakit::coordinator::Priority::High), Strategy::Thread).await.unwrap();
    clock.turn(MINUTE);
    while *coordinator.job(caller.id()).unwrap().state() != nebulakit::coordinator::JobState::Queued {
        tokio::task::yield_now().await;
    }
    assert_eq!(detail().waiting, 2);
    drop((release_first, release_second));
    crate::soon(first.join()).await.unwrap();
    crate::soon(second.join()).await.unwrap();
    assert_eq!(crate::soon(caller.join()).await.unwrap(), 1);
    assert_eq!((detail().taken, detail().waiting), (0, 0));
}

/// What has a limit needs no timers of the runtime that it is on.
#[test]
fn a_runtime_without_timers_keeps_limits_too() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let coordinator = Coordinator::new();
        let job = coordinator.submit(endless().timeout(Duration::from_millis(20)), Strategy::Async).await.unwrap();
        assert_eq!(timed_out(job.join().await), (Timeout::StartToClose, Duration::from_millis(20)));
        let job = coordinator.submit(endless(), Strategy::Async).await.unwrap();
        assert_eq!(coordinator.shutdown(Duration::from_millis(20)).await.cancelled, 1);
        job.join().await.unwrap_err();
    });
}

/// A thread that goes on after it was given up gives no signs of life for the attempt after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signs_of_life_are_those_of_their_attempt() {
    let clock = ManualClock::new();
    let threads = nebulakit::coordinator::ThreadStrategy::with_slots(2);
    let coordinator =
        Coordinator::builder().cores(2.0).clock(clock.clone()).strategy(Strategy::Thread, threads).grace(Duration::ZERO).build();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (say, mut said) = tokio::sync::mpsc::unbounded_channel();
    let wait = Arc::new(std::sync::Mutex::new(wait));
    let work = Work::new(move |ctx: JobContext| {
        let (wait, say) = (Arc::clone(&wait), say.clone());
        async move {
            if ctx.attempt() > 0 {
                return std::future::pending::<anyhow::Result<()>>().await;
            }
            say.send("begins")?;
            wait.lock().unwrap().recv()?;
            ctx.heartbeat();
            say.send("goes on")?;
            anyhow::Ok(())
        }
    });
    let work = work.heartbeat(MINUTE).retry(Retry::fixed(1, Duration::ZERO)).id("x");
    let job = coordinator.submit(work, Strategy::Thread).await.unwrap();
    let began = async |number| {
        while coordinator.job(&"x".into()).unwrap().attempts() < number {
            tokio::task::yield_now().await;
        }
        // It waits for a sign of life.
        crate::soon(clock.sleeping()).await
    };
    began(1).await;
    // An attempt that is given up before it has a thread never begins.
    assert_eq!(crate::soon(said.recv()).await, Some("begins"));
    clock.turn(MINUTE);
    assert_eq!(began(2).await, MINUTE);
    clock.turn(MINUTE / 2);
    go.send(()).unwrap();
    assert_eq!(crate::soon(said.recv()).await, Some("goes on"));
    clock.turn(MINUTE / 2);
    assert_eq!(timed_out(crate::soon(job.join()).await), (Timeout::Heartbeat, MINUTE));
}
