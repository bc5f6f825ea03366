//! What ran on a cluster, run again by the double from twins in Rust: the same phases, ids of nodes, attempts and outputs.

use nebulakit::backend::flyte::compile::Program;
use nebulakit::prelude::*;
use nebulakit_tests::flyte::Double;
use nebulakit_types::wire::flyteidl::admin::{ExecutionCreateResponse, LaunchPlan, ObjectGetRequest, Task};
use nebulakit_types::wire::flyteidl::core::{
    Identifier, Literal, LiteralType, ResourceType, SimpleType, Variable, literal_type, primitive,
};
use nebulakit_types::wire::google::protobuf::Timestamp;
use serde_json::{Value, json};

use crate::messages::lines;
use crate::register;
use crate::shown::{list, literal, of, request, shown, sorted};
use crate::twins::{p02, p03, p04, p06, p07};

/// The modules of flytekit's projects, and those of the twins.
const MODULES: [(&str, &str); 5] = [
    ("workflow_3_nodes.", "engine.twins.p02."),
    ("conditional_wf.", "engine.twins.p03."),
    ("map_wf.", "engine.twins.p04."),
    ("dynamic_wf.", "engine.twins.p06."),
    ("launch_plan_wf.", "engine.twins.p07."),
];

/// What is not run again, and why.
const UNCLAIMED: [(&str, &str); 8] = [
    ("task_metadata.bare", "it has no twin that the program holds"),
    ("task_metadata.interruptible_false", "it has no twin that the program holds"),
    ("task_metadata.pod_task", "the double starts containers only"),
    ("task_metadata.full", "the double has neither pod templates nor secrets"),
    ("map_wf.legacy", "the older kind of map, which Rust does not write"),
    ("conditional_wf.on_none", "refused by the platform, and by the macro"),
    ("map_wf.over_lp", "refused by the platform, and by the macro"),
    ("every_minute", "the double has no scheduler"),
];

#[tokio::test]
async fn twins_run_as_recorded() {
    let double = crate::double();
    // What no server of Flyte 1 reads is refused.
    let mut without_cache = p02::three_nodes::graph();
    without_cache.as_mut().unwrap().body.nodes[1].overrides.as_mut().unwrap().cache = None;
    let graphs = [
        without_cache,
        p02::constants::graph(),
        p03::if_elif_else::graph(),
        p03::on_bool_output::graph(),
        p03::nested::graph(),
        p04::plain::graph(),
        p04::tuned::graph(),
        p04::bound::graph(),
        p04::no_outputs::graph(),
        p04::one_lp::graph(),
        p06::wf::graph(),
        p07::nightly_cron::graph(),
    ];
    register(&double, Program::of(graphs.map(Result::unwrap)).with_task(p06::no_nodes::def())).await;
    let (mut run, mut wrong) = (0, Vec::new());
    for (number, line) in lines("flyte1-runs.jsonl").into_iter().enumerate() {
        let entity = line["entity"].as_str().unwrap();
        if UNCLAIMED.iter().any(|(unclaimed, _)| *unclaimed == entity) {
            continue;
        }
        run += 1;
        let (name, is_task) = (format!("e{number}"), line["resource_type"] == "TASK");
        launch(&double, entity, is_task, &name, &line["inputs"]).await;
        double.ended(&name).await;
        // Nodes of dynamic tasks have other ids in Python.
        let is_by_place = line["project"] == "06_dynamic";
        let ours = compared(shown(&double, &name).await, is_by_place);
        let fields = ["phase", "nodes", "outputs", "error"];
        let theirs = fields.iter().filter_map(|field| Some(((*field).to_owned(), line.get(*field)?.clone()))).collect();
        let theirs = compared(Value::Object(theirs), is_by_place);
        if ours != theirs {
            wrong.push(format!("{entity} {}:\nours   {ours}\ntheirs {theirs}", line["inputs"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert_eq!(run, 21);
}

async fn launch(double: &Double, entity: &str, is_task: bool, name: &str, inputs: &Value) {
    let plan = match MODULES.iter().find(|(theirs, _)| entity.starts_with(theirs)) {
        Some((theirs, ours)) => entity.replacen(theirs, ours, 1),
        None if entity == "one_lp" => format!("engine.twins.p04.{entity}"),
        None => format!("engine.twins.p07.{entity}"),
    };
    let id = of(if is_task { ResourceType::Task } else { ResourceType::LaunchPlan }, &plan);
    let variables = if is_task { of_task(double, &id).await } else { of_plan(double, &id).await };
    let given = inputs.as_object().unwrap().iter().map(|(name, value)| {
        let variable = variables.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no input {name} of {plan}"));
        (name.as_str(), typed(value, variable.1.r#type.as_ref().unwrap()))
    });
    let _: ExecutionCreateResponse = double.call("CreateExecution", &request(id, name, given)).await.unwrap();
}

async fn of_task(double: &Double, id: &Identifier) -> Vec<(String, Variable)> {
    let task: Task = double.call("GetTask", &ObjectGetRequest { id: Some(id.clone()) }).await.unwrap();
    let template = task.closure.unwrap().compiled_task.unwrap().template.unwrap();
    template.interface.unwrap().inputs.unwrap_or_default().variables.into_iter().collect()
}

async fn of_plan(double: &Double, id: &Identifier) -> Vec<(String, Variable)> {
    let plan: LaunchPlan = double.call("GetLaunchPlan", &ObjectGetRequest { id: Some(id.clone()) }).await.unwrap();
    let expected = plan.closure.unwrap().expected_inputs.unwrap();
    expected.parameters.into_iter().map(|(name, parameter)| (name, parameter.var.unwrap())).collect()
}

fn typed(value: &Value, of: &LiteralType) -> Literal {
    match of.r#type.as_ref().unwrap() {
        literal_type::Type::CollectionType(element) => list(value.as_array().unwrap().iter().map(|value| typed(value, element)).collect()),
        literal_type::Type::Simple(simple) => literal(match SimpleType::try_from(*simple).unwrap() {
            SimpleType::Integer => primitive::Value::Integer(value.as_i64().unwrap()),
            SimpleType::Float => primitive::Value::FloatValue(value.as_f64().unwrap()),
            SimpleType::String => primitive::Value::StringValue(value.as_str().unwrap().to_owned()),
            SimpleType::Datetime => {
                let time: jiff::Timestamp = value.as_str().unwrap().parse().unwrap();
                primitive::Value::Datetime(Timestamp { seconds: time.as_second(), nanos: 0 })
            }
            other => panic!("{other:?}"),
        }),
        other => panic!("{other:?}"),
    }
}

/// Nodes in an order that does not depend on time; of dynamic tasks, by their ids in the workflow, where Python's `dn0` is `n0`.
fn compared(mut run: Value, is_by_place: bool) -> Value {
    fn renamed(node: &mut Value) {
        let spec_id = node.get("spec_node_id").unwrap_or(&node["id"]).as_str().unwrap().to_owned();
        let is_the_task = ["dynamicwf", "enginetwins"].iter().any(|name| spec_id.starts_with(name));
        let plain = spec_id.strip_prefix('d').filter(|rest| rest.starts_with('n')).unwrap_or(&spec_id);
        node["id"] = json!(if is_the_task { "the task" } else { plain });
        node.as_object_mut().unwrap().remove("spec_node_id");
        node.get_mut("children").and_then(Value::as_array_mut).into_iter().flatten().for_each(renamed);
    }
    let nodes = run["nodes"].as_array_mut().unwrap();
    if is_by_place {
        nodes.iter_mut().for_each(renamed);
    }
    sorted(nodes);
    run
}
