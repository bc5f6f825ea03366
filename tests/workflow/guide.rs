//! Every construct, as users type it.

use std::collections::HashMap;
use std::time::SystemTime;

use nebulakit::prelude::*;

use crate::shown::shown;

#[derive(NebulaType, Debug, Clone)]
pub(crate) struct Config {
    pub(crate) rate: f64,
    pub(crate) steps: Vec<i64>,
    pub(crate) stop: Stop,
}

#[derive(NebulaType, Debug, Clone)]
pub(crate) struct Stop {
    #[nebula(rename = "stopAfter")]
    pub(crate) after: i64,
}

#[derive(TaskOutputs)]
pub(crate) struct Trained {
    pub(crate) model: File,
    pub(crate) score: f64,
}

#[task]
fn configure(name: String, #[default(0.1)] rate: f64, note: Option<String>) -> Config {
    let _ = (name, note);
    Config { rate, steps: vec![1, 2], stop: Stop { after: 3 } }
}

#[task(retries = 2)]
async fn train(data: Directory, rate: f64, after: i64) -> anyhow::Result<Trained> {
    Ok(Trained { model: File::from_uri(data.uri().unwrap_or_default()), score: rate * after as f64 })
}

#[task]
fn divide(a: i64, b: i64) -> (i64, i64) {
    (a / b, a % b)
}

#[task]
fn double(x: i64) -> i64 {
    2 * x
}

#[task]
fn sum(xs: Vec<i64>) -> i64 {
    xs.iter().sum()
}

#[task]
fn weigh(parts: HashMap<String, f64>) -> f64 {
    parts.values().sum()
}

#[task]
fn label(x: i64, unit: String, factor: f64) -> String {
    format!("{}{unit}", x as f64 * factor)
}

#[task]
fn survivors(labels: Vec<Option<String>>) -> Vec<String> {
    labels.into_iter().flatten().collect()
}

#[task]
fn notify(text: String) {
    let _ = text;
}

#[task]
fn clean_up(data: Directory, err: Option<FlyteError>) {
    let _ = (data, err);
}

#[workflow]
fn arguments(x: Promise<i64>, rate: Promise<f64>) -> Promise<i64> {
    let config = configure::node("base", Default, None);
    let other = configure::node("other", &rate, "a note");
    let weight = weigh::node(map! { "a" => rate, "b" => 0.5, "c" => &config.rate });
    let total = sum::node(list![&x, 7, config.steps.at(0)]);
    let twice = sum::node([&x, &total]);
    let many: Vec<Promise<i64>> = (0..3).map(|k| double::node(k)).collect();
    sum::node(many).after((&weight, &other, &twice))
}

#[test]
fn arguments_are_constants_references_defaults_lists_and_maps() {
    assert_eq!(
        shown(&arguments::graph().unwrap()),
        [
            "n0 configure(name=\"base\", note=none)",
            "n1 configure(name=\"other\", rate=$rate, note=\"a note\")",
            "n2 weigh(parts={a:$rate b:0.5 c:n0.o0.rate})",
            "n3 sum(xs=[$x 7 n0.o0.steps[0]])",
            "n4 sum(xs=[$x n3.o0])",
            "n5 double(x=0)",
            "n6 double(x=1)",
            "n7 double(x=2)",
            "n8 sum(xs=[n5.o0 n6.o0 n7.o0]) after n2 n1 n4",
            "=> o0=n8.o0",
        ]
    );
}

#[workflow]
fn fields(config: Promise<Config>, data: Promise<Directory>) -> Promise<f64> {
    let trained = train::node(data, &config.rate, &config.stop.after);
    trained.score.clone()
}

#[test]
fn fields_go_by_the_names_on_the_wire() {
    assert_eq!(
        shown(&fields::graph().unwrap()),
        ["n0 train(data=$data, rate=$config.rate, after=$config.stop.stopAfter)", "=> o0=n0.score"]
    );
}

#[workflow(outputs(quotient, remainder))]
fn division(a: Promise<i64>) -> (Promise<i64>, Promise<i64>) {
    let (quotient, remainder) = divide::node(a, 7).split();
    (quotient, double::node(remainder))
}

#[workflow]
fn best_of_two(data: Promise<Directory>) -> Promise<Trained> {
    let one = train::node(&data, 0.1, 10);
    let two = train::node(&data, 0.2, 10);
    Trained::promise(&one.model, &two.score)
}

#[workflow]
fn whole(a: Promise<i64>) -> Promise<(i64, i64)> {
    divide::node(a, 2)
}

#[test]
fn several_outputs_have_names() {
    let graph = division::graph().unwrap();
    assert_eq!(graph.outputs.iter().map(|output| &*output.name).collect::<Vec<_>>(), ["quotient", "remainder"]);
    assert_eq!(shown(&graph), ["n0 divide(a=$a, b=7)", "n1 double(x=n0.o1)", "=> quotient=n0.o0, remainder=n1.o0"]);
    assert_eq!(shown(&best_of_two::graph().unwrap()).last().unwrap(), "=> model=n0.model, score=n1.score");
    assert_eq!(shown(&whole::graph().unwrap()).last().unwrap(), "=> o0=n0.o0, o1=n0.o1");
}

#[workflow]
fn overrides(data: Promise<Directory>) -> Promise<f64> {
    let trained = train::node(data, 0.1, 10)
        .name("train-fast")
        .retries(5)
        .timeout("2h")
        .resources(Resources::new().cpu("4").memory("8Gi").gpu(1))
        .accelerator("nvidia-tesla-a100")
        .interruptible(true)
        .image("ghcr.io/me/trainer:2")
        .pod_template("with-disk")
        .cache("3")
        .shared_memory("1Gi")
        .strategy(Strategy::Process);
    trained.score.clone()
}

#[test]
fn overrides_are_the_nodes() {
    let graph = overrides::graph().unwrap();
    let node = &graph.body.nodes[0];
    assert_eq!(node.id.as_str(), "train-fast");
    let overrides = node.overrides.as_ref().unwrap();
    assert_eq!(overrides.retries, Some(5));
    assert_eq!(overrides.timeout, Some(std::time::Duration::from_secs(7200)));
    assert_eq!(overrides.resources.as_ref().unwrap().limits.memory.as_deref(), Some("8Gi"));
    assert_eq!(overrides.cache, Some(nebulakit::graph::Cache::Version("3".to_owned())));
    assert_eq!(overrides.strategy, Some(Strategy::Process));
    assert_eq!(overrides.shared_memory.as_deref(), Some("1Gi"));
}

#[workflow]
fn effects(x: Promise<i64>) -> Promise<i64> {
    let started = notify::node("started");
    let y = double::node(x).after(&started);
    y.also(notify::node("computed"))
}

#[workflow]
fn only_effects(x: Promise<i64>) -> Promise<()> {
    let first = notify::node("first");
    let y = double::node(x).after(&first);
    all((y, notify::node("second").after(first)))
}

#[test]
fn nodes_without_a_use_are_kept_by_order_and_by_also() {
    assert_eq!(
        shown(&effects::graph().unwrap()),
        ["n0 notify(text=\"started\")", "n1 double(x=$x) after n0", "n2 notify(text=\"computed\")", "=> o0=n1.o0",]
    );
    assert_eq!(
        shown(&only_effects::graph().unwrap()),
        ["n0 notify(text=\"first\")", "n1 double(x=$x) after n0", "n2 notify(text=\"second\") after n0",]
    );
}

#[workflow]
fn inner(x: Promise<i64>) -> Promise<i64> {
    double::node(double::node(x))
}

#[workflow]
fn outer(x: Promise<i64>) -> Promise<i64> {
    sum::node([inner::node(&x), inner(x)])
}

/// Helpers are functions.
fn repeat(x: Promise<i64>, times: usize) -> Promise<i64> {
    (0..times).fold(x, |x, _| double::node(x))
}

#[workflow]
fn repeated(x: Promise<i64>) -> Promise<i64> {
    repeat(x, 5)
}

#[test]
fn a_workflow_is_a_node_or_its_nodes() {
    let graph = outer::graph().unwrap();
    assert_eq!(
        shown(&graph),
        ["n0 workflow inner(x=$x)", "n1 double(x=$x)", "n2 double(x=n1.o0)", "n3 sum(xs=[n0.o0 n2.o0])", "=> o0=n3.o0",]
    );
    assert_eq!(graph.workflows.len(), 1);
    assert_eq!(graph.tasks.len(), 2);
    assert_eq!(repeated::graph().unwrap().body.nodes.len(), 5);
}

#[workflow]
fn maps(xs: Promise<Vec<i64>>, unit: Promise<String>) -> Promise<Vec<String>> {
    let labels = label::map(&xs, unit, [1.0, 2.0, 3.0]).concurrency(4).min_success_ratio(0.5).retries(3);
    survivors::node(labels)
}

#[workflow]
fn row(xs: Promise<Vec<i64>>) -> Promise<i64> {
    sum::node(double::map(xs))
}

#[workflow]
fn nested_map(matrix: Promise<Vec<Vec<i64>>>) -> Promise<i64> {
    sum::node(row::map(matrix).concurrency(2))
}

#[workflow]
fn map_of_several_outputs(xs: Promise<Vec<i64>>) -> Promise<i64> {
    let divisions = divide::map(xs, 7);
    sum::node(&divisions.0)
}

#[task]
fn about(xs: Vec<f64>, y: f64) -> f64 {
    xs.iter().sum::<f64>() * y
}

#[task]
fn turned(y: f64, xs: Vec<f64>) -> f64 {
    xs.iter().sum::<f64>() * y
}

#[workflow]
fn maps_by_types(fixed: Promise<Vec<f64>>, ys: Promise<Vec<f64>>, y: Promise<f64>, matrix: Promise<Vec<Vec<f64>>>) -> Promise<()> {
    all((about::map(&fixed, &ys), about::map(&matrix, &y), about::map(&matrix, &ys), turned::map(&ys, &fixed), turned::map(y, matrix)))
}

#[test]
fn what_is_mapped_is_in_the_types() {
    assert_eq!(
        shown(&maps::graph().unwrap()),
        [
            "n0 map label over x factor, 4 at once, 0.5 succeed(x=$xs, unit=$unit, factor=[1.0 2.0 3.0])",
            "n1 survivors(labels=n0.o0)",
            "=> o0=n1.o0",
        ]
    );
    assert_eq!(shown(&nested_map::graph().unwrap())[0], "n0 map workflow row over xs, 2 at once(xs=$matrix)");
    assert_eq!(shown(&map_of_several_outputs::graph().unwrap())[..2], ["n0 map divide over a(a=$xs, b=7)", "n1 sum(xs=n0.o0)"]);
    assert_eq!(
        shown(&maps_by_types::graph().unwrap()),
        [
            "n0 map about over y(xs=$fixed, y=$ys)",
            "n1 map about over xs(xs=$matrix, y=$y)",
            "n2 map about over xs y(xs=$matrix, y=$ys)",
            "n3 map turned over y(y=$ys, xs=$fixed)",
            "n4 map turned over xs(y=$y, xs=$matrix)",
        ]
    );
}

#[workflow]
fn conditions(x: Promise<i64>, flag: Promise<bool>, y: Promise<f64>) -> Promise<i64> {
    let small = when(x.lt(0), 0).otherwise(double::node(&x));
    when((x.gt(10) & y.le(0.5)) | !flag, double::node(&x)).or_when(x.eq(7), small).or_fail("no rule for this x")
}

#[workflow]
fn lazy(data: Promise<Directory>, x: Promise<i64>) -> Promise<(i64, f64)> {
    let trained = train::node(data, 0.1, 10);
    when(x.gt(3), (double::node(&x), trained.score.clone())).otherwise((x, Promise::of(0.0)))
}

#[test]
fn what_only_an_arm_needs_is_in_the_arm() {
    assert_eq!(
        shown(&conditions::graph().unwrap()),
        [
            "n0 when()",
            "  if (($x > 10 & $y <= 0.5) | $flag != true)",
            "    n0-n1 double(x=$x)",
            "    => o0=n0-n1.o0",
            "  if $x == 7",
            "    n0-n0 when()",
            "      if $x < 0",
            "        => o0=0",
            "      else",
            "        n0-n0-n0 double(x=$x)",
            "        => o0=n0-n0-n0.o0",
            "    => o0=n0-n0.o0",
            "  else fail no rule for this x",
            "=> o0=n0.o0",
        ]
    );
    assert_eq!(
        shown(&lazy::graph().unwrap()),
        [
            "n0 when()",
            "  if $x > 3",
            "    n0-n0 train(data=$data, rate=0.1, after=10)",
            "    n0-n1 double(x=$x)",
            "    => o0=n0-n1.o0, o1=n0-n0.score",
            "  else",
            "    => o0=$x, o1=0.0",
            "=> o0=n0.o0, o1=n0.o1",
        ]
    );
}

#[workflow]
fn gates(data: Promise<Directory>) -> Promise<File> {
    let threshold = gate::wait_for::<f64>("threshold").timeout("1h");
    let trained = train::node(data, threshold, 10);
    let pause = gate::sleep("10m").after(&trained);
    gate::approve("release", &trained.model).timeout("24h").after(pause)
}

#[test]
fn gates_wait() {
    assert_eq!(
        shown(&gates::graph().unwrap()),
        [
            "n0 wait for threshold: float()",
            "n1 train(data=$data, rate=n0.o0, after=10)",
            "n2 sleep 600s() after n1",
            "n3 approve release(o0=n1.model) after n2",
            "=> o0=n3.o0",
        ]
    );
}

#[task]
async fn fan_out(ctx: Context, xs: Vec<i64>) -> anyhow::Result<Promise<i64>> {
    let _ = ctx;
    anyhow::ensure!(!xs.is_empty(), "nothing to do");
    let parts: Promise<Vec<i64>> = xs.into_iter().filter(|x| *x > 0).map(|x| double::node(x)).collect();
    Ok(sum::node(parts))
}

#[task]
fn two_parts(n: i64) -> (Promise<i64>, Promise<i64>) {
    (double::node(n), Promise::of(n))
}

#[workflow]
fn with_dynamic(xs: Promise<Vec<i64>>) -> Promise<i64> {
    sum::node([fan_out::node(xs), two_parts::node(1).1.clone()])
}

#[test]
fn a_task_that_returns_promises_is_dynamic() {
    let graph = with_dynamic::graph().unwrap();
    assert!(fan_out::def().is_dynamic() && two_parts::def().is_dynamic() && !double::def().is_dynamic());
    assert!(graph.tasks.iter().filter(|(_, task)| task.is_dynamic).count() == 2);
    assert_eq!(shown(&graph)[2], "n2 sum(xs=[n0.o0 n1.o1])");
}

#[workflow(keep_going, interruptible, on_failure = clean_up::node(data, Failure))]
fn guarded(data: Promise<Directory>) -> Promise<f64> {
    train::node(data, 0.1, 10).score.clone()
}

#[test]
fn a_failure_handler_has_the_inputs_and_the_error() {
    let graph = guarded::graph().unwrap();
    assert!(graph.keep_going);
    assert_eq!(graph.interruptible, Some(true));
    assert_eq!(shown(&graph)[2], "on failure fn0 clean_up(data=$data, err=failure)");
}

#[workflow]
fn daily(when: Promise<SystemTime>, region: Promise<String>, #[default(100)] rows: Promise<i64>) -> Promise<String> {
    let _ = when;
    label::node(rows, region, 1.0)
}

/// Every night at two, for Europe.
#[launch_plan(cron = "0 2 * * *", kickoff = when, max_parallelism = 25, labels("team" = "data"), active)]
fn nightly_europe(when: Promise<SystemTime>, #[default(1000)] rows: Promise<i64>) -> Promise<String> {
    daily::node(when, "eu", rows)
}

#[launch_plan(
    every = "10m",
    at_most = 1,
    annotations("a" = "b"),
    env(KEY = "value"),
    notify(email = ["a@b.c"], on = [failed, timed_out]),
    service_account = "pipelines",
    iam_role = "role",
    raw_output_prefix = "s3://bucket",
    overwrite_cache,
    interruptible = false
)]
fn with_everything() -> Promise<String> {
    daily::node(SystemTime::UNIX_EPOCH, "eu", Default)
}

#[launch_plan]
fn by_hand(when: Promise<SystemTime>, region: Promise<String>) -> Promise<String> {
    daily::node(when, region, Default)
}

#[workflow]
fn two_days(monday: Promise<SystemTime>) -> Promise<Vec<String>> {
    list![nightly_europe::node(&monday, Default), by_hand::node(&monday, "us")]
}

#[test]
fn launch_plans_fix_inputs_and_have_options() {
    use nebulakit::graph::{Phase, Schedule};
    let graph = nightly_europe::graph().unwrap();
    let plan = graph.launch_plan.as_ref().unwrap();
    assert_eq!(plan.schedule, Some(Schedule::Cron("0 2 * * *".into())));
    assert_eq!((plan.kickoff.as_deref(), plan.max_parallelism, plan.active), (Some("when"), Some(25), true));
    assert_eq!(graph.doc, "Every night at two, for Europe.");
    assert_eq!(shown(&graph)[0], "n0 workflow daily(when=$when, region=\"eu\", rows=$rows)");
    let plan = with_everything::graph().unwrap().launch_plan.unwrap();
    assert_eq!(plan.schedule, Some(Schedule::Every(std::time::Duration::from_secs(600))));
    assert_eq!(plan.notifications[0].on, [Phase::Failed, Phase::TimedOut]);
    assert_eq!((plan.at_most, plan.overwrite_cache, plan.interruptible), (Some(1), true, Some(false)));
    let graph = two_days::graph().unwrap();
    assert_eq!(shown(&graph)[..2], ["n0 launch plan nightly_europe(when=$monday)", "n1 launch plan by_hand(when=$monday, region=\"us\")"]);
    assert_eq!(graph.workflows.len(), 3);
}

#[task(reference(project = "ml", domain = "production", name = "ml.classify", version = "2026-07"), outputs(label, confidence))]
fn classify(table: Directory, #[default("small")] model: String) -> (String, f64);

#[launch_plan(reference(project = "ml", domain = "production", name = "ml.retrain", version = "2026-07"))]
fn retrain(table: Promise<Directory>) -> Promise<File>;

#[task(container(image = "ghcr.io/me/ellipse:1", command = ["/bin/area", "{{.inputs.a}}", "{{.inputs.b}}", "/var/outputs"]))]
fn ellipse_area(a: f64, b: f64) -> f64;

#[workflow]
fn mixed(table: Promise<Directory>) -> Promise<f64> {
    let (_label, confidence) = classify::node(&table, Default).split();
    weigh::node(map! { "confidence" => confidence, "area" => ellipse_area::node(1.0, 2.0) }).also(retrain::node(table))
}

#[test]
fn what_is_registered_elsewhere_is_a_reference() {
    use nebulakit::graph::{Home, ReferenceKind};
    let graph = mixed::graph().unwrap();
    assert_eq!(
        shown(&graph),
        [
            "n0 reference classify(table=$table)",
            "n1 ellipse_area(a=1.0, b=2.0)",
            "n2 weigh(parts={area:n1.o0 confidence:n0.confidence})",
            "n3 reference retrain(table=$table)",
            "=> o0=n2.o0",
        ]
    );
    let kinds: Vec<_> = graph.references.values().map(|reference| (reference.kind, &*reference.name)).collect();
    assert_eq!(kinds, [(ReferenceKind::Task, "ml.classify"), (ReferenceKind::LaunchPlan, "ml.retrain")]);
    let area = graph.tasks.iter().find(|(name, _)| name.ends_with("ellipse_area")).unwrap().1;
    assert_eq!(area.home, Home::Container { image: "ghcr.io/me/ellipse:1".into() });
    assert_eq!(classify::def().reference().unwrap().version, "2026-07");
    let elsewhere = retrain::graph().unwrap_err();
    assert!(elsewhere.to_string().ends_with("is registered elsewhere, as `ml.retrain`: there is no graph of it here"), "{elsewhere}");
}

#[test]
fn a_workflow_with_values_is_data() {
    let invocation = division::with(23);
    assert!(invocation.definition().name().ends_with("division"));
    assert_eq!(invocation.definition().output_names(), ["quotient", "remainder"]);
    assert_eq!(divide(23, 7), (3, 2));
}

/// The chapter shows what is here, item by item.
#[test]
fn the_chapter_quotes_this_guide() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = std::fs::read_to_string(root.join("workflow/guide.rs")).unwrap().replace("pub(crate) ", "pub ");
    let chapter = std::fs::read_to_string(root.join("../docs/workflows.md")).unwrap();
    let blocks: Vec<_> = chapter.split("```rust\n").skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect();
    assert!(blocks.len() > 10, "{} blocks", blocks.len());
    for item in blocks.iter().flat_map(|block| block.split("\n\n")) {
        assert!(guide.contains(item), "not in the guide:\n{item}");
    }
}
