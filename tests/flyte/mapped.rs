//! Maps of workflows: the task that stands for one, and the job that its container leaves.

use std::collections::BTreeMap;
use std::process::Command;

use nebulakit::backend::flyte::compile::{Options, Program, compile};
use nebulakit::prelude::*;
use nebulakit::types::Literal;
use nebulakit_types::literal::{LiteralValue, Primitive};
use nebulakit_types::wire::flyteidl::core::{
    BindingData, DynamicJobSpec, ErrorDocument, LiteralMap, Node, TaskTemplate, binding_data, literal_type, node, task_node, task_template,
    workflow_node,
};
use prost::Message as _;
use tempfile::TempDir;

use crate::{compiled, names, options, refusal, task, workflow};

#[task]
fn double(x: i64) -> i64 {
    2 * x
}

#[task]
fn sum(xs: Vec<i64>, factor: i64) -> i64 {
    xs.iter().sum::<i64>() * factor
}

/// The sum of doubles.
#[workflow]
fn row(xs: Promise<Vec<i64>>, #[default(1)] factor: Promise<i64>) -> Promise<i64> {
    sum::node(double::map(xs), factor)
}

#[workflow]
fn table(rows: Promise<Vec<Vec<i64>>>) -> Promise<Vec<i64>> {
    row::map(rows, Default).concurrency(2)
}

#[workflow]
fn cube(tables: Promise<Vec<Vec<Vec<i64>>>>) -> Promise<Vec<Vec<i64>>> {
    table::map(tables)
}

#[workflow]
fn pairs(rows: Promise<Vec<Vec<i64>>>, factors: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    row::map(rows, factors)
}

#[workflow]
fn in_an_arm(rows: Promise<Vec<Vec<i64>>>, x: Promise<i64>) -> Promise<Vec<i64>> {
    when(x.gt(1), row::map(&rows, x)).otherwise(table::node(rows))
}

#[workflow]
fn some(rows: Promise<Vec<Vec<i64>>>) -> Promise<Vec<Option<i64>>> {
    row::map(rows, 1).min_success_ratio(0.5)
}

#[workflow]
fn again(rows: Promise<Vec<Vec<i64>>>) -> Promise<Vec<i64>> {
    row::map(rows, 1).retries(3)
}

/// A name that is kept for the map of a workflow.
#[task(name = "flyte.mapped.row.map-xs")]
fn taken(x: i64) -> i64 {
    x
}

fn numbers(numbers: &[i64]) -> Literal {
    Literal::new(LiteralValue::Collection(numbers.iter().map(|number| Primitive::Integer(*number).into()).collect()))
}

fn list(elements: Vec<Literal>) -> Literal {
    Literal::new(LiteralValue::Collection(elements))
}

/// Runs the task of a map as the platform does. Any binary of this library can.
fn executed(template: &TaskTemplate, inputs: &[(&str, Literal)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let inputs: BTreeMap<_, _> = inputs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    std::fs::write(at("inputs.pb"), Literal::encode_map(&inputs)).unwrap();
    std::fs::write(at("task.pb"), template.encode_to_vec()).unwrap();
    let Some(task_template::Target::Container(container)) = &template.target else { panic!("{template:?}") };
    let filled = |word: &String| {
        let places = [
            ("{{.input}}", "inputs.pb"),
            ("{{.outputPrefix}}", "out"),
            ("{{.rawOutputDataPrefix}}", "raw"),
            ("{{.taskTemplatePath}}", "task.pb"),
        ];
        places.iter().find(|(template, _)| template == word).map_or_else(|| word.clone(), |(_, name)| at(name))
    };
    let words: Vec<_> = std::iter::once(container.args[0].clone())
        .chain(
            container.args[1..]
                .chunks(2)
                .map(|pair| [pair[0].clone(), filled(&pair[1])])
                .filter(|pair| !pair[1].starts_with("{{"))
                .flatten(),
        )
        .collect();
    let ended = Command::new(env!("CARGO_BIN_EXE_grower")).args(words).output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    folder
}

fn read<M: prost::Message + std::default::Default>(folder: &TempDir, file: &str) -> M {
    let path = folder.path().join("out").join(file);
    let left = || std::fs::read_dir(folder.path().join("out")).unwrap().map(|file| file.unwrap().file_name()).collect::<Vec<_>>();
    M::decode(&*std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}: {:?}", path.display(), left()))).unwrap()
}

fn runs(node: &Node) -> &str {
    match &node.target {
        Some(node::Target::TaskNode(task)) => match &task.reference {
            Some(task_node::Reference::ReferenceId(id)) => &id.name,
            None => panic!("{node:?}"),
        },
        Some(node::Target::WorkflowNode(workflow)) => match &workflow.reference {
            Some(workflow_node::Reference::SubWorkflowRef(id) | workflow_node::Reference::LaunchplanRef(id)) => &id.name,
            None => panic!("{node:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn in_job(job: &DynamicJobSpec) -> Vec<&str> {
    job.tasks.iter().map(|task| &*task.id.as_ref().unwrap().name).collect()
}

fn template(graph: Result<nebulakit::graph::Graph, nebulakit::graph::Problems>, name: &str, options: &Options) -> TaskTemplate {
    let compiled = compile(&Program::of([graph.unwrap()]), options).unwrap_or_else(|problems| panic!("{problems}"));
    task(&compiled, name).template.clone().unwrap()
}

#[test]
fn a_map_of_a_workflow_is_a_task_over_lists() {
    let compiled = compiled(table::graph());
    assert!(names(&compiled).contains(&"flyte.mapped.row.map-2-xs"), "{:?}", names(&compiled));
    let template = workflow(&compiled, "flyte.mapped.table").template.clone().unwrap();
    let [node] = template.nodes.as_slice() else { panic!("{template:?}") };
    assert_eq!((runs(node), node.metadata.as_ref().unwrap().name.as_str()), ("flyte.mapped.row.map-2-xs", "map-2-xs"));
    assert_eq!(node.inputs.iter().map(|bound| &*bound.var).collect::<Vec<_>>(), ["factor", "xs"], "the default is a constant");
    assert!(workflow(&compiled, "flyte.mapped.table").sub_workflows.is_empty());

    let template = task(&compiled, "flyte.mapped.row.map-2-xs").template.clone().unwrap();
    let interface = template.interface.unwrap();
    let is_list = |variable: &nebulakit_types::wire::flyteidl::core::Variable| {
        matches!(variable.r#type.as_ref().unwrap().r#type, Some(literal_type::Type::CollectionType(_)))
    };
    let inputs = interface.inputs.unwrap();
    assert_eq!(inputs.variables.iter().map(|(name, of)| (&**name, is_list(of))).collect::<Vec<_>>(), [("factor", false), ("xs", true)]);
    assert!(is_list(&interface.outputs.unwrap().variables["o0"]));
    let Some(task_template::Target::Container(container)) = template.target else { panic!() };
    assert_eq!(container.args[..3], ["execute", "--task-name", "nebulakit.map"]);
    assert!(container.args.contains(&"{{.taskTemplatePath}}".to_owned()));
}

#[test]
fn its_container_leaves_a_node_for_each_element() {
    let template =
        template(table::graph(), "flyte.mapped.row.map-2-xs", &Options::new("ghcr.io/me/app:7", "/bin/app").target("p", "d", "v9"));
    let rows = list(vec![numbers(&[1, 2]), numbers(&[]), numbers(&[3])]);
    let folder = executed(&template, &[("xs", rows), ("factor", Primitive::Integer(5).into())]);
    let job: DynamicJobSpec = read(&folder, "futures.pb");
    assert_eq!(
        job.nodes.iter().map(|node| (&*node.id, runs(node))).collect::<Vec<_>>(),
        ["n0", "n1", "n2"].map(|id| (id, "flyte.mapped.row"))
    );
    let before: Vec<_> = job.nodes.iter().map(|node| node.upstream_node_ids.join(",")).collect();
    assert_eq!(before, ["", "", "n0"], "two at once: the third waits for the first");
    let bound: Vec<_> = job.nodes[2].inputs.iter().map(|bound| &*bound.var).collect();
    assert_eq!(bound, ["factor", "xs"]);
    let length = |node: &Node| match &node.inputs[1].binding.as_ref().unwrap().value {
        Some(binding_data::Value::Collection(list)) => list.bindings.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(job.nodes.iter().map(length).collect::<Vec<_>>(), [2, 0, 1]);
    let [output] = job.outputs.as_slice() else { panic!("{:?}", job.outputs) };
    let Some(BindingData { value: Some(binding_data::Value::Collection(list)), .. }) = &output.binding else { panic!("{output:?}") };
    assert_eq!(list.bindings.len(), 3);
    assert_eq!(in_job(&job), ["flyte.mapped.double.map-x", "flyte.mapped.sum"]);
    assert_eq!(job.subworkflows.len(), 1);
    // What is not named in it anywhere: entities without a project.
    let ids =
        job.tasks.iter().filter_map(|task| task.id.as_ref()).chain(job.subworkflows.iter().filter_map(|workflow| workflow.id.as_ref()));
    assert!(ids.clone().all(|id| (&*id.project, &*id.domain, &*id.version) == ("p", "d", "v9")), "{:?}", ids.collect::<Vec<_>>());
    assert_eq!(format!("{job:?}").matches("project: \"\"").count(), 0);
    for task in &job.tasks {
        let Some(task_template::Target::Container(container)) = &task.target else { panic!("{task:?}") };
        assert_eq!((container.image.as_str(), container.command.as_slice()), ("ghcr.io/me/app:7", ["/bin/app".to_owned()].as_slice()));
    }
}

/// A package is of nobody; what it is registered as says the template.
#[test]
fn a_map_in_a_package_is_of_whoever_registers_it() {
    let mut template = template(table::graph(), "flyte.mapped.row.map-2-xs", &Options::new("ghcr.io/me/app:7", "/bin/app"));
    let id = template.id.as_mut().unwrap();
    (id.project, id.domain, id.version) = ("theirs".into(), "staging".into(), "3".into());
    let folder = executed(&template, &[("xs", list(vec![numbers(&[1])])), ("factor", Primitive::Integer(5).into())]);
    let job: DynamicJobSpec = read(&folder, "futures.pb");
    assert!(job.tasks.iter().all(|task| task.id.as_ref().unwrap().project == "theirs"));
    assert_eq!(format!("{job:?}").matches("project: \"\"").count(), 0);
}

#[test]
fn no_elements_give_empty_lists() {
    let template = template(table::graph(), "flyte.mapped.row.map-2-xs", &options());
    let folder = executed(&template, &[("xs", list(Vec::new())), ("factor", Primitive::Integer(5).into())]);
    let outputs: LiteralMap = read(&folder, "outputs.pb");
    assert_eq!(Literal::decode(&outputs.literals["o0"].encode_to_vec()).unwrap(), list(Vec::new()));
}

#[test]
fn lists_of_two_lengths_are_told_by_name() {
    let template = template(pairs::graph(), "flyte.mapped.row.map-xs-factor", &options());
    let folder = executed(&template, &[("xs", list(vec![numbers(&[1])])), ("factor", numbers(&[1, 2]))]);
    let error = read::<ErrorDocument>(&folder, "error.pb").error.unwrap();
    assert_eq!(error.message, "`xs` has 1 elements, and `factor` has 2: lists that are gone through together must have the same length");
    assert_eq!(error.kind, 0, "another attempt gives the same");
}

#[test]
fn a_map_in_a_map_has_its_task_in_the_job() {
    let template = template(cube::graph(), "flyte.mapped.table.map-rows", &options());
    let rows = list(vec![list(vec![numbers(&[1]), numbers(&[2])]), list(Vec::new())]);
    let folder = executed(&template, &[("rows", rows)]);
    let job: DynamicJobSpec = read(&folder, "futures.pb");
    assert_eq!(in_job(&job), ["flyte.mapped.row.map-2-xs"]);
    // The job of that one has what its own nodes run.
    let folder = executed(&job.tasks[0], &[("xs", list(vec![numbers(&[1])])), ("factor", Primitive::Integer(5).into())]);
    let job: DynamicJobSpec = read(&folder, "futures.pb");
    assert_eq!(in_job(&job), ["flyte.mapped.double.map-x", "flyte.mapped.sum"]);
}

#[test]
fn maps_of_workflows_stand_in_arms_too() {
    let compiled = compiled(in_an_arm::graph());
    let names = names(&compiled);
    for name in ["flyte.mapped.row.map-xs", "flyte.mapped.row.map-2-xs"] {
        assert!(names.contains(&name), "{names:?}");
    }
}

#[test]
fn what_flyte_cannot_do_for_elements_is_refused() {
    let said = refusal(some::graph());
    assert!(said.contains("maps the workflow `flyte.mapped.row` and lets elements fail, where Flyte ends all at the first"), "{said}");
    let said = refusal(again::graph());
    assert!(said.contains("repeats the workflow `flyte.mapped.row`, which Flyte runs once"), "{said}");
    let program = Program::of([pairs::graph().unwrap()]).with_task(taken::def());
    let said = compile(&program, &options()).unwrap_err().to_string();
    assert!(said.contains("`flyte.mapped.row.map-xs` is a name that is kept for what `flyte.mapped.row` needs on Flyte"), "{said}");
}
