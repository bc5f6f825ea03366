//! What nodes run, as far as a graph has to know it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::place::Place;
use super::variable::{Input, Output};

/// A task that a graph uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Task {
    /// What it takes, in the order of the signature.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Input>,
    /// What it gives, in the order of the signature.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<Output>,
    /// Where its code is.
    #[serde(default, skip_serializing_if = "Home::is_here")]
    pub home: Home,
    /// Whether it gives a graph, which runs in its place.
    #[serde(rename = "dynamic", default, skip_serializing_if = "std::ops::Not::not")]
    pub is_dynamic: bool,
    /// Where it is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
}

/// Where a task's code is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Home {
    /// In this program.
    #[default]
    Here,
    /// In an image of its own.
    Container {
        /// The image.
        image: Cow<'static, str>,
    },
}

/// A task or a launch plan that is registered elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Reference {
    /// What it is.
    pub kind: ReferenceKind,
    /// The project.
    pub project: Cow<'static, str>,
    /// The domain.
    pub domain: Cow<'static, str>,
    /// The name that it is registered by.
    pub name: Cow<'static, str>,
    /// The version.
    pub version: Cow<'static, str>,
    /// What it takes, as it is said here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Input>,
    /// What it gives, as it is said here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<Output>,
    /// Where that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
}

/// What is referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ReferenceKind {
    /// A task.
    Task,
    /// A launch plan, which becomes an execution of its own.
    LaunchPlan,
}

impl Home {
    /// Whether the code is in this program.
    #[must_use]
    pub fn is_here(&self) -> bool {
        *self == Self::Here
    }
}

impl Task {
    /// Makes a task of this program.
    #[must_use]
    pub fn new(inputs: Vec<Input>, outputs: Vec<Output>) -> Self {
        Self { inputs, outputs, home: Home::Here, is_dynamic: false, at: None }
    }
}

impl Reference {
    /// Makes a reference to what has this name in that version; project and domain are to be set.
    #[must_use]
    pub fn new(kind: ReferenceKind, name: impl Into<Cow<'static, str>>, version: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            project: Cow::Borrowed(""),
            domain: Cow::Borrowed(""),
            name: name.into(),
            version: version.into(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            at: None,
        }
    }
}
