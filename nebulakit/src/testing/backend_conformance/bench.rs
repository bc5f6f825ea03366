//! The test bench of a case: it starts workflows on a backend and checks the results.

use std::any::Any;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use nebulakit_types::Dialect;
use nebulakit_types::convert::reader::References;
use nebulakit_types::outbox::Outbox;
use nebulakit_types::outputs::TaskOutputs;
use nebulakit_types::storage::Storage;
use nebulakit_types::workspace::Workspace;
use tokio::time::timeout;

use super::check::{Check, Stop};
use super::ended::Ended;
use super::subject::Subject;
use crate::backend::{Backend, Options, Plan, RunError};
use crate::graph::Graph;
use crate::run::{Event, NodePath, NodeState, RunHandle};
use crate::services::env::Environment;
use crate::task::invocation::Invocation;
use crate::workflow::WorkflowDef;

/// A backend with its own folder, which is removed at the end of the case.
pub(super) struct Bench<'a> {
    subject: &'a dyn Subject,
    workspace: Workspace,
    folder: PathBuf,
}

/// A run that has started.
pub(super) struct Running<'a, O> {
    pub(super) handle: RunHandle,
    bench: &'a Bench<'a>,
    invocation: Invocation<O>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(subject: &'a dyn Subject) -> io::Result<Self> {
        let workspace = Workspace::new(Storage::local, None, Environment::from_process().temporary_folder());
        let folder = workspace.scratch()?.join("backend");
        Ok(Self { subject, workspace, folder })
    }

    /// The backend, as another program would create it.
    pub(super) fn backend(&self) -> Box<dyn Backend> {
        self.subject.backend(&self.folder)
    }

    pub(super) fn options(&self) -> Options {
        self.subject.options()
    }

    /// The graph of a workflow, and its inputs as the bytes of an `inputs.pb`.
    pub(super) fn parts<O>(&self, invocation: &Invocation<O>) -> Result<(Graph, Vec<u8>), Stop> {
        let definition = invocation.definition() as &dyn Any;
        let workflow = definition.downcast_ref::<WorkflowDef>().expect("the suite runs workflows");
        let inputs = invocation.inputs(&Dialect::FLYTE_1, &mut Outbox::in_process(&self.workspace))?;
        Ok((workflow.graph()?, inputs))
    }

    /// Compiles a workflow that the backend can run. If it cannot, checks that the workflow is refused with all missing capabilities.
    pub(super) fn compiled<O>(&self, invocation: &Invocation<O>, options: Options) -> Result<Plan, Stop> {
        let (graph, inputs) = self.parts(invocation)?;
        let backend = self.backend();
        let missing = backend.capabilities().missing(&graph);
        match backend.compile(&graph, &options.inputs(inputs)) {
            compiled if missing.is_empty() => Ok(compiled?),
            Err(RunError::Refused(reasons)) if missing.iter().all(|reason| reasons.contains(reason)) => Err(Stop::Refused),
            Err(other) => Err(Stop::Broken(format!("it should be refused because {}, and is for this: {other}", missing.join("; ")))),
            Ok(_) => Err(Stop::Broken(format!("it is compiled, though the backend cannot do this: {}", missing.join("; ")))),
        }
    }

    /// Starts a workflow.
    pub(super) async fn start<O: TaskOutputs>(&'a self, invocation: Invocation<O>) -> Result<Running<'a, O>, Stop> {
        self.start_as(invocation, self.options()).await
    }

    /// Starts a workflow with these options.
    pub(super) async fn start_as<O: TaskOutputs>(&'a self, invocation: Invocation<O>, options: Options) -> Result<Running<'a, O>, Stop> {
        let plan = self.compiled(&invocation, options)?;
        let handle = self.backend().run(plan).await?;
        Ok(Running { handle, bench: self, invocation })
    }

    /// Runs a workflow to its end.
    pub(super) async fn run<O: TaskOutputs>(&'a self, invocation: Invocation<O>) -> Result<Ended<O>, Stop> {
        self.start(invocation).await?.ended().await
    }

    /// Waits for something that should not take long.
    async fn soon<T>(&self, what: &str, future: impl Future<Output = T>) -> Result<T, Stop> {
        let patience: Duration = self.subject.patience();
        timeout(patience, future).await.map_err(|_| Stop::Broken(format!("{what} did not come within {patience:?}")))
    }
}

impl<O: TaskOutputs> Running<'_, O> {
    /// The same run, attached from another program.
    pub(super) fn attached(&self) -> Result<RunHandle, Stop> {
        Ok(self.bench.backend().attach(self.handle.id())?)
    }

    /// Waits until there is a node that `is_so`.
    pub(super) fn until(
        &self,
        what: &str,
        is_so: impl Fn(&NodePath, &NodeState) -> bool + Send + Sync,
    ) -> impl Future<Output = Check> + Send {
        let (handle, bench) = (&self.handle, self.bench);
        let watched = async move {
            let mut events = handle.events();
            loop {
                if handle.state()?.nodes.iter().any(|(path, node)| is_so(path, node)) {
                    return Ok(());
                }
                if events.next().await?.is_none() {
                    return Err(Stop::Broken(format!("the run is over, and {what} never came: {:?}", handle.status()?)));
                }
            }
        };
        async move { bench.soon(what, watched).await? }
    }

    /// Waits for its end, and checks what every run must record.
    pub(super) async fn ended(self) -> Result<Ended<O>, Stop> {
        let outcome = self.bench.soon("the end of the run", self.handle.wait()).await??;
        let references = References::default().within(&self.bench.workspace);
        let read = |outputs: Vec<u8>| self.invocation.outputs(&outputs, &references);
        let outputs = self.handle.result().ok().map(read).transpose()?;
        let ended = Ended { outcome, outputs, state: self.handle.state()?, events: events(&self.handle)?, handle: self.handle };
        ended.is_told_in_full(self.invocation.definition().name(), self.bench.backend().name())?;
        Ok(ended)
    }
}

fn events(handle: &RunHandle) -> Result<Vec<Event>, Stop> {
    let (mut told, mut events) = (Vec::new(), handle.events());
    while let Some(event) = events.read()? {
        told.push(event);
    }
    Ok(told)
}
