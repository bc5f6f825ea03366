//! What passes between nodes: parts of values, lists and maps of promises, files.

use std::collections::HashMap;

use nebulakit::backend::RunLocal;
use nebulakit::prelude::*;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

#[derive(NebulaType, Debug, Clone, PartialEq)]
struct Profile {
    name: String,
    scores: Vec<i64>,
    inner: Inner,
}

#[derive(NebulaType, Debug, Clone, PartialEq)]
struct Inner {
    rate: f64,
    tags: HashMap<String, i64>,
}

#[task]
fn profile(name: String) -> Profile {
    let tags = HashMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]);
    Profile { name, scores: vec![3, 4], inner: Inner { rate: 0.5, tags } }
}

#[task]
fn told(name: String, score: i64, rate: f64, tag: i64, inner: Inner) -> String {
    format!("{name} {score} {rate} {tag} {}", inner.tags.len())
}

#[workflow]
fn parts(name: Promise<String>) -> Promise<String> {
    let profile = profile::node(name);
    let tag = profile.inner.tags.key("b");
    told::node(&profile.name, profile.scores.at(1), &profile.inner.rate, tag, &profile.inner)
}

#[tokio::test]
async fn parts_of_a_struct_are_passed_on() {
    assert_eq!(parts::with("x").run_local().await.unwrap(), "x 4 0.5 2 2");
}

#[workflow]
fn too_far(name: Promise<String>) -> Promise<i64> {
    same::node(profile::node(name).scores.at(2))
}

#[task]
fn same(x: i64) -> i64 {
    x
}

#[tokio::test]
async fn a_part_that_is_not_there_fails_the_node_that_needs_it() {
    let error = too_far::with("x").run_local().await.unwrap_err();
    assert_eq!(error.code(), Some("SYSTEM:BindingResolutionFailure"));
    assert!(error.to_string().contains("index 2 is out of range: the list has 2 elements"), "{error}");
    assert_eq!(error.node().unwrap(), "n1");
}

#[task]
fn sum(xs: Vec<i64>, named: HashMap<String, i64>) -> i64 {
    xs.iter().sum::<i64>() * 100 + named.values().sum::<i64>()
}

#[workflow]
fn collected(x: Promise<i64>) -> Promise<i64> {
    let one = same::node(&x);
    sum::node(list![&one, 7, &x], map! { "a" => &one, "b" => 5 })
}

#[tokio::test]
async fn lists_and_maps_are_made_of_promises_and_constants() {
    assert_eq!(collected::with(2).run_local().await.unwrap(), 1107);
}

#[task]
fn write(ctx: Context, text: String) -> anyhow::Result<File> {
    let path = ctx.working_directory()?.join("text.txt");
    std::fs::write(&path, text)?;
    Ok(File::from_path(path))
}

#[task]
async fn read(file: File) -> anyhow::Result<String> {
    Ok(file.read_to_string().await?)
}

#[workflow]
fn through_a_file(text: Promise<String>) -> (Promise<String>, Promise<File>) {
    let file = write::node(text);
    (read::node(&file), file)
}

#[tokio::test]
async fn files_are_passed_on_and_live_as_long_as_what_names_them() {
    let (text, file) = through_a_file::with("hello").run_local().await.unwrap();
    assert_eq!(text, "hello");
    assert_eq!(file.read_to_string().await.unwrap(), "hello");
}

#[tokio::test]
async fn a_file_of_this_machine_is_an_input() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in"), "from outside").unwrap();
    assert_eq!(read::with(File::from_path(folder.path().join("in"))).run_local().await.unwrap(), "from outside");
}

#[task]
async fn next(x: i64) -> i64 {
    x + 1
}

const MANY: usize = 10_000;

#[workflow]
fn an_element_each(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    (0..MANY).map(|index| next::node(xs.at(index))).collect()
}

#[workflow]
fn the_same_each(x: Promise<i64>) -> Promise<Vec<i64>> {
    (0..MANY).map(|_| next::node(&x)).collect()
}

/// The CPU time of this thread, which runs all of it.
async fn cpu(run: RunLocal<Vec<i64>>) -> (Vec<i64>, i64) {
    let now = || {
        let usage = getrusage(UsageWho::RUSAGE_THREAD).unwrap();
        (usage.user_time() + usage.system_time()).num_milliseconds()
    };
    let begin = now();
    (run.await.unwrap(), now() - begin)
}

#[tokio::test]
async fn a_node_that_takes_one_element_of_a_long_list_costs_no_more_than_any_other() {
    let (_, same) = cpu(the_same_each::with(1).run_local()).await;
    let (given, each) = cpu(an_element_each::with((0..).take(MANY).collect::<Vec<_>>()).run_local()).await;
    assert_eq!((given[0], given[9_999]), (1, 10_000));
    assert!(each < 2 * same, "{each} ms for elements of a list, {same} ms for one value");
}
