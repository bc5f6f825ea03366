//! `[backends.aws-batch]`: what is said of the account's Batch, and of how it is asked.

use std::collections::BTreeMap;
use std::time::Duration;

use nebulakit_types::visible;

use super::shape::Platform;
use crate::backend::engine::{Keys, Mistakes, Pace};

/// What the section says.
#[derive(Clone, Debug, Default)]
pub(super) struct Section {
    pub(super) queue: Option<String>,
    /// The role by which jobs reach the object store.
    pub(super) job_role: Option<String>,
    /// The role by which a job's machine fetches its image and its secrets, and writes its log.
    pub(super) execution_role: Option<String>,
    pub(super) region: Option<String>,
    pub(super) platform: Platform,
    /// Whether a job on Fargate has a public address: without one it reaches images only through a gateway of its network.
    pub(super) has_public_address: bool,
    /// The program in the image, where the image's entry point is another one.
    pub(super) program: Vec<String>,
    pub(super) tags: BTreeMap<String, String>,
    /// The variables that jobs get besides those that are usual.
    pub(super) variables: Vec<String>,
    pub(super) pace: Pace,
}

impl Section {
    /// Reads it.
    pub(super) fn read(keys: Option<Keys<'_>>, mistakes: &mut Mistakes) -> Self {
        // Listing a prefix is a request; a folder on a disk is not.
        let usual = Pace { records: Duration::from_secs(1), prints: Duration::from_secs(5), ..Pace::default() };
        let Some(mut keys) = keys else { return Self { pace: usual, ..Self::default() } };
        keys.text("kind", mistakes);
        let program = match keys.value("program") {
            None => Vec::new(),
            Some(toml::Value::String(program)) if !program.is_empty() => vec![program.clone()],
            Some(_) => {
                mistakes.push(keys.mistake("program", "expected the path of the program in the image, such as `/app`"));
                Vec::new()
            }
        };
        let section = Self {
            queue: keys.text("queue", mistakes),
            job_role: keys.text("job_role", mistakes),
            execution_role: keys.text("execution_role", mistakes),
            region: keys.text("region", mistakes),
            platform: platform(&mut keys, mistakes),
            has_public_address: keys.flag("public_ip", mistakes).unwrap_or_default(),
            program,
            tags: texts("tags", &mut keys, mistakes),
            variables: keys.texts("variables", mistakes).unwrap_or_default(),
            pace: Pace {
                poll: keys.span("poll", mistakes).unwrap_or(usual.poll),
                records: keys.span("records", mistakes).unwrap_or(usual.records),
                settle: keys.span("settle", mistakes).unwrap_or(usual.settle),
                lost: keys.span("lost", mistakes).unwrap_or(usual.lost),
                held: keys.span("held", mistakes).unwrap_or(usual.held),
                queue: keys.span("queue_timeout", mistakes),
                prints: keys.span("logs", mistakes).unwrap_or(usual.prints),
            },
        };
        keys.done(mistakes);
        section
    }
}

fn platform(keys: &mut Keys<'_>, mistakes: &mut Mistakes) -> Platform {
    match keys.text("platform", mistakes).as_deref() {
        None | Some("ec2") => Platform::Ec2,
        Some("fargate") => Platform::Fargate,
        Some(other) => {
            mistakes.push(keys.mistake("platform", &format!("expected `ec2` or `fargate`, found `{}`", visible::line(other))));
            Platform::Ec2
        }
    }
}

/// A table of texts.
pub(super) fn texts(key: &'static str, keys: &mut Keys<'_>, mistakes: &mut Mistakes) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for (name, value) in keys.table(key, mistakes).into_iter().flatten() {
        match value.as_str() {
            Some(text) => drop(texts.insert(name.clone(), text.to_owned())),
            None => mistakes.push(keys.mistake(key, &format!("`{}`: expected a text", visible::line(name)))),
        }
    }
    texts
}
