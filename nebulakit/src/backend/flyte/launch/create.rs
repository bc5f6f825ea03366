//! The call that creates an execution: calls are repeated, and it is created once.

use std::time::{Duration, SystemTime};

use nebulakit_types::wire::flyteidl::admin::ExecutionCreateRequest;
use nebulakit_types::wire::flyteidl::core::LiteralMap;
use prost::Message as _;

use super::super::admin::CREATE_EXECUTION;
use super::super::client::FlyteClient;
use super::super::error::{ClientError, ClientErrorKind};
use super::super::execution::Execution;
use super::{LaunchOptions, Launchable};

/// By how much the clocks of two machines may differ.
const SKEW: Duration = Duration::from_secs(300);

/// What an answer means that something exists.
#[derive(Debug, PartialEq, Eq)]
enum Exists {
    /// An execution of that name.
    Name,
    /// As many executions of a launch plan as there may be.
    Limit,
    /// What the platform makes for the first launch of a task, which another first launch has made meanwhile.
    Made,
}

impl FlyteClient {
    /// Creates `execution` of `target`; when this returns the platform has it.
    pub(super) async fn create_execution(
        &self,
        target: &Launchable,
        inputs: &[u8],
        options: &LaunchOptions,
        execution: &Execution,
    ) -> Result<(), ClientError> {
        let unreadable =
            |error: prost::DecodeError| ClientError::new(ClientErrorKind::Settings, format!("the inputs cannot be read: {error}"));
        let name = execution.id().name.clone();
        let request = ExecutionCreateRequest {
            project: target.id.project.clone(),
            domain: target.id.domain.clone(),
            name: name.clone(),
            spec: Some(options.spec(&target.id)),
            inputs: Some(LiteralMap::decode(inputs).map_err(unreadable)?),
            ..ExecutionCreateRequest::default()
        };
        let (began, mut failures) = (SystemTime::now(), 0);
        loop {
            let error = match self.call(&CREATE_EXECUTION, &request).await {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == ClientErrorKind::AlreadyExists => error,
                Err(error) => return Err(error),
            };
            match exists(error.said()) {
                // Nobody else makes such a name.
                Exists::Name if options.name_given().is_none() => return Ok(()),
                Exists::Name if error.is_repeated() && is_ours(execution, target, began).await? => return Ok(()),
                Exists::Name => {
                    let message = format!("an execution `{name}` exists in {}/{} already", request.project, request.domain);
                    let error = ClientError::new(ClientErrorKind::AlreadyExists, message).saying(error.said());
                    return Err(error.with_hint("launch it under another name, or under none"));
                }
                Exists::Limit => return Err(error.with_hint("wait until one of its executions is over, or terminate one")),
                Exists::Made => match self.settings().wait_after(failures) {
                    Some(wait) => {
                        tracing::info!("{error}; the next try is in {wait:.1?}");
                        tokio::time::sleep(wait).await;
                        failures += 1;
                    }
                    None => return Err(error),
                },
            }
        }
    }
}

/// Whether the execution that exists is of this launch: its answer got lost on the way.
async fn is_ours(execution: &Execution, target: &Launchable, began: SystemTime) -> Result<bool, ClientError> {
    let existing = execution.details().await?;
    // Of a task it may be the launch plan that the platform made for it.
    let names = [target.id.name.clone(), format!(".flytegen.{}", target.id.name)];
    let is_target = existing.launched.version == target.id.version && names.contains(&existing.launched.name);
    Ok(is_target && existing.created.is_some_and(|created| created + SKEW >= began))
}

/// What an answer means that something exists.
fn exists(said: &str) -> Exists {
    if said.contains("concurrency limit") {
        Exists::Limit
    } else if ["executions_pkey", "execution_tags_pkey"].iter().any(|constraint| said.contains(constraint)) {
        Exists::Name
    } else {
        Exists::Made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exists_is_told_by_the_platforms_words() {
        let unique = |key: &str| format!("value with matching already exists (duplicate key value violates unique constraint \"{key}\")");
        assert_eq!(exists(&unique("executions_pkey")), Exists::Name);
        assert_eq!(exists(&unique("execution_tags_pkey")), Exists::Name);
        assert_eq!(exists(&unique("launch_plans_pkey")), Exists::Made);
        assert_eq!(exists("concurrency limit (1) reached for launch plan lp.conc; skipping execution"), Exists::Limit);
    }
}
