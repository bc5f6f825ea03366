//! Tasks, workflows and launch plans with values for their inputs, launched: what comes of it has the type that they give.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;

use nebulakit_types::convert::reader::References;
use nebulakit_types::outbox::Outbox;
use nebulakit_types::outputs::{OutputReader, TaskOutputs};
use nebulakit_types::storage::Storage;
use nebulakit_types::workspace::Workspace;
use nebulakit_types::{Dialect, Error};
use uuid::Uuid;

use super::super::client::FlyteClient;
use super::super::execution::Execution;
use super::{EntityKind, LaunchOptions};
use crate::backend::RunError;
use crate::task::def::TaskDef;
use crate::task::definition::Definition;
use crate::task::invocation::Invocation;
use crate::task::reference::ReferenceSpec;
use crate::workflow::WorkflowDef;

/// An execution whose outputs are an `O`: what [`Invocation::launch`] gives. It goes on if this is dropped.
#[must_use = "the execution goes on whether it is waited for or not; `wait` gives what comes of it"]
pub struct LaunchedTask<O> {
    execution: Execution,
    workspace: Workspace,
    names: &'static [&'static str],
    of: PhantomData<fn() -> O>,
}

impl<O> fmt::Debug for LaunchedTask<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LaunchedTask").field(&self.execution).finish()
    }
}

impl<O> Invocation<O> {
    /// Launches it at a control plane, where this program is registered: the active version of a launch plan, or else the newest. Files and directories of
    /// this machine among its inputs are uploaded.
    ///
    /// # Examples
    /// ```no_run
    /// use std::path::Path;
    ///
    /// use nebulakit::backend::flyte::FlyteClient;
    /// use nebulakit::config::Config;
    /// use nebulakit::env::Environment;
    /// use nebulakit::prelude::*;
    ///
    /// #[task]
    /// fn divider(a: f64, b: f64) -> f64 {
    ///     a / b
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> anyhow::Result<()> {
    /// let environment = Environment::from_process();
    /// let client = FlyteClient::new(&Config::load(&environment, Path::new("."))?, &environment)?;
    /// let half: f64 = divider::with(1.0, 2.0).launch(&client).await?.wait().await?;
    /// assert_eq!(half, 0.5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`RunError::Inputs`] when an input cannot be encoded or stored, and [`RunError::Platform`] with the errors of [`FlyteClient::launch`].
    pub async fn launch(&self, client: &FlyteClient) -> Result<LaunchedTask<O>, RunError> {
        self.launch_with(client, &LaunchOptions::new()).await
    }

    /// The same with options: a version, a name, labels.
    ///
    /// ```no_run
    /// # use nebulakit::prelude::*;
    /// # use nebulakit::backend::flyte::{FlyteClient, LaunchOptions};
    /// # #[task]
    /// # fn divider(a: f64, b: f64) -> f64 { a / b }
    /// # async fn example(client: FlyteClient) -> anyhow::Result<()> {
    /// let options = LaunchOptions::new().version("v1").name("half-of-one").label("team", "ml");
    /// let launched = divider::with(1.0, 2.0).launch_with(&client, &options).await?;
    /// println!("{}", launched.execution().console_url());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`launch`](Self::launch).
    pub async fn launch_with(&self, client: &FlyteClient, options: &LaunchOptions) -> Result<LaunchedTask<O>, RunError> {
        let workspace = client.workspace();
        let inputs = self.given(&workspace).await?;
        let registered = Registered::of(self.definition())?;
        let target = registered.find(client, options).await?;
        let execution = client.launch_found(&target, &inputs, options).await?;
        Ok(LaunchedTask { execution, workspace, names: self.definition().output_names(), of: PhantomData })
    }

    /// The inputs as the bytes of an `inputs.pb`, with data that is in memory in files of this machine.
    async fn given(&self, workspace: &Workspace) -> Result<Vec<u8>, RunError> {
        let scratch = workspace.scratch().map_err(RunError::Folder)?.join(Uuid::new_v4().simple().to_string());
        let place = Workspace::new(Storage::local, Some(scratch.to_string_lossy().into_owned()), scratch.clone());
        let mut outbox = Outbox::in_process(&place);
        let inputs = self.inputs(&Dialect::FLYTE_1, &mut outbox).map_err(RunError::Inputs)?;
        outbox.send().await.map_err(RunError::Inputs)?;
        match (self.definition() as &dyn Any).downcast_ref::<TaskDef>() {
            Some(task) => with_defaults(task, inputs).map_err(RunError::Inputs),
            None => Ok(inputs),
        }
    }
}

/// The inputs of a task, with its defaults for those that are left out: the platform knows none.
pub(crate) fn with_defaults(task: &TaskDef, mut inputs: Vec<u8>) -> Result<Vec<u8>, Error> {
    use nebulakit_types::convert::reader::Entries;
    use nebulakit_types::convert::writer::map_of_literals;
    let (mut given, mut entries) = (Vec::new(), Entries::of_map(&inputs, References::none()));
    while let Some((name, _)) = entries.next()? {
        given.push(name.to_owned());
    }
    for param in task.params.iter().filter(|param| !given.iter().any(|name| name == param.name())) {
        if let Some(default) = task.default_of(param.name())? {
            // Maps in the wire form are joined by writing one behind the other.
            inputs.extend(map_of_literals([(param.name(), default.encode().as_slice())]));
        }
    }
    Ok(inputs)
}

/// What an invocation is of, as it is registered.
struct Registered {
    kind: EntityKind,
    name: &'static str,
    /// Where, if it is not of this program.
    elsewhere: Option<&'static ReferenceSpec>,
}

impl Registered {
    fn of(definition: &'static dyn Definition) -> Result<Self, RunError> {
        let any = definition as &dyn Any;
        let (kind, elsewhere) = match (any.downcast_ref::<TaskDef>(), any.downcast_ref::<WorkflowDef>()) {
            (Some(task), _) => (EntityKind::Task, task.reference()),
            (None, Some(workflow)) => (EntityKind::LaunchPlan, workflow.reference()),
            (None, None) => {
                return Err(RunError::Refused(vec![format!("`{}` is neither a workflow nor a task", definition.name())]));
            }
        };
        Ok(Self { kind, name: elsewhere.map_or(definition.name(), |elsewhere| elsewhere.name), elsewhere })
    }

    async fn find(&self, client: &FlyteClient, options: &LaunchOptions) -> Result<super::Launchable, RunError> {
        let version = options.version_given();
        Ok(match self.elsewhere {
            Some(elsewhere) => {
                let client = client.clone().with_project(elsewhere.project).with_domain(elsewhere.domain);
                client.find(self.kind, self.name, version.or(Some(elsewhere.version))).await?
            }
            None => client.find(self.kind, self.name, version).await?,
        })
    }
}

impl<O> LaunchedTask<O> {
    /// The execution.
    #[must_use]
    pub fn execution(&self) -> &Execution {
        &self.execution
    }

    /// The stores through which files among the outputs are read, instead of those that the client's environment leads to.
    pub fn within(self, workspace: &Workspace) -> Self {
        Self { workspace: workspace.clone(), ..self }
    }
}

impl<O: TaskOutputs> LaunchedTask<O> {
    /// Waits until the execution is over; its outputs.
    ///
    /// # Errors
    /// [`RunError::Failed`] with the node that failed first, its code and its message, [`RunError::Cancelled`] when somebody terminated it,
    /// [`RunError::Outputs`] when the outputs are not what is declared here, and [`RunError::Platform`] when the control plane cannot be asked.
    ///
    /// # Cancel safety
    /// The execution goes on if this is dropped.
    pub async fn wait(&self) -> Result<O, RunError> {
        let outputs = super::ended::outputs(&self.execution).await?;
        let references = References::default().within(&self.workspace);
        O::read(&mut OutputReader::parse(self.names, &outputs, &references).map_err(RunError::Outputs)?).map_err(RunError::Outputs)
    }
}
