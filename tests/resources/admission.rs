//! What work asks for, and when it gets it.

use std::collections::HashSet;
use std::num::NonZero;
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use nebulakit::coordinator::{
    AsyncStrategy, Coordinator, JobState, Resource, Resources, Retry, Strategy, SubmitError, ThreadStrategy, Work,
};
use nebulakit::prelude::*;
use tokio::sync::Notify;

use crate::{held, nothing_is_taken, settled, soon, taken};

#[task(requests(cpu = "1500m", memory = "64Mi"), limits(memory = "128Mi"))]
fn hungry() -> i64 {
    1
}

/// Says how many run, and how many ran at most at the same time.
#[derive(Clone, Default)]
struct Running(Arc<Mutex<(usize, usize)>>);

impl Running {
    fn work(&self) -> Work<()> {
        let running = self.clone();
        Work::blocking(move |_| {
            {
                let mut running = running.0.lock().unwrap();
                running.0 += 1;
                running.1 = running.1.max(running.0);
            }
            std::thread::yield_now();
            running.0.lock().unwrap().0 -= 1;
            anyhow::Ok(())
        })
    }
}

#[tokio::test]
async fn jobs_on_threads_take_a_core_each() {
    let coordinator = Coordinator::builder().strategy(Strategy::Thread, ThreadStrategy::with_slots(8)).cores(2.0).build();
    let running = Running::default();
    let mut jobs = Vec::new();
    for _ in 0..200 {
        jobs.push(coordinator.submit(running.work(), Strategy::Thread).await.unwrap());
    }
    for job in jobs {
        soon(job.join()).await.unwrap();
    }
    assert!(running.0.lock().unwrap().1 <= 2);
    nothing_is_taken(&coordinator);
}

#[tokio::test]
async fn parts_of_cores_add_up() {
    let coordinator = Coordinator::builder().strategy(Strategy::Thread, ThreadStrategy::with_slots(8)).cores(1.0).build();
    let barrier = Arc::new(Barrier::new(4));
    let mut jobs = Vec::new();
    for _ in 0..4 {
        let barrier = Arc::clone(&barrier);
        let work = Work::blocking(move |ctx| {
            barrier.wait();
            anyhow::Ok(ctx.granted().cores())
        });
        jobs.push(coordinator.submit(work.cores(0.25), Strategy::Thread).await.unwrap());
    }
    for job in jobs {
        assert_eq!(soon(job.join()).await.unwrap(), Some(0.25));
    }
}

/// It is bounded by slots, where it has any.
#[tokio::test]
async fn an_async_job_takes_no_core() {
    let coordinator = Coordinator::builder().cores(1.0).build();
    let barrier = Arc::new(tokio::sync::Barrier::new(50));
    let mut jobs = Vec::new();
    for _ in 0..50 {
        let barrier = Arc::clone(&barrier);
        let work = Work::new(move |ctx| {
            let barrier = Arc::clone(&barrier);
            async move {
                barrier.wait().await;
                anyhow::Ok(ctx.granted().cores())
            }
        });
        jobs.push(coordinator.submit(work, Strategy::Async).await.unwrap());
    }
    for job in jobs {
        assert_eq!(soon(job.join()).await.unwrap(), None);
    }
}

#[tokio::test]
async fn limits_are_those_of_the_machine() {
    let coordinator = Coordinator::new();
    let detail = coordinator.system_detail();
    let limit = |resource| detail.resources.iter().find(|one| one.resource == resource).unwrap().limit;
    #[expect(clippy::cast_precision_loss, reason = "there are not that many")]
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get) as f64;
    assert_eq!(limit(Resource::Cores), Some(cores));
    if cfg!(target_os = "linux") {
        let total: u64 = std::fs::read_to_string("/proc/meminfo").unwrap().split_whitespace().nth(1).unwrap().parse().unwrap();
        #[expect(clippy::cast_precision_loss, reason = "there is not that much")]
        let total = (total * 1_024) as f64;
        assert!(limit(Resource::Memory).is_some_and(|limit| limit > 0.0 && limit <= total), "{:?} {total}", limit(Resource::Memory));
    }
}

async fn refused(coordinator: &Coordinator, work: Work<()>, strategy: Strategy) -> String {
    let error = coordinator.submit(work, strategy).await.unwrap_err();
    assert_eq!(coordinator.system_detail().counts.submitted, 0);
    error.to_string()
}

#[tokio::test]
async fn what_never_fits_is_refused_with_the_numbers() {
    let coordinator = Coordinator::builder().cores(2.0).memory(8 << 30).gpus(["0"]).tokens("licences", 3).build();
    let work = || Work::new(|_| async { anyhow::Ok(()) });
    let never = "it would wait for ever\nhint: ask for ";
    let said = refused(&coordinator, work().cores(2.5), Strategy::Async).await;
    assert!(said.starts_with(&format!("the job asks for 2.5 cores, and the limit is 2 cores: {never}less")), "{said}");
    let said = refused(&coordinator, work().memory(9 << 30), Strategy::Thread).await;
    assert!(said.starts_with(&format!("the job asks for 9Gi of memory, and the limit is 8Gi of memory: {never}less")), "{said}");
    let said = refused(&coordinator, work().gpus(2), Strategy::Async).await;
    assert!(said.starts_with(&format!("the job asks for 2 GPUs, and the limit is 1 GPU: {never}fewer")), "{said}");
    let said = refused(&coordinator, work().tokens("licences", 4), Strategy::Async).await;
    assert!(
        said.starts_with(&format!("the job asks for 4 tokens `licences`, and the limit is 3 tokens `licences`: {never}fewer")),
        "{said}"
    );
    assert!(said.ends_with("`Coordinator::builder().tokens(\"licences\", ..)`, on the command line `--tokens licences=..`"), "{said}");
    let error = coordinator.try_submit(work().cores(3.0), Strategy::Async).unwrap_err().error;
    let SubmitError::NeverFits { resource: Resource::Cores, asked, kept, limit } = error else { panic!("{error:?}") };
    assert_eq!((asked, kept, limit), (3.0, 0.0, 2.0));
}

/// Where there is less than one core, a job on a thread says what it needs.
#[tokio::test]
async fn one_core_may_be_too_much() {
    let coordinator = Coordinator::builder().cores(0.5).build();
    let said = refused(&coordinator, Work::blocking(|_| anyhow::Ok(())), Strategy::Thread).await;
    assert!(said.starts_with("the job asks for 1 core, and the limit is 0.5 cores"), "{said}");
    let job = coordinator.submit(Work::blocking(|_| anyhow::Ok(())).cores(0.5), Strategy::Thread).await.unwrap();
    soon(job.join()).await.unwrap();
}

#[tokio::test]
async fn tokens_without_a_limit_are_refused() {
    let coordinator = Coordinator::builder().tokens("licences", 3).tokens("seats", 1).build();
    let said = refused(&coordinator, Work::new(|_| async { anyhow::Ok(()) }).tokens("lisences", 1), Strategy::Async).await;
    assert_eq!(
        said,
        "the job asks for tokens `lisences`, which have no limit; there are limits for `licences`, `seats`\n\
         hint: set it by `Coordinator::builder().tokens(\"lisences\", ..)`, on the command line by `--tokens lisences=..`"
    );
}

#[tokio::test]
async fn amounts_that_cannot_be_counted_are_refused() {
    let coordinator = Coordinator::new();
    for cores in [f64::NAN, -1.0, f64::INFINITY, 1e12] {
        let said = refused(&coordinator, Work::new(|_| async { anyhow::Ok(()) }).cores(cores), Strategy::Async).await;
        assert_eq!(said, format!("work cannot ask for {cores} cores"));
    }
}

/// Its options say what it needs; what the work says wins.
#[tokio::test]
async fn a_task_asks_by_its_options() {
    let coordinator = Coordinator::builder().cores(1.0).memory(100 << 20).build();
    let error = coordinator.submit(hungry::with(), Strategy::Thread).await.unwrap_err();
    assert!(error.to_string().starts_with("the job asks for 1.5 cores, and the limit is 1 core"), "{error}");
    let error = coordinator.submit(Work::from(hungry::with()).cores(1.0), Strategy::Thread).await.unwrap_err();
    assert!(error.to_string().starts_with("the job asks for 128Mi of memory, and the limit is 100Mi of memory"), "{error}");
    let needs = Resources::new().cores(1.0).memory(100 << 20);
    let job = coordinator.submit(Work::from(hungry::with()).resources(needs), Strategy::Thread).await.unwrap();
    assert_eq!(soon(job.join()).await.unwrap(), 1);
}

/// Each has its own, and gives it back.
#[tokio::test]
async fn gpus_are_handed_out_by_their_ids() {
    let coordinator = Coordinator::builder().gpus(["4", "7"]).build();
    let (seen, end) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Notify::new()));
    let work = || {
        let (seen, end) = (Arc::clone(&seen), Arc::clone(&end));
        Work::new(move |ctx| {
            let (seen, end) = (Arc::clone(&seen), Arc::clone(&end));
            async move {
                seen.lock().unwrap().push(ctx.gpus().join(" "));
                end.notified().await;
                anyhow::Ok(())
            }
        })
    };
    let mut jobs = Vec::new();
    for _ in 0..3 {
        jobs.push(coordinator.submit(work().gpus(1), Strategy::Async).await.unwrap());
    }
    settled().await;
    assert_eq!(*seen.lock().unwrap(), ["4", "7"]);
    assert_eq!((taken(&coordinator, &Resource::Gpus), coordinator.system_detail().strategies[0].waiting), (2.0, 1));
    for job in jobs {
        end.notify_one();
        settled().await;
        end.notify_one();
        soon(job.join()).await.unwrap();
    }
    assert_eq!(seen.lock().unwrap().len(), 3);
    let both = coordinator.submit(work().gpus(2), Strategy::Async).await.unwrap();
    settled().await;
    end.notify_one();
    soon(both.join()).await.unwrap();
    assert_eq!(seen.lock().unwrap()[3], "4 7");
    nothing_is_taken(&coordinator);
}

/// What one strategy's job gives back goes to another strategy's.
#[tokio::test]
async fn strategies_share() {
    let (one, other) = (Strategy::named("one"), Strategy::named("other"));
    let coordinator = Coordinator::builder()
        .strategy(one.clone(), ThreadStrategy::with_slots(4))
        .strategy(other.clone(), AsyncStrategy::with_slots(4))
        .cores(1.0)
        .memory(100)
        .tokens("licences", 1)
        .build();
    let end = Arc::new(Notify::new());
    let ways: [fn(Work<()>) -> Work<()>; 3] =
        [|work| work.cores(1.0), |work| work.memory(60).cores(0.0), |work| work.tokens("licences", 1).cores(0.0)];
    for asking in ways {
        let holder = coordinator.submit(asking(held(&end)), one.clone()).await.unwrap();
        let waiting = coordinator.submit(asking(Work::new(|_| async { anyhow::Ok(()) })), other.clone()).await.unwrap();
        settled().await;
        assert_eq!(*coordinator.job(waiting.id()).unwrap().state(), JobState::Queued);
        end.notify_one();
        soon(holder.join()).await.unwrap();
        soon(waiting.join()).await.unwrap();
    }
    nothing_is_taken(&coordinator);
}

/// One that is cancelled while it waits, or times out, leaves nothing behind.
#[tokio::test]
async fn one_that_waits_can_be_cancelled() {
    let coordinator = Coordinator::builder().memory(10).build();
    let end = Arc::new(Notify::new());
    let holder = coordinator.submit(held(&end).memory(6), Strategy::Async).await.unwrap();
    let large = coordinator.submit(held(&end).memory(10), Strategy::Async).await.unwrap();
    let late = held(&end).memory(10).schedule_to_start(Duration::from_millis(10));
    let late = coordinator.submit(late, Strategy::Async).await.unwrap();
    soon(late.join()).await.unwrap_err();
    large.cancel();
    soon(large.join()).await.unwrap_err();
    assert_eq!((taken(&coordinator, &Resource::Memory), coordinator.system_detail().strategies[0].waiting), (6.0, 0));
    end.notify_one();
    soon(holder.join()).await.unwrap();
    nothing_is_taken(&coordinator);
}

/// A pause holds nothing; each attempt asks again.
#[tokio::test]
async fn an_attempt_that_failed_gives_back_what_it_held() {
    let clock = nebulakit::coordinator::ManualClock::new();
    let coordinator = Coordinator::builder().clock(clock.clone()).gpus(["0"]).build();
    let work = Work::new(|ctx| async move {
        anyhow::ensure!(ctx.attempt() > 0, TaskError::recoverable(anyhow::anyhow!("too early")));
        anyhow::Ok(ctx.gpus().len())
    });
    let work = work.gpus(1).retry(Retry::fixed(1, Duration::from_secs(60)).without_jitter());
    let first = coordinator.submit(work, Strategy::Async).await.unwrap();
    soon(clock.sleeping()).await;
    assert_eq!(taken(&coordinator, &Resource::Gpus), 0.0);
    let between = coordinator.submit(Work::new(|ctx| async move { anyhow::Ok(ctx.gpus().len()) }).gpus(1), Strategy::Async).await.unwrap();
    assert_eq!(soon(between.join()).await.unwrap(), 1);
    clock.turn(Duration::from_secs(60));
    assert_eq!(soon(first.join()).await.unwrap(), 1);
    nothing_is_taken(&coordinator);
}

/// A thread cannot be stopped: what it holds stays taken until it ends.
#[tokio::test]
async fn a_thread_that_goes_on_keeps_what_it_holds() {
    let coordinator = Coordinator::builder().cores(2.0).gpus(["0", "1"]).build();
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let seen = Arc::new(Mutex::new(HashSet::new()));
    let see = Arc::clone(&seen);
    let stuck = Work::blocking(move |ctx| {
        let _ = wait.lock().unwrap().recv();
        see.lock().unwrap().extend(ctx.gpus().iter().cloned());
        anyhow::Ok(())
    });
    let stuck = stuck.timeout(Duration::from_millis(20)).gpus(1).memory(5);
    let stuck = coordinator.submit(stuck, Strategy::Thread).await.unwrap();
    soon(stuck.join()).await.unwrap_err();
    let of = |resource| taken(&coordinator, &resource);
    assert_eq!((of(Resource::Cores), of(Resource::Gpus), of(Resource::Memory)), (1.0, 1.0, 5.0));
    let next = Work::blocking(|ctx| anyhow::Ok(ctx.gpus().to_vec())).gpus(1);
    let next = soon(coordinator.submit(next, Strategy::Thread).await.unwrap().join()).await.unwrap();
    drop(release);
    soon(async {
        while coordinator.system_detail().abandoned > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    // Those of its own attempt, which it keeps to.
    assert!(seen.lock().unwrap().is_disjoint(&next.into_iter().collect()));
    nothing_is_taken(&coordinator);
}
