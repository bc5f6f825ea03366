//! Twins of workflows that flytekit registered: the same nodes, bindings and order.
//!
//! `tests/golden/flytekit-workflows.jsonl` holds the nodes and outputs of their templates, `flytekit-launch-plans.jsonl` the specifications of
//! launch plans.

use std::collections::{BTreeMap, BTreeSet};

use nebulakit::graph::{Binding, Bound, Comparison, Graph, Input, Kind, Mapped, Node, Otherwise, Phase, Schedule, Step, Success, Test};
use nebulakit::types::literal_type::TypeKind;
use serde_json::{Value, json};

use crate::twins::{p02, p03, p04, p06, p07, p12};

#[test]
fn twins_of_flytekits_workflows_have_its_nodes() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/flytekit-workflows.jsonl");
    let lines = std::fs::read_to_string(path).unwrap();
    let golden: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let twins = [
        ("02 three_nodes", p02::three_nodes::graph()),
        ("02 constants", p02::constants::graph()),
        ("03 if_elif_else", p03::if_elif_else::graph()),
        ("03 on_bool_output", p03::on_bool_output::graph()),
        ("03 nested", p03::nested::graph()),
        ("04 plain", p04::plain::graph()),
        ("04 tuned", p04::tuned::graph()),
        ("04 bound", p04::bound::graph()),
        ("04 no_outputs", p04::no_outputs::graph()),
        ("04 one", p04::one::graph()),
        ("06 inner", p06::inner::graph()),
        ("06 wf", p06::wf::graph()),
        ("07 nightly", p07::nightly::graph()),
        ("12 wf", p12::wf::graph()),
    ];
    assert_eq!(golden.len(), twins.len());
    for (golden, (name, twin)) in golden.iter().zip(twins) {
        assert_eq!(golden["workflow"], name);
        let twin = twin.unwrap();
        let mut nodes: Vec<_> = golden["nodes"].as_array().unwrap().iter().map(|node| theirs(node, true)).collect();
        if name == "04 no_outputs" {
            // `map_task(noop, min_successes=2)`: flytekit writes the ratio that it has by default, and loses the count.
            nodes[0]["success"] = json!([2, null]);
        }
        let ours_nodes: Vec<_> = twin.body.nodes.iter().map(|node| ours(&twin, node, true)).collect();
        assert_eq!(json!(ours_nodes), json!(nodes), "{name}");
        let outputs =
            golden["outputs"].as_array().unwrap().iter().map(|output| (output["var"].as_str().unwrap(), output["binding"].clone()));
        let ours_outputs = twin.body.outputs.iter().map(|output| (&*output.name, binding(&output.binding)));
        assert_eq!(ours_outputs.collect::<BTreeMap<_, _>>(), outputs.collect::<BTreeMap<_, _>>(), "{name}");
    }
}

/// A node of a template, in the form that both are brought to.
fn theirs(node: &Value, with_id: bool) -> Value {
    let mut inputs: BTreeMap<String, Value> = BTreeMap::new();
    for input in node["inputs"].as_array().into_iter().flatten() {
        inputs.insert(input["var"].as_str().unwrap().to_owned(), input["binding"].clone());
    }
    let mut form = json!({"upstream": node["upstreamNodeIds"].as_array().cloned().unwrap_or_default()});
    let last = |name: &Value| name.as_str().unwrap().rsplit('.').next().unwrap().to_owned();
    if let Some(task) = node.get("taskNode") {
        form["task"] = json!(last(&task["referenceId"]["name"]));
    } else if let Some(array) = node.get("arrayNode") {
        let name = last(&array["node"]["taskNode"]["referenceId"]["name"]);
        let name = name.trim_start_matches("map_").split("_").next().unwrap();
        form["map"] = json!(name);
        form["bound"] = array.get("boundInputs").cloned().unwrap_or(json!([]));
        form["concurrency"] = array.get("parallelism").cloned().unwrap_or(Value::Null);
        form["success"] = json!([array.get("minSuccesses"), array.get("minSuccessRatio")]);
    } else {
        let branch = &node["branchNode"]["ifElse"];
        let cases = std::iter::once(&branch["case"]).chain(branch["other"].as_array().into_iter().flatten());
        let arm = |case: &Value| json!([condition(&case["condition"], &inputs), theirs(&case["thenNode"], false)]);
        form["arms"] = cases.map(arm).collect();
        form["otherwise"] = match branch.get("elseNode") {
            Some(node) => theirs(node, false),
            None => branch["error"]["message"].clone(),
        };
        inputs.clear();
    }
    form["inputs"] = json!(inputs);
    if with_id {
        form["id"] = node["id"].clone();
    } else {
        // In arms flytekit says nothing of what they need of outside.
        form["upstream"] = json!([]);
    }
    form
}

fn condition(of: &Value, inputs: &BTreeMap<String, Value>) -> Value {
    let operand = |value: &Value| match value.get("var") {
        Some(name) => inputs[name.as_str().unwrap()].clone(),
        None => json!({"scalar": value}),
    };
    if let Some(comparison) = of.get("comparison") {
        let sign = comparison.get("operator").cloned().unwrap_or(json!("EQ"));
        return json!([operand(&comparison["leftValue"]), sign, operand(&comparison["rightValue"])]);
    }
    let joined = &of["conjunction"];
    let sign = joined.get("operator").cloned().unwrap_or(json!("AND"));
    json!([condition(&joined["leftExpression"], inputs), sign, condition(&joined["rightExpression"], inputs)])
}

/// A node of ours, in the same form. An input that is left to its default has that here.
fn ours(graph: &Graph, node: &Node, with_id: bool) -> Value {
    let last = |name: &str| name.rsplit('.').next().unwrap().to_owned();
    let mut inputs: BTreeMap<String, Value> = node.inputs.iter().map(|input| (input.name.to_string(), binding(&input.binding))).collect();
    let mut upstream: BTreeSet<String> = node.after.iter().map(|id| id.as_str().to_owned()).collect();
    node.inputs.iter().for_each(|input: &Bound| needs(&input.binding, &mut upstream));
    let mut form = json!({});
    match &node.kind {
        Kind::Task(name) => {
            for input in &graph.tasks[name].inputs {
                if let Some(default) = &input.default {
                    inputs.entry(input.name.to_string()).or_insert_with(|| default.to_json().unwrap());
                }
            }
            form["task"] = json!(last(name));
        }
        Kind::Map(map) => {
            let Mapped::Task(name) = &map.of else { panic!("a task is mapped") };
            form["map"] = json!(last(name));
            let mut bound: Vec<_> = inputs.keys().filter(|name| !map.mapped.iter().any(|mapped| mapped == *name)).collect();
            bound.sort();
            form["bound"] = json!(bound);
            form["concurrency"] = json!(map.concurrency);
            form["success"] = match map.success {
                Success::All => json!([null, 1.0]),
                Success::Count(count) => json!([count, null]),
                Success::Ratio(ratio) => json!([null, ratio]),
            };
        }
        Kind::Branch(branch) => {
            let only = |nodes: &[Node]| match nodes {
                [node] => ours(graph, node, false),
                nodes => panic!("{} nodes", nodes.len()),
            };
            let mut operands = |test: &Test| tested(test, &mut upstream);
            form["arms"] = branch.arms.iter().map(|arm| json!([operands(&arm.test), only(&arm.body.nodes)])).collect();
            form["otherwise"] = match &branch.otherwise {
                Otherwise::Run(body) => only(&body.nodes),
                Otherwise::Fail(message) => json!(message),
            };
        }
        other => panic!("{other:?}"),
    }
    form["inputs"] = json!(inputs);
    form["upstream"] = json!(if with_id { upstream } else { BTreeSet::new() });
    if with_id {
        form["id"] = json!(node.id.as_str());
    }
    form
}

fn tested(test: &Test, upstream: &mut BTreeSet<String>) -> Value {
    let joined = |parts: &[Test], sign: &str, upstream: &mut BTreeSet<String>| {
        let mut parts = parts.iter().map(|part| tested(part, upstream));
        let first = parts.next().unwrap();
        parts.fold(first, |left, right| json!([left, sign, right]))
    };
    match test {
        Test::Compare { left, by, right } => {
            needs(left, upstream);
            let sign = match by {
                Comparison::Eq => "EQ",
                Comparison::Ne => "NEQ",
                Comparison::Gt => "GT",
                Comparison::Ge => "GTE",
                Comparison::Lt => "LT",
                Comparison::Le => "LTE",
            };
            json!([binding(left), sign, binding(right)])
        }
        Test::All(parts) => joined(parts, "AND", upstream),
        Test::Any(parts) => joined(parts, "OR", upstream),
        other => panic!("{other:?}"),
    }
}

fn needs(binding: &Binding, upstream: &mut BTreeSet<String>) {
    match binding {
        Binding::Output { node, .. } => drop(upstream.insert(node.as_str().to_owned())),
        Binding::List(list) => list.iter().for_each(|part| needs(part, upstream)),
        Binding::Map(map) => map.values().for_each(|part| needs(part, upstream)),
        _ => {}
    }
}

fn binding(of: &Binding) -> Value {
    let with_path = |mut promise: Value, path: &[Step]| {
        let steps = path.iter().map(|step| match step {
            Step::Key(key) => json!({"stringValue": key}),
            Step::Index(index) => json!({"intValue": index}),
        });
        if !path.is_empty() {
            promise["attrPath"] = steps.collect();
        }
        json!({"promise": promise})
    };
    match of {
        Binding::Literal(literal) => literal.to_json().unwrap(),
        Binding::Input { name, path } => with_path(json!({"var": name}), path),
        Binding::Output { node, output, path } => with_path(json!({"nodeId": node.as_str(), "var": output}), path),
        Binding::List(list) => json!({"collection": {"bindings": list.iter().map(binding).collect::<Vec<_>>()}}),
        Binding::Map(map) => {
            json!({"map": {"bindings": map.iter().map(|(key, value)| (key.clone(), binding(value))).collect::<BTreeMap<_, _>>()}})
        }
        other => panic!("{other:?}"),
    }
}

/// Two of flytekit's launch plans have no twin: that of the workflow itself, which every workflow has by its own name, and one with a fixed rate
/// and a kickoff, which never fires.
#[test]
fn twins_of_flytekits_launch_plans_have_its_options() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/flytekit-launch-plans.jsonl");
    let lines = std::fs::read_to_string(path).unwrap();
    let golden: BTreeMap<String, Value> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| (line["launch_plan"].as_str().unwrap().to_owned(), line["spec"].clone()))
        .collect();
    for (name, twin) in [
        ("04 one_lp", p04::one_lp::graph()),
        ("07 nightly_cron", p07::nightly_cron::graph()),
        ("07 hourly_alias", p07::hourly_alias::graph()),
    ] {
        assert_eq!(our_plan(&twin.unwrap()), their_plan(&golden[name]), "{name}");
    }
}

/// The specification of a launch plan, in the form that both are brought to. Chat and pagers are told by mail, so that only addresses count; what
/// nothing reads is left out.
fn their_plan(spec: &Value) -> Value {
    let entity = &spec["entity_metadata"];
    let notifications = entity["notifications"].as_array().into_iter().flatten().map(|notification| {
        let addresses = ["email", "slack", "pager_duty"].iter().find_map(|way| notification[way].get("recipients_email"));
        json!([addresses, notification["phases"]])
    });
    let free = spec["default_inputs"]["parameters"].as_object().unwrap().iter();
    let fixed = spec["fixed_inputs"].get("literals").cloned().unwrap_or(json!({}));
    json!({
        "workflow": spec["workflow_id"]["name"].as_str().unwrap().rsplit('.').next(),
        "free": free.map(|(name, free)| (name.clone(), camel(free.get("default").unwrap_or(&Value::Null)))).collect::<BTreeMap<_, _>>(),
        "fixed": camel(&fixed),
        "cron": entity["schedule"]["cron_schedule"]["schedule"],
        "kickoff": entity["schedule"]["kickoff_time_input_arg"],
        "notifications": notifications.collect::<Vec<_>>(),
        "labels": spec["labels"].get("values").cloned().unwrap_or(json!({})),
        "annotations": spec["annotations"].get("values").cloned().unwrap_or(json!({})),
        "prefix": spec["raw_output_data_config"]["output_location_prefix"],
        "accounts": [spec["security_context"]["run_as"]["k8s_service_account"], spec["security_context"]["run_as"]["iam_role"]],
        "limits": [spec["max_parallelism"], spec["concurrency_policy"]["max"]],
        "overwrite_cache": spec["overwrite_cache"] == json!(true),
    })
}

/// Keys of protobuf's fields as its JSON has them.
fn camel(value: &Value) -> Value {
    let renamed = |key: &str| {
        let mut words = key.split('_');
        let first = words.next().unwrap_or_default().to_owned();
        words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
    };
    match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (renamed(key), camel(value))).collect(),
        other => other.clone(),
    }
}

/// A launch plan of ours, in the same form. An input that the workflow may be launched without has none as its default there.
fn our_plan(graph: &Graph) -> Value {
    let plan = graph.launch_plan.as_deref().unwrap();
    let [node] = graph.body.nodes.as_slice() else { panic!("{} nodes", graph.body.nodes.len()) };
    let Kind::Workflow(name) = &node.kind else { panic!("{:?}", node.kind) };
    let none = json!({"scalar": {"noneType": {}}});
    let default = |input: &Input| match &input.default {
        Some(default) => default.to_json().unwrap(),
        None if matches!(input.literal_type.kind, TypeKind::Union(_)) => none.clone(),
        None => Value::Null,
    };
    let mut free: BTreeMap<String, Value> = graph.inputs.iter().map(|input| (input.name.to_string(), default(input))).collect();
    let mut fixed = BTreeMap::new();
    for bound in &node.inputs {
        if let Binding::Literal(literal) = &bound.binding {
            fixed.insert(bound.name.to_string(), literal.to_json().unwrap());
        }
    }
    for input in &graph.workflows[name].inputs {
        if node.input(&input.name).is_none() {
            free.insert(input.name.to_string(), default(input));
        }
    }
    let phase = |phase: &Phase| match phase {
        Phase::Succeeded => "SUCCEEDED",
        Phase::Failed => "FAILED",
        Phase::Aborted => "ABORTED",
        Phase::TimedOut => "TIMED_OUT",
    };
    json!({
        "workflow": name.rsplit('.').next(),
        "free": free,
        "fixed": fixed,
        "cron": plan.schedule.as_ref().map(|schedule| match schedule {
            Schedule::Cron(cron) => cron.clone(),
            other => panic!("{other:?}"),
        }),
        "kickoff": plan.kickoff,
        "notifications": plan.notifications.iter().map(|told| json!([told.email, told.on.iter().map(phase).collect::<Vec<_>>()])).collect::<Vec<_>>(),
        "labels": plan.labels,
        "annotations": plan.annotations,
        "prefix": plan.raw_output_prefix,
        "accounts": [plan.service_account, plan.iam_role],
        "limits": [plan.max_parallelism, plan.at_most],
        "overwrite_cache": plan.overwrite_cache,
    })
}
