//! Launch plans that are registered: which there are, and which are active.

use nebulakit_types::visible;
use nebulakit_types::wire::flyteidl::admin::schedule::ScheduleExpression;
use nebulakit_types::wire::flyteidl::admin::sort::Direction;
use nebulakit_types::wire::flyteidl::admin::{
    ActiveLaunchPlanRequest, FixedRateUnit, LaunchPlan, LaunchPlanState, LaunchPlanUpdateRequest, NamedEntityIdentifier, ObjectGetRequest,
    ResourceListRequest, Schedule,
};
use nebulakit_types::wire::flyteidl::core::{Identifier, ResourceType};

use super::admin::{GET_ACTIVE_LAUNCH_PLAN, GET_LAUNCH_PLAN, LIST_LAUNCH_PLANS, UPDATE_LAUNCH_PLAN};
use super::client::FlyteClient;
use super::error::{ClientError, ClientErrorKind};
use super::execution::pages::{by_creation, pages};

/// A launch plan that is registered.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RegisteredLaunchPlan {
    /// Its id.
    pub id: Identifier,
    /// Whether it is the active one of its name: its schedule counts.
    pub is_active: bool,
    /// Its schedule, if it has one: `0 6 * * *` or `every 5 minutes`.
    pub schedule: Option<String>,
    /// The workflow that it launches.
    pub workflow: Identifier,
}

impl FlyteClient {
    /// The launch plans of a project and a domain, the latest first; all versions of one name, if there is a name.
    ///
    /// # Errors
    /// The project or the domain is empty, the control plane cannot be reached, or this user may not list them.
    pub async fn launch_plans(
        &self,
        project: &str,
        domain: &str,
        name: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Vec<RegisteredLaunchPlan>, ClientError> {
        complete([("project", project), ("domain", domain)])?;
        let place = &place(project, domain, name.unwrap_or_default());
        let rows = pages(limit, |token, limit| async move {
            let request = ResourceListRequest {
                id: Some(place.clone()),
                limit,
                token,
                filters: String::new(),
                sort_by: by_creation(Direction::Descending),
            };
            let page = self.call(&LIST_LAUNCH_PLANS, &request).await?;
            Ok((page.launch_plans, page.token))
        });
        Ok(rows.await?.into_iter().map(RegisteredLaunchPlan::from_wire).collect())
    }

    /// Activates a launch plan, whose schedule counts from now on, and deactivates the version of it that was active. Without a version, it is the latest one.
    ///
    /// # Errors
    /// With [`ClientErrorKind::NotFound`] if there is no such launch plan; or a part of its id is empty, the control plane cannot be reached, or this user may not.
    pub async fn activate_launch_plan(
        &self,
        project: &str,
        domain: &str,
        name: &str,
        version: Option<&str>,
    ) -> Result<RegisteredLaunchPlan, ClientError> {
        complete([("project", project), ("domain", domain), ("name", name), ("version", version.unwrap_or("latest"))])?;
        let plan = match version {
            Some(version) => self.launch_plan(launch_plan_id(project, domain, name, version)).await?,
            None => {
                let latest = self.launch_plans(project, domain, Some(name), Some(1)).await?;
                latest.into_iter().next().ok_or_else(|| {
                    let message = format!("`{}` has no launch plan `{}` in {project}/{domain}", self.endpoint(), visible::line(name));
                    ClientError::new(ClientErrorKind::NotFound, message)
                })?
            }
        };
        self.set_state(plan.id.clone(), LaunchPlanState::Active).await?;
        Ok(RegisteredLaunchPlan { is_active: true, ..plan })
    }

    /// Deactivates a launch plan: its schedule counts no more. Without a version, it is the active one.
    ///
    /// # Errors
    /// Those of [`FlyteClient::activate_launch_plan`].
    pub async fn deactivate_launch_plan(
        &self,
        project: &str,
        domain: &str,
        name: &str,
        version: Option<&str>,
    ) -> Result<RegisteredLaunchPlan, ClientError> {
        complete([("project", project), ("domain", domain), ("name", name), ("version", version.unwrap_or("active"))])?;
        let plan = match version {
            Some(version) => self.launch_plan(launch_plan_id(project, domain, name, version)).await?,
            None => {
                let request = ActiveLaunchPlanRequest { id: Some(place(project, domain, name)) };
                RegisteredLaunchPlan::from_wire(self.call(&GET_ACTIVE_LAUNCH_PLAN, &request).await?)
            }
        };
        self.set_state(plan.id.clone(), LaunchPlanState::Inactive).await?;
        Ok(RegisteredLaunchPlan { is_active: false, ..plan })
    }

    async fn launch_plan(&self, id: Identifier) -> Result<RegisteredLaunchPlan, ClientError> {
        Ok(RegisteredLaunchPlan::from_wire(self.call(&GET_LAUNCH_PLAN, &ObjectGetRequest { id: Some(id) }).await?))
    }

    /// Sets the state of a launch plan that has a whole id: without one, the control plane would change some launch plan.
    async fn set_state(&self, id: Identifier, state: LaunchPlanState) -> Result<(), ClientError> {
        complete([("project", &*id.project), ("domain", &*id.domain), ("name", &*id.name), ("version", &*id.version)])?;
        self.call(&UPDATE_LAUNCH_PLAN, &LaunchPlanUpdateRequest { id: Some(id), state: state.into() }).await.map(drop)
    }
}

impl RegisteredLaunchPlan {
    fn from_wire(plan: LaunchPlan) -> Self {
        let spec = plan.spec.unwrap_or_default();
        let schedule = spec.entity_metadata.and_then(|metadata| metadata.schedule).as_ref().and_then(told);
        Self {
            id: plan.id.unwrap_or_default(),
            is_active: plan.closure.is_some_and(|closure| closure.state() == LaunchPlanState::Active),
            schedule,
            workflow: spec.workflow_id.unwrap_or_default(),
        }
    }
}

/// A schedule in words.
fn told(schedule: &Schedule) -> Option<String> {
    match schedule.schedule_expression.as_ref()? {
        ScheduleExpression::CronExpression(cron) => Some(cron.clone()),
        ScheduleExpression::CronSchedule(cron) => Some(cron.schedule.clone()),
        ScheduleExpression::Rate(rate) => {
            let unit = match rate.unit() {
                FixedRateUnit::Minute => "minute",
                FixedRateUnit::Hour => "hour",
                FixedRateUnit::Day => "day",
            };
            Some(format!("every {} {unit}{}", rate.value, if rate.value == 1 { "" } else { "s" }))
        }
    }
}

fn place(project: &str, domain: &str, name: &str) -> NamedEntityIdentifier {
    let (project, domain, name) = (project.to_owned(), domain.to_owned(), name.to_owned());
    NamedEntityIdentifier { project, domain, name, ..NamedEntityIdentifier::default() }
}

fn launch_plan_id(project: &str, domain: &str, name: &str, version: &str) -> Identifier {
    Identifier {
        resource_type: ResourceType::LaunchPlan.into(),
        project: project.to_owned(),
        domain: domain.to_owned(),
        name: name.to_owned(),
        version: version.to_owned(),
        ..Identifier::default()
    }
}

/// An id without one of its parts would mean some launch plan.
fn complete<const N: usize>(parts: [(&str, &str); N]) -> Result<(), ClientError> {
    match parts.into_iter().find(|(_, value)| value.is_empty()) {
        Some((part, _)) => Err(ClientError::new(ClientErrorKind::Settings, format!("a launch plan is looked for without a {part}"))),
        None => Ok(()),
    }
}
