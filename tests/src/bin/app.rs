//! The binary behind `tests/cli.rs` and `docs/cli.md`: tasks with inputs of every kind that the command line knows.
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "tests wait for what a task says")]

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use nebulakit::file::Text;
use nebulakit::prelude::*;
use nebulakit::{Bytes, FlyteError, Untyped};

/// Divides `a` by `b`.
#[task(retries = 3, timeout = "10m", requests(cpu = "500m", memory = "256Mi"))]
fn divide(
    /// What is divided.
    a: f64,
    /// What it is divided by; never zero.
    b: f64,
) -> anyhow::Result<f64> {
    anyhow::ensure!(b != 0.0, "cannot divide {a} by zero");
    Ok(a / b)
}

/// Divides whole numbers, with what remains.
#[task(outputs(quotient, remainder))]
fn split(total: i64, #[default(2)] parts: u8) -> (i64, i64) {
    (total / i64::from(parts), total % i64::from(parts))
}

/// Greets somebody.
///
/// Loudly, if asked to.
#[task]
async fn greet(
    /// Who is greeted.
    #[default("world")]
    name: String,
    shout: Option<bool>,
) -> String {
    let text = format!("hello {name}");
    if shout == Some(true) { text.to_uppercase() } else { text }
}

/// The colours of a traffic light.
#[derive(Debug, Clone, Copy, NebulaType)]
#[nebula(rename_all = "lowercase")]
enum Colour {
    /// Stop.
    Red,
    Amber,
    Green,
}

/// How long a light is on.
#[derive(Debug, Clone, NebulaType)]
struct Phase {
    /// What is lit.
    colour: Colour,
    lasts: Duration,
    #[nebula(default)]
    note: Option<String>,
}

/// Says when a light changes.
#[task(cache(version = "2", ignore(verbose)), env(TZ = "UTC"), deck)]
fn schedule(
    /// When the first phase begins.
    start: SystemTime,
    phases: Vec<Phase>,
    /// What comes between two phases.
    #[default(Duration::ZERO)]
    pause: Duration,
    #[default(false)] verbose: bool,
) -> Vec<SystemTime> {
    let _ = verbose;
    let changes = phases.iter().scan(start, |time, phase| {
        *time += phase.lasts + pause;
        Some(*time)
    });
    changes.collect()
}

/// Plain steps.
#[derive(Debug, Clone, NebulaType)]
struct Sgd {
    rate: f64,
}

/// Steps with a memory.
#[derive(Debug, Clone, NebulaType)]
struct Adam {
    rate: f64,
    beta1: f64,
}

/// How steps are made.
#[derive(Debug, Clone, NebulaType)]
enum Optimizer {
    Sgd(Sgd),
    Adam(Adam),
}

/// All that training needs.
#[derive(Debug, Clone, NebulaType)]
struct Training {
    optimizer: Optimizer,
    #[nebula(default = 10)]
    epochs: u32,
}

/// Trains, or says at least how.
#[task]
fn train(training: Training, instead: Option<Optimizer>) -> String {
    let name = match instead.unwrap_or(training.optimizer) {
        Optimizer::Sgd(Sgd { rate }) => format!("sgd {rate}"),
        Optimizer::Adam(Adam { rate, beta1 }) => format!("adam {rate} {beta1}"),
    };
    format!("{name}, {} epochs", training.epochs)
}

/// Joins words, and the texts of files.
#[task]
fn join(
    #[default(Vec::new())] words: Vec<String>,
    #[default(Vec::new())] files: Vec<File<Text>>,
    /// What stands between them.
    separator: Option<String>,
) -> anyhow::Result<String> {
    let mut parts = words;
    for file in files {
        parts.push(file.blocking().read_to_string()?.trim_end().to_owned());
    }
    Ok(parts.join(separator.as_deref().unwrap_or(", ")))
}

/// Copies a file's text.
#[task]
fn show(text: File<Text>) -> anyhow::Result<String> {
    // Twice: what can be read once has been copied.
    anyhow::ensure!(text.blocking().read_to_string()? == text.blocking().read_to_string()?);
    Ok(text.blocking().read_to_string()?.trim_end().to_owned())
}

/// Gives its folder back.
#[task]
fn pass(folder: Directory) -> Directory {
    folder
}

/// Makes a directory without files.
#[task]
fn empty(ctx: Context) -> anyhow::Result<Directory> {
    let folder = ctx.working_directory()?.join("empty");
    std::fs::create_dir(&folder)?;
    Ok(Directory::from_path(folder))
}

/// Reads a secret, and says how long it is.
#[task(secrets((group = "db", key = "password")))]
fn secret(ctx: Context, #[default("password")] key: String) -> anyhow::Result<u64> {
    Ok(ctx.secrets().get("db", &key)?.expose().len() as u64)
}

/// What is run when a workflow has failed.
#[task]
fn clean_up(err: Option<FlyteError>) -> Option<FlyteError> {
    err
}

/// Paints something.
#[task]
fn paint(colour: Colour, #[default(Bytes::from_static(b"ink"))] ink: Bytes, like: Option<Phase>) -> (Phase, Bytes) {
    let phase = Phase { colour, lasts: Duration::from_millis(1500), note: Some("wet".to_owned()) };
    (like.map_or(phase, |like| Phase { colour, ..like }), ink)
}

/// A number or a text.
#[derive(Debug, Clone, NebulaType)]
enum Key {
    Number(i64),
    Text(String),
}

/// Tells of what kind a key is.
#[task(deprecated = "use `greet` instead")]
fn kind(key: Key, weights: BTreeMap<String, Option<f64>>, extra: Option<Untyped>) -> String {
    let key = match key {
        Key::Number(number) => format!("the number {number}"),
        Key::Text(text) => format!("the text {text:?}"),
    };
    format!("{key}, {weights:?}, {extra:?}")
}

/// Fails in the way that is asked for.
#[task(timeout = "2s")]
fn fail(ctx: Context, #[default("error")] how: String) -> anyhow::Result<()> {
    match how.as_str() {
        "error" => Err(anyhow::anyhow!("no such row")).context("cannot load the table").code("TABLE:Missing")?,
        "panic" => panic!("the index is {}", 7),
        "std" => drop(char::from_digit(1, 90 + u32::try_from(how.len())?)),
        "sleep" => {
            while !ctx.is_cancelled() {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        "stop" => return Err(nebulakit::IgnoreOutputs.into()),
        other => anyhow::bail!("unknown way `{other}`"),
    }
    Ok(())
}

/// Takes names that the command line has for itself.
#[task]
fn awkward(json: i64, help: String, inputs_file: bool, no_inputs_file: bool) -> Vec<String> {
    vec![json.to_string(), help, inputs_file.to_string(), no_inputs_file.to_string()]
}

/// Waits until it is stopped.
#[task]
async fn wait(
    ctx: Context,
    /// Does not end even then.
    #[default(false)]
    stubborn: bool,
    /// Ends well then.
    #[default(false)]
    glad: bool,
) -> anyhow::Result<String> {
    eprintln!("waiting");
    ctx.cancelled().await;
    eprintln!("asked to stop");
    if stubborn {
        std::future::pending::<()>().await;
    }
    anyhow::ensure!(glad, "stopped early");
    Ok("done all the same".to_owned())
}

/// The area of an ellipse, by a program in an image of its own.
#[task(container(image = "ghcr.io/me/ellipse:1", command = ["/bin/area", "{{.inputs.a}}", "{{.inputs.b}}", "/var/outputs"]))]
fn ellipse_area(
    /// Half of the longer axis.
    a: f64,
    /// Half of the shorter one.
    #[default(1.0)]
    b: f64,
) -> f64;

/// Saves its state, and makes a report.
#[task(deck)]
fn report(ctx: Context, rows: i64) -> anyhow::Result<f64> {
    let checkpoint = ctx.checkpoint().context("no checkpoint")?;
    checkpoint.blocking().write(rows.to_string())?;
    anyhow::ensure!(!ctx.raw_output_prefix().is_empty(), "no place for files");
    println!("{rows} rows");
    ctx.decks().html("rows", format!("<p>{rows} rows</p>"));
    Ok(f64::NAN)
}

mod night {
    //! A second module with a task of a known name.

    /// Greets in the dark.
    #[nebulakit::task]
    fn greet() {}
}

/// Splits a total, and joins its parts to a text where there are any.
#[workflow]
fn shares(total: Promise<i64>, #[default(2)] parts: Promise<i64>) -> Promise<String> {
    let split = split::node(&total, parts.cast::<u8>());
    let greeting = greet::node("shares", Default).retries(3).timeout("10m");
    when(parts.gt(1), show_of::node(&split.0)).otherwise(greeting)
}

/// A number as text.
#[task]
fn show_of(number: i64) -> String {
    number.to_string()
}

/// The shares of a hundred, every night.
#[launch_plan(cron = "0 2 * * *", active)]
fn nightly_shares(#[default(4)] parts: Promise<i64>) -> Promise<String> {
    shares::node(100, parts)
}

nebulakit::main!();
