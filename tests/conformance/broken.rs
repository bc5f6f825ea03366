//! Backends that break promises, or cannot do everything.

use std::collections::BTreeSet;
use std::path::Path;

use futures_util::future::BoxFuture;
use nebulakit::backend::{Backend, Capabilities, Capability, LocalBackend, Options, Plan, RunError};
use nebulakit::graph::Graph;
use nebulakit::run::{RunHandle, RunId, RunsFolder};
use nebulakit::testing::backend_conformance::{Verdict, cases, check};

/// The local backend that says of itself that it can do less, and is true to that or not.
struct Less {
    local: LocalBackend,
    capabilities: Capabilities,
    refuses: bool,
    /// Whether runs forget which one they go on with.
    forgets: bool,
}

impl Less {
    fn new(folder: &Path, capabilities: Capabilities) -> Self {
        Self { local: LocalBackend::new(RunsFolder::open(folder).unwrap()), capabilities, refuses: true, forgets: false }
    }
}

impl Backend for Less {
    fn name(&self) -> &str {
        self.local.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }

    fn compile(&self, graph: &Graph, options: &Options) -> Result<Plan, RunError> {
        match self.capabilities.missing(graph) {
            missing if missing.is_empty() || !self.refuses => self.local.compile(graph, options),
            missing => Err(RunError::Refused(missing)),
        }
    }

    fn run(&self, plan: Plan) -> BoxFuture<'_, Result<RunHandle, RunError>> {
        if !self.forgets {
            return self.local.run(plan);
        }
        Box::pin(async move {
            let inputs = plan.files.iter().find(|(name, _)| name == Path::new("inputs.pb")).map(|(_, inputs)| inputs.clone());
            let plan = self.local.compile(&plan.graph, &Options::new().inputs(inputs.unwrap_or_default()))?;
            self.local.run(plan).await
        })
    }

    fn attach(&self, run: &RunId) -> Result<RunHandle, RunError> {
        self.local.attach(run)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_backend_cannot_do_is_refused_and_the_rest_conforms() {
    let none = |folder: &Path| Less::new(folder, Capabilities::none());
    let mut refused = BTreeSet::new();
    for case in cases() {
        if case.check(&none).await.unwrap_or_else(|broken| panic!("{broken}")) == Verdict::Refused {
            refused.insert(case.name());
        }
    }
    for name in [
        "maps::an_empty_list_succeeds_without_jobs",
        "constructs::a_condition_runs_the_arm_whose_test_holds_and_no_other",
        "constructs::the_graph_of_a_dynamic_task_runs_in_its_place",
        "constructs::a_launch_plan_runs_with_its_defaults_and_fixed_inputs",
        "constructs::a_sleep_takes_its_time",
        "gates::what_is_approved_goes_on",
        "failures::a_failure_handler_is_told_the_error",
        "failures::the_rest_goes_on_where_the_workflow_keeps_going",
    ] {
        assert!(refused.contains(name), "{name} should need a capability: {refused:?}");
    }
    assert!(!refused.contains("shapes::a_chain_passes_on_what_each_node_gives"));
}

#[tokio::test]
async fn what_is_compiled_against_the_capabilities_is_told() {
    let careless = |folder: &Path| Less { refuses: false, ..Less::new(folder, Capabilities::all().without(Capability::Sleep)) };
    let case = cases().find(|case| case.name() == "constructs::a_sleep_takes_its_time").unwrap();
    let broken = case.check(&careless).await.unwrap_err();
    assert!(broken.found.contains("it is compiled, though the backend cannot do this: the node n1 of"), "{broken}");
}

#[tokio::test]
async fn each_broken_promise_is_told_by_its_name() {
    let forgetful = |folder: &Path| Less { forgets: true, ..Less::new(folder, Capabilities::none()) };
    let error = check(&forgetful).await.unwrap_err();
    let broken: Vec<_> = error.broken().iter().map(|broken| broken.promise).collect();
    assert_eq!(broken, ["control::a_resumed_run_does_not_repeat_what_is_finished", "control::a_run_does_without_what_is_remembered"]);
    assert!(error.to_string().starts_with("the backend does not keep 2 of its promises\n  control::a_resumed"), "{error}");
}
