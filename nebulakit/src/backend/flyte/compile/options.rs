//! What a platform needs to know besides the program.

#[cfg(feature = "flyte")]
use nebulakit_types::wire::flyteidl::core::Identifier;
use nebulakit_types::wire::flyteidl::core::TaskTemplate;

use super::references::Templates;

/// How many nodes of a workflow the platform takes, unless its operator says otherwise.
const MAX_NODES: usize = 100;
/// The largest message that the platform takes, unless its operator says otherwise, in bytes.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// What a platform needs to know besides the program.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "options do nothing before something is compiled with them"]
pub struct Options {
    pub(super) target: Option<Target>,
    pub(super) image: String,
    pub(super) binary: String,
    pub(super) max_nodes: usize,
    pub(super) max_bytes: usize,
    pub(super) references: Templates,
}

/// Where entities are registered, and by which version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The project.
    pub project: String,
    /// The domain.
    pub domain: String,
    /// The version of all entities.
    pub version: String,
}

impl Options {
    /// Tasks run in `image`, unless they name another one, which has this program as the file `binary`. Without a [target](Self::target), project,
    /// domain and version are left to whoever registers a package.
    pub fn new(image: impl Into<String>, binary: impl Into<String>) -> Self {
        Self {
            target: None,
            image: image.into(),
            binary: binary.into(),
            max_nodes: MAX_NODES,
            max_bytes: MAX_BYTES,
            references: Templates::default(),
        }
    }

    /// Where everything is registered, and by which version.
    pub fn target(self, project: impl Into<String>, domain: impl Into<String>, version: impl Into<String>) -> Self {
        let target = Target { project: project.into(), domain: domain.into(), version: version.into() };
        Self { target: Some(target), ..self }
    }

    /// The template of a task that is registered elsewhere, as its control plane has it. The jobs of dynamic tasks and of mapped workflows need those of
    /// [`Program::references_in_jobs`](super::Program::references_in_jobs).
    pub fn reference(mut self, template: &TaskTemplate) -> Self {
        self.references.add(template);
        self
    }

    /// As if the templates of these were at hand, for people who look before they register.
    #[cfg(feature = "flyte")]
    pub(crate) fn assuming(self, ids: &[Identifier]) -> Self {
        ids.iter().fold(self, |options, id| options.reference(&TaskTemplate { id: Some(id.clone()), ..TaskTemplate::default() }))
    }

    /// The same for nobody in particular.
    pub(super) fn without_target(self) -> Self {
        Self { target: None, ..self }
    }

    /// How many nodes of one workflow the platform takes (`registration.maxWorkflowNodes`); 100 unless this says otherwise.
    pub fn max_nodes(self, max_nodes: usize) -> Self {
        Self { max_nodes, ..self }
    }

    /// The largest message that the platform takes, in bytes (`server.grpc.maxMessageSizeBytes`); 4 MiB unless this says otherwise.
    pub fn max_bytes(self, max_bytes: usize) -> Self {
        Self { max_bytes, ..self }
    }
}
