//! Tasks as anyone sees them: as data, with values for their inputs, and called from one another.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use nebulakit::prelude::*;
use nebulakit::types::convert::reader::References;
use nebulakit::types::outbox::Outbox;
use nebulakit::types::{Dialect, Literal, encode};
use nebulakit::{Called, Caller, Child, Invocation, Task};

/// Divides `a` by `b`.
#[task(retries = 3, outputs(quotient, remainder))]
fn divide(
    /// What is divided.
    a: i64,
    #[default(2)] b: i64,
) -> anyhow::Result<(i64, i64)> {
    anyhow::ensure!(b != 0, "cannot divide {a} by zero");
    Ok((a / b, a % b))
}

#[derive(Debug, PartialEq, TaskOutputs)]
struct Told {
    text: String,
    length: Option<u64>,
}

#[task]
async fn tell(ctx: Context, text: String, note: Option<String>, #[default("!")] end: String) -> Told {
    tokio::task::yield_now().await;
    let text = format!("{text}{}{end}", note.unwrap_or_default());
    Told { length: Some(u64::from(ctx.attempt()) + text.len() as u64), text }
}

#[task]
fn takes_large(n: u64) -> u64 {
    n
}

#[task]
fn nothing() {}

#[task]
fn same(file: File) -> String {
    file.uri().unwrap_or_default().to_owned()
}

#[task]
fn panics() -> i64 {
    panic!("no number")
}

#[derive(Debug, TaskFailure)]
#[failure(recoverable, code = "TEST:Away")]
struct Away;

impl std::fmt::Display for Away {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the service is away")
    }
}

impl std::error::Error for Away {}

/// An error that holds what its callers want to know.
#[derive(Debug, PartialEq, TaskFailure)]
enum TrainError {
    #[failure(permanent, code = "TRAIN:Diverged")]
    Diverged { step: u32 },
}

impl std::fmt::Display for TrainError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self::Diverged { step } = self;
        write!(f, "diverged at step {step}")
    }
}

impl std::error::Error for TrainError {}

#[task]
fn train(rate: f64) -> Result<f64, TrainError> {
    if rate > 1.0 { Err(TrainError::Diverged { step: 3 }) } else { Ok(rate) }
}

/// Trains in a task of its own.
#[task]
async fn search(ctx: Context, rate: f64) -> anyhow::Result<f64> {
    use anyhow::Context as _;
    train::call(&ctx, rate).await.context("the search found nothing")
}

/// Leaves a folder where a checkpoint's bytes would be.
#[task]
fn spoils_its_checkpoint(ctx: Context) -> anyhow::Result<i64> {
    let folder = tempfile::tempdir()?;
    std::fs::create_dir(folder.path().join("_dst_cp"))?;
    std::fs::write(folder.path().join("_dst_cp/part"), "x")?;
    ctx.checkpoint().unwrap().blocking().save(folder.path())?;
    Ok(1)
}

static TRIES: AtomicU32 = AtomicU32::new(0);

/// Is away the first two times.
#[task(retries = 1)]
fn third_time_lucky(ctx: Context) -> Result<u32, Away> {
    if TRIES.fetch_add(1, Ordering::SeqCst) < 2 { Err(Away) } else { Ok(ctx.attempt()) }
}

#[task]
async fn crawl(ctx: Context, from: i64) -> anyhow::Result<i64> {
    let calls = (0..3).map(|n| divide::call(&ctx, from + n, Default).group("pages"));
    let parts = futures_util::future::try_join_all(calls).await?;
    Ok(parts.into_iter().map(|(quotient, _)| quotient).sum())
}

fn context() -> (tempfile::TempDir, Context) {
    let folder = tempfile::tempdir().unwrap();
    let context = Context::local(folder.path());
    (folder, context)
}

#[test]
fn a_task_is_data_that_anyone_can_read() {
    let task = divide::def();
    assert_eq!((task.name(), task.doc()), ("invocations.divide", "Divides `a` by `b`."));
    assert!(task.file().ends_with("invocations.rs") && task.line() > 0 && !task.is_async());
    assert_eq!(
        (task.options().retries, task.default_of("b").unwrap()),
        (3, Some(Literal::decode(&encode(&2_i64, &Dialect::FLYTE_1).unwrap()).unwrap()))
    );
    assert_eq!((task.default_of("a").unwrap(), tell::def().default_of("note").unwrap()), (None, Some(Literal::none())));
    let interface = task.interface();
    let inputs: Vec<_> = interface.inputs.iter().map(|input| (input.name.as_str(), input.description.as_str())).collect();
    assert_eq!(inputs, [("a", "What is divided."), ("b", "b")]);
    let outputs: Vec<_> = interface.outputs.iter().map(|output| output.name.as_str()).collect();
    assert_eq!(outputs, ["quotient", "remainder"]);
    assert_eq!(task.template("app").metadata.unwrap().retries.unwrap().retries, 3);
    let found = nebulakit::registry().get("divide").unwrap();
    assert!(std::ptr::eq(found, task) && nebulakit::registry().get("divid").is_none());
    assert!(nebulakit::registry().iter().any(|task| task.name() == "invocations.crawl"));
}

#[test]
fn the_function_beside_the_type_stays_a_function() {
    assert_eq!(divide(7, 2).unwrap(), (3, 1));
    let as_value: fn(i64, i64) -> anyhow::Result<(i64, i64)> = divide;
    assert_eq!(as_value(1, 0).unwrap_err().to_string(), "cannot divide 1 by zero");
    fn name_of<T: Task<Outputs = (i64, i64)>>() -> &'static str {
        T::def().name()
    }
    assert_eq!(name_of::<divide>(), divide::NAME);
}

#[test]
fn an_invocation_holds_what_was_given_and_nothing_more() {
    let invocation: Invocation<(i64, i64)> = divide::with(7, Default);
    assert_eq!(invocation.definition().name(), divide::NAME);
    let inputs = invocation.inputs(&Dialect::FLYTE_1, &mut Outbox::default()).unwrap();
    let inputs = Literal::decode_map(&inputs).unwrap();
    assert_eq!(inputs.keys().collect::<Vec<_>>(), ["a"]);
    let secret = tell::with("hunter2", Default, Default);
    assert_eq!(format!("{secret:?}"), "Invocation { of: \"invocations.tell\", inputs: [\"text\"], .. }");
    let error = takes_large::with(u64::MAX).inputs(&Dialect::FLYTE_1, &mut Outbox::default()).unwrap_err();
    assert_eq!(error.path(), "n", "{error}");
}

#[test]
fn outputs_are_read_as_what_the_task_gives() {
    let literals = |pairs: &[(&str, Vec<u8>)]| {
        let pairs = pairs.iter().map(|(name, literal)| ((*name).to_owned(), Literal::decode(literal).unwrap()));
        Literal::encode_map(&pairs.collect())
    };
    let int = |n: i64| encode(&n, &Dialect::FLYTE_1).unwrap();
    let text = |text: &str| encode(&text.to_owned(), &Dialect::FLYTE_1).unwrap();
    let outputs = literals(&[("remainder", int(1)), ("quotient", int(3))]);
    assert_eq!(divide::with(7, 2).outputs(&outputs, References::none()).unwrap(), (3, 1));
    let error = divide::with(7, 2).outputs(&literals(&[("quotient", int(3))]), References::none()).unwrap_err();
    assert_eq!((error.path(), error.kind()), ("remainder", nebulakit::types::ErrorKind::Missing));
    let wrong = literals(&[("quotient", int(3)), ("remainder", text("x"))]);
    let error = divide::with(7, 2).outputs(&wrong, References::none()).unwrap_err();
    assert_eq!((error.path(), error.kind()), ("remainder", nebulakit::types::ErrorKind::Mismatch));
    let told = tell::with("a", "b", "c").outputs(&literals(&[("text", text("abc"))]), References::none()).unwrap();
    assert_eq!(told, Told { text: "abc".to_owned(), length: None });
    nothing::with().outputs(b"", References::none()).unwrap();
}

#[tokio::test]
async fn a_running_task_calls_others_in_the_same_process() {
    let (_folder, ctx) = context();
    assert_eq!(divide::call(&ctx, 7, 2).await.unwrap(), (3, 1));
    assert_eq!(tell::call(&ctx, "a", "b", Default).await.unwrap(), Told { text: "ab!".to_owned(), length: Some(3) });
    assert_eq!(tell::call(&ctx, "a", None, "?").await.unwrap().text, "a?");
    nothing::call(&ctx).await.unwrap();
    assert_eq!(crawl::call(&ctx, 10).await.unwrap(), 5 + 5 + 6);
}

#[tokio::test]
async fn a_file_of_this_machine_passes_as_it_is() {
    let (folder, ctx) = context();
    let path = folder.path().join("data.txt");
    std::fs::write(&path, "hello").unwrap();
    assert_eq!(same::call(&ctx, File::from_path(&path)).await.unwrap(), path.to_str().unwrap());
}

#[tokio::test]
async fn what_fails_in_a_called_task_fails_the_call_with_its_code() {
    let (_folder, ctx) = context();
    let error = divide::call(&ctx, 7, 0).await.unwrap_err();
    // A backtrace may follow, where the environment asks for one.
    assert!(error.to_string().starts_with("cannot divide 7 by zero"), "{error}");
    assert_eq!((error.code(), error.is_recoverable()), (None, None));
    let error = panics::call(&ctx).await.unwrap_err();
    assert_eq!(error.code(), Some("USER:Panic"));
    let error = takes_large::call(&ctx, u64::MAX).await.unwrap_err();
    assert!(error.to_string().contains("`n`"), "{error}");
    let error = third_time_lucky::call(&ctx).await.unwrap_err();
    assert!(error.to_string().starts_with("the service is away"), "{error}");
    assert_eq!((error.code(), error.is_recoverable()), (Some("TEST:Away"), Some(true)));
    TRIES.store(0, Ordering::SeqCst);
    assert_eq!(third_time_lucky::call(&ctx).retries(2).await.unwrap(), 2);
}

#[tokio::test]
async fn the_error_of_a_called_task_keeps_its_type() {
    let (_folder, ctx) = context();
    let error = train::call(&ctx, 2.0).await.unwrap_err();
    assert_eq!(error.downcast_ref::<TrainError>(), Some(&TrainError::Diverged { step: 3 }));
    assert_eq!((error.code(), error.is_recoverable()), (Some("TRAIN:Diverged"), Some(false)));
    assert_eq!(error.to_string(), "diverged at step 3");
    // Through a task between them, too, which adds what it knows.
    let error = search::call(&ctx, 2.0).await.unwrap_err();
    assert_eq!(error.downcast_ref::<TrainError>(), Some(&TrainError::Diverged { step: 3 }));
    assert_eq!((error.code(), error.is_recoverable()), (Some("TRAIN:Diverged"), Some(false)));
    assert_eq!(error.to_string(), "the search found nothing");
    let error = nebulakit::testing::run(search::with(2.0)).await.unwrap_err();
    assert_eq!(error.downcast_ref::<TrainError>(), Some(&TrainError::Diverged { step: 3 }));
    assert_eq!(error.message(), "the search found nothing\n\nCaused by:\n    diverged at step 3");
}

#[tokio::test]
async fn a_checkpoint_that_cannot_be_read_back_is_told() {
    let run = nebulakit::testing::Harness::new().run(spoils_its_checkpoint::with()).await;
    let error = run.outputs.unwrap_err();
    assert!(error.message().starts_with("cannot read the checkpoint that the task left: "), "{error}");
    assert_eq!((error.code(), error.is_of_user(), run.checkpoint), ("SYSTEM", false, None));
}

/// Notes what it is asked, and answers with a tuple.
#[derive(Default)]
struct Noting(Mutex<Vec<String>>);

impl Caller for Noting {
    fn call(&self, child: Child) -> Called {
        let inputs: Vec<_> = Literal::decode_map(&child.inputs).unwrap().into_keys().collect();
        let noted = format!("{} {inputs:?} {:?} {:?}", child.definition.name(), child.retries, child.group);
        self.0.lock().unwrap().push(noted);
        let outputs = [("quotient", 40_i64), ("remainder", 2)];
        let outputs = outputs.map(|(name, n)| (name.to_owned(), Literal::decode(&encode(&n, &Dialect::FLYTE_1).unwrap()).unwrap()));
        Box::pin(async move { Ok(Literal::encode_map(&outputs.into())) })
    }
}

#[tokio::test]
async fn under_a_caller_a_call_is_left_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let caller = Arc::new(Noting::default());
    let ctx = Context::builder(folder.path()).caller(caller.clone()).build();
    assert_eq!(divide::call(&ctx, 1, 0).retries(5).group("g").await.unwrap(), (40, 2));
    assert_eq!(crawl(ctx.clone(), 1).await.unwrap(), 120);
    let noted = caller.0.lock().unwrap();
    assert_eq!(noted[0], "invocations.divide [\"a\", \"b\"] Some(5) Some(\"g\")");
    assert_eq!(noted[1..], ["invocations.divide [\"a\"] None Some(\"pages\")"; 3]);
}
