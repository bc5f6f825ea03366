//! The variables that a program may have besides those that it always has.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::services::env::Environment;

/// Variables by their names, each with a value of its own, or with that of this process.
#[derive(Clone, Default)]
pub(in crate::coordinator::strategy) struct Variables(BTreeMap<String, Option<OsString>>);

impl std::fmt::Debug for Variables {
    /// Without the values.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl Variables {
    /// Hands the variable of that name on, where this process has it.
    pub(in crate::coordinator::strategy) fn hand_on(&mut self, name: impl Into<String>) {
        self.0.insert(name.into(), None);
    }

    /// Gives a variable this value.
    pub(in crate::coordinator::strategy) fn set(&mut self, name: impl Into<String>, value: impl Into<OsString>) {
        self.0.insert(name.into(), Some(value.into()));
    }

    /// Whether that one is among them.
    pub(in crate::coordinator::strategy) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Those that have a value, where this process has `own`.
    pub(in crate::coordinator::strategy) fn with_values(&self, own: &Environment) -> impl Iterator<Item = (String, OsString)> {
        let value = |name: &str| own.raw(name).map(ToOwned::to_owned);
        self.0.iter().filter_map(move |(name, given)| Some((name.clone(), given.clone().or_else(|| value(name))?)))
    }
}
