//! Executions that exist: what is known of them, what they were given and gave, and how they are steered.
//!
//! | module | holds |
//! |---|---|
//! | `id` | which execution is meant |
//! | `list` | the executions of a project |
//! | `details` | what is known of one |
//! | `phase`, `failure`, `times` | how far it is, why it failed, and when |
//! | `nodes`, `attempts`, `tree` | its nodes, the attempts at them, and how both are read |
//! | `graph`, `task` | the workflow that it runs, and the task of an attempt |
//! | `data`, `elements` | inputs and outputs, and what came of the elements of maps |
//! | `control` | stopping it, and launching it once more |
//! | `signals` | its gates |
//! | `pages`, `console` | lists page by page, and addresses for people |

mod attempts;
mod console;
mod control;
mod data;
mod details;
mod elements;
mod failure;
mod graph;
mod id;
mod list;
mod nodes;
pub(super) mod pages;
mod phase;
mod signals;
mod task;
mod times;
mod tree;

use nebulakit_types::wire::flyteidl::admin::{WorkflowExecutionGetDataRequest, WorkflowExecutionGetRequest};

pub use self::attempts::{LogLink, MapElement, NodeAttempt, PodLog};
pub use self::control::RelaunchOptions;
pub use self::details::{Abort, ExecutionDetails, Launched};
pub use self::failure::{ExecutionFailure, FailureOrigin};
pub(crate) use self::graph::{Planned, What};
pub use self::id::ExecutionId;
pub(super) use self::id::is_new_name;
pub use self::list::ExecutionFilter;
pub use self::nodes::ExecutionNode;
pub use self::phase::{AttemptPhase, CacheUsed, ExecutionPhase, NodePhase};
pub use self::signals::ExecutionSignal;
pub(crate) use self::task::RegisteredTask;
use super::admin::{GET_EXECUTION, GET_EXECUTION_DATA};
use super::client::FlyteClient;
use super::error::{ClientError, ClientErrorKind};

/// An execution of a workflow or a task. Clones share the client.
///
/// # Examples
/// ```no_run
/// # async fn example(client: nebulakit::backend::flyte::FlyteClient) -> Result<(), Box<dyn std::error::Error>> {
/// let execution = client.execution("flytesnacks", "development", "f3a91c")?;
/// let details = execution.details().await?;
/// println!("{} is {}: {}", details.launched.name, details.phase, execution.console_url());
/// if let Some(failure) = details.failure {
///     println!("{failure}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Execution {
    client: FlyteClient,
    id: ExecutionId,
}

impl FlyteClient {
    /// The execution `name` of a project and a domain. Whether it exists is not asked.
    ///
    /// # Errors
    /// One of them is empty, or cannot be part of an id.
    pub fn execution(
        &self,
        project: impl Into<String>,
        domain: impl Into<String>,
        name: impl Into<String>,
    ) -> Result<Execution, ClientError> {
        Ok(self.execution_of(ExecutionId::new(project, domain, name)?))
    }

    /// The execution with this id. Whether it exists is not asked.
    #[must_use]
    pub fn execution_of(&self, id: ExecutionId) -> Execution {
        Execution { client: self.clone(), id }
    }
}

impl Execution {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &ExecutionId {
        &self.id
    }

    /// The client that reaches it.
    #[must_use]
    pub fn client(&self) -> &FlyteClient {
        &self.client
    }

    /// Its address in the console, for people.
    #[must_use]
    pub fn console_url(&self) -> String {
        console::address(self.client.console(), &self.id)
    }

    /// What is known of it now.
    ///
    /// # Errors
    /// It does not exist, the control plane cannot be reached, or this user may not see it.
    pub async fn details(&self) -> Result<ExecutionDetails, ClientError> {
        let request = WorkflowExecutionGetRequest { id: Some(self.id.to_wire()) };
        let execution = self.client.call(&GET_EXECUTION, &request).await.map_err(|error| match error.kind() {
            ClientErrorKind::NotFound => {
                let ExecutionId { project, domain, name } = &self.id;
                let message = format!("`{}` has no execution `{name}` in {project}/{domain}", self.client.endpoint());
                ClientError::new(ClientErrorKind::NotFound, message)
            }
            _ => error,
        })?;
        Ok(ExecutionDetails::from_wire(execution))
    }

    /// How far it is.
    ///
    /// # Errors
    /// Those of [`Execution::details`].
    pub async fn phase(&self) -> Result<ExecutionPhase, ClientError> {
        Ok(self.details().await?.phase)
    }

    /// What it was given, as the bytes of an `inputs.pb`.
    ///
    /// # Errors
    /// It does not exist, they cannot be read, or they are larger than the largest answer of the settings.
    pub async fn inputs(&self) -> Result<Vec<u8>, ClientError> {
        let request = WorkflowExecutionGetDataRequest { id: Some(self.id.to_wire()) };
        let data = self.client.call(&GET_EXECUTION_DATA, &request).await?;
        data::values(&self.client, data.full_inputs, data.inputs).await
    }

    /// What it gave, as the bytes of an `outputs.pb`; nothing before it has succeeded.
    ///
    /// # Errors
    /// Those of [`Execution::inputs`].
    pub async fn outputs(&self) -> Result<Vec<u8>, ClientError> {
        let request = WorkflowExecutionGetDataRequest { id: Some(self.id.to_wire()) };
        let data = self.client.call(&GET_EXECUTION_DATA, &request).await?;
        data::values(&self.client, data.full_outputs, data.outputs).await
    }
}
