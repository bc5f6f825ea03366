//! What the driver needs in a job.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use nebulakit_types::Dialect;

use super::strategy::ByNodeExecute;
use super::told::Told;
use super::work::Work;
use crate::backend::driver::{Signals, Turns, World};
use crate::coordinator::{ContainerStrategy, Coordinator};
use crate::graph::Graph;
use crate::process::host::Host;
use crate::run::{RunFolder, RunId, RunsFolder};
use crate::task::builder::ContextBuilder;
use crate::task::cancellation::Cancellation;
use crate::task::mock::Mocks;
use crate::task::strategy::Strategy;
use crate::task::surroundings::Surroundings;

/// The world of a graph that is driven in this job.
pub(super) fn world(work: &Work<'_>, graph: &Graph, told: Arc<Told>, stop: &Cancellation) -> (World, Arc<Signals>) {
    let (signals, _refused) = Signals::open(graph, HashMap::new(), HashMap::new());
    let signals = Arc::new(signals);
    let stored = run_folder(work);
    let folder = stored.as_ref().map_or_else(|| work.plan.node(work.id).join("data"), |run| run.path().to_owned());
    let context = surroundings(work, &folder).in_a_graph().build();
    let coordinator = Coordinator::builder()
        .strategy(Strategy::Container, ContainerStrategy::new())
        .strategy(Strategy::Process, ByNodeExecute { plan: work.at.clone(), program: work.program.clone() })
        .context(context)
        .build();
    let world = World {
        coordinator,
        run: RunId::from(work.file.id.as_str()),
        record: told,
        signals: Arc::clone(&signals),
        stop: stop.clone(),
        // A task that aborts, or takes more memory than there is, ends no more than its own process.
        strategy: Some(Strategy::Process),
        stored: stored.map(Arc::new),
        mocks: Mocks::default(),
        moved: Arc::default(),
        window: None,
        turns: Turns::default(),
        memory: None,
        is_rehearsal: false,
        shelf: None,
        from: None,
    };
    (world, signals)
}

/// The folder of the run that the plan is for, if it is for one.
fn run_folder(work: &Work<'_>) -> Option<RunFolder> {
    let run = Path::new(work.file.run.as_ref()?);
    let id = RunId::from(run.file_name()?.to_str()?);
    RunsFolder::as_it_is(run.parent()?.parent()?).ok()?.run(&id).ok()
}

fn surroundings(work: &Work<'_>, folder: &Path) -> ContextBuilder {
    let host = Host::new(work.environment.clone());
    host.serve_all();
    let place = |name: &str| folder.join(name).to_string_lossy().into_owned();
    ContextBuilder::of(Surroundings {
        raw_output_prefix: Some(work.file.data.clone().unwrap_or_else(|| place("raw"))),
        temporary: folder.join("tmp").into(),
        ..host.surroundings(&place("outputs"), &Dialect::FLYTE_1)
    })
}
