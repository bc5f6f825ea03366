//! Which messages are written, and in which form: what the environment asks for.

use tracing::Metadata;
use tracing::level_filters::LevelFilter;

use crate::process::platform::Platform;
use crate::services::env::{self, Environment};

/// Which messages are written, and in which form.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct LogSettings {
    /// From which level on Nebulakit's own messages are written; WARN by default.
    pub sdk: LevelFilter,
    /// From which level on messages with the target `developer` are written; INFO by default.
    pub developer: LevelFilter,
    /// From which level on all other messages are written; INFO by default.
    pub user: LevelFilter,
    /// Levels by target, which beat the three above; the longest target that fits counts.
    pub overrides: Vec<(String, LevelFilter)>,
    /// Whether lines are JSON; else they are `[name] message`.
    pub json: bool,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { sdk: LevelFilter::WARN, developer: LevelFilter::INFO, user: LevelFilter::INFO, overrides: Vec::new(), json: true }
    }
}

impl LogSettings {
    /// Reads the settings; what cannot be understood is left at its default and told in the second result.
    #[must_use]
    pub(crate) fn new(environment: &Environment, platform: &Platform) -> (Self, Vec<String>) {
        let mut settings = Self::default();
        let mut problems = Vec::new();
        let mut level = |variables: &[&str], into: &mut LevelFilter| {
            let Some((name, text)) = variables.iter().find_map(|name| Some((name, environment.non_empty(name)?))) else { return };
            match python_level(text) {
                Some(level) => *into = level,
                None => problems.push(format!(
                    "environment variable `{name}`: expected a level as Python's number or name, found `{text}`; going on with the default"
                )),
            }
        };
        level(platform.log_level_variables, &mut settings.sdk);
        level(&[env::SDK_DEV_LOGGING_LEVEL], &mut settings.developer);
        level(platform.user_log_level_variables, &mut settings.user);
        let format = platform.log_format_variables.iter().find_map(|name| environment.non_empty(name));
        settings.json = format.is_none_or(|format| format == "json");
        for directive in environment.get(env::NEBULAKIT_LOG).unwrap_or_default().split(',').map(str::trim).filter(|text| !text.is_empty()) {
            let (target, level) = match directive.split_once('=') {
                Some((target, level)) => (target.trim(), level.trim().parse().ok()),
                // A bare word is a level for all, or else a target of which everything is wanted.
                None => match directive.parse() {
                    Ok(level) => ("", Some(level)),
                    Err(_) => (directive, Some(LevelFilter::TRACE)),
                },
            };
            match level {
                Some(level) => settings.overrides.push((target.to_owned(), level)),
                None => problems.push(format!(
                    "environment variable `{}`: expected a level or `target=level`, found `{directive}`; it is left out",
                    env::NEBULAKIT_LOG
                )),
            }
        }
        (settings, problems)
    }

    /// From which level on messages of `target` are written.
    #[must_use]
    pub(crate) fn level(&self, target: &str) -> LevelFilter {
        let fits = |wanted: &str| {
            let rest = target.strip_prefix(wanted);
            wanted.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        // The last of equally long ones counts, as it does where one corrects another at the end of the variable.
        let chosen = self.overrides.iter().filter(|(wanted, _)| fits(wanted)).max_by_key(|(wanted, _)| wanted.len());
        if let Some((_, level)) = chosen {
            return *level;
        }
        match target.split("::").next().unwrap_or_default() {
            // What it says of retries is not so: the waits are our own, and so are the lines that tell of them.
            "object_store" => self.sdk,
            "nebulakit" | "nebulakit_types" | "nebulakit_macros" => self.sdk,
            "developer" => self.developer,
            _ => self.user,
        }
    }

    /// Whether a message or span of this kind is wanted.
    pub(super) fn enables(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level(metadata.target())
    }

    /// The most detailed level that any target has.
    pub(super) fn most(&self) -> LevelFilter {
        self.overrides.iter().map(|(_, level)| *level).chain([self.sdk, self.developer, self.user]).max().unwrap_or(LevelFilter::OFF)
    }
}

/// Reads a level as Python counts or names them: messages of that number and above are written. TRACE counts as 5.
fn python_level(text: &str) -> Option<LevelFilter> {
    let text = text.trim();
    let number = match text.to_ascii_uppercase().as_str() {
        "TRACE" => 5,
        "DEBUG" => 10,
        "INFO" => 20,
        "WARN" | "WARNING" => 30,
        "ERROR" => 40,
        "CRITICAL" | "FATAL" => 50,
        _ => text.parse::<i64>().ok()?,
    };
    Some(match number {
        ..=5 => LevelFilter::TRACE,
        6..=10 => LevelFilter::DEBUG,
        11..=20 => LevelFilter::INFO,
        21..=30 => LevelFilter::WARN,
        31..=40 => LevelFilter::ERROR,
        41.. => LevelFilter::OFF,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)], platform: &Platform) -> LogSettings {
        let (settings, problems) = LogSettings::new(&variables.iter().copied().collect(), platform);
        assert_eq!(problems, [""; 0]);
        settings
    }

    #[test]
    fn levels_are_pythons_numbers_or_names() {
        for (text, level) in [
            ("0", LevelFilter::TRACE),
            ("10", LevelFilter::DEBUG),
            ("15", LevelFilter::INFO),
            ("info", LevelFilter::INFO),
            ("30", LevelFilter::WARN),
            ("40", LevelFilter::ERROR),
            ("CRITICAL", LevelFilter::OFF),
        ] {
            assert_eq!(settings(&[("FLYTE_SDK_LOGGING_LEVEL", text)], &Platform::FLYTE_1).sdk, level, "{text}");
        }
        let variables = [("LOG_LEVEL", "10"), ("USER_LOG_LEVEL", "40"), ("LOG_FORMAT", "console")];
        assert_eq!(settings(&variables, &Platform::FLYTE_1), LogSettings::default(), "plain words mean nothing on Flyte 1");
        let flyte_2 = settings(&variables, &Platform::FLYTE_2);
        assert_eq!((flyte_2.sdk, flyte_2.user, flyte_2.json), (LevelFilter::DEBUG, LevelFilter::ERROR, false));
    }

    #[test]
    fn the_override_decides_by_the_longest_target() {
        let settings = settings(&[("NEBULAKIT_LOG", "error, app=debug,app::io=off, nebulakit")], &Platform::FLYTE_1);
        for (target, level) in [
            ("other", LevelFilter::ERROR),
            ("app", LevelFilter::DEBUG),
            ("app::math", LevelFilter::DEBUG),
            ("app::io::read", LevelFilter::OFF),
            ("application", LevelFilter::ERROR),
            ("nebulakit::x", LevelFilter::TRACE),
        ] {
            assert_eq!(settings.level(target), level, "{target}");
        }
    }

    #[test]
    fn what_is_not_understood_is_told_and_left_out() {
        let environment = Environment::empty().with("FLYTE_SDK_LOGGING_LEVEL", "loud").with("NEBULAKIT_LOG", "app=loud,info");
        let (settings, problems) = LogSettings::new(&environment, &Platform::FLYTE_1);
        assert_eq!((settings.sdk, settings.level("x")), (LevelFilter::WARN, LevelFilter::INFO));
        assert_eq!(
            problems,
            [
                "environment variable `FLYTE_SDK_LOGGING_LEVEL`: expected a level as Python's number or name, found `loud`; going on with the default",
                "environment variable `NEBULAKIT_LOG`: expected a level or `target=level`, found `app=loud`; it is left out",
            ]
        );
    }
}
