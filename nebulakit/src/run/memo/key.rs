//! Keys of calls.

use std::collections::{BTreeMap, HashMap};

use nebulakit_types::interface::Interface;
use nebulakit_types::literal::Literal;
use nebulakit_types::literal_type::LiteralType;

use crate::run::error::{RecordError, RecordErrorKind};
use crate::run::lookup::CacheKey;
use crate::run::memo::content::Contents;
use crate::run::memo::structs::may_have_files;
use crate::run::memo::value::{of_literal, of_variables};

/// Maximum bytes of inputs whose key is computed without a separate thread.
const CHEAP: usize = 4096;

/// What all keys of a task with a cache version have in common.
#[derive(Debug)]
pub(crate) struct KeyMaker {
    empty: CacheKey,
    ignore: &'static [&'static str],
    inputs: HashMap<String, LiteralType>,
    has_files: bool,
}

impl KeyMaker {
    /// The key maker of a task with this name and interface; the inputs to `ignore` do not count.
    pub(crate) fn new(task: &str, version: &str, interface: Interface, ignore: &'static [&'static str]) -> Self {
        let empty = CacheKey {
            task: task.to_owned(),
            version: version.to_owned(),
            inputs_type: of_variables(&interface.inputs),
            outputs_type: of_variables(&interface.outputs),
            inputs: BTreeMap::new(),
            ignored: Vec::new(),
        };
        let inputs: HashMap<_, _> = interface.inputs.into_iter().map(|input| (input.name, input.literal_type)).collect();
        Self { empty, ignore, has_files: inputs.values().any(may_have_files), inputs }
    }

    /// Whether the key of a call is cheap to compute: its inputs are small, and no files have to be read.
    pub(crate) fn is_cheap<'a>(&self, inputs: impl Iterator<Item = &'a [u8]>) -> bool {
        !self.has_files && inputs.map(<[u8]>::len).sum::<usize>() <= CHEAP
    }

    /// The key of a call with `inputs`, which are the bytes of literals.
    ///
    /// # Errors
    /// When an input is not a literal or not one of the task's, when a file that it names cannot be read, or when `contents` was stopped.
    pub(crate) fn key<'a>(
        &self,
        inputs: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        contents: &Contents,
    ) -> Result<CacheKey, RecordError> {
        let mut key = self.empty.clone();
        let wrong = |name: &str, what: String| {
            RecordError::new(RecordErrorKind::Corrupt, format!("the input `{name}` of `{}` {what}", self.empty.task))
        };
        for (name, bytes) in inputs {
            if self.ignore.contains(&name) {
                key.ignored.push(name.to_owned());
                continue;
            }
            let literal_type = self.inputs.get(name).ok_or_else(|| wrong(name, "is not one that it takes".to_owned()))?;
            let literal = Literal::decode(bytes).map_err(|error| wrong(name, format!("is not a literal: {error}")))?;
            key.inputs.insert(name.to_owned(), of_literal(literal, literal_type, contents)?);
        }
        key.ignored.sort_unstable();
        Ok(key)
    }
}
