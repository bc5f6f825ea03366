//! Executions that are stopped, and those that are launched after others.

use nebulakit_types::wire::flyteidl::admin::{ExecutionRecoverRequest, ExecutionRelaunchRequest, ExecutionTerminateRequest};

use super::super::admin::{RECOVER_EXECUTION, RELAUNCH_EXECUTION, TERMINATE_EXECUTION};
use super::super::error::{ClientError, ClientErrorKind};
use super::Execution;
use super::id::{ExecutionId, check_new_name};
use super::phase::ExecutionPhase;

/// How an execution is launched once more.
#[derive(Debug, Clone, Default)]
#[must_use = "options do nothing before something is launched with them"]
pub struct RelaunchOptions {
    name: Option<String>,
    overwrites_cache: bool,
}

impl RelaunchOptions {
    /// The name of the new execution, in lower case as the platform has it, which no other one of the project and the domain has; one is made up if left out.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into().to_lowercase()), ..self }
    }

    /// Whether every task runs and its outputs replace those in the cache. It has no effect on a recovery.
    pub fn overwrite_cache(self, overwrites: bool) -> Self {
        Self { overwrites_cache: overwrites, ..self }
    }
}

impl Execution {
    /// Asks for an execution to be stopped. It is over a few seconds later.
    ///
    /// # Errors
    /// It does not exist or is over already, the control plane cannot be reached, or this user may not stop it.
    pub async fn terminate(&self, cause: &str) -> Result<(), ClientError> {
        let request = ExecutionTerminateRequest { id: Some(self.id.to_wire()), cause: cause.to_owned() };
        match self.client.call(&TERMINATE_EXECUTION, &request).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ClientErrorKind::Invalid => {
                let details = self.details().await?;
                let is_stopped = matches!(details.phase, ExecutionPhase::Aborting | ExecutionPhase::Aborted);
                match details.phase {
                    // An earlier try got through, and its answer was lost.
                    _ if is_stopped && details.abort.is_some_and(|abort| abort.cause == cause) => Ok(()),
                    phase if phase.is_over() => {
                        let message = format!("the execution `{}` is over already: {phase}", self.id.name);
                        Err(ClientError::new(ClientErrorKind::Invalid, message))
                    }
                    _ => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Launches once more what this execution is of, with the same inputs.
    ///
    /// # Errors
    /// It does not exist, the name is taken or cannot be one, the control plane cannot be reached, or this user may not launch.
    pub async fn relaunch(&self, options: &RelaunchOptions) -> Result<Self, ClientError> {
        let next = self.named(options)?;
        let request =
            ExecutionRelaunchRequest { id: Some(self.id.to_wire()), name: next.id.name.clone(), overwrite_cache: options.overwrites_cache };
        let made = self.client.call(&RELAUNCH_EXECUTION, &request).await.map(drop);
        self.launched(made, next, options).await
    }

    /// Launches an execution that goes on where this one failed: what succeeded here is not run again.
    ///
    /// # Errors
    /// Those of [`Execution::relaunch`]; and it is not over.
    pub async fn recover(&self, options: &RelaunchOptions) -> Result<Self, ClientError> {
        let next = self.named(options)?;
        let request = ExecutionRecoverRequest { id: Some(self.id.to_wire()), name: next.id.name.clone(), metadata: None };
        let made = self.client.call(&RECOVER_EXECUTION, &request).await.map(drop);
        self.launched(made, next, options).await
    }

    /// The execution that is to be made.
    fn named(&self, options: &RelaunchOptions) -> Result<Self, ClientError> {
        let name = options.name.clone().unwrap_or_else(ExecutionId::new_name);
        check_new_name(&name)?;
        Ok(Self { client: self.client.clone(), id: ExecutionId { name, ..self.id.clone() } })
    }

    /// The new execution. One that is there after a call that was repeated, or under a name that was made up for it, was made by an earlier
    /// try, whose answer was lost.
    async fn launched(&self, made: Result<(), ClientError>, next: Self, options: &RelaunchOptions) -> Result<Self, ClientError> {
        match made {
            Ok(()) => Ok(next),
            Err(error) if error.kind() == ClientErrorKind::AlreadyExists && (options.name.is_none() || error.is_repeated()) => {
                match next.details().await {
                    Ok(details) if details.reference.as_ref() == Some(&self.id) => Ok(next),
                    _ => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }
}
