//! Runs that go on with others: what they keep, what runs again, and why.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use nebulakit::Context;
use nebulakit::backend::{Backend as _, Fate, LocalBackend, Options, RunError};
use nebulakit::graph::Graph;
use nebulakit::prelude::*;
use nebulakit::run::{Again, Durability, EVENT_VERSION, EventKind, NodeStatus, Origin, Recorder, RunHandle, RunId, RunOutcome, RunsFolder};
use serde_json::{Value, json};

use crate::literal;

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
fn gated_often(place: Promise<String>) -> Promise<i64> {
    let gates = ["one", "two", "three"].map(|signal| gate::approve(signal, 1));
    fails::node(&place, total::node(&place, gates))
}

#[tokio::test]
async fn a_damaged_answer_hides_no_other_and_stays() {
    let place = Place::new();
    let graph = gated_often::graph().unwrap();
    let inputs = nebulakit::types::convert::writer::map_of_literals([("place", &*literal(&place.path()))]);
    let plan = |options: Options| place.backend.compile(&graph, &options.inputs(&*inputs)).unwrap();
    let first = place.backend.run(plan(Options::new())).await.unwrap();
    ["one", "two", "three"].iter().for_each(|signal| first.approve(signal).unwrap());
    first.wait().await.unwrap();
    let control = first.folder().path().join("control");
    for damaged in ["one", "two", "three"] {
        let path = control.join(format!("{damaged}.answer"));
        let answer = fs::read(&path).unwrap();
        fs::write(&path, "{").unwrap();
        let preview = place.backend.preview(&plan(Options::new().resumes(first.id().clone()))).await.unwrap();
        let waits: Vec<_> = preview.nodes.iter().filter(|node| matches!(node.fate, Fate::Waits { .. })).collect();
        assert_eq!(waits.len(), 1, "{damaged}: {waits:?}");
        assert_eq!(fs::read(&path).unwrap(), b"{", "a preview writes nothing");
        fs::write(&path, answer).unwrap();
    }
}

/// Saves its state.
fn save(ctx: &Context, place: &str) -> anyhow::Result<()> {
    let checkpoint = ctx.checkpoint().unwrap().blocking();
    note(place, if checkpoint.read()?.is_some() { "goes on" } else { "begins" });
    Ok(checkpoint.write("state")?)
}

/// Gives more than its event holds.
#[task]
fn saves(ctx: Context, place: String) -> anyhow::Result<String> {
    save(&ctx, &place)?;
    Ok("x".repeat(10_000))
}

#[workflow]
fn saving(place: Promise<String>) -> Promise<String> {
    saves::node(place)
}

#[tokio::test]
async fn a_checkpoint_stays_until_the_success_is_recorded() {
    let place = Place::new();
    let (graph, data) = (saving::graph().unwrap(), place.backend.runs().path().join("data"));
    let _ = fs::remove_dir_all(&data);
    fs::write(&data, "no folder").unwrap();
    let first = place.run(&graph, &[], Options::new()).await.unwrap();
    assert!(matches!(first.wait().await.unwrap(), RunOutcome::Failed { .. }));
    assert_eq!(place.ran(), ["begins"]);
    fs::remove_file(&data).unwrap();
    let second = place.run(&graph, &[], Options::new().resumes(first.id().clone())).await.unwrap();
    assert_eq!((second.wait().await.unwrap(), place.ran()), (RunOutcome::Succeeded, vec!["goes on".to_owned()]));
}

#[task]
fn saves_and_grows(ctx: Context, place: String) -> anyhow::Result<Promise<i64>> {
    save(&ctx, &place)?;
    Ok(fails::node(place, 1))
}

#[workflow]
fn saving_and_growing(place: Promise<String>) -> Promise<i64> {
    saves_and_grows::node(place)
}

#[tokio::test]
async fn a_dynamic_task_keeps_its_checkpoint_until_its_graph_has_succeeded() {
    let place = Place::new();
    let graph = saving_and_growing::graph().unwrap();
    let first = place.run(&graph, &[], Options::new()).await.unwrap();
    assert_eq!(place.ran(), ["begins", "fails"]);
    place.mend();
    place.run(&graph, &[], Options::new().resumes(first.id().clone())).await.unwrap();
    assert_eq!(place.ran(), ["fails", "goes on"]);
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
    stopped.record(None, resuming(&stopped, first.id())).unwrap();
    let id = stopped.folder().id().clone();
    drop(stopped);
    place.run(&graph, &[], Options::new().resumes(id)).await.unwrap();
    assert_eq!(place.ran(), ["fails"]);
}

/// The first event of a run that goes on with another one.
fn resuming(recorder: &Recorder, resumed: &RunId) -> EventKind {
    EventKind::Created {
        version: EVENT_VERSION,
        run: recorder.folder().id().clone(),
        name: "tests.flow".into(),
        backend: "local".into(),
        nodes: 4,
        resumes: Some(resumed.clone()),
        from: None,
    }
}

#[tokio::test]
async fn a_run_that_is_said_to_go_on_with_itself_is_refused() {
    let place = Place::new();
    let runs = [(); 2].map(|()| Recorder::create(place.backend.runs(), Durability::Kernel).unwrap());
    let [one, other] = runs.each_ref().map(|recorder| recorder.folder().id().clone());
    runs[0].record(None, resuming(&runs[0], &other)).unwrap();
    runs[1].record(None, resuming(&runs[1], &one)).unwrap();
    drop(runs);
    let error = place.run(&chain::graph().unwrap(), &[], Options::new().resumes(one.clone())).await.unwrap_err();
    assert!(error.to_string().contains(&format!("the run `{one}` says that it resumes itself")), "{error}");
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

#[task]
fn listing(place: String, folder: Directory) -> i64 {
    note(&place, "listing");
    folder.uri().map_or(0, str::len) as i64
}

#[workflow]
fn listed(place: Promise<String>, folder: Promise<Directory>) -> Promise<i64> {
    fails::node(&place, listing::node(place.clone(), folder))
}

#[tokio::test]
async fn a_folder_counts_by_its_files_where_it_holds_what_cannot_be_read_too() {
    let place = Place::new();
    let (graph, path) = (listed::graph().unwrap(), place.folder.path().join("in"));
    let folder = [("folder", literal::<Directory>(&Directory::from_uri(path.to_str().unwrap())))];
    fs::create_dir(&path).unwrap();
    fs::write(path.join("data"), "one").unwrap();
    symlink("somebody@somewhere", path.join("lock")).unwrap();
    symlink(&path, path.join("loop")).unwrap();
    let _socket = UnixListener::bind(path.join("socket")).unwrap();
    let first = place.run(&graph, &folder, Options::new()).await.unwrap();
    assert_eq!(place.ran(), ["fails", "listing"]);
    let resume = async || {
        place.run(&graph, &folder, Options::new().resumes(first.id().clone())).await.unwrap();
        place.ran()
    };
    assert_eq!(resume().await, ["fails"], "it is what it was");
    fs::write(path.join("data"), "two").unwrap();
    assert_eq!(resume().await, ["fails", "listing"], "a file was edited");
    fs::write(path.join("data"), "one").unwrap();
    assert_eq!(resume().await, ["fails"], "it is what it was again");
    fs::remove_file(path.join("lock")).unwrap();
    symlink("nobody@somewhere", path.join("lock")).unwrap();
    assert_eq!(resume().await, ["fails", "listing"], "a link leads elsewhere");
}

#[workflow]
fn all_sized(place: Promise<String>, files: Promise<Vec<File>>) -> Promise<Vec<i64>> {
    size::map(place, files)
}

#[cfg(target_os = "linux")]
#[test]
fn files_of_many_nodes_are_read_by_few_threads() {
    const FILES: usize = 200;
    let named = "reads-files";
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name(named).enable_all().build().unwrap();
    let place = Place::new();
    let files: Vec<File> = (0..FILES)
        .map(|at| {
            let path = place.folder.path().join(format!("large-{at}"));
            fs::File::create(&path).unwrap().set_len(64 << 20).unwrap();
            File::from_uri(path.to_str().unwrap())
        })
        .collect();
    let inputs = [("place", literal(&place.path())), ("files", literal(&files))];
    let inputs = nebulakit::types::convert::writer::map_of_literals(inputs.iter().map(|(name, literal)| (*name, literal.as_slice())));
    let plan = place.backend.compile(&all_sized::graph().unwrap(), &Options::new().inputs(inputs)).unwrap();
    let threads = runtime.block_on(async {
        let run = place.backend.run(plan).await.unwrap();
        let (mut events, mut ready) = (run.events(), 0);
        while ready <= FILES {
            ready += usize::from(matches!(events.next().await.unwrap().unwrap().kind, EventKind::Ready { .. }));
        }
        let threads = fs::read_dir("/proc/self/task").unwrap();
        let names = threads.map(|thread| fs::read_to_string(thread.unwrap().path().join("comm")).unwrap_or_default());
        let threads = names.filter(|name| name.trim_end() == named).count();
        run.cancel().unwrap();
        run.wait().await.unwrap();
        threads
    });
    runtime.shutdown_background();
    let cores = std::thread::available_parallelism().unwrap().get();
    assert!(threads < cores + 20, "{threads} threads for {cores} cores");
}

#[task]
fn long(place: String) -> String {
    note(&place, "long");
    "long ".repeat(10_000)
}

#[task]
fn lengths(place: String, text: String) -> i64 {
    note(&place, "lengths");
    text.len() as i64
}

#[workflow]
fn lengthy(place: Promise<String>) -> Promise<i64> {
    fails::node(&place, lengths::node(place.clone(), long::node(&place)))
}

#[tokio::test]
async fn a_run_is_stopped_while_outputs_are_read_that_another_one_recorded() {
    let place = Place::new();
    let graph = lengthy::graph().unwrap();
    let first = place.run(&graph, &[], Options::new()).await.unwrap();
    let data = data_of(place.backend.runs());
    fs::remove_file(&data).unwrap();
    assert!(Command::new("mkfifo").arg(&data).status().unwrap().success(), "nothing comes of a read of it");
    let inputs = nebulakit::types::convert::writer::map_of_literals([("place", &*literal(&place.path()))]);
    let options = Options::new().resumes(first.id().clone()).inputs(inputs);
    let run = place.backend.run(place.backend.compile(&graph, &options).unwrap()).await.unwrap();
    let mut events = run.events();
    while !matches!(events.next().await.unwrap().unwrap().kind, EventKind::Ready { .. }) {}
    run.cancel().unwrap();
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Cancelled);
    fs::write(&data, "").unwrap();
}

/// The only file of data that runs share.
fn data_of(runs: &RunsFolder) -> PathBuf {
    let one_of = |folder: PathBuf| fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    one_of(one_of(runs.path().join("data")))
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
