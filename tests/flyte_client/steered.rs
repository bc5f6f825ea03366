//! A program whose executions are shown, answered, recovered and replayed: on a cluster, and by the doubles' tests.

use nebulakit::prelude::*;

/// The root of what is not below zero.
#[task(name = "steered.root")]
fn root(x: i64) -> anyhow::Result<i64> {
    let why = "is below zero, and this task is about the roots of integers, which have none where they are below zero: give it another one";
    anyhow::ensure!(x >= 0, "{x} {why}");
    Ok(x.isqrt())
}

/// Writes a note.
#[task(name = "steered.note")]
async fn note(ctx: Context, x: i64) -> anyhow::Result<File> {
    let mut file = File::create(&ctx, "note.txt")?;
    file.write(format!("the note of {x}\n")).await?;
    Ok(file.finish().await?)
}

/// Reads a note, which has to be long enough.
#[task(name = "steered.read")]
async fn read(note: File, least: i64) -> anyhow::Result<i64> {
    let text = note.read_to_string().await?;
    let length = text.len() as i64;
    anyhow::ensure!(length >= least, "`{}` has {length} bytes, and not {least}", text.trim());
    Ok(length)
}

/// Sums.
#[task(name = "steered.sum")]
fn sum(xs: Vec<i64>) -> i64 {
    xs.iter().sum()
}

/// Takes the roots of as many as there are.
#[task(name = "steered.grow")]
fn grow(xs: Vec<i64>) -> Promise<i64> {
    let roots: Vec<Promise<i64>> = xs.into_iter().map(|x| root::node(x)).collect();
    sum::node(roots)
}

#[workflow(name = "steered.roots")]
fn roots(xs: Promise<Vec<i64>>) -> Promise<i64> {
    sum::node(root::map(xs))
}

#[workflow(name = "steered.grown")]
fn grown(xs: Promise<Vec<i64>>) -> Promise<i64> {
    grow::node(xs)
}

#[workflow(name = "steered.notes")]
fn notes(x: Promise<i64>, least: Promise<i64>) -> (Promise<File>, Promise<i64>) {
    let noted = note::node(x);
    let length = read::node(&noted, least);
    (noted, length)
}

#[workflow(name = "steered.gated")]
fn gated(x: Promise<i64>) -> Promise<i64> {
    let more = gate::wait_for::<i64>("more");
    gate::approve("go", sum::node([root::node(x), more]))
}

nebulakit::main!();
