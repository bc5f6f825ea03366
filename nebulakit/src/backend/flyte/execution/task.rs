//! A task that was attempted, as it is registered.

use nebulakit_types::Interface;
use nebulakit_types::wire::flyteidl::admin::ObjectGetRequest;
use nebulakit_types::wire::flyteidl::core::task_template::Target;
use prost::Message as _;

use super::super::admin::GET_TASK;
use super::super::client::FlyteClient;
use super::super::error::{ClientError, ClientErrorKind};
use super::attempts::NodeAttempt;

/// A task as it is registered.
pub(crate) struct RegisteredTask {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) interface: Interface,
    /// The arguments of its container; empty if it has none.
    pub(crate) args: Vec<String>,
}

impl FlyteClient {
    /// The task of an attempt.
    pub(crate) async fn attempted(&self, attempt: &NodeAttempt) -> Result<RegisteredTask, ClientError> {
        let id = &attempt.task;
        // An id without a version would mean some task.
        if id.name.is_empty() || id.version.is_empty() {
            return Err(ClientError::new(ClientErrorKind::Server, "the control plane does not say which task it is"));
        }
        let task = self.call(&GET_TASK, &ObjectGetRequest { id: Some(id.clone()) }).await?;
        let template = task.closure.and_then(|closure| closure.compiled_task).and_then(|compiled| compiled.template).unwrap_or_default();
        let unreadable =
            |error| ClientError::new(ClientErrorKind::Server, format!("the interface of the task `{}` cannot be read: {error}", id.name));
        let args = match template.target {
            Some(Target::Container(container)) => container.args,
            _ => Vec::new(),
        };
        let interface = Interface::decode(&template.interface.unwrap_or_default().encode_to_vec()).map_err(unreadable)?;
        Ok(RegisteredTask { name: id.name.clone(), version: id.version.clone(), interface, args })
    }
}
