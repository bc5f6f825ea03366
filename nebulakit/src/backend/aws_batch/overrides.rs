//! What a job has of its own: its command, and the variables by which it finds its plan.

use aws_sdk_batch::types::{ContainerOverrides, KeyValuePair};

/// The most that Batch takes of what a job overrides, in bytes of JSON.
pub(super) const MOST: usize = 8_192;

/// What a job overrides of its definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Overrides<'v> {
    pub(super) command: Vec<String>,
    pub(super) variables: Vec<(&'v str, &'v str)>,
}

impl Overrides<'_> {
    /// How long its JSON is, in bytes.
    pub(super) fn length(&self) -> usize {
        let variables: Vec<_> = self.variables.iter().map(|(name, value)| serde_json::json!({ "name": name, "value": value })).collect();
        serde_json::json!({ "command": self.command, "environment": variables }).to_string().len()
    }

    pub(super) fn of_container(&self) -> ContainerOverrides {
        let mut overrides = ContainerOverrides::builder().set_command(Some(self.command.clone()));
        for (name, value) in &self.variables {
            overrides = overrides.environment(KeyValuePair::builder().name(*name).value(*value).build());
        }
        overrides.build()
    }
}
