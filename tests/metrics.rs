//! What the coordinator counts by the facade `metrics`. It is alone in its process: a recorder is the process's.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use metrics::{Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use nebulakit::TaskError;
use nebulakit::coordinator::{AsyncStrategy, Coordinator, JobContext, ManualClock, Overflow, Retry, Strategy, Work};
use tokio::sync::Notify;

/// Keeps what is counted, by name and labels.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Everything>>);

#[derive(Default)]
struct Everything {
    values: BTreeMap<String, Arc<Value>>,
    units: BTreeMap<String, Option<Unit>>,
}

/// A counter or a gauge, or what a histogram was given.
#[derive(Default)]
struct Value(Mutex<(f64, Vec<f64>)>);

impl CounterFn for Value {
    fn increment(&self, by: u64) {
        self.0.lock().unwrap().0 += by as f64;
    }

    fn absolute(&self, value: u64) {
        self.0.lock().unwrap().0 = value as f64;
    }
}

impl GaugeFn for Value {
    fn increment(&self, by: f64) {
        self.0.lock().unwrap().0 += by;
    }

    fn decrement(&self, by: f64) {
        self.0.lock().unwrap().0 -= by;
    }

    fn set(&self, value: f64) {
        self.0.lock().unwrap().0 = value;
    }
}

impl HistogramFn for Value {
    fn record(&self, value: f64) {
        self.0.lock().unwrap().1.push(value);
    }
}

impl Kept {
    fn at(&self, key: &Key) -> Arc<Value> {
        let labels: Vec<_> = key.labels().map(|label| label.value().to_owned()).collect();
        Arc::clone(self.0.lock().unwrap().values.entry(format!("{} {}", key.name(), labels.join(" "))).or_default())
    }

    fn describe(&self, key: KeyName, unit: Option<Unit>) {
        self.0.lock().unwrap().units.insert(key.as_str().to_owned(), unit);
    }

    fn value(&self, name: &str) -> f64 {
        let kept = self.0.lock().unwrap();
        let found = kept.values.get(name).unwrap_or_else(|| panic!("`{name}` is not among {:?}", kept.values.keys()));
        found.0.lock().unwrap().0
    }

    fn recorded(&self, name: &str) -> Vec<f64> {
        self.0.lock().unwrap().values[name].0.lock().unwrap().1.clone()
    }
}

impl Recorder for Kept {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(key, unit);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(key, unit);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(key, unit);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.at(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.at(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.at(key))
    }
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("what was waited for did not come")
}

#[tokio::test]
async fn what_happens_to_jobs_is_counted() {
    let kept = Kept::default();
    // A coordinator that is built before the recorder counts, too.
    let clock = ManualClock::new();
    let coordinator = Coordinator::builder().strategy(Strategy::Async, AsyncStrategy::with_slots(1)).clock(clock.clone()).build();
    metrics::set_global_recorder(kept.clone()).map_err(|_| "there is a recorder").unwrap();
    let deaf = coordinator.publisher().subscribe(Overflow::DropOldest(2));

    // One runs, and one waits.
    let (began, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tell, wait) = (Arc::clone(&began), Arc::clone(&release));
    let first = Work::new(move |_| {
        let (tell, wait) = (Arc::clone(&tell), Arc::clone(&wait));
        async move {
            tell.notify_one();
            wait.notified().await;
            anyhow::Ok(())
        }
    });
    let first = coordinator.submit(first, Strategy::Async).await.unwrap();
    soon(began.notified()).await;
    let second = coordinator.submit(Work::new(|_| async { anyhow::Ok(()) }), Strategy::Async).await.unwrap();
    let gauges = || ["open", "queued", "running"].map(|name| kept.value(&format!("nebulakit_jobs_{name} async")));
    assert_eq!(gauges(), [2.0, 1.0, 1.0]);
    clock.turn(Duration::from_secs(3));
    release.notify_one();
    soon(first.join()).await.unwrap();
    soon(second.join()).await.unwrap();
    assert_eq!(gauges(), [0.0, 0.0, 0.0]);
    let queued = kept.recorded("nebulakit_job_queue_seconds async");
    assert!(queued[0] < 1e-6 && (3.0..3.1).contains(&queued[1]), "{queued:?}");
    let ran = kept.recorded("nebulakit_attempt_seconds async");
    assert!((3.0..3.1).contains(&ran[0]) && ran[1] < 1e-6, "{ran:?}");

    // One that is repeated, one that panics, one that is cancelled in its pause, one in the queue.
    let flaky = Work::new(|ctx: JobContext| async move {
        if ctx.attempt() == 0 { Err(TaskError::recoverable(anyhow::anyhow!("again"))) } else { Ok(()) }
    });
    let flaky = coordinator.submit(flaky.retry(Retry::fixed(1, Duration::ZERO)), Strategy::Async).await.unwrap();
    soon(flaky.join()).await.unwrap();
    let panics: Work<()> = Work::new(|_| async { panic!("oh") as anyhow::Result<()> });
    soon(coordinator.submit(panics, Strategy::Async).await.unwrap().join()).await.unwrap_err();
    let pausing: Work<()> = Work::new(|_| async { Err(TaskError::recoverable(anyhow::anyhow!("again"))) });
    let pausing = pausing.retry(Retry::fixed(1, Duration::from_secs(3600)).without_jitter());
    let pausing = coordinator.submit(pausing, Strategy::Async).await.unwrap();
    soon(clock.sleeping()).await;
    assert_eq!(gauges(), [1.0, 0.0, 0.0]);
    pausing.cancel();
    soon(pausing.join()).await.unwrap_err();

    // A thread that goes on.
    let (end, ended) = mpsc::channel::<()>();
    let ended = Mutex::new(ended);
    let stuck = Work::blocking(move |_| anyhow::Ok(ended.lock().unwrap().recv()?)).timeout(Duration::from_secs(1));
    let stuck = coordinator.submit(stuck, Strategy::Thread).await.unwrap();
    while kept.value("nebulakit_jobs_running thread") < 1.0 || soon(clock.sleeping()).await > Duration::from_secs(1) {
        tokio::task::yield_now().await;
    }
    clock.turn(Duration::from_secs(1));
    soon(stuck.join()).await.unwrap_err();
    assert_eq!(kept.value("nebulakit_threads_abandoned "), 1.0);
    end.send(()).unwrap();
    while kept.value("nebulakit_threads_abandoned ") > 0.0 {
        tokio::task::yield_now().await;
    }

    let counted = |name: &str| kept.value(&format!("nebulakit_{name}"));
    assert_eq!((counted("jobs_submitted_total async"), counted("jobs_submitted_total thread")), (5.0, 1.0));
    let outcomes = ["success", "failed", "panicked", "timed_out", "cancelled", "lost", "limit"];
    assert_eq!(outcomes.map(|outcome| counted(&format!("jobs_closed_total async {outcome}"))), [3.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
    assert_eq!(counted("jobs_closed_total thread timed_out"), 1.0);
    assert_eq!((counted("attempts_total async"), counted("retries_total async")), (6.0, 1.0));
    assert_eq!(counted("events_dropped_total "), coordinator.publisher().dropped() as f64);
    assert!(coordinator.publisher().dropped() > 10);
    drop(deaf);

    // The table of the documentation has each name, and no other.
    let units = std::mem::take(&mut kept.0.lock().unwrap().units);
    let source = include_str!("../nebulakit/src/coordinator/mod.rs");
    let rows = source.lines().filter_map(|line| line.strip_prefix("//! | `nebulakit_")?.split('`').next());
    let mut rows: Vec<_> = rows.map(|name| format!("nebulakit_{name}")).collect();
    rows.sort();
    assert_eq!(units.keys().cloned().collect::<Vec<_>>(), rows);
    assert!(units.iter().all(|(name, unit)| name.ends_with("_seconds") == (*unit == Some(Unit::Seconds))));
}
