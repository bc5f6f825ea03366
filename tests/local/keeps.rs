//! Runs that keep nothing but what they give, and what the cache refers to.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use nebulakit::Context;
use nebulakit::backend::{Backend as _, Keep, LocalBackend, Options};
use nebulakit::graph::Graph;
use nebulakit::prelude::*;
use nebulakit::run::{Again, ArtifactKind, EventKind, NodeStatus, Origin, RunHandle, RunOutcome, RunsFolder};
use nebulakit::types::convert::places::{Place, places};
use nebulakit::types::convert::writer::map_of_literals;
use nebulakit::types::{Literal, Raw, Untyped};
use proptest::prelude::*;

use crate::literal;

fn stored(ctx: &Context, text: &str) -> anyhow::Result<File> {
    let path = ctx.working_directory()?.join("text");
    fs::write(&path, text)?;
    Ok(File::from_path(path))
}

/// Reads files, and stores one.
#[task]
fn store(ctx: Context, inputs: Vec<File>) -> anyhow::Result<File> {
    for file in inputs {
        anyhow::ensure!(file.blocking().read_bytes()? == "text", "a file is not what it was");
    }
    stored(&ctx, "text")
}

/// Gives on what it is given, and stores a file that nobody is told of.
#[task]
fn pass(ctx: Context, files: Vec<File>) -> anyhow::Result<Vec<File>> {
    fs::create_dir_all(ctx.raw_output_prefix())?;
    fs::write(Path::new(ctx.raw_output_prefix()).join("unnamed"), "unnamed")?;
    Ok(files)
}

#[task]
fn one_of(files: Vec<File>, which: i64) -> anyhow::Result<File> {
    let which = usize::try_from(which)?;
    files.into_iter().nth(which).ok_or_else(|| anyhow::anyhow!("there is none"))
}

#[workflow]
fn within(files: Promise<Vec<File>>) -> Promise<File> {
    let passed = pass::node(files);
    one_of::node(pass::node(vec![store::node(&passed), store::node(passed)]), 1)
}

#[task]
fn copy(ctx: Context, file: File) -> anyhow::Result<File> {
    anyhow::ensure!(file.blocking().read_bytes()? == "text", "a file is not what it was");
    stored(&ctx, "text")
}

/// A graph of nodes, each a kind and those that feed it; what the last numbers name is what it gives.
#[task]
fn any(nodes: Vec<Vec<i64>>, outputs: Vec<i64>) -> Promise<Vec<File>> {
    let mut made: Vec<Promise<File>> = Vec::new();
    for node in &nodes {
        let (kind, feeds) = node.split_first().unwrap();
        let feeds: Vec<Promise<File>> =
            feeds.iter().filter(|_| !made.is_empty()).map(|feed| made[usize::try_from(*feed).unwrap() % made.len()].clone()).collect();
        made.push(match (kind, feeds.is_empty()) {
            (1, false) => one_of::node(pass::node(feeds), 0),
            (2, false) => within::node(feeds),
            (3, false) => one_of::node(copy::map(feeds), 0),
            _ => store::node(feeds),
        });
    }
    pass::node(outputs.iter().map(|output| made[usize::try_from(*output).unwrap() % made.len()].clone()).collect::<Vec<_>>())
}

#[workflow]
fn graphs(nodes: Promise<Vec<Vec<i64>>>, outputs: Promise<Vec<i64>>) -> Promise<Vec<File>> {
    any::node(nodes, outputs)
}

struct Folder {
    _folder: tempfile::TempDir,
    backend: LocalBackend,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let backend = LocalBackend::new(RunsFolder::open(folder.path().join(".nebulakit")).unwrap());
        Self { _folder: folder, backend }
    }

    async fn run(&self, graph: &Graph, inputs: &[(&str, Vec<u8>)], options: Options) -> RunHandle {
        let plan = self.backend.compile(graph, &options.inputs(given(inputs)).keep(Keep::Outputs)).unwrap();
        let run = self.backend.run(plan).await.unwrap();
        run.wait().await.unwrap();
        run
    }
}

fn given(inputs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    map_of_literals(inputs.iter().map(|(name, literal)| (*name, literal.as_slice())))
}

/// The folders in which nodes of the run have files.
fn left(run: &RunHandle) -> BTreeSet<String> {
    let raw = fs::read_dir(run.folder().path().join("raw")).unwrap();
    raw.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Those of them that values name; their files are there.
fn named(run: &RunHandle, outputs: &[u8]) -> BTreeSet<String> {
    let raw = run.folder().path().join("raw");
    let named = places(outputs).unwrap().into_iter().map(|place| {
        let Place::Here(path) = place else { panic!("{place:?} is on this machine") };
        assert_eq!(fs::read_to_string(&path).unwrap(), "text");
        path.strip_prefix(&raw).unwrap().iter().next().unwrap().to_str().unwrap().to_owned()
    });
    named.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_run_gives_is_there_and_nothing_else(
        nodes in prop::collection::vec((0_i64..4, prop::collection::vec(0_i64..8, 0..4)), 1..8),
        outputs in prop::collection::vec(0_i64..8, 1..4),
    ) {
        let nodes: Vec<Vec<i64>> = nodes.into_iter().map(|(kind, feeds)| [vec![kind], feeds].concat()).collect();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let folder = Folder::new();
            let inputs = [("nodes", literal(&nodes)), ("outputs", literal(&outputs))];
            let run = folder.run(&graphs::graph().unwrap(), &inputs, Options::new()).await;
            assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
            assert_eq!(left(&run), named(&run, &run.result().unwrap()));
        });
    }
}

#[task(cache(version = "1"))]
fn remembered(ctx: Context) -> anyhow::Result<File> {
    stored(&ctx, "text")
}

#[workflow]
fn caching() -> Promise<i64> {
    let file = remembered::node();
    long::node(vec![file.clone(), store::node(vec![file])])
}

/// Large outputs, which are not in their event.
#[task]
fn large() -> String {
    "x".repeat(10_000)
}

#[task]
fn long(files: Vec<File>) -> i64 {
    files.len().try_into().unwrap_or_default()
}

#[tokio::test]
async fn what_the_cache_refers_to_stays() {
    let folder = Folder::new();
    let graph = caching::graph().unwrap();
    let first = folder.run(&graph, &[], Options::new()).await;
    assert_eq!(left(&first).len(), 1, "{:?}", left(&first));
    let second = folder.run(&graph, &[], Options::new()).await;
    let hits = second.state().unwrap().nodes.values().filter(|node| node.status == NodeStatus::Succeeded(Origin::Cache)).count();
    assert_eq!((second.wait().await.unwrap(), hits), (RunOutcome::Succeeded, 1));
}

#[task]
fn measure(text: String) -> i64 {
    text.len().try_into().unwrap_or_default()
}

#[workflow]
fn texts() -> (Promise<i64>, Promise<String>) {
    (measure::node(large::node()), large::node())
}

#[tokio::test]
async fn large_values_stay_where_the_run_gives_them() {
    let folder = Folder::new();
    let run = folder.run(&texts::graph().unwrap(), &[], Options::new()).await;
    assert!(run.result().unwrap().len() > 10_000);
    assert!(!run.folder().path().join("data").exists());
    assert!(run.outputs("n0").is_err(), "nothing needs it");
}

/// Gives on a text. The first time it has nothing more be written to the folder of data.
#[task]
fn breaks(text: String, data: String) -> anyhow::Result<String> {
    fs::remove_dir(&data)?;
    fs::write(&data, "not a folder")?;
    Ok(text)
}

#[workflow]
fn broken(data: Promise<String>) -> Promise<String> {
    breaks::node(large::node(), data)
}

#[tokio::test]
async fn large_values_stay_until_the_end_of_the_run_is_recorded() {
    let folder = Folder::new();
    let data = folder.backend.runs().path().join("data");
    let inputs = [("data", literal(&data.to_str().unwrap().to_owned()))];
    let plan = folder.backend.compile(&broken::graph().unwrap(), &Options::new().inputs(given(&inputs)).keep(Keep::Outputs)).unwrap();
    let first = folder.backend.run(plan).await.unwrap();
    assert!(first.wait().await.unwrap_err().to_string().contains("data"), "what it gives cannot be written");
    fs::remove_file(&data).unwrap();
    fs::create_dir(&data).unwrap();
    let second = folder.run(&broken::graph().unwrap(), &inputs, Options::new().resumes(first.id().clone())).await;
    assert_eq!((second.wait().await.unwrap(), ran(&second)), (RunOutcome::Succeeded, vec![]));
    assert!(!second.folder().path().join("data").exists());
}

/// A file, and a struct that cannot be read.
#[task]
fn unreadable(ctx: Context) -> anyhow::Result<(File, Raw<Untyped>)> {
    let literal = Literal::from_json(&serde_json::json!({"scalar": {"binary": {"value": "wQ==", "tag": "msgpack"}}}))?;
    Ok((stored(&ctx, "text")?, nebulakit::types::decode(&literal.encode())?))
}

#[workflow]
fn beside_unreadable() -> Promise<File> {
    let (file, _) = unreadable::node().split();
    copy::node(file)
}

#[tokio::test]
async fn nothing_is_deleted_where_it_cannot_be_told_what_outputs_name() {
    let folder = Folder::new();
    let run = folder.run(&beside_unreadable::graph().unwrap(), &[], Options::new()).await;
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
    assert_eq!(left(&run), ["n0".to_owned(), "n1".to_owned()].into());
}

#[task]
fn counts(file: File, mended: String) -> anyhow::Result<i64> {
    anyhow::ensure!(Path::new(&mended).exists(), "it is not mended");
    Ok(file.blocking().read_bytes()?.len().try_into()?)
}

#[workflow]
fn chain(mended: Promise<String>) -> Promise<i64> {
    counts::node(copy::node(copy::node(store::node(Vec::<File>::new()))), mended)
}

#[tokio::test]
async fn deleted_files_are_made_again_only_where_something_needs_them() {
    let (folder, elsewhere) = (Folder::new(), tempfile::tempdir().unwrap());
    let (graph, mended) = (chain::graph().unwrap(), elsewhere.path().join("mended"));
    let inputs = [("mended", literal(&mended.to_str().unwrap().to_owned()))];
    let first = folder.run(&graph, &inputs, Options::new()).await;
    assert!(matches!(first.wait().await.unwrap(), RunOutcome::Failed { .. }));
    assert_eq!(left(&first), ["n2".to_owned()].into(), "it is needed");
    let artifacts = first.artifacts().unwrap();
    let told: Vec<_> = artifacts.iter().map(|one| (one.node.as_ref().unwrap().as_str(), one.size, one.kind)).collect();
    assert_eq!(told, [("n0", 4, ArtifactKind::Deleted), ("n1", 4, ArtifactKind::Deleted), ("n2", 4, ArtifactKind::Data)]);

    fs::write(&mended, "").unwrap();
    let second = folder.run(&graph, &inputs, Options::new().resumes(first.id().clone())).await;
    assert_eq!((second.wait().await.unwrap(), ran(&second)), (RunOutcome::Succeeded, vec!["n3".to_owned()]));
    let third = folder.run(&graph, &inputs, Options::new().resumes(first.id().clone()).from("n2")).await;
    assert_eq!((third.wait().await.unwrap(), ran(&third).len()), (RunOutcome::Succeeded, 4));
    let (mut events, mut reasons) = (third.events(), Vec::new());
    while let Some(event) = events.next().await.unwrap() {
        if let EventKind::Again { because } = event.kind {
            reasons.push((event.node.unwrap().to_string(), because));
        }
    }
    let deleted = ["n0", "n1"].map(|node| (node.to_owned(), Again::Deleted));
    assert_eq!(reasons, [&deleted[..], &[("n2".to_owned(), Again::Asked)]].concat());
}

/// How many nodes are one behind the other.
const LONG: usize = 300;

#[workflow]
fn long_chain() -> Promise<File> {
    (0..LONG).fold(store::node(Vec::<File>::new()), |file, _| copy::node(file))
}

#[tokio::test]
async fn a_long_chain_of_deleted_files_is_found_at_once() {
    let folder = Folder::new();
    let graph = long_chain::graph().unwrap();
    let first = folder.run(&graph, &[], Options::new()).await;
    let last = format!("n{LONG}");
    let resumed = folder.run(&graph, &[], Options::new().resumes(first.id().clone()).from(last));
    let resumed = tokio::time::timeout(Duration::from_secs(20), resumed).await.expect("one walk for each node takes minutes");
    assert_eq!((resumed.wait().await.unwrap(), ran(&resumed).len()), (RunOutcome::Succeeded, LONG + 1));
}

/// The nodes that ran.
fn ran(run: &RunHandle) -> Vec<String> {
    let state = run.state().unwrap();
    state.nodes.iter().filter(|(_, node)| node.status == NodeStatus::Succeeded(Origin::Run)).map(|(path, _)| path.to_string()).collect()
}

#[task]
fn prepare() -> i64 {
    1
}

#[task]
fn takes(x: i64, file: File) -> anyhow::Result<i64> {
    Ok(x + i64::try_from(file.blocking().read_bytes()?.len())?)
}

#[workflow]
fn behind_a_gate() -> Promise<i64> {
    takes::node(1, gate::approve("go", store::node(Vec::<File>::new())))
}

#[workflow]
fn within_a_workflow(file: Promise<File>) -> Promise<i64> {
    takes::node(prepare::node(), file)
}

#[workflow]
fn into_a_workflow() -> Promise<i64> {
    within_a_workflow::node(store::node(Vec::<File>::new()))
}

#[workflow(outputs(x, file))]
fn gives_a_file() -> (Promise<i64>, Promise<File>) {
    (prepare::node(), store::node(Vec::<File>::new()))
}

#[workflow]
fn out_of_a_workflow() -> Promise<i64> {
    let (x, file) = gives_a_file::node().split();
    takes::node(x, file)
}

#[workflow]
fn into_an_arm(x: Promise<i64>) -> Promise<i64> {
    let file = store::node(Vec::<File>::new());
    when(x.gt(0), takes::node(prepare::node(), &file)).otherwise(long::node(vec![file]))
}

/// Runs `graph`, which needs no file then, and again from the node that runs `of`, for which a deleted file is made again.
async fn makes_a_file_again(graph: Graph, inputs: &[(&str, Vec<u8>)], of: &str) {
    let folder = Folder::new();
    let inputs = map_of_literals(inputs.iter().map(|(name, literal)| (*name, literal.as_slice())));
    let run = async |options: Options| {
        let plan = folder.backend.compile(&graph, &options.inputs(&*inputs).keep(Keep::Outputs)).unwrap();
        let run = folder.backend.run(plan).await.unwrap();
        let mut events = run.events();
        while let Some(event) = events.next().await.unwrap() {
            if matches!(event.kind, EventKind::Waiting { .. }) {
                run.approve("go").unwrap();
            }
        }
        assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
        run
    };
    let first = run(Options::new()).await;
    assert!(left(&first).is_empty(), "{:?}", left(&first));
    let state = first.state().unwrap();
    let (from, _) = state.nodes.iter().find(|(_, node)| node.of.ends_with(of)).unwrap();
    let second = run(Options::new().resumes(first.id().clone()).from(from.clone())).await;
    assert!(second.state().unwrap().nodes.values().any(|node| node.of.ends_with(".store") && node.deleted.is_some()));
}

#[tokio::test]
async fn a_gate_that_asks_again_passes_on_a_file_that_is_there() {
    makes_a_file_again(behind_a_gate::graph().unwrap(), &[], "approve").await;
}

#[tokio::test]
async fn a_node_in_a_workflow_that_runs_again_has_the_files_of_its_inputs() {
    makes_a_file_again(into_a_workflow::graph().unwrap(), &[], ".prepare").await;
}

#[tokio::test]
async fn a_workflow_that_runs_again_in_part_gives_files_that_are_there() {
    makes_a_file_again(out_of_a_workflow::graph().unwrap(), &[], ".prepare").await;
}

#[tokio::test]
async fn a_node_in_an_arm_that_runs_again_has_the_files_of_nodes_outside() {
    makes_a_file_again(into_an_arm::graph().unwrap(), &[("x", literal(&1_i64))], ".prepare").await;
}

#[task]
fn grows() -> Promise<File> {
    store::node(Vec::<File>::new())
}

#[workflow]
fn grown_chain() -> Promise<File> {
    copy::node(copy::node(grows::node()))
}

#[tokio::test]
async fn a_dynamic_task_runs_again_where_a_file_is_needed_that_its_graph_stored() {
    let folder = Folder::new();
    let graph = grown_chain::graph().unwrap();
    let first = folder.run(&graph, &[], Options::new()).await;
    let resumed = folder.run(&graph, &[], Options::new().resumes(first.id().clone()).from("n2")).await;
    assert_eq!((resumed.wait().await.unwrap(), ran(&resumed).len()), (RunOutcome::Succeeded, 4));
}
