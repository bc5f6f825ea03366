//! One workflow for each construct, small enough that its result can be told beforehand.

use nebulakit::prelude::*;

#[derive(NebulaType, Debug, Clone, PartialEq)]
pub(crate) struct Limits {
    most: i64,
    label: String,
}

#[task]
pub(crate) fn double(x: i64) -> i64 {
    2 * x
}

#[task]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[task]
pub(crate) fn total(xs: Vec<i64>) -> i64 {
    xs.iter().sum()
}

#[task]
fn limits(most: i64) -> Limits {
    Limits { most, label: "small".to_owned() }
}

#[task]
fn label(x: i64, unit: String, factor: f64) -> String {
    format!("{} {unit}", x as f64 * factor)
}

/// Fails for odd numbers.
#[task]
fn halve(x: i64) -> anyhow::Result<i64> {
    anyhow::ensure!(x % 2 == 0, "{x} is odd");
    Ok(x / 2)
}

#[task]
fn known(found: Vec<Option<i64>>) -> String {
    let words: Vec<_> = found.iter().map(|each| each.map_or("none".to_owned(), |x| x.to_string())).collect();
    words.join(" ")
}

#[task]
fn join(words: Vec<String>) -> String {
    words.join(",")
}

#[workflow]
pub(crate) fn chain(x: Promise<i64>) -> Promise<i64> {
    add::node(double::node(double::node(x)), 1)
}

#[workflow(outputs(sum, parts))]
fn bindings(x: Promise<i64>) -> (Promise<i64>, Promise<Vec<i64>>) {
    let limits = limits::node(&x);
    let parts = list![&x, 7, &limits.most];
    (total::node([&limits.most, &double::node(x)]), parts)
}

#[workflow]
fn inner(x: Promise<i64>) -> Promise<i64> {
    double::node(double::node(x))
}

#[workflow]
fn nested(x: Promise<i64>) -> Promise<i64> {
    add::node(inner::node(&x), chain::node(inner::node(x)))
}

#[workflow]
fn mapped(xs: Promise<Vec<i64>>, unit: Promise<String>) -> Promise<String> {
    join::node(label::map(xs, unit, 0.5).concurrency(4))
}

/// The bound input comes first, then the mapped ones.
#[task]
fn scaled(factor: i64, x: i64, offset: i64) -> i64 {
    factor * x + offset
}

#[workflow]
fn bound_first(xs: Promise<Vec<i64>>) -> Promise<i64> {
    total::node(scaled::map(10, xs, 1))
}

#[workflow]
fn bound_last(xs: Promise<Vec<i64>>) -> Promise<i64> {
    total::node(scaled::map(&xs, 10, &xs))
}

#[workflow]
fn enough(xs: Promise<Vec<i64>>) -> Promise<String> {
    known::node(halve::map(xs).min_success_ratio(0.5))
}

#[workflow]
fn all_of_them(xs: Promise<Vec<i64>>) -> Promise<i64> {
    total::node(halve::map(xs))
}

#[workflow]
fn many(xs: Promise<Vec<i64>>) -> Promise<i64> {
    total::node(double::map(xs))
}

#[workflow]
fn decides(x: Promise<i64>) -> Promise<i64> {
    let limits = limits::node(10);
    let small = when(x.lt(0), 0).otherwise(double::node(&x));
    when(x.gt(&limits.most), double::node(double::node(&x)))
        .or_when(x.ne(7) & limits.label.eq("small"), small)
        .or_fail("seven is no answer")
}

/// A task that gives a graph: one node for each number up to `n`.
#[task]
fn fan_out(n: i64) -> Promise<i64> {
    let parts: Promise<Vec<i64>> = (0..n).map(double::node).collect();
    total::node(parts)
}

/// One that gives a graph with such a task, a map, a condition and a sub-workflow in it.
#[task]
fn grows_again(n: i64) -> Promise<i64> {
    let grown = fan_out::node(n);
    let mapped = total::node(double::map((0..n).collect::<Vec<_>>()));
    let chosen = when(grown.gt(5), chain::node(&grown)).otherwise(0);
    total::node(list![grown, mapped, chosen])
}

#[workflow]
fn dynamic(n: Promise<i64>) -> Promise<i64> {
    fan_out::node(n)
}

#[workflow]
fn dynamic_nested(n: Promise<i64>) -> Promise<i64> {
    grows_again::node(n)
}

#[workflow]
fn gated(x: Promise<i64>) -> Promise<i64> {
    let more = gate::wait_for::<i64>("more").timeout("5m");
    let sum = add::node(x, more);
    let pause = gate::sleep("1s").after(&sum);
    gate::approve("release", sum).timeout("5m").after(pause)
}

#[task]
fn writes(text: String) -> File {
    File::from_bytes("text.txt", text)
}

#[task]
async fn counts(file: File) -> anyhow::Result<i64> {
    Ok(file.read_to_string().await?.split_whitespace().count() as i64)
}

#[workflow(outputs(file, words))]
fn files(text: Promise<String>) -> (Promise<File>, Promise<i64>) {
    let file = writes::node(text);
    let words = counts::node(&file);
    (file, words)
}

/// Counts the words of a file that comes with the launch.
#[workflow]
fn words_of(file: Promise<File>) -> Promise<i64> {
    counts::node(file)
}

/// The sum of a row, by a map.
#[workflow]
fn row(xs: Promise<Vec<i64>>, more: Promise<i64>) -> Promise<i64> {
    add::node(total::node(double::map(xs)), more)
}

#[workflow]
fn mapped_workflows(table: Promise<Vec<Vec<i64>>>) -> Promise<i64> {
    total::node(row::map(table, 1).concurrency(2))
}

/// Fails for odd numbers, in its first node.
#[workflow]
fn half_twice(x: Promise<i64>) -> Promise<i64> {
    double::node(halve::node(x))
}

#[workflow]
fn mapped_halves(xs: Promise<Vec<i64>>) -> Promise<i64> {
    total::node(half_twice::map(xs))
}

/// A map of workflows that map a workflow.
#[workflow]
fn mapped_twice(tables: Promise<Vec<Vec<Vec<i64>>>>) -> Promise<i64> {
    total::node(mapped_workflows::map(tables))
}

/// A map of a workflow that decides.
#[workflow]
fn mapped_decisions(xs: Promise<Vec<i64>>) -> Promise<i64> {
    total::node(decides::map(xs))
}

/// Approval of a part of a value.
#[workflow]
fn approved(x: Promise<i64>) -> Promise<i64> {
    let limits = limits::node(x);
    gate::approve("release", &limits.most).timeout("5m")
}
