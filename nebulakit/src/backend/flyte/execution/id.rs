//! Which execution is meant: names, `project:domain:name`, and the console's addresses.

use std::fmt;

use nebulakit_types::visible;
use nebulakit_types::wire::flyteidl::core::WorkflowExecutionIdentifier;
use uuid::Uuid;

use super::super::error::{ClientError, ClientErrorKind};

/// How many hex digits a name has that is made here, behind its letter: child ids stay readable up to 20 characters.
const DIGITS: usize = 19;

/// The longest name of an execution that Kubernetes takes.
const LONGEST: usize = 63;

/// The id of an execution. It displays as `project:domain:name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct ExecutionId {
    /// The project.
    pub project: String,
    /// The domain, such as `development`.
    pub domain: String,
    /// The name, which is unique in them.
    pub name: String,
}

impl ExecutionId {
    /// The id of the execution `name` in a project and a domain.
    ///
    /// # Errors
    /// One of them is empty, or cannot be part of an id.
    pub fn new(project: impl Into<String>, domain: impl Into<String>, name: impl Into<String>) -> Result<Self, ClientError> {
        let id = Self { project: project.into(), domain: domain.into(), name: name.into() };
        let parts = [("project", &id.project), ("domain", &id.domain), ("name", &id.name)];
        // Without one of them, the control plane would take it for some execution.
        if let Some((what, part)) = parts.into_iter().find(|(_, part)| !is_part(part)) {
            return Err(wrong(&format!("an execution cannot have the {what} `{}`", visible::line(part))));
        }
        Ok(id)
    }

    /// Reads a name, `project:domain:name`, or the address of an execution in the console; a name alone is of this project and this domain.
    ///
    /// # Errors
    /// The text is not one of these forms, or it is only a name and the project or domain is not known.
    ///
    /// # Examples
    /// ```
    /// use nebulakit::backend::flyte::ExecutionId;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let id = ExecutionId::parse("f3a91c", Some("flytesnacks"), Some("development"))?;
    /// assert_eq!(id.to_string(), "flytesnacks:development:f3a91c");
    /// let console = "https://flyte.example.com/console/projects/p/domains/staging/executions/f3a91c?duration=all";
    /// assert_eq!(ExecutionId::parse(console, None, None)?.to_string(), "p:staging:f3a91c");
    /// # Ok(())
    /// # }
    /// ```
    pub fn parse(text: &str, project: Option<&str>, domain: Option<&str>) -> Result<Self, ClientError> {
        let expected = || {
            wrong(&format!("`{}` is not an execution", visible::line(text)))
                .with_hint("an execution is named by its name, by `project:domain:name`, or by its address in the console")
        };
        if text.contains('/') {
            let path = text.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
            let parts: Vec<_> = path.split('/').collect();
            return match parts.as_slice() {
                [.., "projects", project, "domains", domain, "executions", name, "nodes" | "nodeExecutions" | "graph" | "timeline"]
                | [.., "projects", project, "domains", domain, "executions", name] => Self::new(*project, *domain, *name),
                _ => Err(expected()),
            };
        }
        match *text.split(':').collect::<Vec<_>>() {
            [name] if is_part(name) => {
                let given = |part: Option<&str>, what: &str| {
                    part.map(str::to_owned).ok_or_else(|| wrong(&format!("no {what} is named for the execution `{name}`")))
                };
                Self::new(given(project, "project")?, given(domain, "domain")?, name)
            }
            [project, domain, name] => Self::new(project, domain, name),
            _ => Err(expected()),
        }
    }

    /// A name that no other execution has: it is made here, so that a call that is made again does not start a second execution.
    ///
    /// # Examples
    /// ```
    /// use nebulakit::backend::flyte::ExecutionId;
    ///
    /// let name = ExecutionId::new_name();
    /// assert!(name.len() == 20 && name.starts_with('a'));
    /// ```
    #[must_use]
    pub fn new_name() -> String {
        format!("a{}", &Uuid::new_v4().simple().to_string()[..DIGITS])
    }

    pub(in super::super) fn to_wire(&self) -> WorkflowExecutionIdentifier {
        let Self { project, domain, name } = self.clone();
        WorkflowExecutionIdentifier { project, domain, name, ..WorkflowExecutionIdentifier::default() }
    }

    pub(super) fn from_wire(WorkflowExecutionIdentifier { project, domain, name, .. }: WorkflowExecutionIdentifier) -> Self {
        Self { project, domain, name }
    }
}

impl fmt::Display for ExecutionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { project, domain, name } = self;
        write!(f, "{project}:{domain}:{name}")
    }
}

/// Checks a name for a new execution: the platform takes others, and then fails their executions.
pub(super) fn check_new_name(name: &str) -> Result<(), ClientError> {
    match is_new_name(name) {
        true => Ok(()),
        false => Err(wrong(&format!("an execution cannot be called `{}`", visible::line(name)))
            .with_hint("a name has up to 63 lower-case letters, digits and dashes, begins with a letter and does not end with a dash")),
    }
}

/// Whether Kubernetes can have an execution of this name.
pub(in super::super) fn is_new_name(name: &str) -> bool {
    name.len() <= LONGEST
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !name.ends_with('-')
}

fn is_part(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn wrong(message: &str) -> ClientError {
    ClientError::new(ClientErrorKind::Settings, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_no_execution_is_refused_before_anything_is_sent() {
        for text in ["", "a:b", "::", "p:d:", "a:b:c:d", "a b", "https://host/console", "p/d/n", "../x", "p:d:n:"] {
            assert!(ExecutionId::parse(text, Some("p"), Some("d")).is_err(), "{text}");
        }
        assert_eq!(ExecutionId::parse("n", None, Some("d")).unwrap_err().message(), "no project is named for the execution `n`");
    }

    #[test]
    fn new_names_are_what_kubernetes_takes() {
        assert!(check_new_name(&ExecutionId::new_name()).is_ok());
        for name in ["", "A", "1a", "a_b", "a-", "a.b", &"a".repeat(64)] {
            assert!(check_new_name(name).is_err(), "{name}");
        }
    }
}
