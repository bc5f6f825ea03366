//! Outputs that are remembered: what enters a key, what is taken, who waits for whom, and what is said of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

use nebulakit::Context;
use nebulakit::backend::{Backend as _, CacheUse, Fate, LocalBackend, Options, Preview, Unkept};
use nebulakit::graph::Graph;
use nebulakit::prelude::*;
use nebulakit::run::{CacheWhy, EventKind, KeyChange, Lookup, NodeStatus, Origin, Prune, RunHandle, RunOutcome, RunsFolder, cache_why};
use nebulakit::types::convert::writer::map_of_literals;

use crate::literal;

/// A folder of runs, and room for inputs beside it.
struct Place {
    dir: tempfile::TempDir,
    backend: LocalBackend,
}

const RAN: NodeStatus = NodeStatus::Succeeded(Origin::Run);
const HIT: NodeStatus = NodeStatus::Succeeded(Origin::Cache);

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let backend = LocalBackend::new(RunsFolder::open(dir.path().join(".nebulakit")).unwrap());
        Self { dir, backend }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A run that succeeds.
    async fn run(&self, graph: &Graph, options: &Options) -> RunHandle {
        let run = self.backend.run(self.backend.compile(graph, options).unwrap()).await.unwrap();
        assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
        run
    }

    async fn status(&self, graph: &Graph, options: &Options, node: &str) -> NodeStatus {
        self.run(graph, options).await.state().unwrap().nodes[node].status.clone()
    }

    async fn preview(&self, graph: &Graph, options: &Options) -> Preview {
        let before = self.files();
        let preview = self.backend.preview(&self.backend.compile(graph, options).unwrap()).await.unwrap();
        assert_eq!(self.files(), before, "nothing is written");
        preview
    }

    /// All that is there, with what is in it.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut left = vec![self.dir.path().to_owned()];
        let mut files = BTreeMap::new();
        while let Some(folder) = left.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    files.insert(path.clone(), Vec::new());
                    left.push(path);
                } else {
                    files.insert(path.clone(), fs::read(&path).unwrap());
                }
            }
        }
        files
    }

    fn why(&self, run: &RunHandle, node: &str) -> CacheWhy {
        cache_why(self.backend.runs(), run, node).unwrap()
    }
}

fn given(inputs: &[(&str, Vec<u8>)]) -> Options {
    Options::new().inputs(map_of_literals(inputs.iter().map(|(name, literal)| (*name, literal.as_slice()))))
}

fn fates(preview: &Preview) -> Vec<(&str, Fate)> {
    preview.nodes.iter().map(|node| (node.node.as_str(), node.fate.clone())).collect()
}

#[task(cache(version = "1"))]
async fn size(file: File) -> anyhow::Result<i64> {
    Ok(file.size().await? as i64)
}

#[workflow]
fn sized(file: Promise<File>) -> Promise<i64> {
    size::node(file)
}

#[tokio::test]
async fn an_edit_that_keeps_size_and_second_is_a_miss() {
    let place = Place::new();
    let path = place.path("in");
    let second = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let write = |text: &str, nanos| {
        fs::write(&path, text).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(second + Duration::from_nanos(nanos)).unwrap();
    };
    let options = given(&[("file", literal::<File>(&File::from_uri(path.to_str().unwrap())))]);
    let graph = sized::graph().unwrap();
    write("aaaa", 0);
    assert_eq!(place.status(&graph, &options, "n0").await, RAN);
    assert_eq!(place.status(&graph, &options, "n0").await, HIT);
    write("bbbb", 1);
    assert_eq!(place.status(&graph, &options, "n0").await, RAN);
}

#[task(cache(version = "1"))]
fn looks_into(folder: Directory) -> i64 {
    folder.uri().map_or(0, str::len) as i64
}

#[workflow]
fn looked_into(folder: Promise<Directory>) -> Promise<i64> {
    looks_into::node(folder)
}

#[tokio::test]
async fn a_folder_of_which_one_file_changed_is_a_miss() {
    let place = Place::new();
    let folder = place.path("folder");
    fs::create_dir_all(folder.join("a")).unwrap();
    for name in ["one", "a/two"] {
        fs::write(folder.join(name), "x").unwrap();
    }
    let options = given(&[("folder", literal::<Directory>(&Directory::from_uri(folder.to_str().unwrap())))]);
    let graph = looked_into::graph().unwrap();
    assert_eq!(place.status(&graph, &options, "n0").await, RAN);
    assert_eq!(place.status(&graph, &options, "n0").await, HIT);
    fs::write(folder.join("a/two"), "y").unwrap();
    assert_eq!(place.status(&graph, &options, "n0").await, RAN);
}

#[derive(Debug, NebulaType)]
struct Sample {
    name: String,
    reads: Vec<File>,
}

#[task(cache(version = "1"))]
fn counts(sample: Sample) -> i64 {
    sample.reads.len() as i64
}

#[task]
fn sampled(ctx: Context, text: String) -> anyhow::Result<Sample> {
    let path = ctx.working_directory()?.join("reads.txt");
    fs::write(&path, text)?;
    Ok(Sample { name: "one".to_owned(), reads: vec![File::from_path(path)] })
}

#[workflow]
fn sampled_and_counted(text: Promise<String>) -> Promise<i64> {
    counts::node(sampled::node(text))
}

#[tokio::test]
async fn files_in_structs_count_by_their_bytes() {
    let place = Place::new();
    let graph = sampled_and_counted::graph().unwrap();
    let options = |text: &str| given(&[("text", literal(&text.to_owned()))]);
    assert_eq!(place.status(&graph, &options("four"), "n1").await, RAN);
    assert_eq!(place.status(&graph, &options("four"), "n1").await, HIT);
    assert_eq!(place.status(&graph, &options("five"), "n1").await, RAN);
}

#[task(cache(version = "1"))]
fn sampled_once(ctx: Context, text: String) -> anyhow::Result<Sample> {
    let path = ctx.working_directory()?.join("reads.txt");
    fs::write(&path, text)?;
    Ok(Sample { name: "one".to_owned(), reads: vec![File::from_path(path)] })
}

#[task]
fn reads(sample: Sample) -> anyhow::Result<i64> {
    sample.reads.iter().try_fold(0, |sum, file| Ok(sum + file.blocking().read_bytes()?.len() as i64))
}

#[workflow]
fn sampled_once_and_read(text: Promise<String>) -> Promise<i64> {
    reads::node(sampled_once::node(text))
}

#[tokio::test]
async fn an_entry_whose_struct_names_a_file_that_is_gone_runs_again() {
    let place = Place::new();
    let (graph, options) = (sampled_once_and_read::graph().unwrap(), given(&[("text", literal(&"four".to_owned()))]));
    let first = place.run(&graph, &options).await;
    assert_eq!(place.status(&graph, &options, "n0").await, HIT);
    fs::remove_file(&first.artifacts().unwrap()[0].path).unwrap();
    let run = place.run(&graph, &options).await;
    assert!(matches!(place.why(&run, "n0"), CacheWhy::Asked { found: Lookup::Gone { .. }, .. }));
}

/// Text that is called as the places of files are.
#[derive(Debug, NebulaType)]
struct Route {
    path: String,
}

#[task(cache(version = "1"))]
fn route(path: String) -> Route {
    Route { path }
}

#[workflow]
fn routed(path: Promise<String>) -> Promise<Route> {
    route::node(path)
}

#[tokio::test]
async fn text_in_a_struct_is_not_a_file_that_is_gone() {
    let place = Place::new();
    let (graph, options) = (routed::graph().unwrap(), given(&[("path", literal(&"/no/such/file".to_owned()))]));
    assert_eq!(place.status(&graph, &options, "n0").await, RAN);
    assert_eq!(place.status(&graph, &options, "n0").await, HIT);
}

#[task]
fn steps(route: Route) -> i64 {
    Path::new(&route.path).components().count() as i64
}

#[workflow]
fn stepped(route: Promise<Route>) -> Promise<i64> {
    steps::node(route)
}

#[tokio::test]
async fn what_text_in_a_struct_leads_to_is_not_read() {
    let place = Place::new();
    let folder = place.path("folder");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("file"), "text").unwrap();
    fs::File::options().write(true).open(folder.join("file")).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    let route = Route { path: folder.to_str().unwrap().to_owned() };
    place.run(&stepped::graph().unwrap(), &given(&[("route", literal(&route))])).await;
    assert!(!place.path(".nebulakit/contents").exists());
}

#[task]
fn writes(ctx: Context, text: String) -> anyhow::Result<File> {
    let path = ctx.working_directory()?.join("text.txt");
    fs::write(&path, text)?;
    Ok(File::from_path(path))
}

#[workflow]
fn written_and_sized(text: Promise<String>) -> Promise<i64> {
    size::node(writes::node(text))
}

#[tokio::test]
async fn a_file_that_another_node_stored_counts_by_its_bytes_in_every_run() {
    let place = Place::new();
    let graph = written_and_sized::graph().unwrap();
    let options = given(&[("text", literal(&"four".to_owned()))]);
    assert_eq!(place.status(&graph, &options, "n1").await, RAN);
    let run = place.run(&graph, &options).await;
    let state = run.state().unwrap();
    assert_eq!((&state.nodes["n0"].status, &state.nodes["n1"].status), (&RAN, &HIT));
    let CacheWhy::Asked { found: Lookup::Hit { from, .. }, .. } = place.why(&run, "n1") else { panic!("it was taken") };
    assert_eq!(from.run, place.backend.runs().list().unwrap()[0]);
}

#[task(cache(version = "1"))]
fn long(x: i64) -> String {
    "long ".repeat(10_000 + x as usize)
}

#[workflow]
fn lengthy(x: Promise<i64>) -> Promise<String> {
    long::node(x)
}

#[tokio::test]
async fn what_is_remembered_of_a_file_goes_with_the_file() {
    let place = Place::new();
    let paths = ["stays", "goes"].map(|name| place.path(name));
    for path in &paths {
        fs::write(path, "text").unwrap();
        // A file that was just written is not remembered.
        fs::File::options().write(true).open(path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        place.run(&sized::graph().unwrap(), &given(&[("file", literal::<File>(&File::from_uri(path.to_str().unwrap())))])).await;
    }
    assert_eq!(files_below(&place.path(".nebulakit/contents")).len(), 2);
    fs::remove_file(&paths[1]).unwrap();
    place.backend.runs().prune(&Prune::new()).unwrap();
    let left = files_below(&place.path(".nebulakit/contents"));
    assert!(left.len() == 1 && left[0].to_str().unwrap().ends_with("stays"), "{left:?}");
}

/// The files below a folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let inner = |path: PathBuf| if path.is_dir() { files_below(&path) } else { vec![path] };
    fs::read_dir(folder).unwrap().flat_map(|entry| inner(entry.unwrap().path())).collect()
}

#[tokio::test]
async fn an_entry_that_is_damaged_or_whose_data_is_gone_runs_again() {
    let place = Place::new();
    let (graph, options) = (lengthy::graph().unwrap(), given(&[("x", literal(&1_i64))]));
    assert_eq!(place.status(&graph, &options, "n0").await, RAN);
    for file in files_below(&place.path(".nebulakit/data")) {
        fs::remove_file(file).unwrap();
    }
    let run = place.run(&graph, &options).await;
    assert!(matches!(place.why(&run, "n0"), CacheWhy::Asked { found: Lookup::Gone { .. }, .. }));
    assert_eq!(place.status(&graph, &options, "n0").await, HIT, "its data is there again");
    for file in files_below(&place.path(".nebulakit/data")) {
        let mut bytes = fs::read(&file).unwrap();
        bytes[1000] ^= 1;
        fs::write(file, bytes).unwrap();
    }
    assert_eq!(place.status(&graph, &options, "n0").await, RAN);
    assert_eq!(place.status(&graph, &options, "n0").await, HIT, "its data is whole again");
    for file in files_below(&place.path(".nebulakit/cache")) {
        fs::write(file, r#"{"key":"#).unwrap();
    }
    assert_eq!(place.status(&graph, &options, "n0").await, RAN);
    assert_eq!(place.status(&graph, &options, "n0").await, HIT, "it was replaced");
}

#[tokio::test]
async fn a_run_is_stopped_while_an_entry_is_read() {
    let place = Place::new();
    let (graph, options) = (lengthy::graph().unwrap(), given(&[("x", literal(&1_i64))]));
    place.run(&graph, &options).await;
    let data = files_below(&place.path(".nebulakit/data")).pop().unwrap();
    fs::remove_file(&data).unwrap();
    assert!(Command::new("mkfifo").arg(&data).status().unwrap().success(), "nothing comes of a read of it");
    stopped_when_ready(&place, &graph, &options).await;
    fs::write(&data, "").unwrap();
}

#[task(cache(version = "1"))]
fn one_more(x: i64) -> i64 {
    x + 1
}

#[task]
fn grows(x: i64) -> Promise<i64> {
    one_more::node(x)
}

static GROWN: AtomicU32 = AtomicU32::new(0);

#[task(cache(version = "1"))]
fn grows_once(x: i64) -> Promise<i64> {
    GROWN.fetch_add(1, Ordering::SeqCst);
    one_more::node(x)
}

#[workflow]
fn grown(x: Promise<i64>) -> Promise<i64> {
    grows::node(grows_once::node(x))
}

#[tokio::test]
async fn a_dynamic_task_with_a_cache_grows_once() {
    let place = Place::new();
    let (graph, options) = (grown::graph().unwrap(), given(&[("x", literal(&1_i64))]));
    place.run(&graph, &options).await;
    let run = place.run(&graph, &options).await;
    let state = run.state().unwrap();
    assert_eq!((&state.nodes["n0"].status, &state.nodes["n1"].status, &state.nodes["n1/n0"].status), (&HIT, &RAN, &HIT));
    assert_eq!(GROWN.load(Ordering::SeqCst), 1);
    assert_eq!(place.why(&run, "n1"), CacheWhy::Composed);
}

#[task(cache(version = "1", ignore(note)))]
fn noted(x: i64, y: i64, note: String) -> i64 {
    x + y + note.len() as i64
}

#[workflow]
fn explained(x: Promise<i64>, note: Promise<String>) -> Promise<i64> {
    let plain = plain::node(noted::node(x, 5, note));
    one_more::node(plain).no_cache()
}

#[task]
fn plain(x: i64) -> i64 {
    x
}

#[tokio::test]
async fn why_a_node_ran_is_told_part_by_part() {
    let place = Place::new();
    let graph = explained::graph().unwrap();
    let options = |x: i64, note: &str| given(&[("x", literal(&x)), ("note", literal(&note.to_owned()))]);
    let first = place.run(&graph, &options(1, "a")).await;
    let CacheWhy::Asked { found: Lookup::Miss { key }, nearest: None } = place.why(&first, "n0") else { panic!("nothing was there") };
    assert_eq!(key.ignored, ["note"]);
    let second = place.run(&graph, &options(2, "b")).await;
    let CacheWhy::Asked { nearest: Some(nearest), .. } = place.why(&second, "n0") else { panic!("an entry is like it") };
    assert!(matches!(&*nearest.changes, [KeyChange::Input { name, .. }] if name == "x"), "{:?}", nearest.changes);
    assert_eq!(nearest.entry.run, *first.id());
    assert_eq!(place.why(&second, "n1"), CacheWhy::NotCached);
    assert_eq!(place.why(&second, "n2"), CacheWhy::NotCached);
    let third = place.run(&graph, &options(2, "c").cache(CacheUse::Off)).await;
    assert_eq!(place.why(&third, "n0"), CacheWhy::Asked { found: Lookup::Off, nearest: None });
    let error = cache_why(place.backend.runs(), &third, "n9").unwrap_err();
    assert!(error.to_string().contains("has no node `n9`"), "{error}");
}

static CALLS: AtomicU32 = AtomicU32::new(0);

#[task(cache(version = "1", serialize))]
async fn one_at_a_time(x: i64) -> i64 {
    CALLS.fetch_add(1, Ordering::SeqCst);
    tokio::task::yield_now().await;
    x
}

#[workflow]
fn equal_calls(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    one_at_a_time::map(xs)
}

#[tokio::test]
async fn equal_calls_wait_for_the_first_within_a_run_and_between_runs() {
    let place = Place::new();
    let (graph, options) = (equal_calls::graph().unwrap(), given(&[("xs", literal(&vec![7_i64, 7, 8, 7]))]));
    let (one, other) = futures_util::join!(place.run(&graph, &options), place.run(&graph, &options));
    assert_eq!(CALLS.load(Ordering::SeqCst), 2, "one for each value");
    let mut behind = 0;
    for run in [one, other] {
        let mut events = run.events();
        while let Some(event) = events.next().await.unwrap() {
            behind += u32::from(matches!(event.kind, EventKind::Behind { .. }));
        }
    }
    assert!(behind >= 2, "{behind}");
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_huge_file() {
    let place = Place::new();
    let path = place.path("huge");
    fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    let options = given(&[("file", literal::<File>(&File::from_uri(path.to_str().unwrap())))]);
    stopped_when_ready(&place, &sized::graph().unwrap(), &options).await;
}

/// Stops a run as soon as its first node is ready.
async fn stopped_when_ready(place: &Place, graph: &Graph, options: &Options) {
    let run = place.backend.run(place.backend.compile(graph, options).unwrap()).await.unwrap();
    let mut events = run.events();
    while !matches!(events.next().await.unwrap().unwrap().kind, EventKind::Ready { .. }) {}
    run.cancel().unwrap();
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Cancelled);
    assert_eq!(run.state().unwrap().nodes["n0"].status, NodeStatus::Cancelled);
}

#[task]
fn looks(folder: Directory) -> i64 {
    folder.uri().map_or(0, str::len) as i64
}

#[workflow]
fn looked(folder: Promise<Directory>) -> Promise<i64> {
    looks::node(folder)
}

#[test]
fn a_stop_does_not_wait_for_a_huge_folder() {
    let place = Place::new();
    let path = place.path("huge");
    fs::create_dir(&path).unwrap();
    for name in 0..4_000 {
        fs::File::create(path.join(name.to_string())).unwrap().set_len(64 << 20).unwrap();
    }
    let options = given(&[("folder", literal::<Directory>(&Directory::from_uri(path.to_str().unwrap())))]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(stopped_when_ready(&place, &looked::graph().unwrap(), &options));
    let stopped = Instant::now();
    // It waits for what its threads do.
    drop(runtime);
    assert!(stopped.elapsed() < Duration::from_secs(5), "it was read for {:?}", stopped.elapsed());
}

/// Fails until a file is there.
#[task]
fn when_there(x: i64, path: String) -> anyhow::Result<i64> {
    anyhow::ensure!(Path::new(&path).exists(), "{path} is not there");
    Ok(x)
}

#[workflow]
fn planned(x: Promise<i64>, path: Promise<String>) -> Promise<Vec<i64>> {
    let first = plain::node(&x);
    let cached = one_more::node(first);
    let seen = gate::approve("go", &cached);
    one_more::map(vec![when_there::node(cached, path), one_more::node(x), seen])
}

#[tokio::test]
async fn a_preview_says_what_runs_and_what_is_not_known_yet() {
    let place = Place::new();
    let path = place.path("there").to_str().unwrap().to_owned();
    let (graph, options) = (planned::graph().unwrap(), given(&[("x", literal(&1_i64)), ("path", literal(&path))]));
    let unknown = |until: &str| Fate::Unknown { until: until.into() };
    let preview = place.preview(&graph, &options).await;
    let before =
        [("n0", Fate::Runs), ("n1", unknown("n0")), ("n2", unknown("n1")), ("n3", Fate::Runs), ("n4", Fate::Runs), ("n5", unknown("n3"))];
    assert_eq!(fates(&preview), before);
    // It fails at `when_there`, and everything before is done.
    let run = place.backend.run(place.backend.compile(&graph, &options).unwrap()).await.unwrap();
    assert!(matches!(run.wait().await.unwrap(), RunOutcome::Failed { .. }));
    let preview = place.preview(&graph, &options.clone().resumes(run.id().clone())).await;
    assert_eq!(fates(&preview)[..2], [("n0", Fate::Kept), ("n1", Fate::Kept)]);
    assert_eq!(fates(&preview)[3..5], [("n3", Fate::Runs), ("n4", Fate::Kept)]);
    assert_eq!(preview.nodes[3].unkept, Some(Unkept::NotDone));
    // Without the run that it goes on with, the cache is all that is known.
    let preview = place.preview(&graph, &options).await;
    let mut now = before;
    now[4].1 = Fate::Cached;
    assert_eq!(fates(&preview), now);
}

#[workflow]
fn mapped(xs: Promise<Vec<i64>>) -> Promise<i64> {
    let doubled = one_more::map(xs);
    one_more::node(doubled.at(0))
}

#[tokio::test]
async fn a_preview_goes_through_what_is_cached_and_tells_what_is_new() {
    let place = Place::new();
    let graph = mapped::graph().unwrap();
    let options = |xs: Vec<i64>| given(&[("xs", literal(&xs))]);
    place.run(&graph, &options(vec![1, 2])).await;
    let preview = place.preview(&graph, &options(vec![1, 2])).await;
    assert_eq!(fates(&preview), [("n0", Fate::Settled), ("n0[0]", Fate::Cached), ("n0[1]", Fate::Cached), ("n1", Fate::Cached)]);
    let preview = place.preview(&graph, &options(vec![1, 9])).await;
    let unknown = Fate::Unknown { until: "n0".into() };
    assert_eq!(fates(&preview), [("n0", Fate::Partly), ("n0[0]", Fate::Cached), ("n0[1]", Fate::Runs), ("n1", unknown)]);
    let nearest = preview.nodes[2].nearest.as_ref().unwrap();
    assert!(matches!(&*nearest.changes, [KeyChange::Input { name, .. }] if name == "x"), "{:?}", nearest.changes);
}

#[workflow]
fn decided(x: Promise<i64>) -> Promise<i64> {
    when(x.gt(1), plain::node(one_more::node(&x))).otherwise(plain::node(&x))
}

#[tokio::test]
async fn a_preview_takes_the_arm_that_a_run_would_take() {
    let place = Place::new();
    let preview = place.preview(&decided::graph().unwrap(), &given(&[("x", literal(&7_i64))])).await;
    assert_eq!(fates(&preview), [("n0", Fate::Partly), ("n0-n0", Fate::Runs), ("n0-n1", Fate::Runs)]);
}
