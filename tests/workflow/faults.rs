//! What is wrong, and is found when the graph is built: all of it at once, with its places.

use nebulakit::graph::{Problem, ProblemKind, Problems};
use nebulakit::prelude::*;

#[task]
fn double(x: i64) -> i64 {
    2 * x
}

#[task]
fn positive(x: i64) -> bool {
    x > 0
}

#[task]
fn notify(text: String) {
    let _ = text;
}

#[workflow]
fn inner(x: Promise<i64>) -> Promise<i64> {
    double::node(x)
}

/// The problems of a graph, each with the line that it is at.
fn told(problems: Problems, line: u32) -> Vec<(ProblemKind, u32, String)> {
    let one = |problem: &Problem| {
        let at = problem.at.as_ref().expect("a place");
        assert!(at.file.ends_with("workflow/faults.rs"), "{at}");
        (problem.kind, at.line - line, problem.message.clone())
    };
    problems.iter().map(one).collect()
}

const LATE: u32 = line!();
#[workflow]
fn late(x: Promise<i64>) -> Promise<i64> {
    let a = double::node(x);
    let b = double::node(&a);
    let a = a.retries(3);
    double::node(a).after(b)
}

#[test]
fn an_override_of_a_node_in_use_comes_too_late() {
    assert_eq!(
        told(late::graph().unwrap_err(), LATE),
        [(ProblemKind::Override, 5, "`.retries(..)` comes too late: the node is in use already; say it where the node is made".to_owned())]
    );
}

const WRONG: u32 = line!();
#[workflow]
fn wrong_overrides(x: Promise<i64>, y: Promise<i64>) -> Promise<()> {
    let a = gate::approve("ok", &x).retries(2);
    let b = double::node(a).timeout("soon");
    let c = inner::node(&x).retries(1);
    let d = double::node(&x).concurrency(3);
    let e = when(x.gt(3), &x).otherwise(0).retries(1);
    let f = gate::sleep("10");
    let g = y.retries(3);
    all((b, c, d, e, f, g))
}

#[test]
fn every_wrong_override_is_told_at_once() {
    let mut found = told(wrong_overrides::graph().unwrap_err(), WRONG);
    found.sort_by_key(|(_, line, _)| *line);
    let expected = [
        (ProblemKind::Override, 3, "`.retries(..)` is for tasks, and this is a gate"),
        (ProblemKind::Override, 4, "`soon` is not a duration; write whole numbers with `d`, `h`, `m`, `s` and `ms`, as in `1h30m`"),
        (ProblemKind::Override, 5, "`.retries(..)` is for tasks, and this is a workflow, whose own nodes have it"),
        (ProblemKind::Override, 6, "`.concurrency(..)` is for what `::map(..)` just gave"),
        (ProblemKind::Override, 7, "`.retries(..)` is for tasks, and this is a condition, whose arms have it"),
        (ProblemKind::Gate, 8, "`10` has no unit; seconds are `10s`, minutes are `10m`"),
        (ProblemKind::Override, 9, "`.retries(..)` is for what `::node(..)` or `::map(..)` just gave, and this is a value"),
    ];
    assert_eq!(found, expected.map(|(kind, line, message)| (kind, line, message.to_owned())));
}

#[workflow]
fn takes_a_promise_of_another(x: Promise<i64>) -> Promise<i64> {
    use std::sync::Mutex;
    static LEFT: Mutex<Option<Promise<i64>>> = Mutex::new(None);
    let mut left = LEFT.lock().expect("nobody panics with it");
    let other = left.get_or_insert_with(|| leaks::graph_input(x.clone()));
    double::node(&*other)
}

/// Another workflow whose input gets out.
mod leaks {
    use super::*;

    static OUT: std::sync::Mutex<Option<Promise<i64>>> = std::sync::Mutex::new(None);

    #[workflow]
    fn leaky(secret: Promise<i64>) -> Promise<i64> {
        *OUT.lock().expect("nobody panics with it") = Some(secret.clone());
        double::node(secret)
    }

    pub(super) fn graph_input(_: Promise<i64>) -> Promise<i64> {
        static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
        let _alone = ONE_AT_A_TIME.lock().expect("nobody panics with it");
        leaky::graph().expect("nothing is wrong with it");
        OUT.lock().expect("nobody panics with it").take().expect("it ran")
    }
}

#[test]
fn a_promise_of_another_workflow_is_refused() {
    let problems = takes_a_promise_of_another::graph().unwrap_err();
    assert_eq!(problems.iter().map(|problem| problem.kind).collect::<Vec<_>>(), [ProblemKind::Foreign]);
    let text = problems.to_string();
    assert!(text.contains("`secret` is an input of") && text.contains("leaky"), "{text}");
}

#[workflow(on_failure = clean_up::node(leaks::graph_input(x), Failure))]
fn handled_with_a_promise_of_another(x: Promise<i64>) -> Promise<i64> {
    double::node(x)
}

#[test]
fn a_promise_of_another_workflow_is_refused_in_a_handler() {
    let problems = handled_with_a_promise_of_another::graph().unwrap_err();
    assert_eq!(kinds(&problems), [ProblemKind::Foreign], "{problems}");
}

#[task]
fn clean_up(x: i64, err: Option<FlyteError>) {
    let _ = (x, err);
}

#[workflow(on_failure = all((clean_up::node(&x, Failure), notify::node("failed"))))]
fn two_handlers(x: Promise<i64>) -> Promise<i64> {
    double::node(x)
}

#[test]
fn a_failure_handler_is_one_node() {
    let problems = two_handlers::graph().unwrap_err();
    assert!(problems.to_string().contains("is 2 nodes, and has to be one"), "{problems}");
}

#[workflow]
fn elements_of_constants(x: Promise<i64>) -> Promise<i64> {
    let xs: Promise<Vec<i64>> = Promise::of(vec![1, 2]);
    let good = double::node(xs.at(1));
    let other = list![good, x];
    double::node(xs.at(2)).after(double::node(other.at(1)))
}

#[test]
fn an_element_that_a_constant_does_not_have_is_told() {
    let problems = elements_of_constants::graph().unwrap_err();
    let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, ["the list has no element 2; the first is 0"]);
}

#[workflow]
fn deep(x: Promise<i64>) -> Promise<i64> {
    (0..100_000).fold(x, |x, k| when(x.gt(k), double::node(&x)).otherwise(x))
}

#[workflow]
fn nested_too_deep(x: Promise<i64>) -> Promise<i64> {
    let positive = positive::node(&x);
    (0..10_000).fold(x.clone(), |arm, _| when(&positive, arm).otherwise(0))
}

#[test]
fn conditions_may_follow_each_other_without_end_but_not_hold_each_other() {
    assert_eq!(deep::graph().map(|graph| graph.body.nodes.len()), Ok(100_000));
    let problems = nested_too_deep::graph().unwrap_err();
    assert_eq!(kinds(&problems), [ProblemKind::Limit], "{problems}");
    assert!(problems.to_string().contains("conditions stand in arms of each other more than 10 deep"), "{problems}");
}

#[workflow]
fn long(x: Promise<i64>) -> Promise<i64> {
    let many: Vec<_> = (0..100_000).map(|k| notify::node(k.to_string())).collect();
    let gathered = many.into_iter().fold(all([] as [Promise<()>; 0]), |gathered, one| all((gathered, one)));
    let chain = (0..100_000).fold(x, |x, _| double::node(x));
    (0..10_000).fold(chain, |x, _| x.also(positive::node(1))).also(gathered)
}

#[test]
fn chains_of_any_length_are_built_and_dropped_without_recursion() {
    assert_eq!(long::graph().map(|graph| graph.body.nodes.len()), Ok(210_000));
}

#[test]
fn a_dynamic_task_is_refused_by_name_until_something_runs_graphs() {
    use nebulakit::testing::Harness;
    let failure = Harness::new().run_blocking(fan_out::with(vec![1_i64])).outputs.unwrap_err();
    assert!(failure.to_string().contains("faults.fan_out` is dynamic: it returns a graph"), "{failure}");
}

#[task]
fn fan_out(xs: Vec<i64>) -> Promise<Vec<i64>> {
    double::map(xs)
}

#[task(reference(project = "ml", domain = "production", name = "ml.far", version = "1"))]
fn far(x: i64) -> i64 {
    x + 100
}

#[task(reference(project = "ml", domain = "production", name = "ml.far", version = "1"))]
fn farther(x: i64) -> i64;

#[test]
fn a_body_stands_in_for_a_reference_in_tests() {
    use nebulakit::testing::Harness;
    assert_eq!(Harness::new().run_blocking(far::with(1)).outputs, Ok(101));
    let failure = Harness::new().run_blocking(farther::with(1)).outputs.unwrap_err();
    assert!(failure.to_string().contains("is registered elsewhere, as `ml.far` in `ml`/`production`"), "{failure}");
}

#[launch_plan(reference(project = "ml", domain = "production", name = "ml.far_plan", version = "1"))]
fn far_plan(x: Promise<i64>) -> Promise<i64> {
    inner::node(x)
}

#[workflow]
fn uses_a_far_plan(x: Promise<i64>) -> Promise<i64> {
    far_plan::node(far_plan(x))
}

/// The node is what is registered; the function is its body.
#[test]
fn a_body_stands_in_for_a_launch_plan_that_is_registered_elsewhere() {
    let graph = uses_a_far_plan::graph().unwrap();
    assert_eq!(crate::shown::shown(&graph), ["n0 workflow inner(x=$x)", "n1 reference far_plan(x=n0.o0)", "=> o0=n1.o0"]);
    let problems = far_plan::graph().unwrap_err();
    assert!(problems.to_string().contains("is registered elsewhere, as `ml.far_plan`: there is no graph of it here"), "{problems}");
}

#[test]
fn promises_are_small_and_go_everywhere() {
    fn anywhere<T: Send + Sync + 'static>() {}
    anywhere::<Promise<i64>>();
    assert!(size_of::<Promise<i64>>() <= 72, "{}", size_of::<Promise<i64>>());
}

// Inputs of any name.
#[task]
fn names(making: i64, values: i64, node: i64, inputs: i64, r#type: i64, ctx: Context, text: String) -> i64 {
    let _ = (ctx, text);
    making + values + node + inputs + r#type
}

#[workflow]
fn all_names(making: Promise<i64>, r#type: Promise<i64>, name: Promise<String>) -> Promise<i64> {
    names::node(&making, r#type, 1, 2, 3, name)
}

#[test]
fn inputs_have_any_name() {
    let graph = all_names::graph().unwrap();
    assert_eq!(graph.inputs.iter().map(|input| &*input.name).collect::<Vec<_>>(), ["making", "type", "name"]);
    assert_eq!(crate::shown::shown(&graph)[0], "n0 names(making=$making, values=$type, node=1, inputs=2, type=3, text=$name)");
}

#[test]
fn two_builds_give_one_graph() {
    assert_eq!(all_names::graph(), all_names::graph());
    assert_eq!(wrong_overrides::graph(), wrong_overrides::graph());
}

#[task(strategy = process)]
fn apart(x: i64) -> i64 {
    x
}

#[task(strategy = "gpu-box")]
fn elsewhere(x: i64) -> i64 {
    x
}

#[test]
fn a_task_says_its_strategy() {
    assert_eq!(apart::def().options().strategy, Some(Strategy::Process));
    assert_eq!(elsewhere::def().options().strategy, Some(Strategy::named("gpu-box")));
    assert_eq!(double::def().options().strategy, None);
}

#[test]
fn workflows_are_known_by_name() {
    let names: Vec<_> = nebulakit::workflows().iter().map(|workflow| workflow.name()).collect();
    assert!(names.contains(&"workflow::faults::late".replace("::", ".").as_str()), "{names:?}");
    assert!(names.is_sorted());
}

fn kinds(problems: &Problems) -> Vec<ProblemKind> {
    problems.iter().map(|problem| problem.kind).collect()
}

#[workflow]
fn itself(x: Promise<i64>) -> Promise<i64> {
    other_half::node(x)
}

#[workflow]
fn other_half(x: Promise<i64>) -> Promise<i64> {
    itself::node(x)
}

#[workflow]
fn only_itself(x: Promise<i64>) -> Promise<i64> {
    only_itself::node(x)
}

#[workflow(on_failure = holds_it::node(x))]
fn handled_by_what_holds_it(x: Promise<i64>) -> Promise<i64> {
    double::node(x)
}

#[workflow]
fn holds_it(x: Promise<i64>) -> Promise<i64> {
    handled_by_what_holds_it::node(x)
}

#[test]
fn workflows_that_contain_themselves_are_named() {
    for problems in [itself::graph(), only_itself::graph(), handled_by_what_holds_it::graph()] {
        let problems = problems.unwrap_err();
        assert_eq!(kinds(&problems), [ProblemKind::Recursion], "{problems}");
    }
    let text = itself::graph().unwrap_err().to_string();
    assert!(text.contains("itself") && text.contains("other_half"), "{text}");
}

#[task]
fn takes_another_name(x: i64, error: Option<FlyteError>) {
    let _ = (x, error);
}

#[workflow(on_failure = takes_another_name::node(x, Failure))]
fn error_of_another_name(x: Promise<i64>) -> Promise<i64> {
    double::node(x)
}

#[workflow(on_failure = clean_up::node(x, Default))]
fn error_left_out(x: Promise<i64>) -> Promise<i64> {
    double::node(x)
}

#[workflow]
fn failure_in_the_body(x: Promise<i64>) -> Promise<()> {
    clean_up::node(x, Failure)
}

#[test]
fn the_error_goes_to_err_of_a_handler_and_nowhere_else() {
    for (graph, says) in [
        (error_of_another_name::graph(), "is not called `err`"),
        (error_left_out::graph(), "is left to its default"),
        (failure_in_the_body::graph(), ""),
    ] {
        let problems = graph.unwrap_err();
        assert_eq!(kinds(&problems), [ProblemKind::Failure], "{problems}");
        assert!(problems.to_string().contains(says), "{problems}");
    }
}

#[launch_plan]
fn renamed(y: Promise<i64>) -> Promise<i64> {
    inner::node(y)
}

#[launch_plan]
fn computed(x: Promise<i64>) -> Promise<i64> {
    inner::node(inner::node(x))
}

#[launch_plan(cron = "0 0 31 2 *")]
fn never(x: Promise<i64>) -> Promise<i64> {
    inner::node(x)
}

#[launch_plan(cron = "0 0 29 2 *")]
fn every_four_years(#[default(1)] x: Promise<i64>) -> Promise<i64> {
    inner::node(x)
}

#[launch_plan(every = "6h")]
fn four_times_a_day(x: Promise<i64>) -> Promise<i64> {
    inner::node(x)
}

#[launch_plan]
fn repeats(x: Promise<i64>) -> Promise<i64> {
    inner(x)
}

/// A fixed rate has no kickoff, and a workflow's function is not a node of it.
#[test]
fn hints_of_launch_plans_say_what_can_be_done() {
    let problems = four_times_a_day::graph().unwrap_err().to_string();
    assert!(problems.ends_with("which does not know `x`\n  hint: fix the input, or give it a default"), "{problems}");
    let problems = repeats::graph().unwrap_err().to_string();
    assert!(problems.contains("calls one workflow by `workflow::node(..)`"), "{problems}");
}

#[test]
fn launch_plans_neither_rename_nor_compute_and_fire() {
    assert!(kinds(&renamed::graph().unwrap_err()).contains(&ProblemKind::LaunchPlan));
    assert!(kinds(&computed::graph().unwrap_err()).contains(&ProblemKind::LaunchPlan));
    assert!(kinds(&never::graph().unwrap_err()).contains(&ProblemKind::Schedule));
    assert_eq!(every_four_years::graph().map(|graph| graph.body.nodes.len()), Ok(1));
}

#[workflow]
fn one_signal_of_two_types() -> Promise<i64> {
    let flag = gate::wait_for::<bool>("answer");
    let number = gate::wait_for::<i64>("answer");
    when(flag, number).otherwise(0)
}

#[workflow]
fn reads_a_number_as_text(x: Promise<i64>) -> Promise<String> {
    double::node(x).cast::<String>()
}

#[workflow]
fn two_of_one_name(x: Promise<i64>) -> Promise<()> {
    all((double::node(&x).name("same"), double::node(x).name("same")))
}

#[workflow]
fn has_a_reserved_name(x: Promise<i64>) -> Promise<i64> {
    double::node(x).name("end_node")
}

#[workflow]
fn hands_on(x: Promise<i64>) -> Promise<i64> {
    x
}

#[workflow]
fn holds_what_is_empty(x: Promise<i64>) -> Promise<i64> {
    double::node(hands_on::node(x))
}

/// Flyte refuses such a workflow, even where all that it gives comes from its inputs. A task may build a graph without nodes: its values are known.
#[test]
fn a_workflow_without_nodes_is_told() {
    for graph in [hands_on::graph(), holds_what_is_empty::graph()] {
        let problems = graph.unwrap_err();
        assert_eq!(kinds(&problems), [ProblemKind::Empty], "{problems}");
        assert!(problems.to_string().contains("hands_on` runs nothing: what it returns needs no node"), "{problems}");
    }
    assert!(Promise::of(1_i64).graph().is_ok());
}

#[test]
fn the_validation_sees_types_signals_and_names() {
    for (graph, kind) in [
        (one_signal_of_two_types::graph(), ProblemKind::Gate),
        (reads_a_number_as_text::graph(), ProblemKind::Type),
        (two_of_one_name::graph(), ProblemKind::Duplicate),
        (has_a_reserved_name::graph(), ProblemKind::Name),
    ] {
        let problems = graph.unwrap_err();
        assert_eq!(kinds(&problems), [kind], "{problems}");
    }
}

/// The events of this thread, by their fields.
struct Told(std::sync::Mutex<Vec<String>>);

impl tracing::Subscriber for Told {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::WARN
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        struct Fields(String);
        impl tracing::field::Visit for Fields {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0 += &format!("{field}={value:?} ");
            }
        }
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        self.0.lock().expect("nobody panics with it").push(fields.0);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[workflow]
fn drops_a_node(x: Promise<i64>) -> Promise<i64> {
    let _audit = notify::node("start");
    double::node(x)
}

#[test]
fn a_node_that_nothing_needs_is_told_with_its_place() {
    let told = std::sync::Arc::new(Told(std::sync::Mutex::default()));
    tracing::subscriber::with_default(told.clone(), || {
        assert_eq!(drops_a_node::graph().map(|graph| graph.body.nodes.len()), Ok(1));
    });
    let told = told.0.lock().expect("nobody panics with it");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("node=\"notify\"") && told[0].contains("tests/workflow/faults.rs:"), "{told:?}");
}

#[test]
fn what_a_dynamic_task_returned_is_a_graph() {
    let graph = fan_out(vec![1, 2]).graph().unwrap();
    assert_eq!(crate::shown::shown(&graph), ["n0 map double over x(x=[1 2])", "=> o0=n0.o0"]);
    let pair: Promise<(i64, i64)> = (double::node(1), Promise::of(2)).into();
    assert_eq!(crate::shown::shown(&pair.graph().unwrap()).last().unwrap(), "=> o0=n0.o0, o1=2");
}

fn time_of(build: fn() -> Result<nebulakit::graph::Graph, Problems>) -> std::time::Duration {
    let times = (0..3).map(|_| {
        let begin = std::time::Instant::now();
        build().expect("nothing is wrong with it");
        begin.elapsed()
    });
    times.min().expect("three of them")
}

fn lattice(x: &Promise<i64>, nodes: i64) -> Promise<i64> {
    let (mut one, mut other) = (x.clone(), x.clone());
    for k in 0..nodes {
        let next = positive::node(when(one.gt(k), double::node(&other)).otherwise(&one));
        (one, other) = (other, double::node(k).after(next));
    }
    one
}

#[workflow]
fn few(x: Promise<i64>) -> Promise<i64> {
    lattice(&x, 1_000)
}

#[workflow]
fn many(x: Promise<i64>) -> Promise<i64> {
    lattice(&x, 10_000)
}

/// Ten times the nodes take about ten times as long; a square would be a hundred times.
#[test]
fn building_takes_time_linear_in_nodes() {
    let (few, many) = (time_of(few::graph), time_of(many::graph));
    assert!(many < few * 40, "{few:?}, {many:?}");
}

mod one {
    use super::*;

    #[task(name = "app.same")]
    pub(super) fn same(x: i64) -> i64 {
        x
    }
}

mod other {
    use super::*;

    #[task(name = "app.same")]
    fn same(x: i64) -> i64 {
        x + 1
    }

    #[workflow]
    pub(super) fn uses_it(x: Promise<i64>) -> Promise<i64> {
        same::node(x)
    }
}

#[workflow]
fn uses_both(x: Promise<i64>) -> Promise<i64> {
    other::uses_it::node(one::same::node(x))
}

#[test]
fn two_tasks_of_one_name_are_told_with_both_places() {
    let problems = uses_both::graph().unwrap_err();
    assert_eq!(kinds(&problems), [ProblemKind::Duplicate], "{problems}");
    assert!(problems.to_string().contains("two are called `app.same`"), "{problems}");
}

#[workflow]
fn of_another_crate(points: Promise<Vec<nebulakit_tests_strict::Point>>) -> Promise<Vec<nebulakit_tests_strict::Point>> {
    use nebulakit_tests_strict::{far, go_twice};
    far::node(&go_twice::map(points, Default).to)
}

#[test]
fn workflows_of_library_crates_are_used_like_ones_own() {
    let graph = of_another_crate::graph().unwrap();
    assert_eq!(
        crate::shown::shown(&graph),
        ["n0 map workflow go_twice over point(point=$points)", "n1 reference far(points=n0.to)", "=> o0=n1.o0"]
    );
    assert!(nebulakit_tests_strict::every_day::graph().is_ok());
}

#[derive(NebulaType, Debug, Clone)]
pub(crate) struct Sample {
    pub name: String,
    pub reads: File,
    pub lanes: Vec<i64>,
}

#[task]
fn sequence(name: String) -> Sample {
    Sample { name, reads: File::from_bytes("reads.txt", "ACGT"), lanes: vec![1] }
}

#[task(container(image = "ghcr.io/me/align:1", command = ["/bin/align", "{{.inputs.name}}"]))]
fn align(name: String, reads: File, lanes: Vec<i64>) -> f64;

const PACKED: u32 = line!();
#[workflow]
fn packed(name: Promise<String>) -> Promise<f64> {
    let sample = sequence::node(name);
    align::node(&sample.name, &sample.reads, &sample.lanes)
}

#[test]
fn a_file_in_a_struct_does_not_reach_a_container_task() {
    let problem = |name: &str, kind: &str| {
        let message = format!(
            "`{name}` of `n1` (`align`) is fed by `o0.{name}` of `n0` (`sequence`), which is in a struct: a container task gets a `{kind}` from there as msgpack"
        );
        (ProblemKind::Type, 4, message)
    };
    assert_eq!(told(packed::graph().unwrap_err(), PACKED), [problem("reads", "file"), problem("lanes", "list[int]")]);
}
