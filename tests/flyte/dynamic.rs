//! Dynamic tasks in a container: what they leave for the platform, and what stops them.

use std::path::Path;
use std::process::Command;

use nebulakit::backend::flyte::compile::{Options, Program, compile};
use nebulakit::prelude::*;
use nebulakit::types::Literal;
use nebulakit_types::literal::Primitive;
use nebulakit_types::wire::flyteidl::core::{
    DynamicJobSpec, ErrorDocument, LiteralMap, Node, TaskTemplate, node, task_node, task_template,
};
use prost::Message as _;
use tempfile::TempDir;

use crate::golden::{golden, our_template, their_node, their_template};
use crate::{options, task};

/// A task with the template that `grower` would be registered with.
#[task(name = "chooses", image = "ghcr.io/nebula/large:1")]
fn chooses(x: i64) -> Promise<i64> {
    Promise::of(x)
}

/// A dynamic task without an image of its own.
#[task(name = "spreads")]
fn spreads(x: i64) -> Promise<i64> {
    Promise::of(x)
}

fn template(options: &Options) -> TaskTemplate {
    let compiled = compile(&Program::default().with_task(chooses::def()), options).unwrap();
    task(&compiled, "chooses").template.clone().unwrap()
}

/// Runs a task of `grower` with one number, as the platform starts it; with the template that it is registered with, if there is one.
fn executed(name: &str, input: (&str, i64), template: Option<&TaskTemplate>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let inputs = std::collections::BTreeMap::from([(input.0.to_owned(), Literal::from(Primitive::Integer(input.1)))]);
    std::fs::write(at("inputs.pb"), Literal::encode_map(&inputs)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_grower"));
    command.args(["execute", "--task-name", name, "--inputs", &at("inputs.pb"), "--output-prefix", &at("out")]);
    command.args(["--raw-output-data-prefix", &at("raw")]);
    if let Some(template) = template {
        std::fs::write(at("task.pb"), template.encode_to_vec()).unwrap();
        command.args(["--task-template", &at("task.pb")]);
    }
    let ended = command.output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    folder
}

fn read<M: prost::Message + std::default::Default>(folder: &TempDir, file: &str) -> M {
    let path = folder.path().join("out").join(file);
    M::decode(&*std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}: {:?}", path.display(), left(folder.path())))).unwrap()
}

fn left(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder.join("out")).into_iter().flatten();
    files.map(|file| file.unwrap().file_name().to_str().unwrap().to_owned()).collect()
}

fn runs(node: &Node) -> &str {
    match &node.target {
        Some(node::Target::TaskNode(task)) => match &task.reference {
            Some(task_node::Reference::ReferenceId(id)) => &id.name,
            None => panic!("{node:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// The nodes are called `dn0`, .. by flytekit, in workflows within as well.
#[test]
fn a_dynamic_task_leaves_the_job_that_flytekit_leaves() {
    let folder = executed("grower.twins.p06.fan", ("n", 3), Some(&template(&options())));
    assert_eq!(left(folder.path()), ["futures.pb"]);
    let mut ours: DynamicJobSpec = read(&folder, "futures.pb");
    let mut theirs: DynamicJobSpec = golden("06_dynamic/futures.pb");
    theirs.nodes.iter_mut().for_each(renamed);
    theirs.subworkflows.iter_mut().for_each(|workflow| {
        their_template(workflow);
        workflow.nodes.iter_mut().for_each(renamed);
        workflow.outputs.iter_mut().for_each(bound);
    });
    theirs.outputs.iter_mut().for_each(bound);
    theirs.tasks.iter_mut().for_each(crate::golden::template);
    theirs.tasks.sort_by_key(|task| task.id.as_ref().map(|id| id.name.clone()));
    ours.tasks.iter_mut().for_each(our_template);
    let text = format!("{:#?}", ours).replace("grower.twins", "flyte.twins");
    assert_eq!(text, format!("{theirs:#?}"));
}

/// A node of flytekit's job as it is ours.
fn renamed(node: &mut Node) {
    their_node(node);
    node.id = node.id.trim_start_matches('d').to_owned();
    node.upstream_node_ids.iter_mut().for_each(|id| *id = id.trim_start_matches('d').to_owned());
    node.inputs.iter_mut().for_each(bound);
    match node.target.as_mut().unwrap() {
        node::Target::ArrayNode(array) => renamed(array.node.as_mut().unwrap()),
        // What a workflow within says itself is copied to its nodes, and this one says nothing.
        node::Target::WorkflowNode(_) => node.metadata.as_mut().unwrap().interruptible_value = None,
        _ => {}
    }
}

fn bound(binding: &mut nebulakit_types::wire::flyteidl::core::Binding) {
    use nebulakit_types::wire::flyteidl::core::{BindingData, binding_data};
    fn data(binding: &mut BindingData) {
        match &mut binding.value {
            Some(binding_data::Value::Promise(promise)) => promise.node_id = promise.node_id.trim_start_matches('d').to_owned(),
            Some(binding_data::Value::Collection(list)) => list.bindings.iter_mut().for_each(data),
            _ => {}
        }
    }
    binding.binding.iter_mut().for_each(data);
}

/// The platform refuses a job without nodes.
#[test]
fn a_graph_without_nodes_is_its_outputs() {
    let folder = executed("grower.twins.p06.no_nodes", ("n", 5), Some(&template(&options())));
    assert_eq!(left(folder.path()), ["outputs.pb"]);
    let outputs: LiteralMap = read(&folder, "outputs.pb");
    assert_eq!(Literal::decode(&outputs.literals["o0"].encode_to_vec()).unwrap(), Primitive::Integer(5).into());
}

/// Project, domain, version, image and program are those of the task's own template; an image of its own is not that of the others.
#[test]
fn a_job_says_itself_what_runs_its_tasks() {
    let template = template(&Options::new("ghcr.io/me/app:7", "/bin/app").target("p", "d", "v9"));
    let folder = executed("grower.chooses", ("x", 2), Some(&template));
    let job: DynamicJobSpec = read(&folder, "futures.pb");
    let names: Vec<_> = job.tasks.iter().map(|task| task.id.as_ref().unwrap()).collect();
    assert!(names.iter().all(|id| (&*id.project, &*id.domain, &*id.version) == ("p", "d", "v9")), "{names:?}");
    assert_eq!(names[0].name, "grower.chooses.pass-".to_owned() + names[0].name.rsplit('-').next().unwrap());
    assert_eq!(names[1].name, "grower.number");
    for task in &job.tasks {
        let Some(task_template::Target::Container(container)) = &task.target else { panic!("{task:?}") };
        assert_eq!((container.image.as_str(), container.command.as_slice()), ("ghcr.io/me/app:7", ["/bin/app".to_owned()].as_slice()));
    }
    assert_eq!(runs(&job.nodes[0]), "grower.number");
    assert_eq!(job.subworkflows.iter().map(|workflow| &*workflow.id.as_ref().unwrap().name).collect::<Vec<_>>(), ["grower.chooses.n1-0"]);
}

#[test]
fn what_the_platform_would_not_run_is_the_tasks_error() {
    let message = |name: &str, template: Option<&TaskTemplate>| {
        let folder = executed(name, ("x", 1), template);
        let document: ErrorDocument = read(&folder, "error.pb");
        let error = document.error.unwrap();
        assert_eq!(error.kind, 0, "another attempt gives the same");
        error.message
    };
    let usable = template(&options());
    let borrowed = message("grower.borrows", Some(&usable));
    assert!(
        borrowed.contains(
            "`grower.classify` is registered elsewhere, as `ml.classify` in `ml`/`production`, version `2026`, and is run by a dynamic"
        ),
        "{borrowed}"
    );
    let alone = message("grower.borrows", None);
    assert!(alone.contains("a platform whose container is started with `--task-template`"), "{alone}");
    let empty = message("grower.borrows", Some(&TaskTemplate::default()));
    assert!(empty.contains("the template of `grower.borrows` is not usable: it has no id"), "{empty}");
}

/// The platform fetches no template for a job: whoever registers a dynamic task puts those that it may need into its own.
#[test]
fn a_job_has_the_templates_that_its_task_was_registered_with() {
    let classify = nebulakit_types::wire::flyteidl::core::Identifier {
        resource_type: 1,
        project: "ml".into(),
        domain: "production".into(),
        name: "ml.classify".into(),
        version: "2026".into(),
        org: String::new(),
    };
    let theirs = TaskTemplate { id: Some(classify.clone()), r#type: "python-task".to_owned(), ..TaskTemplate::default() };
    let dynamic = Program::default().with_task(spreads::def());
    let compiled = compile(&dynamic, &options().reference(&theirs)).unwrap();
    let template = task(&compiled, "spreads").template.clone().unwrap();
    let job: DynamicJobSpec = read(&executed("grower.borrows", ("x", 1), Some(&template)), "futures.pb");
    assert_eq!(job.tasks, [theirs]);
    let [node] = job.nodes.as_slice() else { panic!("{job:?}") };
    assert_eq!(runs(node), "ml.classify");
}

/// A dynamic task that maps a workflow leaves the task of the map in its job, with all that that one needs.
#[test]
fn a_dynamic_task_may_map_a_workflow() {
    let job: DynamicJobSpec = read(&executed("grower.spreads", ("x", 3), Some(&template(&options()))), "futures.pb");
    assert_eq!(job.tasks.iter().map(|task| &*task.id.as_ref().unwrap().name).collect::<Vec<_>>(), ["grower.twice.map-x"]);
    assert_eq!(job.tasks[0].id.as_ref().unwrap().project, "flytesnacks");
    assert!(job.tasks[0].custom.is_some() && job.subworkflows.is_empty());
}
