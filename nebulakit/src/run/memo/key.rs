//! What the outputs of a task are remembered by.

use std::collections::BTreeMap;

use nebulakit_types::interface::Interface;
use nebulakit_types::literal::Literal;
use serde::{Deserialize, Serialize};

use crate::run::digest::Parts;
use crate::run::error::{RecordError, RecordErrorKind};
use crate::run::memo::content::Contents;
use crate::run::memo::value::{of_literal, of_variables};

/// What the outputs of a task are remembered by, part by part, so that it can be told which of them is another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CacheKey {
    /// The full name of the task.
    pub task: String,
    /// Its cache version.
    pub version: String,
    /// The digest of the names and types of its inputs.
    pub inputs_type: String,
    /// The digest of the names and types of its outputs.
    pub outputs_type: String,
    /// The digests of the inputs that count.
    pub inputs: BTreeMap<String, String>,
}

impl CacheKey {
    /// The key of a call of a task with `inputs`, which are the bytes of literals; those that are `ignored` do not count.
    ///
    /// # Errors
    /// When an input is not a literal, or when a file that it names cannot be read.
    pub(crate) fn new<'a>(
        task: &str,
        version: &str,
        ignored: &[&str],
        interface: &Interface,
        inputs: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        contents: &Contents,
    ) -> Result<Self, RecordError> {
        let counted = inputs.into_iter().filter(|(name, _)| !ignored.contains(name));
        let inputs = counted.map(|(name, bytes)| {
            let literal = Literal::decode(bytes).map_err(|error| {
                RecordError::new(RecordErrorKind::Corrupt, format!("the input `{name}` of `{task}` is not a literal: {error}"))
            })?;
            Ok((name.to_owned(), of_literal(literal, contents)?))
        });
        Ok(Self {
            task: task.to_owned(),
            version: version.to_owned(),
            inputs_type: of_variables(&interface.inputs),
            outputs_type: of_variables(&interface.outputs),
            inputs: inputs.collect::<Result<_, RecordError>>()?,
        })
    }

    /// The key as one text.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut parts = Parts::default();
        let inputs = self.inputs.iter().flat_map(|(name, value)| [name, value]);
        for part in [&self.task, &self.version, &self.inputs_type, &self.outputs_type].into_iter().chain(inputs) {
            parts.add(part);
        }
        parts.digest()
    }

    /// The parts that are other than those of `other`, for people.
    #[must_use]
    pub fn changes(&self, other: &Self) -> Vec<String> {
        let parts = [
            ("the task", self.task != other.task),
            ("the cache version", self.version != other.version),
            ("the types of the inputs", self.inputs_type != other.inputs_type),
            ("the types of the outputs", self.outputs_type != other.outputs_type),
        ];
        let parts = parts.into_iter().filter(|(_, is_other)| *is_other).map(|(part, _)| part.to_owned());
        let gone = other.inputs.keys().filter(|name| !self.inputs.contains_key(*name));
        let changed = self.inputs.iter().filter(|(name, value)| other.inputs.get(*name) != Some(value)).map(|(name, _)| name);
        parts.chain(changed.chain(gone).map(|name| format!("the input `{name}`"))).collect()
    }
}
