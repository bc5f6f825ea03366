//! Runs that go on with others: what they keep, what runs again, and why.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use nebulakit::Context;
use nebulakit::backend::{Backend as _, LocalBackend, Options, RunError};
use nebulakit::graph::Graph;
use nebulakit::prelude::*;
use nebulakit::run::{Again, Durability, EVENT_VERSION, EventKind, NodeStatus, Origin, Recorder, RunHandle, RunId, RunOutcome, RunsFolder};
use serde_json::{Value, json};

/// A folder of runs, and in it a log of the tasks that ran and a file that tasks wait for.
struct Place {
    folder: tempfile::TempDir,
    backend: LocalBackend,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runs = RunsFolder::open(folder.path().join(".nebulakit")).unwrap();
        Self { folder, backend: LocalBackend::new(runs) }
    }

    fn path(&self) -> String {
        self.folder.path().to_str().unwrap().to_owned()
    }

    /// What `fails` waits for.
    fn mend(&self) {
        fs::write(self.folder.path().join("mended"), "").unwrap();
    }

    /// The tasks that ran since it was asked last, in the order of their names.
    fn ran(&self) -> Vec<String> {
        let log = self.folder.path().join("log");
        let text = fs::read_to_string(&log).unwrap_or_default();
        let _ = fs::remove_file(log);
        let mut ran: Vec<_> = text.lines().map(str::to_owned).collect();
        ran.sort_unstable();
        ran
    }

    async fn run(&self, graph: &Graph, more: &[(&str, Vec<u8>)], options: Options) -> Result<RunHandle, RunError> {
        let place = literal(&self.path());
        let inputs = std::iter::once(("place", &*place)).chain(more.iter().map(|(name, literal)| (*name, literal.as_slice())));
        let inputs = nebulakit::types::convert::writer::map_of_literals(inputs);
        let run = self.backend.run(self.backend.compile(graph, &options.inputs(inputs))?).await?;
        run.wait().await.unwrap();
        Ok(run)
    }

    /// Changes what a run recorded of the task of that name, as if another build had driven it.
    fn rebuild(&self, run: &RunId, task: &str, part: &str) {
        let path = self.backend.runs().path().join(format!("runs/{run}/build.json"));
        let mut build: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        build["id"] = json!("another build");
        let digest = &mut build["tasks"][format!("local.resumed.{task}")][part];
        assert!(digest.is_string(), "{task}: {part}");
        *digest = json!("other");
        fs::write(&path, build.to_string()).unwrap();
    }
}

fn literal<T: nebulakit::NebulaType>(value: &T) -> Vec<u8> {
    nebulakit::types::encode(value, &nebulakit::types::Dialect::FLYTE_1).unwrap()
}

/// Says that the task of that name ran.
fn note(place: &str, task: &str) {
    let mut log = fs::OpenOptions::new().create(true).append(true).open(Path::new(place).join("log")).unwrap();
    log.write_all(format!("{task}\n").as_bytes()).unwrap();
}

#[task]
fn one(place: String) -> i64 {
    note(&place, "one");
    1
}

#[task]
fn add(place: String, x: i64, name: String) -> i64 {
    note(&place, &name);
    x + 1
}

#[task]
fn fails(place: String, x: i64) -> anyhow::Result<i64> {
    note(&place, "fails");
    anyhow::ensure!(Path::new(&place).join("mended").exists(), "it is not mended");
    Ok(x)
}

#[task]
fn grows(place: String, x: i64) -> Promise<i64> {
    note(&place, "grows");
    fails::node(place.clone(), add::node(place, x, "grown".to_owned()))
}

#[task]
fn grows_well(place: String, x: i64) -> Promise<i64> {
    note(&place, "grows_well");
    add::node(place, x, "grown well".to_owned())
}

#[workflow]
fn dynamic(place: Promise<String>) -> Promise<i64> {
    let x = one::node(&place);
    grows::node(&place, grows_well::node(place.clone(), x))
}

#[tokio::test]
async fn tasks_in_dynamic_graphs_are_kept() {
    let place = Place::new();
    let graph = dynamic::graph().unwrap();
    let first = place.run(&graph, &[], Options::new()).await.unwrap();
    assert_eq!(place.ran(), ["fails", "grown", "grown well", "grows", "grows_well", "one"]);
    place.mend();
    let second = place.run(&graph, &[], Options::new().resumes(first.id().clone())).await.unwrap();
    assert_eq!(second.wait().await.unwrap(), RunOutcome::Succeeded);
    assert_eq!(place.ran(), ["fails", "grows"], "what did not succeed");
}

#[workflow]
fn chain(place: Promise<String>) -> Promise<i64> {
    let first = add::node(&place, one::node(&place), "first".to_owned());
    let second = add::node(&place, first, "second".to_owned());
    fails::node(place, second)
}

#[tokio::test]
async fn a_run_keeps_what_any_of_those_before_it_gave() {
    let place = Place::new();
    let graph = chain::graph().unwrap();
    let first = place.run(&graph, &[], Options::new()).await.unwrap();
    assert_eq!(place.ran(), ["fails", "first", "one", "second"]);
    // One that was stopped before it came to anything.
    let stopped = Recorder::create(place.backend.runs(), Durability::Kernel).unwrap();
    let created = EventKind::Created {
        version: EVENT_VERSION,
        run: stopped.folder().id().clone(),
        name: graph.name.clone(),
        backend: "local".into(),
        nodes: 4,
        resumes: Some(first.id().clone()),
        from: None,
    };
    stopped.record(None, created).unwrap();
    let id = stopped.folder().id().clone();
    drop(stopped);
    place.run(&graph, &[], Options::new().resumes(id)).await.unwrap();
    assert_eq!(place.ran(), ["fails"]);
}

async fn reasons(run: &RunHandle) -> Vec<(String, Again)> {
    let (mut events, mut reasons) = (run.events(), Vec::new());
    while let Some(event) = events.next().await.unwrap() {
        if let EventKind::Again { because } = event.kind {
            reasons.push((event.node.unwrap().to_string(), because));
        }
    }
    reasons
}

#[tokio::test]
async fn a_node_and_all_that_needs_it_run_again() {
    let place = Place::new();
    place.mend();
    let graph = chain::graph().unwrap();
    let first = place.run(&graph, &[], Options::new()).await.unwrap();
    assert_eq!(place.ran(), ["fails", "first", "one", "second"]);
    let second = place.run(&graph, &[], Options::new().resumes(first.id().clone()).from("n1")).await.unwrap();
    assert_eq!(place.ran(), ["fails", "first", "second"]);
    assert_eq!(second.state().unwrap().nodes["n0"].status, NodeStatus::Succeeded(Origin::Resumed));
    let all = ["n1", "n2", "n3"].map(|node| (node.to_owned(), Again::Asked));
    assert_eq!(reasons(&second).await, all);
}

/// Which tasks run again where `from` does, in a run that had succeeded.
async fn again(graph: &Graph, from: &str) -> Vec<String> {
    let place = Place::new();
    place.mend();
    let first = place.run(graph, &[], Options::new()).await.unwrap();
    assert_eq!(first.wait().await.unwrap(), RunOutcome::Succeeded);
    place.ran();
    place.run(graph, &[], Options::new().resumes(first.id().clone()).from(from)).await.unwrap();
    place.ran()
}

#[workflow]
fn inner(place: Promise<String>, x: Promise<i64>) -> Promise<i64> {
    let a = add::node(&place, x, "a".to_owned());
    let b = add::node(&place, &a, "b".to_owned());
    add::node(place, b, "c".to_owned()).after(a)
}

#[workflow]
fn nested(place: Promise<String>) -> (Promise<i64>, Promise<i64>) {
    let beside = add::node(&place, 7, "beside".to_owned());
    let x = inner::node(&place, one::node(&place));
    (add::node(place, x, "last".to_owned()), beside)
}

#[tokio::test]
async fn a_node_within_another_runs_again_with_what_needs_it_there_and_outside() {
    let graph = nested::graph().unwrap();
    let path = graph.body.nodes.iter().find(|node| matches!(node.kind, nebulakit::graph::Kind::Workflow(_))).unwrap().id.clone();
    assert_eq!(again(&graph, &format!("{path}/n1")).await, ["b", "c", "last"]);
    assert_eq!(again(&graph, &path).await, ["a", "b", "c", "last"]);
}

#[workflow]
fn mapped(place: Promise<String>) -> Promise<i64> {
    let each = add::map(&place, vec![1, 2, 3], "each".to_owned());
    total::node(place, each)
}

#[task]
fn total(place: String, xs: Vec<i64>) -> i64 {
    note(&place, "total");
    xs.iter().sum()
}

#[tokio::test]
async fn an_element_of_a_map_runs_again() {
    let graph = mapped::graph().unwrap();
    assert_eq!(again(&graph, "n0[1]").await, ["each", "total"]);
    assert_eq!(again(&graph, "n0").await, ["each", "each", "each", "total"]);
}

#[workflow]
fn branching(place: Promise<String>) -> Promise<i64> {
    let x = one::node(&place);
    let arm = when(x.gt(0), add::node(&place, add::node(&place, &x, "in".to_owned()), "arm".to_owned())).otherwise(add::node(
        &place,
        x,
        "other".to_owned(),
    ));
    add::node(place, arm, "behind".to_owned())
}

#[tokio::test]
async fn what_is_behind_a_condition_runs_again_with_a_node_of_its_arm() {
    let graph = branching::graph().unwrap();
    let place = Place::new();
    let run = place.run(&graph, &[], Options::new()).await.unwrap();
    let state = run.state().unwrap();
    let arm = state.nodes.iter().filter(|(_, node)| node.of.ends_with(".add")).map(|(path, _)| path.to_string()).nth(1).unwrap();
    assert_eq!(again(&graph, &arm).await, ["arm", "behind"]);
    assert_eq!(again(&graph, "n0").await, ["arm", "behind", "in", "one"]);
}

#[tokio::test]
async fn a_node_that_is_not_there_is_refused() {
    let place = Place::new();
    let graph = nested::graph().unwrap();
    let first = place.run(&graph, &[], Options::new()).await.unwrap();
    for (from, told) in [("n9", "has no node `n9`"), ("n2/n7", "did you mean `n2/n"), ("n0[1]", "has no node"), ("", "has no node ``")] {
        let error = place.run(&graph, &[], Options::new().resumes(first.id().clone()).from(from)).await.unwrap_err();
        assert!(error.to_string().contains(told), "{from}: {error}");
    }
    let error = place.run(&graph, &[], Options::new().from("n0")).await.unwrap_err();
    assert!(error.to_string().contains("`from` and `strict` need `resumes`"), "{error}");
}

#[task]
async fn size(place: String, file: File) -> anyhow::Result<i64> {
    note(&place, "size");
    Ok(file.size().await? as i64)
}

#[task]
fn write(ctx: Context, place: String) -> anyhow::Result<File> {
    note(&place, "write");
    let path = ctx.working_directory()?.join("text.txt");
    fs::write(&path, "text")?;
    Ok(File::from_path(path))
}

#[workflow]
fn sized(place: Promise<String>, file: Promise<File>) -> (Promise<i64>, Promise<i64>) {
    (size::node(&place, file), fails::node(&place, size::node(place.clone(), write::node(&place))))
}

#[tokio::test]
async fn a_file_that_was_edited_is_another_input() {
    let place = Place::new();
    let (graph, path) = (sized::graph().unwrap(), place.folder.path().join("in"));
    let file = [("file", literal::<File>(&File::from_uri(path.to_str().unwrap())))];
    fs::write(&path, "one").unwrap();
    let first = place.run(&graph, &file, Options::new()).await.unwrap();
    assert_eq!(place.ran(), ["fails", "size", "size", "write"]);
    fs::write(&path, "two").unwrap();
    let second = place.run(&graph, &file, Options::new().resumes(first.id().clone())).await.unwrap();
    assert_eq!(place.ran(), ["fails", "size"]);
    assert_eq!(reasons(&second).await, [("n0".to_owned(), Again::Inputs)]);
    // Written again, and the same.
    fs::write(&path, "two").unwrap();
    place.run(&graph, &file, Options::new().resumes(second.id().clone())).await.unwrap();
    assert_eq!(place.ran(), ["fails"]);
}

#[tokio::test]
async fn a_stored_file_that_was_changed_or_deleted_is_made_again() {
    for change in [|path: &PathBuf| fs::write(path, "edited").unwrap(), |path: &PathBuf| fs::remove_file(path).unwrap()] {
        let place = Place::new();
        let (graph, path) = (sized::graph().unwrap(), place.folder.path().join("in"));
        let file = [("file", literal::<File>(&File::from_uri(path.to_str().unwrap())))];
        fs::write(&path, "one").unwrap();
        let first = place.run(&graph, &file, Options::new()).await.unwrap();
        assert_eq!(place.ran(), ["fails", "size", "size", "write"]);
        change(&first.artifacts().unwrap()[0].path);
        let second = place.run(&graph, &file, Options::new().resumes(first.id().clone())).await.unwrap();
        assert_eq!(place.ran(), ["fails", "size", "write"]);
        assert_eq!(reasons(&second).await[0].1, Again::Outputs);
    }
}

#[tokio::test]
async fn another_build_keeps_what_has_the_same_interface_and_tells_what_was_changed() {
    let place = Place::new();
    let graph = chain::graph().unwrap();
    let first = place.run(&graph, &[], Options::new()).await.unwrap();
    place.ran();
    let resumes = || Options::new().resumes(first.id().clone());
    place.run(&graph, &[], resumes().strict()).await.unwrap();
    assert_eq!(place.ran(), ["fails"], "it is the same build");
    place.rebuild(first.id(), "add", "source");
    place.rebuild(first.id(), "one", "options");
    let changes: Vec<_> = place.backend.changes(first.id()).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(changes, ["local.resumed.add: source", "local.resumed.one: options"]);
    place.run(&graph, &[], resumes()).await.unwrap();
    assert_eq!(place.ran(), ["fails"]);
    let error = place.run(&graph, &[], resumes().strict()).await.unwrap_err();
    assert!(error.to_string().contains("a task was changed: local.resumed.add: source"), "{error}");
    place.rebuild(first.id(), "one", "interface");
    let run = place.run(&graph, &[], resumes()).await.unwrap();
    assert_eq!(place.ran(), ["fails", "one"], "what it gives is the same as before");
    assert_eq!(reasons(&run).await, [("n0".to_owned(), Again::Interface)]);
}

#[workflow]
fn gated(place: Promise<String>) -> Promise<i64> {
    let x = add::node(&place, 0, "before".to_owned());
    fails::node(place, gate::approve("go", x))
}

#[tokio::test]
async fn a_gate_that_runs_again_asks_again() {
    let place = Place::new();
    let graph = gated::graph().unwrap();
    let inputs = nebulakit::types::convert::writer::map_of_literals([("place", &*literal(&place.path()))]);
    let start =
        async |options: Options| place.backend.run(place.backend.compile(&graph, &options.inputs(&*inputs)).unwrap()).await.unwrap();
    let first = start(Options::new()).await;
    first.approve("go").unwrap();
    first.wait().await.unwrap();
    let kept = start(Options::new().resumes(first.id().clone())).await;
    assert!(matches!(kept.wait().await.unwrap(), RunOutcome::Failed { .. }), "it was answered before");
    let second = start(Options::new().resumes(first.id().clone()).from("n0")).await;
    let mut events = second.events();
    while let Some(event) = events.next().await.unwrap() {
        if matches!(event.kind, EventKind::Waiting { .. }) {
            second.reject("go").unwrap();
        }
    }
    let RunOutcome::Failed { failure, .. } = second.wait().await.unwrap() else { panic!("it was rejected") };
    assert_eq!(failure.code, "USER:ReceivedRejectSignal");
}
