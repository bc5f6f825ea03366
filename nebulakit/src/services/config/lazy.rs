//! The settings, read when the first one is asked for.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::{Config, ConfigError};
use crate::services::env::Environment;

/// The settings, which are read when the first one is asked for, once.
///
/// Clones share what was read.
#[derive(Clone)]
pub struct LazyConfig(Arc<Lazy>);

struct Lazy {
    environment: Environment,
    loaded: OnceLock<Result<Config, ConfigError>>,
    fallback: OnceLock<Config>,
}

impl LazyConfig {
    /// Will look for the file in the working directory and in the home folder; see [`Config::load`].
    #[must_use]
    pub fn new(environment: &Environment) -> Self {
        Self(Arc::new(Lazy { environment: environment.clone(), loaded: OnceLock::new(), fallback: OnceLock::new() }))
    }

    /// Settings that are not looked for.
    pub(crate) fn of(config: Config) -> Self {
        Self(Arc::new(Lazy { environment: Environment::empty(), loaded: OnceLock::from(Ok(config)), fallback: OnceLock::new() }))
    }

    /// The settings.
    ///
    /// # Errors
    /// Those of [`Config::load`], the same ones at every call.
    pub fn get(&self) -> Result<&Config, ConfigError> {
        let Lazy { environment, loaded, .. } = &*self.0;
        loaded.get_or_init(|| Config::load(environment, Path::new(""))).as_ref().map_err(Clone::clone)
    }

    /// The settings that can be read; what cannot is logged once as a warning, and counts as absent.
    ///
    /// For what a task must not fail for: a mistake in one setting should not hide a secret or an endpoint that another one gives.
    #[must_use]
    pub fn get_or_environment(&self) -> &Config {
        let Lazy { environment, fallback, .. } = &*self.0;
        match self.get() {
            Ok(config) => config,
            Err(_) => fallback.get_or_init(|| Config::load_what_is_good(environment, Path::new(""))),
        }
    }
}

impl fmt::Debug for LazyConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Settings such as a proxy's URL may hold passwords.
        f.debug_struct("LazyConfig").field("is_loaded", &self.0.loaded.get().is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::folder;
    use super::*;

    #[test]
    fn a_broken_file_does_not_hide_the_environment() {
        let folder = folder(&[("c.ini", "broken")]);
        let environment =
            Environment::empty().with("FLYTE_SECRETS_ENV_PREFIX", "_UNION_").with("FLYTECTL_CONFIG", folder.path().join("c.ini"));
        let config = LazyConfig::new(&environment);
        assert!(config.get().is_err());
        assert_eq!(config.get_or_environment().secrets.env_prefix, "_UNION_");
    }
}
