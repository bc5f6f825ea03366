//! Inputs and outputs.

use std::borrow::Cow;

use nebulakit_types::{Literal, LiteralType};
use serde::{Deserialize, Serialize};

use super::form;

/// What a workflow, a task or a reference takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The name.
    pub name: Cow<'static, str>,
    /// The type of the value.
    #[serde(rename = "type", with = "form::literal_type")]
    pub literal_type: LiteralType,
    /// What it is, for people; empty where nothing is said.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub doc: Cow<'static, str>,
    /// The value where it is left out. An optional input without one may be left out as well.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "form::literal_or_none")]
    pub default: Option<Literal>,
}

/// What a workflow, a task, a reference or a condition gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// The name.
    pub name: Cow<'static, str>,
    /// The type of the value.
    #[serde(rename = "type", with = "form::literal_type")]
    pub literal_type: LiteralType,
}

impl Input {
    /// Makes an input without a description and a default.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>, literal_type: LiteralType) -> Self {
        Self { name: name.into(), literal_type, doc: Cow::Borrowed(""), default: None }
    }

    /// The same with a value for where it is left out.
    #[must_use]
    pub fn or(mut self, default: Literal) -> Self {
        self.default = Some(default);
        self
    }
}

impl Output {
    /// Makes an output.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>, literal_type: LiteralType) -> Self {
        Self { name: name.into(), literal_type }
    }
}
