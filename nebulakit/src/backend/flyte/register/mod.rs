//! The registration of tasks, workflows and launch plans, all that is needed before what needs it, and the rest at once.
//!
//! | module | holds |
//! |---|---|
//! | `needs` | what has to be registered before what |
//! | `outcome` | what came of it, entity by entity |
//! | `difference` | what differs from what is registered under the same version |
//! | `version` | the version of what nobody gave one |
//! | `templates` | those of tasks that are registered already |

mod difference;
mod needs;
mod outcome;
mod templates;
mod version;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use nebulakit_types::wire::flyteidl::admin::{
    LaunchPlanCreateRequest, LaunchPlanState, LaunchPlanUpdateRequest, ObjectGetRequest, TaskCreateRequest, WorkflowCreateRequest,
};
use nebulakit_types::wire::flyteidl::core::Identifier;

use self::needs::levels;
pub use self::outcome::{Difference, EntityKind, Outcome, Registered, Registration};
pub(crate) use self::version::version_of;
use super::admin::{CREATE_LAUNCH_PLAN, CREATE_TASK, CREATE_WORKFLOW, GET_WORKFLOW, UPDATE_LAUNCH_PLAN};
use super::client::FlyteClient;
use super::compile::Entity;
use super::error::{ClientError, ClientErrorKind};

/// How entities are registered.
#[derive(Clone)]
#[must_use = "options do nothing before something is registered with them"]
pub struct RegisterOptions {
    concurrency: usize,
    activates: bool,
    progress: Arc<dyn Fn(&Registered) + Send + Sync>,
}

impl fmt::Debug for RegisterOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisterOptions")
            .field("concurrency", &self.concurrency)
            .field("activates", &self.activates)
            .finish_non_exhaustive()
    }
}

impl Default for RegisterOptions {
    /// 32 calls at once; only the launch plans that ask for it are activated.
    fn default() -> Self {
        Self { concurrency: 32, activates: false, progress: Arc::new(|_| {}) }
    }
}

impl RegisterOptions {
    /// How many calls are made at once; at least one.
    pub fn concurrency(self, calls: usize) -> Self {
        Self { concurrency: calls.max(1), ..self }
    }

    /// Whether all launch plans are activated, and with them their schedules.
    pub fn activate_launch_plans(self, activates: bool) -> Self {
        Self { activates, ..self }
    }

    /// What is told of each entity as soon as it is done with.
    pub fn progress(self, progress: impl Fn(&Registered) + Send + Sync + 'static) -> Self {
        Self { progress: Arc::new(progress), ..self }
    }
}

impl FlyteClient {
    /// Registers entities. What is registered already, and the same, counts as registered.
    ///
    /// An entity is not sent if one that it needs was refused: it would be tied to what is registered under that name now.
    ///
    /// # Errors
    /// The control plane cannot be reached, the login fails, or this user may not register. An entity that the control plane refuses is not
    /// an error: the [`Registration`] says so.
    pub async fn register(&self, entities: &[Entity], options: &RegisterOptions) -> Result<Registration, ClientError> {
        entities.iter().map(Entity::id).try_for_each(complete)?;
        let mut outcomes: BTreeMap<usize, Registered> = BTreeMap::new();
        for level in levels(entities) {
            let calls = level.into_iter().map(|(index, needs)| {
                let missing = needs.into_iter().find(|needed| outcomes.get(needed).is_some_and(|needed| !needed.is_registered()));
                let missing = missing.map(|needed| entities[needed].id().name.clone());
                async move {
                    let outcome = match missing {
                        Some(needs) => Outcome::Skipped { needs },
                        None => self.register_one(&entities[index], options).await?,
                    };
                    Ok::<_, ClientError>((index, Registered::new(&entities[index], outcome)))
                }
            });
            let calls: Vec<_> = calls.collect();
            let mut done = stream::iter(calls).buffer_unordered(options.concurrency);
            while let Some(registered) = done.next().await {
                let (index, registered) = registered?;
                (options.progress)(&registered);
                outcomes.insert(index, registered);
            }
        }
        Ok(Registration { entities: outcomes.into_values().collect() })
    }

    async fn register_one(&self, entity: &Entity, options: &RegisterOptions) -> Result<Outcome, ClientError> {
        let outcome = match self.create(entity).await {
            Ok(()) => Outcome::Created,
            Err(error) if error.kind() == ClientErrorKind::AlreadyExists => Outcome::Unchanged,
            Err(error) if difference::is_told(error.said()) => Outcome::Differs(self.differences(entity, &error).await?),
            Err(error) => return refused(error),
        };
        match entity {
            Entity::LaunchPlan { id, is_active, .. } if outcome.is_registered() && (*is_active || options.activates) => {
                let request = LaunchPlanUpdateRequest { id: Some(id.clone()), state: LaunchPlanState::Active.into() };
                match self.call(&UPDATE_LAUNCH_PLAN, &request).await {
                    Ok(_) => Ok(Outcome::Activated),
                    Err(error) => refused(error),
                }
            }
            _ => Ok(outcome),
        }
    }

    async fn create(&self, entity: &Entity) -> Result<(), ClientError> {
        let id = Some(entity.id().clone());
        match entity {
            Entity::Task { spec, .. } => {
                let request = TaskCreateRequest { id, spec: Some((**spec).clone()) };
                self.call(&CREATE_TASK, &request).await.map(drop)
            }
            Entity::Workflow { spec, .. } => {
                let request = WorkflowCreateRequest { id, spec: Some((**spec).clone()) };
                self.call(&CREATE_WORKFLOW, &request).await.map(drop)
            }
            Entity::LaunchPlan { plan, .. } => {
                let request = LaunchPlanCreateRequest { id, spec: plan.spec.clone() };
                self.call(&CREATE_LAUNCH_PLAN, &request).await.map(drop)
            }
        }
    }

    /// What differs from what is registered. Of workflows, the control plane names as different what is the same, so they are compared here.
    async fn differences(&self, entity: &Entity, told: &ClientError) -> Result<Vec<Difference>, ClientError> {
        let Entity::Workflow { id, spec } = entity else { return Ok(difference::told(told.said())) };
        let registered = self.call(&GET_WORKFLOW, &ObjectGetRequest { id: Some(id.clone()) }).await?;
        Ok(difference::of_workflows(&registered, spec))
    }
}

/// What the control plane says of one entity is the outcome of that entity; anything else is an error of them all.
fn refused(error: ClientError) -> Result<Outcome, ClientError> {
    match error.kind() {
        ClientErrorKind::Invalid | ClientErrorKind::NotFound | ClientErrorKind::TooLarge | ClientErrorKind::Server => {
            Ok(Outcome::Refused { reason: error.said().to_owned() })
        }
        _ => Err(error),
    }
}

/// An id without one of its parts would mean some entity.
fn complete(id: &Identifier) -> Result<(), ClientError> {
    let parts = [("project", &id.project), ("domain", &id.domain), ("name", &id.name), ("version", &id.version)];
    match parts.into_iter().find(|(_, value)| value.is_empty()) {
        Some((part, _)) => Err(ClientError::new(ClientErrorKind::Settings, format!("`{}` cannot be registered without a {part}", id.name))),
        None => Ok(()),
    }
}
