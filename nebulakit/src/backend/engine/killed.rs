//! A property: wherever its driver ends, and whatever the engine answers, a run that is attached again loses nothing and runs nothing twice.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{BoxFuture, ready};
use nebulakit_types::literal::{Literal, LiteralValue, Primitive};
use proptest::prelude::*;
use tokio::runtime::Builder;

use super::backend::{EngineBackend, EngineOptions};
use super::board::Pace;
use super::contract::{Ending, Engine, EngineEnd, EngineError, EngineId, EngineJob, NotSubmitted, Seen};
use crate::backend::node::PlanFolder;
use crate::backend::{Backend as _, LocalBackend, Options};
use crate::run::{RunHandle, RunId, RunOutcome, RunsFolder};
use crate::workflow::Promise;
use crate::{task, workflow};

#[task(crate = crate, retries = 1)]
fn plus(a: i64, b: i64) -> i64 {
    a + b
}

#[task(crate = crate)]
fn total(xs: Vec<i64>) -> i64 {
    xs.iter().sum()
}

#[workflow(crate = crate)]
fn sums(xs: Promise<Vec<i64>>) -> Promise<i64> {
    plus::node(total::node(plus::map(xs, 10)), 1)
}

/// What the engine does with a job.
#[derive(Debug, Clone, Copy)]
enum Whim {
    Takes,
    /// It has it, and the answer is lost.
    LosesAnswer,
    /// The question is lost.
    LosesJob,
    Holds,
    /// It takes it, and something more urgent takes its place.
    Preempts,
    /// It takes it, and its attempt fails.
    Fails,
}

/// An engine in this process, which does what tasks do.
#[derive(Default)]
struct Fake(Mutex<State>);

#[derive(Default)]
struct State {
    whims: VecDeque<Whim>,
    /// By their names.
    jobs: BTreeMap<String, Job>,
    /// How often each node has succeeded.
    successes: HashMap<String, u32>,
    wrong: Vec<String>,
}

struct Job {
    job: EngineJob,
    whim: Whim,
    /// How often it was looked at.
    looks: u32,
    end: Option<Ending>,
}

impl State {
    fn submit(&mut self, job: &EngineJob) -> Result<EngineId, NotSubmitted> {
        // Each attempt may fail once, and be preempted a few times.
        let whim = self.whims.pop_front().unwrap_or(Whim::Takes);
        match whim {
            Whim::LosesJob => return Err(NotSubmitted::Unclear("nobody heard it".to_owned())),
            Whim::Holds => return Err(NotSubmitted::Held("full".to_owned())),
            _ => {}
        }
        let whim = if matches!(whim, Whim::Fails) && (job.task.ends_with("total") || job.attempt > 0) { Whim::Takes } else { whim };
        if self.jobs.insert(job.name.clone(), Job { job: job.clone(), whim, looks: 0, end: None }).is_some() {
            self.wrong.push(format!("{} is submitted twice", job.name));
        }
        match whim {
            Whim::LosesAnswer => Err(NotSubmitted::Unclear("the answer is lost".to_owned())),
            _ => Ok(job.name.as_str().into()),
        }
    }

    fn look(&mut self, name: &str) -> Option<Seen> {
        let job = self.jobs.get_mut(name)?;
        if let Some(end) = job.end {
            return Some(Seen::Ended(EngineEnd::new(end)));
        }
        job.looks += 1;
        match job.looks {
            1 => Some(Seen::Queued { reason: Some("Priority".to_owned()) }),
            2 => Some(Seen::Running { host: None }),
            _ if matches!(job.whim, Whim::Preempts) => {
                job.end = Some(Ending::Preempted);
                Some(Seen::Ended(EngineEnd::new(Ending::Preempted)))
            }
            _ => {
                job.end = Some(Ending::Exited(0));
                let (job, fails) = (job.job.clone(), matches!(job.whim, Whim::Fails));
                if !fails {
                    let successes = self.successes.entry(job.node.to_string()).or_default();
                    *successes += 1;
                    if *successes > 1 {
                        self.wrong.push(format!("{} has run twice", job.node));
                    }
                }
                self.wrong.extend(perform(&job, fails).err().map(|error| error.to_string()));
                Some(Seen::Ended(EngineEnd::new(Ending::Exited(0))))
            }
        }
    }
}

/// Does what `node-execute` does: claims the attempt, and leaves outputs and a record.
fn perform(job: &EngineJob, fails: bool) -> std::io::Result<()> {
    let attempt = &job.folder;
    fs::OpenOptions::new().write(true).create_new(true).open(attempt.join("claim"))?;
    let inputs = Literal::decode_map(&fs::read(attempt.join("inputs.pb"))?).map_err(std::io::Error::other)?;
    let number = |literal: &Literal| match &literal.value {
        LiteralValue::Primitive(Primitive::Integer(number)) => *number,
        _ => 0,
    };
    let sum = inputs.values().map(|literal| match &literal.value {
        LiteralValue::Collection(all) => all.iter().map(number).sum(),
        _ => number(literal),
    });
    let outputs = BTreeMap::from([("o0".to_owned(), Literal::from(Primitive::Integer(sum.sum())))]);
    let (outcome, more) = if fails {
        let failure = r#","failure":{"kind":"failed","code":"USER:Unknown","message":"not yet","recoverable":true}"#;
        ("failed", failure.to_owned())
    } else {
        fs::write(attempt.join("outputs.pb"), Literal::encode_map(&outputs))?;
        fs::write(attempt.with_file_name("outputs"), format!("{}\n", job.attempt))?;
        ("succeeded", format!(r#","outputs":{}"#, job.attempt))
    };
    let record = format!(
        r#"{{"version":1,"node":"{}","attempt":{},"began":"2026-01-01T00:00:00Z","pid":1,"task":"{}","ended":"2026-01-01T00:00:01Z","outcome":"{outcome}"{more}}}"#,
        job.node, job.attempt, job.task
    );
    fs::write(attempt.join("record.json"), record)?;
    let name = PlanFolder::at(&job.plan)?.node(&job.node).attempt(job.attempt).ended_name().to_owned();
    fs::write(job.plan.join("ended").join(name), "")
}

impl Engine for Fake {
    fn name(&self) -> &str {
        "fake"
    }

    fn submit<'a>(&'a self, jobs: &'a [EngineJob]) -> BoxFuture<'a, Vec<Result<EngineId, NotSubmitted>>> {
        let mut state = self.0.lock().unwrap();
        Box::pin(ready(jobs.iter().map(|job| state.submit(job)).collect()))
    }

    fn look<'a>(&'a self, ids: &'a [EngineId]) -> BoxFuture<'a, Result<HashMap<EngineId, Seen>, EngineError>> {
        let mut state = self.0.lock().unwrap();
        Box::pin(ready(Ok(ids.iter().filter_map(|id| Some((id.clone(), state.look(id.as_str())?))).collect())))
    }

    fn cancel<'a>(&'a self, ids: &'a [EngineId]) -> BoxFuture<'a, Result<(), EngineError>> {
        let mut state = self.0.lock().unwrap();
        state.wrong.extend(ids.iter().map(|id| format!("{id} is cancelled")));
        Box::pin(ready(Ok(())))
    }

    fn find<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<EngineId>, EngineError>> {
        let state = self.0.lock().unwrap();
        Box::pin(ready(Ok(state.jobs.contains_key(name).then(|| name.into()))))
    }
}

/// A folder, and an engine that outlives drivers.
struct Bench {
    dir: tempfile::TempDir,
    engine: Arc<Fake>,
}

impl Bench {
    fn new(whims: Vec<Whim>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("program"), "a program").unwrap();
        let engine = Fake(Mutex::new(State { whims: whims.into(), ..State::default() }));
        Self { dir, engine: Arc::new(engine) }
    }

    fn runs(&self) -> RunsFolder {
        RunsFolder::open(self.dir.path().join("runs")).unwrap()
    }

    fn backend(&self) -> EngineBackend {
        let millis = Duration::from_millis;
        let pace = Pace { poll: millis(2), records: millis(1), settle: millis(200), held: millis(2), ..Pace::default() };
        let program = Some(self.dir.path().join("program"));
        let options = EngineOptions { pace, program, ..EngineOptions::default() };
        EngineBackend::new(LocalBackend::new(self.runs()), Arc::clone(&self.engine) as Arc<dyn Engine>, options)
    }

    /// The run, as soon as its folder is there.
    fn run(&self) -> Option<(RunId, PathBuf)> {
        let entries = fs::read_dir(self.dir.path().join("runs/runs")).ok()?;
        let entry = entries.flatten().find(|entry| entry.path().join("events.jsonl").exists())?;
        Some((entry.file_name().to_str()?.into(), entry.path()))
    }

    /// Drives the run in a runtime of its own, which ends as soon as there are so many events; the outcome, if it came to that before.
    fn drive(&self, events: usize) -> Option<RunOutcome> {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let run: RunHandle = match self.run() {
                // The driver came to the end after the last event that it was let see.
                Some((id, path)) if is_over(&path) => RunHandle::attach(&self.runs(), &id).unwrap(),
                Some((id, path)) if has_begun(&path) => self.backend().drive(&id).await.unwrap(),
                _ => {
                    let inputs = nebulakit_types::literal::Literal::new(LiteralValue::Collection(
                        [1, 2, 3].map(|number| Primitive::Integer(number).into()).into(),
                    ));
                    let inputs = Literal::encode_map(&BTreeMap::from([("xs".to_owned(), inputs)]));
                    let backend = self.backend();
                    let graph = <sums as crate::Workflow>::def().graph().unwrap();
                    let plan = backend.compile(&graph, &Options::new().inputs(inputs)).unwrap();
                    backend.run(plan).await.unwrap()
                }
            };
            let path = run.folder().path().to_owned();
            tokio::select! {
                biased;
                () = reached(&path, events) => None,
                outcome = run.wait() => Some(outcome.unwrap()),
            }
        })
    }
}

fn has_begun(run: &Path) -> bool {
    run.join("plan").exists() && lines(run) > 0
}

fn is_over(run: &Path) -> bool {
    fs::read_to_string(run.join("events.jsonl")).is_ok_and(|text| text.lines().any(|line| line.contains(r#""event":"ended""#)))
}

fn lines(run: &Path) -> usize {
    fs::read(run.join("events.jsonl")).map_or(0, |text| text.iter().filter(|byte| **byte == b'\n').count())
}

async fn reached(run: &Path, events: usize) {
    while lines(run) < events {
        tokio::time::sleep(Duration::from_micros(300)).await;
    }
}

fn whim() -> impl Strategy<Value = Whim> {
    prop_oneof![
        6 => Just(Whim::Takes),
        1 => Just(Whim::LosesAnswer),
        1 => Just(Whim::LosesJob),
        1 => Just(Whim::Holds),
        1 => Just(Whim::Preempts),
        1 => Just(Whim::Fails),
    ]
}

/// Drives a run with drivers that end at these events, and then to its end.
fn check(whims: Vec<Whim>, ends: &[usize]) -> Result<(), TestCaseError> {
    let bench = Bench::new(whims);
    let ended = ends.iter().find_map(|events| bench.drive(*events));
    let outcome = ended.or_else(|| bench.drive(usize::MAX));
    prop_assert_eq!(outcome, Some(RunOutcome::Succeeded));
    let (id, path) = bench.run().unwrap();
    let run = RunHandle::attach(&bench.runs(), &id).unwrap();
    let outputs = Literal::decode_map(&run.result().unwrap()).unwrap();
    prop_assert_eq!(&outputs["o0"].value, &LiteralValue::Primitive(Primitive::Integer(1 + 2 + 3 + 30 + 1)));
    let state = bench.engine.0.lock().unwrap();
    prop_assert_eq!(&state.wrong, &Vec::<String>::new());
    prop_assert_eq!(state.successes.len(), 5);
    // Each thing is told once.
    let text = fs::read_to_string(path.join("events.jsonl")).unwrap();
    let events: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let count = |kind: &str| events.iter().filter(|event| event["event"] == kind).count();
    prop_assert_eq!((count("created"), count("succeeded"), count("ended")), (1, 6, 1), "{}", text);
    let retries = count("retrying");
    prop_assert_eq!(count("started"), 6 + retries, "{}", text);
    Ok(())
}

#[test]
fn a_driver_that_ends_at_any_event_loses_nothing() {
    for events in 1..=40 {
        check(Vec::new(), &[events]).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn nothing_is_lost_and_nothing_runs_twice(whims in prop::collection::vec(whim(), 0..14), ends in prop::collection::vec(1..40_usize, 0..5)) {
        check(whims, &ends)?;
    }
}
