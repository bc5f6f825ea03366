//! Which version of a name is launched, and what it takes.

use std::collections::BTreeMap;

use nebulakit_types::LiteralType;
use nebulakit_types::wire::flyteidl::admin::{
    ActiveLaunchPlanRequest, LaunchPlan, NamedEntityIdentifier, ObjectGetRequest, ResourceListRequest, Sort, Task, sort,
};
use nebulakit_types::wire::flyteidl::core::{Identifier, ResourceType, Variable};
use prost::Message as _;

use super::super::admin::{GET_ACTIVE_LAUNCH_PLAN, GET_LAUNCH_PLAN, GET_TASK, LIST_LAUNCH_PLANS, LIST_TASKS};
use super::super::client::FlyteClient;
use super::super::error::{ClientError, ClientErrorKind};
use super::EntityKind;

/// Something registered, in one version: what [`FlyteClient::find`] gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Launchable {
    pub(super) id: Identifier,
    inputs: BTreeMap<String, LiteralType>,
}

impl Launchable {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.id.name
    }

    /// The project that it is in.
    #[must_use]
    pub fn project(&self) -> &str {
        &self.id.project
    }

    /// The domain that it is in.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.id.domain
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.id.version
    }

    /// The types of the inputs that it takes, by their names.
    #[must_use]
    pub fn inputs(&self) -> &BTreeMap<String, LiteralType> {
        &self.inputs
    }
}

impl FlyteClient {
    /// Finds what is registered in the client's project and domain. Without a version it is the active one of a launch plan, or the newest. A workflow is
    /// launched by the launch plan of its name.
    ///
    /// ```no_run
    /// # async fn example(client: nebulakit::backend::flyte::FlyteClient) -> anyhow::Result<()> {
    /// use nebulakit::backend::flyte::EntityKind;
    ///
    /// let newest = client.find(EntityKind::Task, "app.double", None).await?;
    /// println!("{} takes {:?}", newest.version(), newest.inputs().keys());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ClientErrorKind::NotFound`] when there is none, [`ClientErrorKind::Settings`] when the client has no project, and those of calls.
    pub async fn find(&self, kind: EntityKind, name: &str, version: Option<&str>) -> Result<Launchable, ClientError> {
        // An id without one of its parts would mean some entity.
        if name.is_empty() || version == Some("") {
            return Err(ClientError::new(
                ClientErrorKind::Settings,
                format!("a {kind} needs a name and a version, and one of them is empty"),
            ));
        }
        let project = self.known_project()?;
        let found = match kind {
            EntityKind::Task => self.found_task(project, name, version).await?.map(of_task),
            EntityKind::Workflow | EntityKind::LaunchPlan => self.found_launch_plan(project, name, version).await?.map(of_launch_plan),
        };
        found.transpose()?.ok_or_else(|| {
            let version = version.map_or_else(String::new, |version| format!(" in version `{version}`"));
            let message = format!("no {kind} `{name}` is registered in {project}/{}{version}, at `{}`", self.domain(), self.endpoint());
            ClientError::new(ClientErrorKind::NotFound, message)
                .with_hint("`register` registers what this program has; is it the right project?")
        })
    }

    async fn found_task(&self, project: &str, name: &str, version: Option<&str>) -> Result<Option<Task>, ClientError> {
        let id = match version {
            Some(version) => self.id(ResourceType::Task, project, name, version),
            None => match self.call(&LIST_TASKS, &self.newest(project, name)).await?.tasks.into_iter().next().and_then(|task| task.id) {
                Some(id) => id,
                None => return Ok(None),
            },
        };
        found(self.call(&GET_TASK, &ObjectGetRequest { id: Some(id) }).await)
    }

    async fn found_launch_plan(&self, project: &str, name: &str, version: Option<&str>) -> Result<Option<LaunchPlan>, ClientError> {
        if let Some(version) = version {
            let id = self.id(ResourceType::LaunchPlan, project, name, version);
            return found(self.call(&GET_LAUNCH_PLAN, &ObjectGetRequest { id: Some(id) }).await);
        }
        let active = ActiveLaunchPlanRequest { id: Some(self.named(project, name)) };
        if let Some(active) = found(self.call(&GET_ACTIVE_LAUNCH_PLAN, &active).await)? {
            return Ok(Some(active));
        }
        let listed = self.call(&LIST_LAUNCH_PLANS, &self.newest(project, name)).await?;
        let Some(id) = listed.launch_plans.into_iter().next().and_then(|plan| plan.id) else { return Ok(None) };
        found(self.call(&GET_LAUNCH_PLAN, &ObjectGetRequest { id: Some(id) }).await)
    }

    fn id(&self, kind: ResourceType, project: &str, name: &str, version: &str) -> Identifier {
        Identifier {
            resource_type: kind.into(),
            project: project.to_owned(),
            domain: self.domain().to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
            ..Identifier::default()
        }
    }

    fn named(&self, project: &str, name: &str) -> NamedEntityIdentifier {
        NamedEntityIdentifier {
            project: project.to_owned(),
            domain: self.domain().to_owned(),
            name: name.to_owned(),
            ..NamedEntityIdentifier::default()
        }
    }

    /// Asks for the newest version.
    fn newest(&self, project: &str, name: &str) -> ResourceListRequest {
        ResourceListRequest {
            id: Some(self.named(project, name)),
            limit: 1,
            sort_by: Some(Sort { key: "created_at".to_owned(), direction: sort::Direction::Descending.into() }),
            ..ResourceListRequest::default()
        }
    }
}

/// Turns "not found" into nothing: that is not an error yet.
fn found<T>(answer: Result<T, ClientError>) -> Result<Option<T>, ClientError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ClientErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn of_task(task: Task) -> Result<Launchable, ClientError> {
    let template = task.closure.and_then(|closure| closure.compiled_task?.template);
    let inputs = template.and_then(|template| template.interface?.inputs).map(|inputs| inputs.variables).unwrap_or_default();
    launchable(task.id, inputs.into_iter())
}

fn of_launch_plan(plan: LaunchPlan) -> Result<Launchable, ClientError> {
    let inputs = plan.closure.and_then(|closure| closure.expected_inputs).map(|inputs| inputs.parameters).unwrap_or_default();
    launchable(plan.id, inputs.into_iter().filter_map(|(name, parameter)| Some((name, parameter.var?))))
}

fn launchable(id: Option<Identifier>, inputs: impl Iterator<Item = (String, Variable)>) -> Result<Launchable, ClientError> {
    let wrong = |what: &str| ClientError::new(ClientErrorKind::Server, format!("the control plane gave {what}"));
    let id = id.filter(|id| [&id.project, &id.domain, &id.name, &id.version].iter().all(|part| !part.is_empty()));
    let id = id.ok_or_else(|| wrong("an entity without an id"))?;
    let inputs = inputs.map(|(name, variable)| {
        let bytes = variable.r#type.unwrap_or_default().encode_to_vec();
        let literal_type =
            LiteralType::decode(&bytes).map_err(|error| wrong(&format!("an input `{name}` whose type is not one: {error}")))?;
        Ok((name, literal_type))
    });
    Ok(Launchable { id, inputs: inputs.collect::<Result<_, _>>()? })
}
