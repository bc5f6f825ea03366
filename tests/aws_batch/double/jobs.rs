//! The jobs of the double, and what is known of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// A job, or an element of an array.
#[derive(Debug, Clone, Default)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) queue: String,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    pub(crate) definition: Value,
    pub(crate) command: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) retries: Value,
    pub(crate) attempts: Vec<Value>,
    pub(crate) tags: Value,
    pub(crate) timeout: Option<u64>,
    pub(crate) index: Option<usize>,
    /// Its process, while it runs.
    pub(crate) process: Option<u32>,
    pub(crate) is_terminated: bool,
    /// How often it is still not known.
    pub(crate) unknown: u32,
}

impl Job {
    pub(crate) fn is_over(&self) -> bool {
        ["SUCCEEDED", "FAILED"].contains(&&*self.status)
    }

    /// How often it may begin.
    pub(super) fn tries(&self) -> usize {
        self.retries["attempts"].as_u64().and_then(|tries| usize::try_from(tries).ok()).unwrap_or(1)
    }

    /// Whether it is begun again after such an end.
    pub(super) fn begins_again(&self, reason: &str) -> bool {
        let rules = self.retries["evaluateOnExit"].as_array().cloned().unwrap_or_default();
        let fits = |rule: &&Value| match (rule["onStatusReason"].as_str(), rule["onReason"].as_str()) {
            (Some(pattern), _) => pattern.strip_suffix('*').map_or(pattern == reason, |begin| reason.starts_with(begin)),
            (None, Some("*")) => true,
            _ => false,
        };
        let action = rules.iter().find(fits).and_then(|rule| rule["action"].as_str()).map(str::to_ascii_uppercase);
        self.attempts.len() < self.tries() && action.is_none_or(|action| action == "RETRY")
    }

    /// What `DescribeJobs` says.
    pub(super) fn described(&self) -> Value {
        let mut container = self.attempts.last().map(|attempt| attempt["container"].clone()).unwrap_or_else(|| json!({}));
        if self.status == "RUNNING" {
            container["containerInstanceArn"] = json!("arn:aws:ecs:us-east-1:000000000000:container-instance/default/i-0a");
        }
        let mut said = json!({
            "jobId": self.id, "jobName": self.name, "jobQueue": self.queue, "status": self.status, "createdAt": 1, "attempts": self.attempts,
            "container": container, "retryStrategy": self.retries, "jobDefinition": self.definition["jobDefinitionArn"], "startedAt": 1,
            "isTerminated": self.is_terminated, "tags": self.tags,
        });
        if let Some(reason) = &self.reason {
            said["statusReason"] = json!(reason);
        }
        said
    }
}

/// All that the service knows.
#[derive(Default)]
pub(super) struct Jobs {
    jobs: BTreeMap<String, Job>,
    /// Names of arrays by their ids.
    pub(super) arrays: BTreeMap<String, (String, usize)>,
    pub(super) definitions: BTreeMap<String, Value>,
    asked: Vec<(String, Value)>,
    made: usize,
    pub(super) running: usize,
}

impl Jobs {
    pub(super) fn next_id(&mut self) -> String {
        self.made += 1;
        format!("00000000-0000-4000-8000-{:012}", self.made)
    }

    pub(super) fn note(&mut self, operation: &str, body: &Value) {
        self.asked.push((operation.to_owned(), body.clone()));
    }

    pub(super) fn asked(&self, operation: &str) -> Vec<Value> {
        self.asked.iter().filter(|(known, _)| known == operation).map(|(_, body)| body.clone()).collect()
    }

    pub(super) fn add(&mut self, job: Job) {
        self.jobs.insert(job.id.clone(), job);
    }

    pub(super) fn get(&mut self, id: &str) -> Option<&mut Job> {
        self.jobs.get_mut(id)
    }

    /// The ids of the job, or of the elements of the array.
    pub(super) fn ids(&self, id: &str) -> Vec<String> {
        match self.arrays.get(id) {
            Some((_, size)) => (0..*size).map(|index| format!("{id}:{index}")).collect(),
            None => vec![id.to_owned()],
        }
    }

    pub(super) fn all(&self) -> Vec<Job> {
        self.jobs.values().cloned().collect()
    }

    pub(super) fn text(&self) -> String {
        format!("{:?}{:?}{:?}", self.jobs, self.asked, self.definitions)
    }
}
