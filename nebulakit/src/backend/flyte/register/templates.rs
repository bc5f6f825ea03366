//! Templates of tasks that are registered already: a job of a dynamic task needs them, and the platform fetches none.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use nebulakit_types::wire::flyteidl::admin::ObjectGetRequest;
use nebulakit_types::wire::flyteidl::core::{Identifier, TaskTemplate};

use super::super::admin::GET_TASK;
use super::super::client::FlyteClient;
use super::super::error::{ClientError, ClientErrorKind};
use super::complete;

/// How many are asked for at a time.
const AT_A_TIME: usize = 8;

impl FlyteClient {
    /// The templates of the tasks with these ids, for [`Options::reference`](super::super::compile::Options::reference). What the control plane does not
    /// have is left out.
    ///
    /// # Errors
    /// An id lacks a part, the control plane cannot be reached, the login fails, or this user may not see one of them.
    pub async fn templates(&self, ids: &[Identifier]) -> Result<Vec<TaskTemplate>, ClientError> {
        ids.iter().try_for_each(complete)?;
        let fetched = ids.iter().map(|id| self.template(id));
        let fetched: Vec<_> = stream::iter(fetched).buffered(AT_A_TIME).try_collect().await?;
        Ok(fetched.into_iter().flatten().collect())
    }

    async fn template(&self, id: &Identifier) -> Result<Option<TaskTemplate>, ClientError> {
        let task = match self.call(&GET_TASK, &ObjectGetRequest { id: Some(id.clone()) }).await {
            Ok(task) => task,
            Err(error) if error.kind() == ClientErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let template = task.closure.and_then(|closure| closure.compiled_task).and_then(|compiled| compiled.template);
        Ok(template.map(|template| TaskTemplate { id: Some(id.clone()), ..template }))
    }
}
