//! R16, I7, D13 to D23, and rows P3 to P44 and M1 to M11 of the model's tests: who hears what.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use nebulakit::coordinator::{Coordinator, EventKind, JobContext, JobEvent, Overflow, RequestId, Strategy, WaitError, Work};

use crate::{giving, joined, soon, until_finished, words};

/// R16, D21: one that is stuck changes nothing for the others, and learns how much it lost.
#[tokio::test]
async fn slow_subscriber_isolated() {
    let coordinator = Coordinator::new();
    let mut stuck = coordinator.publisher().subscribe(Overflow::DropOldest(10));
    let mut quick = coordinator.publisher().subscribe(Overflow::DropOldest(100_000));
    for number in 0..10_000 {
        joined(&coordinator, giving(number).id(format!("n{number}"))).await.unwrap();
    }
    assert_eq!(until_finished(&mut quick, "n9999").await.len(), 30_000);
    let first = stuck.next().await.unwrap();
    assert!(matches!(first.kind, EventKind::Lagged { missed: 29_990 }), "{first}");
    assert_eq!(until_finished(&mut stuck, "n9999").await.len(), 10);
    assert_eq!(coordinator.publisher().dropped(), 29_990);
}

/// Events tell the machine's time, though its two clocks are not read for each of them, and it does not go back from one to the next.
#[tokio::test]
async fn events_tell_the_time() {
    let coordinator = Coordinator::new();
    let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(100_000));
    let begin = SystemTime::now();
    for number in 0..5_000 {
        joined(&coordinator, giving(number).id(format!("n{number}"))).await.unwrap();
    }
    let end = SystemTime::now();
    // Two clocks go apart by less in a millisecond.
    let apart = Duration::from_millis(1);
    let seen = until_finished(&mut events, "n4999").await;
    assert!(seen.iter().all(|event| begin - apart <= event.at && event.at <= end + apart));
    assert!(seen.windows(2).all(|pair| pair[0].at <= pair[1].at + apart));
    let job = coordinator.job(&RequestId::from("n4999")).unwrap();
    assert!(begin - apart <= job.opened() && job.ended().unwrap() <= end + apart, "{job:?}");
}

#[tokio::test]
async fn one_that_must_not_miss_anything_is_cut_off() {
    let coordinator = Coordinator::new();
    let mut events = coordinator.publisher().subscribe(Overflow::Disconnect(3));
    for _ in 0..2 {
        joined(&coordinator, giving(1)).await.unwrap();
    }
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        seen.push((*event).clone());
    }
    assert_eq!(seen.len(), 4);
    assert!(matches!(seen[3].kind, EventKind::Lagged { missed: 1 }), "{seen:?}");
}

/// One that asks for it holds the work up, and loses nothing.
#[tokio::test]
async fn one_that_waits_holds_the_work_up() {
    let coordinator = Coordinator::new();
    let mut events = coordinator.publisher().subscribe(Overflow::Wait(5));
    let mut jobs = Box::pin(async {
        for number in 0..100 {
            joined(&coordinator, giving(number).id(format!("n{number}"))).await.unwrap();
        }
    });
    for _ in 0..50 {
        assert!(futures_util::poll!(jobs.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    assert!(coordinator.system_detail().counts.submitted < 10);
    let (seen, ()) = tokio::join!(until_finished(&mut events, "n99"), jobs);
    assert_eq!(seen.len(), 300);
}

/// P9, P12, P41: a callback of its own thread hears everything, in order.
#[tokio::test]
async fn a_callback_hears_everything() {
    let coordinator = Coordinator::new();
    let (sender, receiver) = mpsc::channel();
    let subscription =
        coordinator.publisher().on_event("log", Overflow::DropOldest(100), move |event| sender.send(event).unwrap()).unwrap();
    for id in ["a", "b", "c"] {
        joined(&coordinator, giving(1).id(id)).await.unwrap();
    }
    let seen: Vec<_> = (0..9).map(|_| (*receiver.recv_timeout(Duration::from_secs(60)).unwrap()).clone()).collect();
    let expected: Vec<_> =
        ["a", "b", "c"].iter().flat_map(|id| ["submitted", "started 0", "succeeded"].map(|word| format!("{id} {word}"))).collect();
    assert_eq!(words(&seen), expected);
    drop(subscription);
    // The thread ends, and drops the callback.
    assert_eq!(receiver.recv_timeout(Duration::from_secs(60)), Err(mpsc::RecvTimeoutError::Disconnected));
    assert_eq!(coordinator.publisher().subscribers(), 0);
}

/// A callback that blocks for ever holds up nobody.
#[tokio::test]
async fn a_callback_may_block() {
    let coordinator = Coordinator::new();
    let (release, wait) = mpsc::channel::<()>();
    let subscription = coordinator
        .publisher()
        .on_event("stuck", Overflow::DropOldest(1), move |_| {
            let _ = wait.recv();
        })
        .unwrap();
    for number in 0..100 {
        joined(&coordinator, giving(number)).await.unwrap();
    }
    drop(release);
    drop(subscription);
}

/// P10, P22, P40.
#[tokio::test]
async fn a_callback_may_be_async() {
    let coordinator = Coordinator::new();
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let _subscription = coordinator.publisher().on_event_async("log", Overflow::DropOldest(100), move |event| {
        let sender = sender.clone();
        async move {
            tokio::task::yield_now().await;
            sender.send(event.sequence).unwrap();
        }
    });
    joined(&coordinator, giving(1)).await.unwrap();
    for expected in 1..=3 {
        assert_eq!(soon(receiver.recv()).await, Some(expected));
    }
}

/// P2, P23, P26, D19, D23: one that panics is told of, and the others go on.
#[tokio::test]
async fn one_that_panics_is_alone() {
    let coordinator = Coordinator::new();
    let mut others = coordinator.publisher().subscribe(Overflow::DropOldest(100));
    let _bad = coordinator.publisher().on_event("bad", Overflow::DropOldest(10), |_| panic!("not today")).unwrap();
    joined(&coordinator, giving(1).id("a")).await.unwrap();
    let told = loop {
        let event = soon(others.next()).await.unwrap();
        if let EventKind::SubscriberFailed { name, message } = &event.kind {
            break (name.clone(), message.clone());
        }
    };
    assert_eq!(told, ("bad".to_owned(), "not today".to_owned()));
    joined(&coordinator, giving(1).id("b")).await.unwrap();
    assert_eq!(words(&until_finished(&mut others, "b").await).last().unwrap(), "b succeeded");
    assert_eq!(coordinator.publisher().subscribers(), 1);
}

/// P28 to P35, D17: one that waits sees what comes from the call on, and leaves nothing behind.
#[tokio::test]
async fn a_wait_begins_with_its_call() {
    let coordinator = Coordinator::new();
    let publisher = coordinator.publisher();
    let finished = |id: &'static str| {
        move |event: &JobEvent| {
            matches!(event.kind, EventKind::Finished { .. }) && event.job.as_ref().is_some_and(|job| job.to_string() == id)
        }
    };
    let (one, other, never) = (publisher.wait_for(finished("a")), publisher.wait_for(finished("b")), publisher.wait_for(finished("c")));
    joined(&coordinator, giving(1).id("a")).await.unwrap();
    joined(&coordinator, giving(1).id("b")).await.unwrap();
    assert_eq!(soon(other).await.unwrap().job.as_ref().unwrap().to_string(), "b");
    assert_eq!(soon(one).await.unwrap().job.as_ref().unwrap().to_string(), "a");
    assert_eq!(publisher.subscribers(), 1);
    soon(coordinator.shutdown(Duration::ZERO)).await;
    assert_eq!(soon(never).await.unwrap_err(), WaitError::Closed);
    assert_eq!(publisher.subscribers(), 0);
}

/// P16, P42: one that is dropped hears nothing more, and costs nothing more.
#[tokio::test]
async fn unsubscribe_stops_delivery() {
    let coordinator = Coordinator::new();
    let seen = Arc::new(Mutex::new(0));
    let count = Arc::clone(&seen);
    let (sender, receiver) = mpsc::channel::<()>();
    let subscription = coordinator.publisher().on_event("count", Overflow::DropOldest(10), move |_| {
        *count.lock().unwrap() += 1;
        let _ = sender.send(());
    });
    joined(&coordinator, giving(1)).await.unwrap();
    for _ in 0..3 {
        receiver.recv_timeout(Duration::from_secs(60)).unwrap();
    }
    drop(subscription);
    assert!(receiver.recv_timeout(Duration::from_secs(60)).is_err());
    joined(&coordinator, giving(1)).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), 3);
}

/// P14, P37, D15, D16: what was said before the end is heard, nothing is after it, and ending twice is ending once.
#[tokio::test]
async fn what_was_said_before_the_end_is_heard() {
    let coordinator = Coordinator::new();
    let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(1_000));
    for _ in 0..100 {
        joined(&coordinator, giving(1)).await.unwrap();
    }
    for _ in 0..2 {
        assert_eq!(soon(coordinator.shutdown(Duration::ZERO)).await.dropped_events, 0);
    }
    let mut seen = 0;
    while events.next().await.is_some() {
        seen += 1;
    }
    assert_eq!(seen, 300);
    assert!(coordinator.publisher().subscribe(Overflow::DropOldest(1)).next().await.is_none());
}

/// C29, C30, P38: what a job says is heard before it is over, and nothing of it after.
#[tokio::test]
async fn a_job_can_tell_its_subscribers_something() {
    let coordinator = Coordinator::new();
    let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(100));
    let work = Work::new(|ctx: JobContext| async move {
        ctx.broadcast(serde_json::json!({ "rows": 3 }));
        ctx.progress(1, None);
        ctx.log(tracing::Level::WARN, "half empty");
        anyhow::Ok(ctx)
    });
    let ctx = joined(&coordinator, work.id("x")).await.unwrap();
    ctx.broadcast("too late");
    joined(&coordinator, giving(1).id("y")).await.unwrap();
    let seen = until_finished(&mut events, "y").await;
    let lines: Vec<_> = seen.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "x: submitted (async)",
            "x: attempt 1 started",
            r#"x: says {"rows":3}"#,
            "x: 1 done",
            "x: WARN half empty",
            "x: succeeded",
            "y: submitted (async)",
            "y: attempt 1 started",
            "y: succeeded",
        ]
    );
}

/// M1 to M11: each event is written and read as data.
#[tokio::test]
async fn events_are_data() {
    let coordinator = Coordinator::new();
    let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(100));
    let work: Work<()> = Work::new(|ctx: JobContext| async move {
        ctx.progress(1, 2);
        ctx.broadcast("hello");
        ctx.log(tracing::Level::INFO, "line");
        Err(nebulakit::TaskError::recoverable(anyhow::anyhow!("away")).with_code("FETCH:Away"))
    });
    let work =
        work.id("x").name("fetch").run("nightly").retry(nebulakit::coordinator::Retry::fixed(1, Duration::from_millis(1)).without_jitter());
    joined(&coordinator, work).await.unwrap_err();
    let seen = until_finished(&mut events, "x").await;
    assert_eq!(seen.len(), 1 + 2 * 4 + 2);
    for event in &seen {
        let text = serde_json::to_string(event).unwrap();
        let read: JobEvent = serde_json::from_str(&text).unwrap();
        assert_eq!(read, *event, "{text}");
    }
    let last = serde_json::to_value(seen.last().unwrap()).unwrap();
    assert_eq!((last["version"].as_u64(), last["event"].as_str(), last["run"].as_str()), (Some(1), Some("finished"), Some("nightly")));
    assert_eq!(last["outcome"]["failure"]["code"], "FETCH:Away");
    assert_eq!(last["attempts"], 2);
}

/// A coordinator that was not shut down says nothing more when it is gone: those who listen do not wait for ever.
#[tokio::test]
async fn streams_end_with_their_coordinator() {
    let coordinator = Coordinator::new();
    let publisher = coordinator.publisher().clone();
    let mut events = publisher.subscribe(Overflow::DropOldest(10));
    let wanted = publisher.wait_for(|_| false);
    joined(&coordinator, giving(1)).await.unwrap();
    drop(coordinator);
    let mut heard = 0;
    while soon(events.next()).await.is_some() {
        heard += 1;
    }
    assert_eq!(heard, 3);
    assert_eq!(soon(wanted).await.unwrap_err(), WaitError::Closed);
}

/// A subscriber for whom jobs wait, and work that says more than there is room for: memory is bounded, and what is missing is told in its place.
#[tokio::test]
async fn what_work_says_of_itself_does_not_go_beyond_the_room() {
    let coordinator = Coordinator::new();
    let mut events = coordinator.publisher().subscribe(Overflow::Wait(3));
    let work = Work::new(|job: JobContext| async move {
        for done in 0..1_000 {
            job.progress(done, 1_000);
        }
        anyhow::Ok(())
    });
    let job = coordinator.submit(work, Strategy::Async).await.unwrap();
    let seen = until_finished(&mut events, &job.id().to_string()).await;
    let said = seen.iter().filter(|event| matches!(event.kind, EventKind::Progress { .. })).count() as u64;
    assert!((1..=4).contains(&said), "{said}");
    let [.., lagged, finished] = seen.as_slice() else { panic!("{seen:?}") };
    assert!(matches!(lagged.kind, EventKind::Lagged { missed } if missed == 1_000 - said), "{lagged:?}");
    assert!(matches!(finished.kind, EventKind::Finished { .. }));
    assert_eq!(coordinator.publisher().dropped(), 1_000 - said);
}

/// What a panic carries may panic when it is dropped.
#[tokio::test]
async fn a_callback_that_panics_with_what_panics_is_alone() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("again")
        }
    }
    let coordinator = Coordinator::new();
    let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(100));
    let callback = |_| async { std::panic::panic_any(Panics) };
    let _subscription = coordinator.publisher().on_event_async("bad", Overflow::DropOldest(10), callback);
    joined(&coordinator, giving(1)).await.unwrap();
    loop {
        if let EventKind::SubscriberFailed { name, message } = &soon(events.next()).await.unwrap().kind {
            assert_eq!((name.as_str(), message.as_str()), ("bad", "the panic carries no text"));
            return;
        }
    }
}
