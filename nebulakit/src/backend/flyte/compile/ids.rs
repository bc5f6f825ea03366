//! Identifiers. The platform compares all six fields of them, so they are made in one place.

use nebulakit_types::wire::flyteidl::core::{Identifier, ResourceType};

use super::options::Options;
use crate::graph::{Reference, ReferenceKind};

/// Of a task of this program.
pub(super) fn task(options: &Options, name: &str) -> Identifier {
    own(options, ResourceType::Task, name)
}

/// Of a workflow of this program.
pub(super) fn workflow(options: &Options, name: &str) -> Identifier {
    own(options, ResourceType::Workflow, name)
}

/// Of a launch plan of this program.
pub(super) fn launch_plan(options: &Options, name: &str) -> Identifier {
    own(options, ResourceType::LaunchPlan, name)
}

/// Of what is registered elsewhere.
pub(super) fn reference(reference: &Reference) -> Identifier {
    let kind = match reference.kind {
        ReferenceKind::Task => ResourceType::Task,
        ReferenceKind::LaunchPlan => ResourceType::LaunchPlan,
    };
    Identifier {
        resource_type: kind.into(),
        project: reference.project.to_string(),
        domain: reference.domain.to_string(),
        name: reference.name.to_string(),
        version: reference.version.to_string(),
        org: String::new(),
    }
}

fn own(options: &Options, kind: ResourceType, name: &str) -> Identifier {
    let part = |part: fn(&super::Target) -> &String| options.target.as_ref().map(part).cloned().unwrap_or_default();
    Identifier {
        resource_type: kind.into(),
        project: part(|target| &target.project),
        domain: part(|target| &target.domain),
        name: name.to_owned(),
        version: part(|target| &target.version),
        org: String::new(),
    }
}
