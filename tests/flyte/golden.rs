//! What flytekit 1.16.31 registered, beside twins of it in Rust: the same messages, but for what is listed here, reason by reason.

use nebulakit_types::wire::flyteidl::admin::{LaunchPlan, LaunchPlanSpec, TaskSpec, WorkflowSpec, notification, schedule};
use nebulakit_types::wire::flyteidl::core::{
    Node, TaskTemplate, WorkflowTemplate, if_else_block, node, node_metadata, task_node, task_template, workflow_node,
};
use prost::Message;

use crate::twins::{p02, p03, p04, p06, p07, p12};
use crate::{compiled, launch_plan, refusal, task, workflow};

mod p01 {
    use nebulakit::prelude::*;

    #[task]
    pub(super) fn bare() {}

    /// Short line.
    ///
    /// Longer text about the task.
    #[task(
        cache(version = "7", serialize, ignore(debug)),
        retries = 3,
        interruptible,
        timeout = "5401s",
        deprecated = "use full_v2",
        env(ALPHA = "1", BETA = "two"),
        requests(cpu = "500m", memory = "1Gi", gpu = "1", ephemeral_storage = "2Gi"),
        limits(cpu = "2", memory = "4Gi", gpu = "1", ephemeral_storage = "8Gi"),
        secrets(
            (group = "db", key = "password"),
            (group = "api", key = "token", version = "v3", mount = env, env_var = "API_TOKEN"),
            (group = "tls", key = "cert", mount = file)
        ),
        pod_template = "cluster-template",
        accelerator = "nvidia-tesla-t4",
        shared_memory = "512Mi",
        deck,
        image = "ghcr.io/nebula/other:v9",
        labels("team" = "ml"),
        annotations("note" = "a/b c")
    )]
    pub(super) fn full(
        /// the a input
        a: i64,
        /// the b input
        #[default("x")]
        b: String,
        #[default(false)] debug: bool,
    ) -> f64 {
        let _ = (b, debug);
        a as f64
    }

    #[task(timeout = "30s", interruptible = false, accelerator = "nvidia-tesla-a100:2g.10gb", shared_memory)]
    pub(super) fn interruptible_false(x: f64) -> (i64, String) {
        let _ = x;
        (1, "a".to_owned())
    }

    #[workflow]
    pub(super) fn all() -> Promise<f64> {
        full::node(1, Default, Default).also(bare::node()).also(interruptible_false::node(1.0))
    }
}

/// The modules of flytekit's projects, and those of the twins.
const MODULES: [(&str, &str); 7] = [
    ("task_metadata.", "flyte.golden.p01."),
    ("workflow_3_nodes.", "flyte.twins.p02."),
    ("conditional_wf.", "flyte.twins.p03."),
    ("map_wf.", "flyte.twins.p04."),
    ("dynamic_wf.", "flyte.twins.p06."),
    ("launch_plan_wf.", "flyte.twins.p07."),
    ("container_wf.", "flyte.twins.p12."),
];

/// flytekit's tasks of maps are called by digests, ours by the inputs that are gone through.
const MAPS: [(&str, &str); 5] = [
    ("map_sq_6b3bd0353da5de6e84d7982921ead2b3-arraynode", "sq.map-x"),
    ("map_inc_6b3bd0353da5de6e84d7982921ead2b3-arraynode", "inc.map-a"),
    ("map_inc_f21f29e71d73e5aa291285a35b8508a6-arraynode", "inc.try-map-a"),
    ("map_add_316e10eb97f5d2abd585951048b807b9-arraynode", "add.map-a"),
    ("map_noop_2235e9a1896d690b2e59b500c61e6ddf-arraynode", "noop.try-map-a"),
];

pub(crate) fn golden<M: Message + std::default::Default>(file: &str) -> M {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/registration").join(file);
    M::decode(&*std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))).unwrap()
}

/// A name of flytekit's as ours.
fn renamed(name: &mut String) {
    if let Some((theirs, ours)) = MODULES.iter().find(|(theirs, _)| name.starts_with(theirs)) {
        *name = name.replacen(theirs, ours, 1);
    }
    if let Some((theirs, ours)) = MAPS.iter().find(|(theirs, _)| name.ends_with(theirs)) {
        *name = name.replace(theirs, ours);
    }
}

/// A task of flytekit's as it is ours.
fn their_task(file: &str) -> TaskSpec {
    let mut spec: TaskSpec = golden(file);
    // Doc comments are Markdown, and told whole; without one nothing is said.
    spec.description = None;
    template(spec.template.as_mut().unwrap());
    spec
}

pub(crate) fn template(template: &mut TaskTemplate) {
    renamed(&mut template.id.as_mut().unwrap().name);
    // It is run by the platform's plugin for containers either way, and Rust is not Python.
    if template.r#type == "python-task" {
        "container".clone_into(&mut template.r#type);
    }
    let runtime = template.metadata.as_mut().unwrap().runtime.as_mut().unwrap();
    "rust".clone_into(&mut runtime.flavor);
    // Of two programs it is never the same.
    runtime.version.clear();
    let Some(task_template::Target::Container(container)) = &mut template.target else { return };
    container.command = vec!["/app".to_owned()];
    container.args.clear();
    // All settings of a registration, for dynamic tasks of Python.
    container.env.retain(|variable| variable.key != "_F_SS_C");
}

/// A task of ours without what is compared by itself.
fn our_task(spec: &TaskSpec) -> TaskSpec {
    let mut spec = TaskSpec { description: None, ..spec.clone() };
    our_template(spec.template.as_mut().unwrap());
    spec
}

pub(crate) fn our_template(template: &mut TaskTemplate) {
    let version = &mut template.metadata.as_mut().unwrap().runtime.as_mut().unwrap().version;
    assert!(version.starts_with("1.16.8-nebulakit."), "the first version in it is compared with 1.13.14: {version}");
    version.clear();
    if let Some(task_template::Target::Container(container)) = &mut template.target {
        container.args.clear();
    }
}

/// A workflow of flytekit's as it is ours.
fn their_workflow(file: &str) -> WorkflowSpec {
    let mut spec: WorkflowSpec = golden(file);
    spec.description = None;
    their_template(spec.template.as_mut().unwrap());
    spec
}

pub(crate) fn their_template(template: &mut WorkflowTemplate) {
    renamed(&mut template.id.as_mut().unwrap().name);
    template.nodes.iter_mut().for_each(their_node);
    template.outputs.sort_by(|one, other| one.var.cmp(&other.var));
}

/// Outputs are bound in the order of the signature, flytekit's in that of a map.
fn our_workflow(spec: &WorkflowSpec) -> WorkflowSpec {
    let mut spec = WorkflowSpec { description: None, ..spec.clone() };
    spec.template.as_mut().unwrap().outputs.sort_by(|one, other| one.var.cmp(&other.var));
    spec
}

pub(crate) fn their_node(node: &mut Node) {
    // The platform sorts them; flytekit has them in any order.
    node.upstream_node_ids.sort();
    let metadata = node.metadata.as_mut().unwrap();
    // No server reads these, so that an override of them is refused.
    metadata.cacheable_value = None;
    metadata.cache_version_value = None;
    metadata.cache_serializable_value = None;
    if node.id == "combine-step-one" {
        // Consoles call a node as it is called.
        "Combine_Step.One".clone_into(&mut metadata.name);
    }
    match node.target.as_mut().unwrap() {
        node::Target::TaskNode(task) => {
            let Some(task_node::Reference::ReferenceId(id)) = &mut task.reference else { panic!("no reference") };
            renamed(&mut id.name);
            // A request without a limit would be cut to the platform's default.
            if let Some(resources) = task.overrides.as_mut().and_then(|overrides| overrides.resources.as_mut())
                && resources.limits.is_empty()
            {
                resources.limits = resources.requests.clone();
            }
        }
        node::Target::ArrayNode(array) => {
            // The name is the last segment of that of the task.
            let inner = array.node.as_mut().unwrap();
            their_node(inner);
            inner.id.clone_from(&node.id);
            let node::Target::TaskNode(task) = inner.target.as_ref().unwrap() else { panic!("no task") };
            let Some(task_node::Reference::ReferenceId(id)) = &task.reference else { panic!("no reference") };
            let last = id.name.rsplit('.').next().unwrap();
            last.clone_into(&mut inner.metadata.as_mut().unwrap().name);
            last.clone_into(&mut node.metadata.as_mut().unwrap().name);
            // Nobody reads it.
            array.run_all_sub_nodes = false;
        }
        node::Target::BranchNode(branch_node) => {
            // Conditions have no names of their own here; the id of one in an arm begins with that of the outer one.
            let outer = node.id.clone();
            node.metadata.as_mut().unwrap().name.clone_from(&node.id);
            let if_else = branch_node.if_else.as_mut().unwrap();
            let cases = if_else.case.iter_mut().map(|case| &mut **case).chain(&mut if_else.other);
            for inner in cases.map(|case| case.then_node.as_mut().unwrap()) {
                their_node(inner);
                if matches!(inner.target, Some(node::Target::BranchNode(_))) {
                    inner.metadata.as_mut().unwrap().name = format!("{outer}-{}", inner.id);
                }
            }
            match if_else.default.as_mut().unwrap() {
                if_else_block::Default::ElseNode(node) => their_node(node),
                if_else_block::Default::Error(error) => error.failed_node_id = node.id.clone(),
            }
        }
        node::Target::WorkflowNode(workflow) => match workflow.reference.as_mut().unwrap() {
            workflow_node::Reference::SubWorkflowRef(id) | workflow_node::Reference::LaunchplanRef(id) => renamed(&mut id.name),
        },
        other => panic!("{other:?}"),
    }
}

/// A launch plan of flytekit's as it is ours.
fn their_plan(file: &str) -> LaunchPlanSpec {
    let mut spec = golden::<LaunchPlan>(file).spec.unwrap();
    renamed(&mut spec.workflow_id.as_mut().unwrap().name);
    let entity = spec.entity_metadata.as_mut().unwrap();
    for notification in &mut entity.notifications {
        // The platform sends mail in any case.
        if let Some(notification::Type::Slack(told)) = notification.r#type.take_if(|told| matches!(told, notification::Type::Slack(_))) {
            notification.r#type = Some(mail(told.recipients_email));
        }
        if let Some(notification::Type::PagerDuty(told)) =
            notification.r#type.take_if(|told| matches!(told, notification::Type::PagerDuty(_)))
        {
            notification.r#type = Some(mail(told.recipients_email));
        }
    }
    if let Some(schedule::ScheduleExpression::CronSchedule(cron)) =
        entity.schedule.as_mut().and_then(|schedule| schedule.schedule_expression.as_mut())
    {
        // The scheduler ignores it.
        cron.offset.clear();
    }
    spec
}

fn mail(recipients_email: Vec<String>) -> notification::Type {
    notification::Type::Email(nebulakit_types::wire::flyteidl::admin::EmailNotification { recipients_email, template: String::new() })
}

#[test]
fn tasks_are_those_of_flytekit() {
    let ours = compiled(p01::all::graph());
    for (name, file) in
        [("bare", "0_task_metadata.bare"), ("full", "1_task_metadata.full"), ("interruptible_false", "2_task_metadata.interruptible_false")]
    {
        let theirs = their_task(&format!("01_task_metadata/{file}_1.pb"));
        assert_eq!(our_task(task(&ours, &format!("flyte.golden.p01.{name}"))), theirs, "{name}");
    }
    let text = task(&ours, "flyte.golden.p01.full").description.clone().unwrap();
    assert_eq!(text.short_description, "Short line.");
    assert!(text.long_description.is_some());
    assert_eq!(ours.ignored.len(), 1, "an accelerator without a GPU is told: {:?}", ours.ignored);
}

#[test]
fn workflows_are_those_of_flytekit() {
    let mut without_cache = p02::three_nodes::graph();
    assert!(refusal(without_cache.clone()).contains("says how its results are remembered, which no server of Flyte 1 reads"));
    without_cache.as_mut().unwrap().body.nodes[1].overrides.as_mut().unwrap().cache = None;
    for (file, name, graph) in [
        ("02_workflow_3_nodes/3_workflow_3_nodes.three_nodes", "twins.p02.three_nodes", without_cache),
        ("02_workflow_3_nodes/5_workflow_3_nodes.constants", "twins.p02.constants", p02::constants::graph()),
        ("03_conditional/03_conditional_wf.if_elif_else", "twins.p03.if_elif_else", p03::if_elif_else::graph()),
        ("03_conditional/05_conditional_wf.on_bool_output", "twins.p03.on_bool_output", p03::on_bool_output::graph()),
        ("03_conditional/07_conditional_wf.nested", "twins.p03.nested", p03::nested::graph()),
        ("04_map_task/04_map_wf.plain", "twins.p04.plain", p04::plain::graph()),
        ("04_map_task/07_map_wf.tuned", "twins.p04.tuned", p04::tuned::graph()),
        ("04_map_task/10_map_wf.bound", "twins.p04.bound", p04::bound::graph()),
        ("04_map_task/18_map_wf.one", "twins.p04.one", p04::one::graph()),
        ("06_dynamic/2_dynamic_wf.inner", "twins.p06.inner", p06::inner::graph()),
        ("06_dynamic/6_dynamic_wf.wf", "twins.p06.wf", p06::wf::graph()),
        ("07_launch_plan_schedule/1_launch_plan_wf.nightly", "twins.p07.nightly", p07::nightly::graph()),
        ("12_container_task/1_container_wf.wf", "twins.p12.wf", p12::wf::graph()),
    ] {
        let ours = compiled(graph);
        assert_eq!(our_workflow(workflow(&ours, &format!("flyte.{name}"))), their_workflow(&format!("{file}_2.pb")), "{name}");
    }
}

/// flytekit loses the count of `map_task(noop, min_successes=2)`, so that this one is not compared but for it.
#[test]
fn a_map_with_a_count_has_the_count() {
    use nebulakit_types::wire::flyteidl::core::array_node::SuccessCriteria;
    let ours = compiled(p04::no_outputs::graph());
    let mut ours = our_workflow(workflow(&ours, "flyte.twins.p04.no_outputs"));
    let mut theirs = their_workflow("04_map_task/13_map_wf.no_outputs_2.pb");
    let success = |spec: &mut WorkflowSpec| match spec.template.as_mut().unwrap().nodes[0].target.as_mut().unwrap() {
        node::Target::ArrayNode(array) => array.success_criteria.take(),
        other => panic!("{other:?}"),
    };
    assert_eq!(success(&mut ours), Some(SuccessCriteria::MinSuccesses(2)));
    success(&mut theirs);
    assert_eq!(ours, theirs);
}

/// The variant of what an element gives has no tag here: the platform takes it for one of any tag.
fn untagged(variable: &mut nebulakit_types::wire::flyteidl::core::Variable) {
    use nebulakit_types::wire::flyteidl::core::literal_type::Type;
    if let Some(Type::CollectionType(element)) = &mut variable.r#type.as_mut().unwrap().r#type
        && let Some(Type::UnionType(union)) = &mut element.r#type
    {
        union.variants[0].structure = None;
    }
}

#[test]
fn the_tasks_of_maps_are_those_of_flytekit() {
    for (file, name, graph) in [
        ("03_map_wf.map_inc_6b3bd0353da5de6e84d7982921ead2b3-arraynode", "inc.map-a", p04::plain::graph()),
        ("06_map_wf.map_inc_f21f29e71d73e5aa291285a35b8508a6-arraynode", "inc.try-map-a", p04::tuned::graph()),
        ("09_map_wf.map_add_316e10eb97f5d2abd585951048b807b9-arraynode", "add.map-a", p04::bound::graph()),
    ] {
        let ours = compiled(graph);
        let mut theirs = their_task(&format!("04_map_task/{file}_1.pb"));
        theirs.template.as_mut().unwrap().interface.as_mut().unwrap().outputs.as_mut().unwrap().variables.values_mut().for_each(untagged);
        assert_eq!(our_task(task(&ours, &format!("flyte.twins.p04.{name}"))), theirs, "{name}");
    }
    let ours = compiled(p04::bound::graph());
    let Some(task_template::Target::Container(container)) = &task(&ours, "flyte.twins.p04.add.map-a").template.as_ref().unwrap().target
    else {
        panic!("no container")
    };
    assert_eq!(container.args[..3], ["map-execute", "--task-name", "flyte.twins.p04.add"]);
    assert_eq!(container.args[container.args.len() - 2..], ["--bound", "b,c"]);
}

#[test]
fn launch_plans_are_those_of_flytekit() {
    for (file, name, graph) in [
        ("04_map_task/20_one_lp", "twins.p04.one_lp", p04::one_lp::graph()),
        ("04_map_task/19_map_wf.one", "twins.p04.one", p04::one::graph()),
        ("07_launch_plan_schedule/2_launch_plan_wf.nightly", "twins.p07.nightly", p07::nightly::graph()),
        ("07_launch_plan_schedule/3_nightly_cron", "twins.p07.nightly_cron", p07::nightly_cron::graph()),
        ("07_launch_plan_schedule/5_hourly_alias", "twins.p07.hourly_alias", p07::hourly_alias::graph()),
        ("12_container_task/2_container_wf.wf", "twins.p12.wf", p12::wf::graph()),
    ] {
        let ours = compiled(graph);
        assert_eq!(*launch_plan(&ours, &format!("flyte.{name}")), their_plan(&format!("{file}_3.pb")), "{name}");
    }
}

/// The command of a container task is one list here; copilot's files are laid out alike.
#[test]
fn a_container_task_is_that_of_flytekit() {
    let ours = compiled(p12::wf::graph());
    let ours = task(&ours, "ellipse_area");
    let mut theirs = their_task("12_container_task/0_ellipse_area_1.pb");
    let Some(task_template::Target::Container(container)) = &mut theirs.template.as_mut().unwrap().target else { panic!("no container") };
    container.command = ["/bin/calc", "{{.inputs.a}}", "{{.inputs.b}}", "/var/outputs"].map(str::to_owned).to_vec();
    // The twin does not say these.
    container.env.clear();
    container.resources = Some(nebulakit_types::wire::flyteidl::core::Resources::default());
    container.data_config.as_mut().unwrap().format = 0;
    assert_eq!(our_task(ours), theirs);
}

#[test]
fn a_time_limit_and_interruptions_are_copied_to_nodes() {
    let ours = compiled(p01::all::graph());
    let nodes = &workflow(&ours, "flyte.golden.p01.all").template.as_ref().unwrap().nodes;
    let metadata =
        nodes.iter().map(|node| node.metadata.as_ref().unwrap()).find(|metadata| metadata.name == "interruptible_false").unwrap();
    assert_eq!(metadata.timeout.as_ref().map(|timeout| timeout.seconds), Some(30));
    assert_eq!(metadata.interruptible_value, Some(node_metadata::InterruptibleValue::Interruptible(false)));
    let full = nodes.iter().map(|node| node.metadata.as_ref().unwrap()).find(|metadata| metadata.name == "full").unwrap();
    assert_eq!(full.retries.as_ref().map(|retries| retries.retries), Some(3));
}
