//! Tells Flyte 1.x from Flyte 2 and holds, as data, what then differs for a leaf task.
//!
//! One binary serves both. Nothing else asks which platform it is: code reads a field of [`Platform`], so that each difference has a name
//! and one place.

use nebulakit_types::Dialect;

use crate::services::env::{self, Environment};

/// What differs between the platforms for a task that starts no others.
///
/// Get one with [`Platform::detect`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct Platform {
    /// The platform's name, for people.
    pub name: &'static str,
    /// Who the error documents blame.
    pub error_origin: ErrorOrigin,
    /// Whether an error that says nothing of it is worth another attempt.
    pub plain_errors: Recoverability,
    /// Whether an `error.pb` that lies in the output prefix at the start is deleted. Flyte 2 relaunches into the same prefix, and would
    /// take the old document for the new launch's.
    pub deletes_stale_error: bool,
    /// How the process ends after SIGTERM.
    pub termination: Termination,
    /// Whether the platform itself ends a task that runs longer than its `timeout`; else this process does.
    pub keeps_timeouts: bool,
    /// Whether `FLYTE_FAIL_ON_ERROR` is listened to. On Flyte 2 an exit code other than 0 hides the stored document.
    pub honours_fail_on_error: bool,
    /// The object under the output prefix that decks are stored in.
    pub report_name: &'static str,
    /// Whether error documents carry the time and the worker's name.
    pub error_has_timestamp_and_worker: bool,
    /// The longest message of an error document, in bytes; the middle of a longer one is left out. Flyte 1 shows some 100 KB and fails the whole
    /// execution above its download limit (2 MB unless it is set otherwise). Flyte 2 keeps the message in a Kubernetes condition, which takes
    /// 32,768 characters: with a longer one the action stays as it is for ever.
    pub longest_message: usize,
    /// Whether outputs may be stored in files of their own when the environment asks for it.
    pub offloads_literals: bool,
    /// Whether a checkpoint of this very attempt is looked for, before that of the former one. Flyte 2 relaunches after a system failure
    /// under the same attempt number, with the checkpoint that was current before.
    pub resumes_own_checkpoint: bool,
    /// The variables that hold the level of Nebulakit's own log messages, the first one present counts.
    pub log_level_variables: &'static [&'static str],
    /// The variables that hold the level of all other log messages, the first one present counts.
    pub user_log_level_variables: &'static [&'static str],
    /// The variables that hold the form of log lines, the first one present counts.
    pub log_format_variables: &'static [&'static str],
    /// How values and types are written.
    pub dialect: Dialect,
}

/// Who the error documents blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorOrigin {
    /// The one at fault: the user's code or the system.
    ByCause,
    /// Always the user. Flyte 2 relaunches a recoverable system error without end.
    AlwaysUser,
}

/// Whether an error is worth another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recoverability {
    /// Another attempt is made, if the task has any left.
    Recoverable,
    /// The task has failed for good.
    NonRecoverable,
}

/// How the process ends after SIGTERM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Termination {
    /// A recoverable error document is stored, and the exit code is 0.
    Document,
    /// Nothing is stored, and the exit code is 143 (128 + SIGTERM). On Flyte 2 an aborted action's result is not read, and a drained
    /// one's would end it for good.
    Silent,
}

impl Platform {
    /// Flyte 1.x; also what a process outside any platform behaves like.
    pub(crate) const FLYTE_1: Self = Self {
        name: "Flyte 1",
        error_origin: ErrorOrigin::ByCause,
        plain_errors: Recoverability::NonRecoverable,
        deletes_stale_error: false,
        termination: Termination::Document,
        keeps_timeouts: true,
        honours_fail_on_error: true,
        report_name: "deck.html",
        error_has_timestamp_and_worker: true,
        longest_message: 64 * 1024,
        offloads_literals: true,
        resumes_own_checkpoint: false,
        log_level_variables: &[env::SDK_LOGGING_LEVEL],
        user_log_level_variables: &[],
        log_format_variables: &[env::SDK_LOGGING_FORMAT],
        dialect: Dialect::FLYTE_1,
    };

    /// Flyte 2.
    pub(crate) const FLYTE_2: Self = Self {
        name: "Flyte 2",
        error_origin: ErrorOrigin::AlwaysUser,
        plain_errors: Recoverability::Recoverable,
        deletes_stale_error: true,
        termination: Termination::Silent,
        keeps_timeouts: false,
        honours_fail_on_error: false,
        report_name: "report.html",
        error_has_timestamp_and_worker: false,
        longest_message: 24 * 1024,
        offloads_literals: false,
        resumes_own_checkpoint: true,
        log_level_variables: &[env::SDK_LOGGING_LEVEL, env::LOG_LEVEL],
        user_log_level_variables: &[env::USER_LOG_LEVEL],
        log_format_variables: &[env::SDK_LOGGING_FORMAT, env::LOG_FORMAT],
        dialect: Dialect::FLYTE_2,
    };

    /// Tells which platform runs this process.
    ///
    /// It is Flyte 2 if both `ACTION_NAME` and `_U_RUN_BASE` are set; the first alone is a word that a user may set. The words of the
    /// command line do not count: one argument vector serves both platforms.
    #[must_use]
    pub(crate) fn detect(environment: &Environment) -> &'static Self {
        let present = |name| environment.non_empty(name).is_some();
        if present(env::ACTION_NAME) && present(env::RUN_BASE) { &Self::FLYTE_2 } else { &Self::FLYTE_1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flyte_2_needs_both_variables() {
        let detect = |variables: &[(&str, &str)]| Platform::detect(&variables.iter().copied().collect()).name;
        assert_eq!(detect(&[]), "Flyte 1");
        assert_eq!(detect(&[("ACTION_NAME", "a0")]), "Flyte 1");
        assert_eq!(detect(&[("_U_RUN_BASE", "s3://b/run/")]), "Flyte 1");
        assert_eq!(detect(&[("ACTION_NAME", ""), ("_U_RUN_BASE", "s3://b/run/")]), "Flyte 1");
        assert_eq!(detect(&[("FLYTE_INTERNAL_EXECUTION_ID", "x"), ("FLYTE_ATTEMPT_NUMBER", "0")]), "Flyte 1");
        assert_eq!(detect(&[("ACTION_NAME", "a0"), ("_U_RUN_BASE", "s3://b/run/")]), "Flyte 2");
    }

    #[test]
    fn flyte_2_never_sees_a_system_error_or_a_document_after_sigterm() {
        assert_eq!(Platform::FLYTE_2.error_origin, ErrorOrigin::AlwaysUser);
        assert_eq!(Platform::FLYTE_2.termination, Termination::Silent);
        assert_eq!(Platform::FLYTE_1.termination, Termination::Document);
    }
}
