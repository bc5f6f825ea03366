//! What a running platform said to requests, beside what is said here: every line of `flyte1-refusals.jsonl` that registers something.
//!
//! A line is refused here with the platform's reason; or refused because the platform would drop it, die of it or never run it, which the table says;
//! or accepted; or it cannot be written down here; or only the platform can tell.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use nebulakit::backend::flyte::compile::{Options, Program, compile};
use nebulakit::graph::{
    Amounts, Binding, Bound, Cache, Gate, Graph, Kind, LaunchPlan, Map, Mapped, Node, Notification, Phase, Resources, Schedule, Step, Test,
};
use nebulakit::prelude::*;
use nebulakit::types::Literal;
use nebulakit_types::literal::Primitive;

use crate::{options, refusal};

#[derive(NebulaType, Debug, Clone)]
enum Color {
    Red,
    Green,
}

#[derive(NebulaType, Debug, Clone)]
struct Point {
    x: i64,
}

#[task]
fn one(a: i64) -> i64 {
    a
}

#[task(retries = 2)]
fn float(x: f64) -> f64 {
    x
}

#[task]
fn lists(xs: Vec<i64>) -> Vec<i64> {
    xs
}

#[task]
fn optional(m: Option<i64>) -> i64 {
    m.unwrap_or_default()
}

#[task]
fn paint(c: Color) -> Color {
    c
}

#[task]
fn text(t: String) -> String {
    t
}

#[task]
fn point(p: Point) -> Point {
    p
}

#[task]
fn dict(d: std::collections::HashMap<String, i64>) -> i64 {
    d.len() as i64
}

#[task]
fn dynamic(a: i64) -> Promise<i64> {
    one::node(a)
}

#[task(container(image = "i", command = ["c", "{{.inputs.a}}"]))]
fn program(a: i64) -> i64;

#[workflow]
fn sub(a: Promise<i64>) -> Promise<i64> {
    one::node(a)
}

#[launch_plan]
fn plan(a: Promise<i64>) -> Promise<i64> {
    two::node(a, 7)
}

#[workflow]
fn two(a: Promise<i64>, #[default(1)] b: Promise<i64>) -> Promise<i64> {
    one::node(a).also(one::node(b))
}

/// A node of every sort that the lines are about: `n0` of one, `n1` of float, ..
#[workflow]
fn all(
    a: Promise<i64>,
    x: Promise<f64>,
    t: Promise<String>,
    m: Promise<Option<i64>>,
    p: Promise<Point>,
    flag: Promise<bool>,
) -> Promise<i64> {
    let n0 = one::node(&a);
    let rest = (
        float::node(x),
        lists::node([1, 2]),
        optional::node(m),
        paint::node(Color::Red),
        text::node(t),
        point::node(p),
        dict::node(map! { "k" => &n0 }),
    );
    let n8 = when(a.gt(1), one::node(&n0)).or_when(flag, one::node(2)).or_fail("neither");
    let n9 = gate::approve("yes", &n8);
    let n10 = gate::sleep("1s");
    let n11 = lists_of::node(one::map([1, 2]));
    let n13 = sub::node(&n9);
    let n14 = plan::node(&n13);
    let out = one::node(n14);
    out.also(rest.0)
        .also(rest.1)
        .also(rest.2)
        .also(rest.3)
        .also(rest.4)
        .also(rest.5)
        .also(rest.6)
        .also(n10)
        .also(n11)
        .also(dynamic::node(1))
        .also(program::node(1))
}

#[task]
fn lists_of(xs: Vec<i64>) {
    let _ = xs;
}

/// A change of a graph.
type Change = fn(&mut Graph);

fn integer(number: i64) -> Binding {
    Binding::literal(Primitive::Integer(number))
}

fn node<'g>(graph: &'g mut Graph, runs: &str) -> &'g mut Node {
    let is = |node: &Node| match &node.kind {
        Kind::Task(name) | Kind::Workflow(name) | Kind::LaunchPlan(name) => name.rsplit('.').next() == Some(runs),
        Kind::Map(_) => runs == "map",
        Kind::Branch(_) => runs == "branch",
        Kind::Approve(_) => runs == "approve",
        Kind::Sleep(_) => runs == "sleep",
        _ => false,
    };
    graph.body.nodes.iter_mut().find(|node| is(node)).unwrap_or_else(|| panic!("no node of {runs}"))
}

fn bind(graph: &mut Graph, runs: &str, binding: Binding) {
    node(graph, runs).inputs[0].binding = binding;
}

fn first_test(graph: &mut Graph) -> &mut Test {
    match &mut node(graph, "branch").kind {
        Kind::Branch(branch) => &mut branch.arms[0].test,
        other => panic!("{other:?}"),
    }
}

fn left_of_test(graph: &mut Graph, binding: Binding) {
    match first_test(graph) {
        Test::Compare { left, .. } => *left = binding,
        other => panic!("{other:?}"),
    }
}

fn launch(graph: &mut Graph) -> &mut LaunchPlan {
    graph.launch_plan.as_mut().unwrap()
}

fn cron(graph: &mut Graph, text: &'static str) {
    graph.inputs[0].default = Some(Primitive::Integer(1).into());
    launch(graph).schedule = Some(Schedule::Cron(text.into()));
}

fn told(graph: &mut Graph, email: &[&'static str], on: &[Phase]) {
    let email = email.iter().map(|address| (*address).into()).collect();
    launch(graph).notifications = vec![Notification { email, on: on.to_vec() }];
}

fn limits(graph: &mut Graph, request: &str, limit: &str) {
    let mut resources = Resources::new();
    resources.requests = gpu(request);
    resources.limits = gpu(limit);
    node(graph, "one").overrides.get_or_insert_default().resources = Some(resources);
}

fn gpu(count: &str) -> Amounts {
    Resources::new().gpu(count.parse().unwrap()).requests
}

/// Adds nodes until there are so many.
fn fill(graph: &mut Graph, nodes: usize) {
    let more = (graph.body.nodes.len()..nodes).map(|index| Node::new(format!("x{index}"), Kind::Sleep(Duration::from_secs(1))));
    graph.body.nodes.extend(more.collect::<Vec<_>>());
}

/// Refused here with the platform's reason: the line, a part of what is said, and the change of [`all`] or, for `lp.`, of [`plan`].
const REFUSED: &[(&str, &str, Change)] = &[
    ("task.container.image_empty", "no image is named", |_| {}),
    ("task.resources.gpu_request_ne_limit", "asks for 1 GPUs and is limited to 2", |graph| limits(graph, "1", "2")),
    ("wf.interface.var_dash", "has an input called `a-b`", |graph| graph.inputs[0].name = "a-b".into()),
    ("wf.nodes.none", "has no nodes", |graph| graph.body.nodes.clear()),
    ("wf.nodes.none_passthrough", "has no nodes", |graph| {
        graph.body.nodes.clear();
        graph.body.outputs[0].binding = Binding::input("a");
    }),
    ("wf.nodes.100", "has no nodes", |graph| graph.body.nodes.clear()),
    ("wf.node.id_empty", "an id is made of", |graph| node(graph, "sleep").id = "".into()),
    ("wf.bind.surplus", "there is no such input", |graph| node(graph, "one").inputs.push(Bound::new("zz", integer(1)))),
    ("wf.bind.scalar_type", "`a` of `n0`", |graph| bind(graph, "one", Binding::literal(Primitive::String("x".to_owned())))),
    ("wf.bind.float_to_int", "`a` of `n0`", |graph| bind(graph, "one", Binding::literal(Primitive::Float(1.0)))),
    ("wf.bind.int_to_float", "`x` of", |graph| bind(graph, "float", integer(1))),
    ("wf.bind.none_to_int", "`a` of `n0`", |graph| bind(graph, "one", Binding::literal(Literal::none()))),
    ("wf.bind.promise_output_unknown", "no such output", |graph| bind(graph, "lists_of", Binding::output("n0", "zz"))),
    ("wf.bind.self", "n0", |graph| bind(graph, "one", Binding::output("n0", "o0"))),
    ("wf.bind.list_to_int", "`a` of `n0`", |graph| bind(graph, "one", Binding::List(vec![integer(1)]))),
    ("wf.bind.int_to_list", "`xs` of", |graph| bind(graph, "lists", integer(1))),
    ("wf.bind.enum_bad", "`c` of", |graph| bind(graph, "paint", Binding::literal(Primitive::String("BLUE".to_owned())))),
    ("wf.cast.blob_format", "`a` of `n0`", |graph| bind(graph, "one", Binding::input("t"))),
    ("wf.attr.struct_to_int", "`a` of `n0`", |graph| bind(graph, "one", Binding::input("p"))),
    ("wf.cycle.two", "n0", |graph| node(graph, "one").after.push("n0".into())),
    ("wf.up.self", "n0", |graph| node(graph, "one").after.push("n0".into())),
    ("wf.cycle.side", "n0", |graph| node(graph, "one").after.push("n0".into())),
    ("wf.out.missing", "o0", |graph| graph.body.outputs.clear()),
    ("wf.out.surplus", "zz", |graph| graph.body.outputs.push(Bound::new("zz", integer(1)))),
    ("wf.out.type", "the output `o0`", |graph| graph.body.outputs[0].binding = Binding::input("t")),
    ("wf.out.node_unknown", "needs the node `nosuch`", |graph| graph.body.outputs[0].binding = Binding::output("nosuch", "o0")),
    ("wf.out.var_unknown", "no such output", |graph| graph.body.outputs[0].binding = Binding::output("n0", "zz")),
    ("wf.branch.scalar_none", "compares", |graph| left_of_test(graph, Binding::literal(Literal::none()))),
    ("wf.branch.scalar_int", "compares", |graph| left_of_test(graph, Binding::List(Vec::new()))),
    ("wf.branch.float_const", "one is `float` and the other `int`", |graph| left_of_test(graph, Binding::literal(Primitive::Float(1.0)))),
    ("wf.branch.var_unbound", "which `flyte.refused.all` does not have", |graph| left_of_test(graph, Binding::input("zz"))),
    ("wf.branch.optional_var", "compares the input `m`", |graph| left_of_test(graph, Binding::input("m"))),
    ("wf.branch.attr_path", "compares", |graph| left_of_test(graph, Binding::input("p"))),
    ("wf.branch.condition_empty", "has an arm without a test", |graph| *first_test(graph) = Test::All(Vec::new())),
    ("wf.branch.no_condition", "has an arm without a test", |graph| *first_test(graph) = Test::Any(Vec::new())),
    ("wf.branch.no_case", "arm", |graph| match &mut node(graph, "branch").kind {
        Kind::Branch(branch) => branch.arms.clear(),
        other => panic!("{other:?}"),
    }),
    ("wf.branch.output_mismatch", "the output `o0` of an arm", |graph| match &mut node(graph, "branch").kind {
        Kind::Branch(branch) => branch.arms[1].body.outputs[0].binding = Binding::input("t"),
        other => panic!("{other:?}"),
    }),
    ("wf.branch.inner_promise_bound_outer", "which `flyte.refused.all` does not have", |graph| {
        left_of_test(graph, Binding::input("nosuch"))
    }),
    ("wf.gate.sleep_input", "there is no such input", |graph| node(graph, "sleep").inputs.push(Bound::new("a", integer(1)))),
    ("wf.array.outer_inputs_absent", "`a`", |graph| node(graph, "map").inputs.clear()),
    ("wf.sub.missing_input", "`a`", |graph| node(graph, "sub").inputs.clear()),
    ("wf.lp.missing_input", "`a`", |graph| node(graph, "plan").inputs.clear()),
    ("wf.lp.surplus", "there is no such input", |graph| node(graph, "plan").inputs.push(Bound::new("zz", integer(1)))),
    ("wf.lp.fixed_bound", "there is no such input", |graph| node(graph, "plan").inputs.push(Bound::new("b", integer(1)))),
    ("wf.lp.missing", "the graph has nothing of that name", |graph| node(graph, "plan").kind = Kind::LaunchPlan("nosuch".into())),
    ("wf.lp.self", "contains itself", |graph| {
        let own = graph.name.clone();
        let plan = graph.workflows.get_mut("flyte.refused.plan").unwrap();
        plan.body.nodes[0].kind = Kind::Workflow(own);
    }),
    ("wf.sub.broken_inner", "this program has no task `nosuch`", |graph| {
        let task = graph.tasks["flyte.refused.one"].clone();
        graph.tasks.insert("nosuch".into(), task);
        graph.workflows.get_mut("flyte.refused.sub").unwrap().body.nodes[0].kind = Kind::Task("nosuch".into());
    }),
    ("wf.fail.id_empty", "an id is made of", |graph| {
        graph.on_failure = Some(Box::new(Node::new("", Kind::Task("flyte.refused.optional".into()))))
    }),
    ("big.nodes_101", "has 101 nodes, and the platform takes 100", |graph| {
        fill(graph, 101);
    }),
    ("big.task_11mb", "bytes, and the platform takes 4194304", |graph| {
        bind(graph, "text", Binding::literal(Primitive::String("x".repeat(11_000_000))))
    }),
    ("big.task_9mb", "bytes, and the platform takes 4194304", |graph| {
        bind(graph, "text", Binding::literal(Primitive::String("x".repeat(9_000_000))))
    }),
    ("sub.recursion_not_inlined", "contains itself", |graph| {
        let own = graph.name.clone();
        graph.workflows.get_mut("flyte.refused.sub").unwrap().body.nodes[0].kind = Kind::Workflow(own);
    }),
    ("lp.default_type", "the default of `a`", |graph| graph.inputs[0].default = Some(Primitive::Boolean(true).into())),
    ("lp.required_wrong_type", "`a`", |graph| {
        graph.inputs[0].literal_type = nebulakit::types::LiteralType::simple(nebulakit_types::literal_type::SimpleType::String);
    }),
    ("lp.default_unknown", "gives `zz` to nothing", |graph| {
        let mut input = graph.inputs[0].clone();
        input.name = "zz".into();
        graph.inputs.push(input);
    }),
    ("lp.required_unknown", "gives `zz` to nothing", |graph| {
        let mut input = graph.inputs[0].clone();
        input.name = "zz".into();
        graph.inputs.push(input);
    }),
    ("lp.fixed_type", "`b`", |graph| graph.body.nodes[0].inputs[1].binding = Binding::literal(Primitive::Boolean(true))),
    ("lp.fixed_unknown", "there is no such input", |graph| graph.body.nodes[0].inputs.push(Bound::new("zz", integer(1)))),
    ("lp.default_on_no_inputs", "gives `zz` to nothing", |graph| {
        let mut input = graph.inputs[0].clone();
        input.name = "zz".into();
        graph.inputs.push(input);
    }),
    ("lp.fixed_on_no_inputs", "there is no such input", |graph| graph.body.nodes[0].inputs.push(Bound::new("zz", integer(1)))),
    ("lp.labels_bad_key", "has the label", |graph| drop(launch(graph).labels.insert("bad key".into(), "v".into()))),
    ("lp.labels_bad_value", "has the label", |graph| drop(launch(graph).labels.insert("k".into(), "bad value!".into()))),
    ("lp.labels_long_value", "has the label", |graph| drop(launch(graph).labels.insert("k".into(), "v".repeat(64).into()))),
    ("lp.notif_no_recipient", "a notification for nobody", |graph| told(graph, &[], &[Phase::Failed])),
    ("lp.schedule.cron_alias_hourly", "the schedule of", |graph| cron(graph, "hourly")),
    ("lp.schedule.cron_alias_daily", "the schedule of", |graph| cron(graph, "daily")),
    ("lp.schedule.cron_six_fields", "the schedule of", |graph| cron(graph, "0 0 2 * * *")),
    ("lp.schedule.cron_aws", "the schedule of", |graph| cron(graph, "0 2 * * ? *")),
    ("lp.schedule.cron_range", "the schedule of", |graph| cron(graph, "61 * * * *")),
    ("lp.schedule.cron_reboot", "the schedule of", |graph| cron(graph, "@reboot")),
    ("lp.schedule.kickoff_not_datetime", "not `datetime`", |graph| {
        cron(graph, "0 2 * * *");
        launch(graph).kickoff = Some("a".into());
    }),
    ("lp.schedule.required_unfilled", "which does not know `a`", |graph| {
        cron(graph, "0 2 * * *");
        graph.inputs[0].default = None;
    }),
];

/// Refused here, and accepted by the platform, which then drops it, dies of it or never runs it: the line, what it does, a part of what is said, and the
/// change.
const WOULD_GO_WRONG: &[(&str, &str, &str, Change)] = &[
    ("task.container.image_blank", "no pod starts", "no image is named", |_| {}),
    ("wf.node.id_end", "the node is dropped", "the platform has a node of that id itself", |graph| {
        node(graph, "sleep").id = "end-node".into()
    }),
    ("wf.node.id_dup_unrefd", "the second node is dropped", "n0", |graph| node(graph, "sleep").id = "n0".into()),
    ("wf.node.id_dot", "labels and addresses hold another id", "an id is made of", |graph| node(graph, "sleep").id = "a.b".into()),
    ("wf.node.id_space", "labels and addresses hold another id", "an id is made of", |graph| node(graph, "sleep").id = "a b".into()),
    ("wf.node.id_unicode", "labels and addresses hold another id", "an id is made of", |graph| node(graph, "sleep").id = "n\u{e9}".into()),
    ("wf.node.id_dashes", "labels and addresses hold another id", "an id is made of", |graph| node(graph, "sleep").id = "--a--".into()),
    ("wf.node.id_long64", "labels hold 63 characters of it", "at most 63 characters", |graph| {
        node(graph, "sleep").id = "a".repeat(64).into()
    }),
    ("wf.node.id_long300", "the run ends as a failure of the system", "at most 63 characters", |graph| {
        node(graph, "sleep").id = "a".repeat(300).into()
    }),
    ("wf.attr.on_int", "the step is ignored", "has no parts", |graph| {
        bind(graph, "one", Binding::Input { name: "a".into(), path: vec![Step::Key("x".into())] });
    }),
    ("wf.gate.signal_no_id", "the node ends as a failure of the system", "a signal without a name", |graph| {
        let gate = Gate {
            signal: "".into(),
            literal_type: nebulakit::types::LiteralType::simple(nebulakit_types::literal_type::SimpleType::Integer),
        };
        node(graph, "sleep").kind = Kind::Wait(Box::new(gate));
    }),
    ("wf.gate.approve_no_id", "the node ends as a failure of the system", "a signal without a name", |graph| {
        match &mut node(graph, "approve").kind {
            Kind::Approve(gate) => gate.signal = "".into(),
            other => panic!("{other:?}"),
        }
    }),
    ("wf.gate.approve_no_input", "there is nothing to approve", "`o0`", |graph| node(graph, "approve").inputs.clear()),
    ("wf.fail.promise_to_node", "the handler fails", "what handles failures cannot see nodes", |graph| {
        let handler = Node::new("fn0", Kind::Task("flyte.refused.optional".into())).with("m", Binding::output("n0", "o0"));
        graph.on_failure = Some(Box::new(handler));
    }),
    ("wf.fail.upstream", "the handler waits for what was aborted", "what handles failures cannot see nodes", |graph| {
        let mut handler = Node::new("fn0", Kind::Task("flyte.refused.optional".into()));
        handler.after.push("n0".into());
        graph.on_failure = Some(Box::new(handler));
    }),
    ("wf.fail.id_dup", "the handler never runs", "n0", |graph| {
        graph.on_failure = Some(Box::new(Node::new("n0", Kind::Task("flyte.refused.optional".into()))));
    }),
    ("sub.recursion_mutual", "the whole server dies", "contains itself", |graph| {
        let sub = graph.workflows.get_mut("flyte.refused.sub").unwrap();
        sub.body.nodes[0].kind = Kind::Workflow("flyte.refused.two".into());
        graph.workflows.get_mut("flyte.refused.two").unwrap().body.nodes[0].kind = Kind::Workflow("flyte.refused.sub".into());
    }),
    ("lp.notif_no_phase", "nobody is ever told", "or of nothing", |graph| told(graph, &["a@b.c"], &[])),
    ("lp.notif_bad_address", "nobody is ever told", "is not an address", |graph| told(graph, &["nobody"], &[Phase::Failed])),
    ("lp.schedule.rate_zero", "it never fires", "less than a minute", |graph| {
        graph.inputs[0].default = Some(Primitive::Integer(1).into());
        launch(graph).schedule = Some(Schedule::Every(Duration::ZERO));
    }),
    ("lp.schedule.empty_schedule", "it never fires", "the schedule of", |graph| cron(graph, "")),
    ("lp.schedule.kickoff_only", "it never fires", "goes with no schedule", |graph| launch(graph).kickoff = Some("a".into())),
    ("lp.concurrency_zero", "nothing ever runs", "may run nothing at once", |graph| launch(graph).at_most = Some(0)),
];

/// Accepted by both.
const ACCEPTED: &[(&str, Change)] = &[
    ("task.container.command_only", |_| {}),
    ("task.resources.gpu_limit_only", |graph| limits(graph, "1", "1")),
    ("task.interface.empty", |_| {}),
    ("wf.bind.optional_unbound", |graph| node(graph, "optional").inputs.clear()),
    ("wf.bind.optional_none", |graph| bind(graph, "optional", Binding::literal(Literal::none()))),
    ("wf.bind.list_empty", |graph| bind(graph, "lists", Binding::List(Vec::new()))),
    ("wf.bind.enum_member", |_| {}),
    ("wf.bind.enum_from_string", |graph| bind(graph, "paint", Binding::input("t"))),
    ("wf.bind.enum_to_string", |graph| {
        let id = node(graph, "paint").id.clone();
        bind(graph, "text", Binding::output(id, "o0"));
    }),
    ("wf.cast.blob_empty_format", |_| {}),
    ("wf.attr.list_index", |graph| {
        let id = node(graph, "lists").id.clone();
        bind(graph, "dynamic", Binding::Output { node: id, output: "o0".into(), path: vec![Step::Index(0)] });
    }),
    ("wf.attr.dataclass_field", |graph| {
        bind(graph, "one", Binding::Input { name: "p".into(), path: vec![Step::Key("x".into())] });
    }),
    ("wf.tag.same", |_| {}),
    ("wf.tag.plain_untagged", |graph| bind(graph, "optional", Binding::input("a"))),
    ("wf.out.constant", |graph| graph.body.outputs[0].binding = integer(1)),
    ("wf.out.plain_to_optional", |graph| bind(graph, "optional", Binding::output("n0", "o0"))),
    ("wf.branch.ok", |_| {}),
    ("wf.branch.const_const", |graph| left_of_test(graph, integer(1))),
    ("wf.branch.error_default", |_| {}),
    // A part of a value is compared by a node of its own, so that these run here.
    ("wf.branch.attr_dataclass", |graph| left_of_test(graph, Binding::Input { name: "p".into(), path: vec![Step::Key("x".into())] })),
    ("wf.branch.attr_path_list", |graph| {
        let id = node(graph, "lists").id.clone();
        left_of_test(graph, Binding::Output { node: id, output: "o0".into(), path: vec![Step::Index(0)] });
    }),
    ("wf.gate.approve_const", |graph| bind(graph, "approve", integer(1))),
    ("wf.gate.sleep_zero", |graph| node(graph, "sleep").kind = Kind::Sleep(Duration::ZERO)),
    ("wf.gate.same_signal_twice", |_| {}),
    ("wf.array.ok", |_| {}),
    // A task makes the nodes, in place of a map of the platform's.
    ("wf.array.of_subworkflow", |graph| {
        let map = Map::new(Mapped::Workflow("flyte.refused.sub".into()), vec!["a".into()]);
        node(graph, "map").kind = Kind::Map(Box::new(map));
    }),
    ("wf.sub.ok", |_| {}),
    ("wf.lp.ok", |_| {}),
    ("wf.lp.default_unbound", |_| {}),
    ("wf.lp.default_bound", |_| {}),
    ("wf.fail.ok", |graph| graph.on_failure = Some(Box::new(Node::new("fn0", Kind::Task("flyte.refused.optional".into()))))),
    ("wf.fail.err_unbound", |graph| graph.on_failure = Some(Box::new(Node::new("fn0", Kind::Task("flyte.refused.optional".into()))))),
    ("wf.fail.gate", |graph| graph.on_failure = Some(Box::new(Node::new("fn0", Kind::Sleep(Duration::from_secs(1)))))),
    ("big.nodes_100", |graph| {
        fill(graph, 100);
    }),
    ("big.task_3mb", |graph| bind(graph, "text", Binding::literal(Primitive::String("x".repeat(3_000_000))))),
    ("lp.annotations_any_value", |graph| drop(launch(graph).annotations.insert("k".into(), "any value!".into()))),
    ("lp.notif_ok", |graph| told(graph, &["a@b.c"], &[Phase::Failed])),
    ("lp.schedule.cron_ok", |graph| cron(graph, "0 2 * * *")),
    ("lp.schedule.cron_every_minute", |graph| cron(graph, "* * * * *")),
    ("lp.schedule.cron_at_hourly", |graph| cron(graph, "@hourly")),
    ("lp.schedule.cron_dow_name", |graph| cron(graph, "0 2 * * MON-FRI")),
    ("lp.schedule.cron_midnight", |graph| cron(graph, "@midnight")),
    ("lp.raw_output_bad", |graph| launch(graph).raw_output_prefix = Some("nonsense".into())),
];

/// What cannot be written down here, with the reason.
const NOT_EXPRESSIBLE: &[(&str, &[&str])] = &[
    (
        "ids are whole: kind, name and, in the options, project, domain and version",
        &[
            "task.id.absent",
            "task.id.type_unset",
            "task.id.org_set",
            "task.id.name_empty",
            "task.template.absent",
            "task.template.empty_spec",
            "task.template.id_other",
            "wf.id.absent",
            "wf.id.type_task",
            "wf.template.absent",
            "wf.template.id_other",
            "lp.id.absent",
            "lp.wf.absent",
            "lp.wf.other_project",
            "wf.ref.task_type_workflow",
            "wf.ref.task_project",
            "wf.ref.task_project_empty",
            "wf.node.task_ref_absent",
            "wf.sub.type_lp",
            "wf.sub.ref_absent",
            "wf.lp.type_workflow",
        ],
    ),
    (
        "names are those of Rust, and versions those of the options",
        &[
            "task.name.slash",
            "task.name.space",
            "task.name.unicode",
            "task.name.colons",
            "task.name.upper",
            "task.name.newline",
            "task.name.percent",
            "task.name.dot",
            "task.version.slash",
            "task.version.space",
            "task.interface.var_name_dot",
            "task.interface.var_name_space",
            "task.interface.union_empty",
        ],
    ),
    (
        "messages are always whole",
        &[
            "task.type.empty",
            "task.type.unknown",
            "task.metadata.absent",
            "task.runtime.version_empty",
            "task.interface.absent",
            "wf.interface.absent",
            "wf.interface.absent_noio",
            "wf.metadata.absent",
            "wf.metadata_defaults.absent",
            "wf.node.metadata_absent",
            "wf.node.no_target",
            "task.container.no_command_no_args",
            "task.container.no_command_no_args_no_io",
            "task.container.args_only",
            "wf.branch.no_then",
            "wf.branch.no_if_else",
            "wf.branch.inner_id_empty",
            "wf.branch.conj_one_side",
            "wf.branch.surplus_input",
            "wf.branch.const_binding",
            "wf.branch.inner_promise_not_bound",
            "wf.gate.no_condition",
            "wf.gate.signal_no_output",
            "wf.array.no_node",
            "wf.array.inner_id_empty",
            "wf.array.bound_unknown",
            "wf.array.unwrapped_interface",
            "wf.array.unwrapped_output",
            "wf.array.of_branch",
            "wf.array.of_array",
            "wf.sub.not_inlined",
            "wf.sub.unused",
            "wf.bind.promise_start_node_explicit",
            "wf.up.start",
            "lp.empty_defaults",
            "lp.no_behavior",
            "lp.fixed_and_required",
            "lp.notif_no_type",
        ],
    ),
    (
        "`#[task]` refuses it where it is written",
        &[
            "task.timeout.negative",
            "task.retries.huge",
            "task.container.env_dup",
            "task.container.env_bad_key",
            "task.resources.cpu_empty",
            "task.resources.mem_malformed",
            "task.resources.mem_lowercase_k",
            "task.resources.cpu_dup",
            "task.resources.unknown_name",
            "task.cache.no_version",
            "task.secret.no_group",
            "task.secret.no_key",
        ],
    ),
    ("numbers have no sign", &["wf.gate.sleep_negative", "lp.concurrency_negative", "lp.parallelism_negative"]),
    (
        "there are no inline pods, aliases, tags, links, conditions of launches and superseded fields",
        &[
            "task.pod.ok",
            "task.pod.spec_absent",
            "task.pod.no_containers",
            "task.pod.container_name_upper",
            "task.pod.bad_spec",
            "task.pod.unknown_field",
            "task.pod.no_primary_config",
            "task.pod.no_image",
            "task.tags",
            "task.description.link",
            "wf.alias.dup",
            "wf.alias.ok",
            "lp.schedule.cron_offset",
            "lp.schedule.cron_offset_bad",
            "lp.schedule.cron_expression",
            "lp.concurrency_unspecified",
            "lp.launch_conditions",
            "lp.role_deprecated",
            "lp.auth_role_and_security",
            "wf.attr.struct",
            "wf.attr.map_key",
            "lp.schedule.kickoff_ok",
            "lp.schedule.kickoff_has_default",
        ],
    ),
];

/// What only the platform can tell: its projects, its limits, its time zones, and what is registered already.
const BY_THE_PLATFORM: &[&str] = &[
    "task.id.project_unknown",
    "task.id.domain_unknown",
    "wf.id.project_unknown",
    "task.resources.cpu_over_platform",
    "task.resources.cpu_limit_over_platform",
    "task.resources.gpu_over_platform",
    "task.resources.ephemeral_over",
    "task.dup.identical",
    "task.dup.image",
    "task.dup.runtime_version",
    "task.dup.description",
    "task.dup.new_and_removed",
    "wf.dup.node_added",
    "wf.dup.upstream_written",
    "lp.dup.identical",
    "lp.dup.default",
    "lp.dup.labels",
    "lp.dup.empty_messages",
    "big.error_len",
    "lp.schedule.cron_tz_bad",
];

fn changed(id: &str, change: Change) -> Graph {
    let mut graph = if id.starts_with("lp.") { plan::graph().unwrap() } else { all::graph().unwrap() };
    change(&mut graph);
    graph
}

fn said(id: &str, change: Change) -> String {
    let options = match id {
        "task.container.image_empty" => Options::new("", "/app"),
        "task.container.image_blank" => Options::new(" ", "/app"),
        _ => options(),
    };
    match compile(&Program::of([changed(id, change)]), &options) {
        Ok(_) => String::new(),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn every_line_has_its_place() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/flyte1-refusals.jsonl");
    let lines = std::fs::read_to_string(path).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let registers = |line: &serde_json::Value| {
        let (id, call) = (line["id"].as_str().unwrap(), line["call"].as_str().unwrap());
        ["CreateTask", "CreateWorkflow", "CreateLaunchPlan"].contains(&call)
            && !id.starts_with("setup.")
            && !id.starts_with("project.")
            && id != "task.id.version_empty"
            && id != "lp.id.version_empty"
    };
    let accepted: BTreeMap<String, bool> =
        lines.filter(registers).map(|line| (line["id"].as_str().unwrap().to_owned(), line["accepted"].as_bool().unwrap())).collect();
    let mut placed = BTreeSet::new();
    let mut place = |id: &str| {
        assert!(accepted.contains_key(id), "{id} is no line");
        assert!(placed.insert(id.to_owned()), "{id} has two places");
    };
    REFUSED.iter().for_each(|(id, ..)| place(id));
    WOULD_GO_WRONG.iter().for_each(|(id, ..)| place(id));
    ACCEPTED.iter().for_each(|(id, _)| place(id));
    NOT_EXPRESSIBLE.iter().flat_map(|(_, ids)| *ids).for_each(|id| place(id));
    BY_THE_PLATFORM.iter().for_each(|id| place(id));
    let missing: Vec<_> = accepted.keys().filter(|id| !placed.contains(*id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let wrong = REFUSED.iter().filter(|(id, ..)| accepted[*id]).map(|(id, ..)| id);
    assert_eq!(wrong.collect::<Vec<_>>(), Vec::<&&str>::new(), "the platform accepts these");
    let wrong = WOULD_GO_WRONG.iter().filter(|(id, ..)| !accepted[*id] && !id.starts_with("sub.")).map(|(id, ..)| id);
    assert_eq!(wrong.collect::<Vec<_>>(), Vec::<&&str>::new(), "the platform refuses these");
}

#[test]
fn the_base_of_all_changes_is_accepted() {
    assert_eq!(refusal(all::graph()), "");
    assert_eq!(refusal(plan::graph()), "");
}

#[test]
fn what_the_platform_refuses_or_gets_wrong_is_refused_here_first() {
    let lines = REFUSED.iter().map(|(id, part, change)| (id, part, change));
    let lines = lines.chain(WOULD_GO_WRONG.iter().map(|(id, _, part, change)| (id, part, change)));
    let mut wrong = Vec::new();
    for (id, part, change) in lines {
        let said = said(id, *change);
        if !said.contains(part) {
            wrong.push(format!("{id}: {part:?} is not in {:?}", said.lines().next().unwrap_or_default()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_the_platform_runs_is_accepted() {
    let refused: Vec<_> = ACCEPTED.iter().map(|(id, change)| (id, said(id, *change))).filter(|(_, said)| !said.is_empty()).collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

/// These are no lines of the table, and are dropped or die as well.
#[test]
fn overrides_and_maps_that_the_platform_would_drop_are_refused() {
    let overridden = |change: fn(&mut nebulakit::graph::Overrides)| {
        let mut graph = all::graph().unwrap();
        change(node(&mut graph, "float").overrides.get_or_insert_default());
        refusal(Ok(graph))
    };
    assert!(overridden(|overrides| overrides.cache = Some(Cache::Off)).contains("which no server of Flyte 1 reads"));
    assert!(overridden(|overrides| overrides.pod_template = Some("big".to_owned())).contains("which Flyte takes from the task alone"));
    assert!(overridden(|overrides| overrides.retries = Some(0)).contains("takes the 2 retries of `flyte.refused.float` away"));
    assert_eq!(overridden(|overrides| overrides.retries = Some(1)), "");
    for (task, what) in [("program", "a container task"), ("dynamic", "a dynamic task")] {
        let mut graph = all::graph().unwrap();
        let map = Map::new(Mapped::Task(format!("flyte.refused.{task}").into()), vec!["a".into()]);
        node(&mut graph, "map").kind = Kind::Map(Box::new(map));
        let said = refusal(Ok(graph));
        assert!(said.contains(&format!("{what}, which Flyte cannot map")), "{said}");
    }
}

/// All reasons are told at once, each with its line in the source.
#[test]
fn reasons_have_their_places_and_come_together() {
    let mut graph = all::graph().unwrap();
    node(&mut graph, "float").overrides.get_or_insert_default().cache = Some(Cache::Off);
    let problems = compile(&Program::of([graph]), &Options::new("", "").target("p", " ", "")).unwrap_err();
    let text = problems.to_string();
    assert_eq!(problems.len(), 5, "{text}");
    assert!(text.contains("refused.rs:") && text.contains("no domain is named") && text.contains("no version is named"), "{text}");
}

/// Names with a `-` behind the last dot are those of what stands for what the platform does not have.
#[test]
fn a_name_that_is_kept_is_refused() {
    let mut graph = all::graph().unwrap();
    let mut inner = graph.workflows["flyte.refused.sub"].clone();
    inner.name = "flyte.refused.all.n8-0".into();
    graph.workflows.insert(inner.name.clone(), inner);
    assert!(refusal(Ok(graph)).contains("is a name that is kept for what `flyte.refused.all` needs on Flyte"));
}

#[workflow]
fn awaited() -> Promise<i64> {
    gate::wait_for::<i64>("more")
}

#[test]
fn signals_that_the_control_plane_cannot_store_are_refused_as_executions_would_die_of_them() {
    let said = |signal: String| {
        let mut graph = awaited::graph().unwrap();
        let Kind::Wait(gate) = &mut graph.body.nodes[0].kind else { panic!() };
        gate.signal = signal.into();
        refusal(Ok(graph))
    };
    // All of these ran on a cluster.
    for text in ["../../etc/passwd", "$(x); `id` & \"'\\", "line\r\nline\u{1b}[31mred\u{7}", "größe 任务 😀", "-rf", "{{.inputs.x}} %s"]
    {
        assert_eq!(said(text.to_owned()), "", "{text}");
    }
    assert_eq!(said("long ".repeat(480)), "");
    let too_long = said("long ".repeat(481));
    assert!(too_long.contains("has 2405 bytes, and 2400 are what its database stores for sure"), "{too_long}");
    let zero = said("\0nul".to_owned());
    assert!(zero.contains("a character with the code 0") && zero.contains("Workflow abort failed"), "{zero}");
}
