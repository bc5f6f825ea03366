//! The binary behind `tests/runs_cli`: workflows that end in every way that the command line tells of.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "tests wait for what a task says")]

use std::collections::HashMap;

use anyhow::Context as _;
use nebulakit::Context;
use nebulakit::file::{Csv, Json};
use nebulakit::prelude::*;

/// Says something several times.
#[task]
fn repeat(text: String, times: i64) -> String {
    vec![text; usize::try_from(times).unwrap_or_default()].join(" ")
}

/// Repeats a word.
#[workflow]
fn echo(
    /// What is said.
    word: Promise<String>,
    /// How often.
    #[default(2)]
    times: Promise<i64>,
) -> Promise<String> {
    repeat::node(word, times)
}

/// Three times, every night.
#[launch_plan(cron = "0 2 * * *")]
fn nightly(#[default("x")] word: Promise<String>) -> Promise<String> {
    echo::node(word, 3)
}

#[task(outputs(quotient, remainder))]
fn divide(total: i64, by: i64) -> anyhow::Result<(i64, i64)> {
    let wrong = || anyhow::anyhow!("cannot divide {total} by {by}\u{1b}[2J");
    let divided = total.checked_div(by).zip(total.checked_rem(by));
    divided.ok_or_else(wrong).code("USER:Division")
}

/// Divides whole numbers.
#[workflow(outputs(quotient, remainder))]
fn division(total: Promise<i64>, by: Promise<i64>) -> (Promise<i64>, Promise<i64>) {
    let divided = divide::node(total, by);
    (divided.0.clone(), divided.1.clone())
}

#[task]
fn double(x: i64) -> i64 {
    2 * x
}

#[task]
fn square(width: u8) -> u64 {
    u64::from(width) * u64::from(width)
}

/// The area of a square.
#[workflow]
fn measured(width: Promise<u8>) -> Promise<u64> {
    square::node(width)
}

/// Registered elsewhere; the body stands in for it here.
#[task(reference(project = "p", domain = "d", name = "theirs", version = "v1"))]
fn theirs(x: i64) -> i64 {
    x + 100
}

#[workflow]
fn referring(x: Promise<i64>) -> Promise<i64> {
    theirs::node(x)
}

/// Doubles each number.
#[workflow]
fn doubled(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    double::map(xs)
}

/// Fails for some numbers: once, for good, or together with its process.
#[task(retries = 1)]
fn picky(ctx: Context, x: i64) -> anyhow::Result<i64> {
    println!("number {x}");
    match x {
        2 if ctx.attempt() == 0 => Err(TaskError::recoverable(anyhow::anyhow!("not yet")).into()),
        3 => anyhow::bail!("never"),
        4 => std::process::abort(),
        _ => Ok(x),
    }
}

/// Picks those that go.
#[workflow]
fn picked(xs: Promise<Vec<i64>>) -> Promise<Vec<Option<i64>>> {
    picky::map(xs).min_successes(1)
}

/// Says that it runs, and does so until it is stopped.
#[task]
async fn runs_on(ctx: Context, folder: String, x: i64) -> i64 {
    // Who waits for the file may be gone.
    let _ = std::fs::write(std::path::Path::new(&folder).join(format!("runs-{x}")), "");
    ctx.cancelled().await;
    x
}

/// Says that it runs, and goes on when it may.
#[task]
async fn goes(folder: String, x: i64) -> anyhow::Result<i64> {
    let folder = std::path::Path::new(&folder);
    std::fs::write(folder.join(format!("runs-{x}")), "")?;
    while !folder.join("go").exists() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    Ok(x)
}

/// Those that come to their end.
#[workflow]
fn going(folder: Promise<String>, xs: Promise<Vec<i64>>) -> Promise<Vec<Option<i64>>> {
    goes::map(folder, xs).min_successes(1)
}

/// Runs until it is stopped, for each number.
#[workflow]
fn running_on(folder: Promise<String>, xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    runs_on::map(folder, xs)
}

#[task(cache(version = "1"))]
fn remembered(x: i64) -> i64 {
    x + 1
}

/// Notes that it runs, and goes on when it may.
#[task(cache(version = "1", serialize, ignore(who)))]
async fn alone(folder: String, who: String) -> anyhow::Result<String> {
    let folder = std::path::Path::new(&folder);
    std::fs::write(folder.join(format!("ran-{who}")), "")?;
    while !folder.join("go").exists() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    Ok(who)
}

/// A core more at each attempt, and as much memory as the input has bytes besides.
fn by_size(ask: &nebulakit::Ask) -> nebulakit::Requests {
    nebulakit::Requests::new().cores(f64::from(ask.attempt()) + 1.0).memory((u64::from(ask.attempt()) + 1) * (1 << 20) + ask.input_bytes())
}

/// Succeeds at its second attempt.
#[task(retries = 1, requests(cpu = 4), requests_with = by_size)]
fn weighs(ctx: Context, file: File) -> anyhow::Result<u32> {
    if ctx.attempt() == 0 {
        return Err(TaskError::recoverable(anyhow::anyhow!("too small")).into());
    }
    drop(file);
    Ok(ctx.attempt())
}

/// Asks for as much as it needs.
#[workflow]
fn weighing(file: Promise<File>) -> Promise<u32> {
    weighs::node(file)
}

/// Says where it is, and goes on when it may.
#[task]
async fn says(ctx: Context, folder: String) -> anyhow::Result<i64> {
    let folder = std::path::Path::new(&folder);
    ctx.log(nebulakit::Level::WARN, "one\ntwo");
    ctx.log(nebulakit::Level::DEBUG, "fine");
    tracing::error!(parts = 3, "bad");
    println!("printed before");
    eprintln!("told before");
    ctx.progress(1, 2);
    while !folder.join("go").exists() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    println!("printed after");
    ctx.log(nebulakit::Level::INFO, "after");
    ctx.progress(2, 2);
    Ok(1)
}

/// Logs at each level, waits, and logs again.
#[workflow]
fn saying(folder: Promise<String>) -> Promise<i64> {
    says::node(folder)
}

/// One run at a time; the others have what it gave.
#[workflow]
fn serialized(folder: Promise<String>, who: Promise<String>) -> Promise<String> {
    alone::node(folder, who)
}

#[task]
fn when_there(x: i64, path: String) -> anyhow::Result<i64> {
    anyhow::ensure!(std::path::Path::new(&path).exists(), "`{path}` is not there");
    Ok(2 * x)
}

/// Fails until a file is there.
#[workflow]
fn steps(path: Promise<String>, #[default(20)] x: Promise<i64>) -> Promise<i64> {
    when_there::node(remembered::node(double::node(x)), path)
}

#[task]
async fn size_of(file: File) -> anyhow::Result<i64> {
    Ok(i64::try_from(file.size().await?)?)
}

#[task]
fn written(ctx: Context, text: String) -> anyhow::Result<File> {
    let path = ctx.working_directory()?.join("text.txt");
    std::fs::write(&path, text)?;
    Ok(File::from_path(path))
}

/// How large a file is, and a file of a text. An input has the name of an option.
#[workflow(outputs(size, file))]
fn files(file: Promise<File>, dir: Promise<String>) -> (Promise<i64>, Promise<File>) {
    (size_of::node(file), written::node(dir))
}

/// Files, directories and values of every kind.
#[task(outputs(note, numbers, folder, several, by_key, count))]
#[allow(clippy::type_complexity, reason = "one of each kind")]
fn kinds(ctx: Context) -> anyhow::Result<(File, File<Csv>, Directory, Vec<File>, HashMap<String, File>, i64)> {
    let folder = ctx.working_directory()?.join("folder");
    std::fs::create_dir_all(folder.join("a"))?;
    std::fs::write(folder.join("a/b.txt"), "b")?;
    let text = |text: &str| File::from_bytes("x.txt", text.to_owned());
    let by_key = HashMap::from([("../up".to_owned(), text("up"))]);
    let numbers = File::from_bytes("no extension", "1,2");
    Ok((text("text"), numbers, Directory::from_path(folder), vec![text("0"), text("1")], by_key, 3))
}

/// Puts a file where its outputs are to go.
#[task]
fn meddles(path: String) -> anyhow::Result<File> {
    std::fs::remove_dir(&path)?;
    std::fs::write(&path, "")?;
    Ok(File::from_bytes("x.txt", "kept"))
}

/// Puts a file where its output is to go.
#[task]
fn takes_place(path: String) -> anyhow::Result<File> {
    std::fs::write(&path, "mine")?;
    Ok(File::from_bytes("x.txt", "kept"))
}

/// Does one step each time that it runs: it waits after the first, and fails after the others but the last.
#[task]
async fn trains(ctx: Context, steps: i64) -> anyhow::Result<i64> {
    let checkpoint = ctx.checkpoint().context("no checkpoint")?;
    let before: i64 = match checkpoint.read().await? {
        Some(step) => std::str::from_utf8(&step)?.parse()?,
        None => 0,
    };
    let step = before + 1;
    checkpoint.write(step.to_string()).await?;
    println!("saved {step}");
    if step == 1 {
        ctx.cancelled().await;
    }
    anyhow::ensure!(step == steps, "stopped at {step}");
    Ok(step)
}

/// Hears that it should stop, and goes on.
#[task]
async fn stubborn(ctx: Context) {
    println!("deaf");
    ctx.cancelled().await;
    std::future::pending::<()>().await;
}

/// Keeps its thread.
#[task]
fn stays() {
    println!("deaf");
    loop {
        std::thread::park();
    }
}

/// Keeps a thread of the runtime.
#[task]
async fn blocks() {
    println!("deaf");
    loop {
        std::thread::park();
    }
}

/// Asks for more than any machine has.
#[task(requests(cpu = "100000", memory = "1000Ti", gpu = "3000"))]
fn greedy(ctx: Context) -> String {
    format!("{} GPUs", ctx.gpus().len())
}

#[task(strategy = container, image = "nowhere/none:1")]
fn contained(x: i64) -> i64 {
    x
}

/// Gives a graph of a number.
#[task]
fn grown(x: i64) -> Promise<i64> {
    double::node(x)
}

/// Doubles a number.
#[workflow]
fn twice(x: Promise<i64>) -> Promise<i64> {
    double::node(x)
}

/// Doubles each number, by a workflow for each.
#[workflow]
fn twice_each(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    twice::map(xs)
}

/// Ends with more than any machine has.
#[workflow]
fn hungry() -> (Promise<String>, Promise<i64>) {
    let first = double::node(1);
    (greedy::node().after(&first), licensed::node())
}

#[task(requests(cpu = "2"))]
fn two_cores() -> i64 {
    2
}

/// Asks for two cores.
#[workflow]
fn wide() -> Promise<i64> {
    two_cores::node()
}

#[task]
fn prints() {
    println!("printed by {}", if std::env::args_os().count() == 1 { "a worker" } else { "the program" });
}

/// Counts one further at each attempt, and fails until it has come to four.
#[task(retries = 1)]
fn counts(ctx: Context) -> anyhow::Result<i64> {
    let checkpoint = ctx.checkpoint().ok_or_else(|| anyhow::anyhow!("it has no checkpoint"))?.blocking();
    let before = checkpoint.read()?.map_or(0, |bytes| i64::from(bytes[0]));
    checkpoint.write(vec![u8::try_from(before + 1)?])?;
    if before < 3 {
        return Err(TaskError::recoverable(anyhow::anyhow!("at {before}")).into());
    }
    Ok(before + 1)
}

/// Goes on from checkpoints.
#[workflow]
fn training() -> Promise<i64> {
    counts::node()
}

#[task(tokens(licences = 1))]
fn licensed() -> i64 {
    7
}

/// Needs a licence.
#[workflow]
fn licensing() -> Promise<i64> {
    licensed::node()
}

/// Prints, and gives nothing.
#[workflow]
fn printing() -> Promise<()> {
    prints::node()
}

#[task]
async fn waits() -> i64 {
    std::future::pending().await
}

#[task]
async fn talks() -> anyhow::Result<i64> {
    use tracing::Instrument as _;
    tracing::info!(parts = 3, "in the task");
    tracing::debug!("not wanted");
    tokio::spawn(async { tracing::warn!("in a future that carries the span") }.in_current_span()).await?;
    let span = tracing::info_span!("reading", file = "a.txt");
    let thread = std::thread::spawn(move || span.in_scope(|| tracing::info!("in a thread that carries a span of the task")));
    tokio::task::spawn_blocking(move || thread.join()).await?.map_err(|_| anyhow::anyhow!("it panicked"))?;
    tokio::spawn(async { tracing::warn!("in a future that carries nothing") }).await?;
    println!("printed");
    Ok(1)
}

#[task]
async fn hears(x: i64) -> i64 {
    tracing::info!("heard {x}");
    x
}

/// Logs each number.
#[workflow]
fn echoed(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    hears::map(xs)
}

/// Logs in every way.
#[workflow]
fn talking() -> Promise<i64> {
    talks::node()
}

#[task]
fn pours(lines: i64) -> anyhow::Result<i64> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    for _ in 0..lines {
        out.write_all(b"x\n")?;
    }
    out.write_all(&[b'a'; 200_000])?;
    out.write_all(b"\n\xff\xfe\nhalf a line")?;
    out.flush()?;
    Ok(lines)
}

/// Prints many short lines, a long one, and bytes that are not text.
#[workflow]
fn pouring(lines: Promise<i64>) -> Promise<i64> {
    pours::node(lines)
}

/// Waits until it is stopped.
#[workflow]
fn endless() -> Promise<i64> {
    waits::node()
}

/// Needs a number, and somebody's word.
#[workflow]
fn gated() -> Promise<i64> {
    gate::approve("go/no-go", double::node(gate::wait_for::<i64>("number")))
}

#[task]
async fn both(first: File, second: File) -> anyhow::Result<String> {
    Ok(format!("{}{}", first.read_to_string().await?, second.read_to_string().await?))
}

/// Needs two files from somebody.
#[workflow]
fn handed() -> Promise<String> {
    both::node(gate::wait_for::<File>("first"), gate::wait_for::<File>("second"))
}

/// Needs a name, and two words one after the other.
#[workflow]
fn staged() -> Promise<String> {
    gate::approve("production", gate::approve("stage", gate::wait_for::<String>("name")))
}

/// Waits for a signal that begins like an option.
#[workflow]
fn dashed() -> Promise<i64> {
    gate::approve("-rf", double::node(4))
}

/// Waits in several nodes.
#[workflow]
fn crowded() -> Promise<Vec<i64>> {
    let waiting = [waits::node(), waits::node(), waits::node(), waits::node()];
    waiting.into_iter().collect()
}

#[task]
fn passes(file: File) -> File {
    file
}

/// Gives the file that it is given.
#[workflow]
fn passed(file: Promise<File>) -> Promise<File> {
    passes::node(file)
}

/// Names of outputs that would be the same file.
#[task(outputs(outputs, texts, count))]
fn alike() -> (File<Json>, HashMap<String, File>, i64) {
    let texts = [("report", "a.txt"), ("report.txt", "no extension")];
    let texts = texts.map(|(key, name)| (key.to_owned(), File::from_bytes(name, key.to_owned())));
    (File::from_bytes("x.json", "[]"), HashMap::from(texts), 3)
}

/// Shows what it was given.
#[task(deck, retries = 1)]
fn shows(ctx: Context, text: String) -> anyhow::Result<String> {
    ctx.decks().markdown("Summary", "All **good**.");
    ctx.decks().html("Raw", "<script>document.title = 'taken'</script><p id=\"raw\">as it is</p>");
    ctx.decks().table("Words", ["word"], [[&text]]);
    ctx.log(tracing::Level::INFO, format!("shown: {text}"));
    if text.starts_with("fail") {
        return Err(anyhow::anyhow!("cannot show `{text}`")).code("USER:<Code>").recoverable();
    }
    Ok(text)
}

/// Shows a text twice, and its length in between.
#[workflow]
fn shown(
    text: Promise<String>,
    #[default(vec!["one".to_owned(), "two".to_owned(), "three".to_owned()])] words: Promise<Vec<String>>,
) -> Promise<Vec<String>> {
    let first = shows::node(text);
    repeat::map(words, 2).after(&first)
}

/// Waits for a signal of a name that no terminal should obey.
#[workflow]
fn hostile() -> Promise<i64> {
    gate::wait_for::<i64>("it's\n\u{1b}[2J")
}

#[task]
fn asks() -> Promise<i64> {
    gate::wait_for("within")
}

/// Has a gate that nobody knows of before it runs.
#[workflow]
fn growing() -> Promise<i64> {
    double::node(asks::node())
}

nebulakit::main!();
