//! The executions of a project.

use nebulakit_types::visible;
use nebulakit_types::wire::flyteidl::admin::sort::Direction;
use nebulakit_types::wire::flyteidl::admin::{NamedEntityIdentifier, ResourceListRequest};

use super::super::admin::LIST_EXECUTIONS;
use super::super::client::FlyteClient;
use super::super::error::{ClientError, ClientErrorKind};
use super::details::ExecutionDetails;
use super::pages::{by_creation, pages};
use super::phase::ExecutionPhase;

/// Which executions are listed. `Default` means all.
#[derive(Debug, Clone, Default)]
#[must_use = "a filter does nothing before something is listed with it"]
pub struct ExecutionFilter {
    phases: Vec<ExecutionPhase>,
    equal: Vec<(&'static str, String)>,
    limit: Option<usize>,
}

impl ExecutionFilter {
    /// Those in this phase; in one of them if it is called more than once.
    pub fn phase(mut self, phase: ExecutionPhase) -> Self {
        self.phases.push(phase);
        self
    }

    /// Those of the workflow with this full name.
    pub fn workflow(self, name: impl Into<String>) -> Self {
        self.equal("workflow.name", name.into())
    }

    /// Those of the launch plan with this full name.
    pub fn launch_plan(self, name: impl Into<String>) -> Self {
        self.equal("launch_plan.name", name.into())
    }

    /// Those of the task with this full name, which was launched alone.
    pub fn task(self, name: impl Into<String>) -> Self {
        self.equal("task.name", name.into())
    }

    /// No more than the latest `count`.
    pub fn limit(self, count: usize) -> Self {
        Self { limit: Some(count), ..self }
    }

    fn equal(mut self, column: &'static str, value: String) -> Self {
        self.equal.push((column, value));
        self
    }

    /// The filter as the control plane reads it.
    fn text(&self) -> Result<String, ClientError> {
        let mut parts = Vec::new();
        for (column, value) in &self.equal {
            // They cannot be escaped.
            if value.is_empty() || value.contains(['+', ',', ';', '(', ')', '%']) || value.contains(char::is_whitespace) {
                let message = format!("executions cannot be looked for by the name `{}`", visible::line(value));
                return Err(ClientError::new(ClientErrorKind::Settings, message));
            }
            parts.push(format!("eq({column},{value})"));
        }
        let phases: Vec<_> = self.phases.iter().map(|phase| phase.filter()).collect();
        match phases.as_slice() {
            [] => {}
            [phase] => parts.push(format!("eq(phase,{phase})")),
            phases => parts.push(format!("value_in(phase,{})", phases.join(";"))),
        }
        Ok(parts.join("+"))
    }
}

impl FlyteClient {
    /// The executions of a project and a domain, the latest first. Messages of failures are cut to 100 characters: [`details`](super::Execution::details) has
    /// all of them.
    ///
    /// # Errors
    /// The project or the domain is empty, the control plane cannot be reached, or this user may not list them.
    pub async fn executions(&self, project: &str, domain: &str, filter: &ExecutionFilter) -> Result<Vec<ExecutionDetails>, ClientError> {
        if project.is_empty() || domain.is_empty() {
            return Err(ClientError::new(
                ClientErrorKind::Settings,
                "executions are listed of a project and a domain, and one of them is empty",
            ));
        }
        let filters = &filter.text()?;
        let place = &NamedEntityIdentifier { project: project.to_owned(), domain: domain.to_owned(), ..NamedEntityIdentifier::default() };
        let rows = pages(filter.limit, |token, limit| async move {
            let request = ResourceListRequest {
                id: Some(place.clone()),
                limit,
                token,
                filters: filters.clone(),
                sort_by: by_creation(Direction::Descending),
            };
            let page = self.call(&LIST_EXECUTIONS, &request).await?;
            Ok((page.executions, page.token))
        });
        Ok(rows.await?.into_iter().map(ExecutionDetails::from_wire).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_joined_without_blanks() {
        let filter = ExecutionFilter::default().workflow("w.a").phase(ExecutionPhase::Failed);
        assert_eq!(filter.text().unwrap(), "eq(workflow.name,w.a)+eq(phase,FAILED)");
        let filter = ExecutionFilter::default().phase(ExecutionPhase::Failed).phase(ExecutionPhase::TimedOut);
        assert_eq!(filter.text().unwrap(), "value_in(phase,FAILED;TIMED_OUT)");
    }

    #[test]
    fn what_would_be_another_filter_is_refused() {
        for name in ["", "a+b", "a)", "a,b", "%", "a b"] {
            assert!(ExecutionFilter::default().workflow(name).text().is_err(), "{name}");
        }
    }
}
