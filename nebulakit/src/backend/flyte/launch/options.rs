//! How an execution is to run.

use std::collections::BTreeMap;

use nebulakit_types::visible;
use nebulakit_types::wire::flyteidl::admin::execution_metadata::ExecutionMode;
use nebulakit_types::wire::flyteidl::admin::execution_spec::NotificationOverrides;
use nebulakit_types::wire::flyteidl::admin::{
    Annotations, ClusterAssignment, Envs, ExecutionClusterLabel, ExecutionMetadata, ExecutionSpec, Labels, RawOutputDataConfig,
};
use nebulakit_types::wire::flyteidl::core::{Identifier, Identity, KeyValuePair, SecurityContext};
use nebulakit_types::wire::google::protobuf::BoolValue;

use super::super::error::{ClientError, ClientErrorKind};
use super::super::execution::{ExecutionId, is_new_name};

/// The longest name of an execution, and of a label.
const LONGEST: usize = 63;

/// The most labels of an execution.
const MOST_LABELS: usize = 16;

/// How an execution is to run. What nothing is said of is as the launch plan has it, or else as the platform is configured.
///
/// Labels, annotations and environment variables replace those of the launch plan, all of them.
///
/// # Examples
/// ```
/// use nebulakit::backend::flyte::LaunchOptions;
///
/// let options = LaunchOptions::new().version("v1").name("nightly-7").label("team", "ml").interruptible(true).max_parallelism(10);
/// assert!(options.check().is_ok());
/// assert!(LaunchOptions::new().name("7 days").check().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "options do nothing before something is launched with them"]
pub struct LaunchOptions {
    version: Option<String>,
    name: Option<String>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    service_account: Option<String>,
    interruptible: Option<bool>,
    overwrite_cache: bool,
    max_parallelism: Option<u32>,
    environment: BTreeMap<String, String>,
    raw_output_prefix: Option<String>,
    cluster_pool: Option<String>,
    cluster_label: Option<String>,
    disables_notifications: bool,
}

impl LaunchOptions {
    /// Nothing is said.
    pub fn new() -> Self {
        Self::default()
    }

    /// Which version is launched; else it is the active one of a launch plan, or the newest.
    pub fn version(self, version: impl Into<String>) -> Self {
        Self { version: Some(version.into()), ..self }
    }

    /// The name of the execution, which no other in its project and domain may have; upper case becomes lower case. Else it is 20 characters of
    /// chance.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into().to_lowercase()), ..self }
    }

    /// A label of the execution and its pods; there may be 16.
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// An annotation of the execution and its pods.
    pub fn annotation(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.annotations.insert(key.into(), value.into());
        self
    }

    /// The service account of Kubernetes that its pods run as.
    pub fn service_account(self, account: impl Into<String>) -> Self {
        Self { service_account: Some(account.into()), ..self }
    }

    /// Whether its tasks may run on machines that can be taken away.
    pub fn interruptible(self, interruptible: bool) -> Self {
        Self { interruptible: Some(interruptible), ..self }
    }

    /// Whether tasks with cached outputs run again, and replace them.
    pub fn overwrite_cache(self, overwrite: bool) -> Self {
        Self { overwrite_cache: overwrite, ..self }
    }

    /// How many of its nodes run at once, from 1.
    pub fn max_parallelism(self, nodes: u32) -> Self {
        Self { max_parallelism: Some(nodes), ..self }
    }

    /// An environment variable of its tasks.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Where its tasks store data, such as `s3://bucket/prefix`.
    pub fn raw_output_prefix(self, url: impl Into<String>) -> Self {
        Self { raw_output_prefix: Some(url.into()), ..self }
    }

    /// The pool of clusters that it runs in.
    pub fn cluster_pool(self, pool: impl Into<String>) -> Self {
        Self { cluster_pool: Some(pool.into()), ..self }
    }

    /// The label of the clusters that it runs in.
    pub fn cluster_label(self, label: impl Into<String>) -> Self {
        Self { cluster_label: Some(label.into()), ..self }
    }

    /// Tells nobody how it ends, whatever the launch plan says.
    pub fn disable_notifications(self, disable: bool) -> Self {
        Self { disables_notifications: disable, ..self }
    }

    pub(in super::super) fn version_given(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The name of the execution, or else one that no other has.
    pub(in super::super) fn name_or_new(&self) -> String {
        self.name.clone().unwrap_or_else(ExecutionId::new_name)
    }

    pub(super) fn name_given(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Looks whether the platform takes them: it checks little of it, and then fails.
    ///
    /// # Errors
    /// With [`ClientErrorKind::Settings`]: everything that is wrong, at once.
    pub fn check(&self) -> Result<(), ClientError> {
        let mut wrong = Vec::new();
        if let Some(name) = self.name.as_deref().filter(|name| !is_new_name(name)) {
            wrong.push(format!(
                "the name `{name}` of the execution: expected up to {LONGEST} lower-case letters, digits and dashes, a letter first, no dash last"
            ));
        }
        if self.labels.len() > MOST_LABELS {
            wrong.push(format!("{} labels: expected at most {MOST_LABELS}", self.labels.len()));
        }
        for (key, value) in &self.labels {
            if !is_key(key) {
                wrong.push(format!("the label `{key}`: expected a name such as `team` or `example.com/team`"));
            }
            if !(value.is_empty() || is_word(value)) {
                wrong.push(format!("the label `{key}` is `{value}`: expected up to {LONGEST} letters, digits, `-`, `_` and `.`, none of these three at an end"));
            }
        }
        let keys = self.annotations.keys().filter(|key| !is_key(key));
        wrong.extend(keys.map(|key| format!("the annotation `{key}`: expected a name such as `note` or `example.com/note`")));
        let names = self.environment.keys().filter(|name| !is_variable(name));
        wrong.extend(
            names.map(|name| format!("the environment variable `{name}`: expected letters, digits, `_`, `-` and `.`, no digit first")),
        );
        if self.max_parallelism.is_some_and(|nodes| nodes == 0 || i32::try_from(nodes).is_err()) {
            wrong.push("the parallelism: expected a number from 1 to 2147483647".to_owned());
        }
        if let Some(prefix) = self.raw_output_prefix.as_deref().filter(|prefix| !is_store_url(prefix)) {
            wrong
                .push(format!("the prefix of data `{prefix}`: expected a URL that the cluster can write to, such as `s3://bucket/prefix`"));
        }
        let given = [
            ("version", &self.version),
            ("service account", &self.service_account),
            ("cluster pool", &self.cluster_pool),
            ("cluster label", &self.cluster_label),
        ];
        let empty = given.into_iter().filter(|(_, value)| value.as_deref() == Some(""));
        wrong.extend(empty.map(|(what, _)| format!("the {what} is empty")));
        match wrong.as_slice() {
            [] => Ok(()),
            wrong => Err(ClientError::new(ClientErrorKind::Settings, visible::lines(&wrong.join("\n")))),
        }
    }

    /// What is sent of it, for a launch of `target`.
    pub(super) fn spec(&self, target: &Identifier) -> ExecutionSpec {
        let account = self.service_account.clone().map(|account| Identity { k8s_service_account: account, ..Identity::default() });
        let variables = self.environment.iter().map(|(key, value)| KeyValuePair { key: key.clone(), value: value.clone() });
        ExecutionSpec {
            launch_plan: Some(target.clone()),
            metadata: Some(ExecutionMetadata { mode: ExecutionMode::Manual.into(), ..ExecutionMetadata::default() }),
            labels: (!self.labels.is_empty()).then(|| Labels { values: self.labels.clone() }),
            annotations: (!self.annotations.is_empty()).then(|| Annotations { values: self.annotations.clone() }),
            security_context: account.map(|run_as| SecurityContext { run_as: Some(run_as), ..SecurityContext::default() }),
            max_parallelism: self.max_parallelism.and_then(|nodes| nodes.try_into().ok()).unwrap_or_default(),
            raw_output_data_config: self
                .raw_output_prefix
                .clone()
                .map(|output_location_prefix| RawOutputDataConfig { output_location_prefix }),
            cluster_assignment: self.cluster_pool.clone().map(|cluster_pool_name| ClusterAssignment { cluster_pool_name }),
            interruptible: self.interruptible.map(|value| BoolValue { value }),
            overwrite_cache: self.overwrite_cache,
            envs: (!self.environment.is_empty()).then(|| Envs { values: variables.collect() }),
            execution_cluster_label: self.cluster_label.clone().map(|value| ExecutionClusterLabel { value }),
            notification_overrides: self.disables_notifications.then_some(NotificationOverrides::DisableAll(true)),
            ..ExecutionSpec::default()
        }
    }
}

/// A name as Kubernetes has them, perhaps behind a domain.
fn is_key(key: &str) -> bool {
    let (domain, name) = key.split_once('/').map_or((None, key), |(domain, name)| (Some(domain), name));
    let is_label = |label: &str| is_word(label) && label.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
    is_word(name) && domain.is_none_or(|domain| domain.len() <= 253 && domain.split('.').all(is_label))
}

/// A value as Kubernetes has them.
fn is_word(text: &str) -> bool {
    let is_edge = |c: char| c.is_ascii_alphanumeric();
    (1..=LONGEST).contains(&text.len())
        && text.starts_with(is_edge)
        && text.ends_with(is_edge)
        && text.chars().all(|c| is_edge(c) || matches!(c, '-' | '_' | '.'))
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| !c.is_ascii_digit()) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

fn is_store_url(url: &str) -> bool {
    url.split_once("://").is_some_and(|(scheme, rest)| !scheme.is_empty() && !scheme.eq_ignore_ascii_case("file") && !rest.is_empty())
}
