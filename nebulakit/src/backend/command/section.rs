//! `[backends.NAME]` with `kind = "command"`: the programs, and how their answers are read.

use std::collections::BTreeMap;
use std::time::Duration;

use nebulakit_types::visible;
use regex::Regex;

use super::template::Template;
use crate::backend::engine::{Keys, Mistakes, Pace};

/// The values that `submit` has.
const OF_JOB: [&str; 19] = [
    "name",
    "node",
    "attempt",
    "task",
    "workflow",
    "plan",
    "folder",
    "stdout",
    "stderr",
    "command",
    "script",
    "cores",
    "memory_kb",
    "memory_mb",
    "memory_gb",
    "gpus",
    "seconds",
    "minutes",
    "image",
];

/// What a word of the engine's means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Queued,
    Running,
    Succeeded,
    Failed,
    OutOfTime,
    OutOfMemory,
    NodeLost,
    Preempted,
    Cancelled,
    EngineFault,
    /// The engine forgets it.
    Unknown,
}

/// Our words for them.
const STATES: [(&str, State); 11] = [
    ("queued", State::Queued),
    ("running", State::Running),
    ("succeeded", State::Succeeded),
    ("failed", State::Failed),
    ("timeout", State::OutOfTime),
    ("out-of-memory", State::OutOfMemory),
    ("node-lost", State::NodeLost),
    ("preempted", State::Preempted),
    ("cancelled", State::Cancelled),
    ("engine-fault", State::EngineFault),
    ("unknown", State::Unknown),
];

/// What the section says.
#[derive(Debug, Clone)]
pub(super) struct Section {
    pub(super) submit: Template,
    /// Finds the id in what `submit` prints.
    pub(super) submit_id: Regex,
    /// Finds in what a failing `submit` prints that the engine takes no more for now.
    pub(super) submit_held: Option<Regex>,
    pub(super) status: Template,
    /// Finds one job after the other in what `status` prints.
    pub(super) status_job: Regex,
    pub(super) states: BTreeMap<String, State>,
    pub(super) cancel: Template,
    pub(super) find: Option<Template>,
    pub(super) find_id: Option<Regex>,
    /// How long a program may take.
    pub(super) patience: Duration,
    pub(super) variables: Vec<String>,
    pub(super) pace: Pace,
}

impl Section {
    /// Reads the section.
    ///
    /// # Errors
    /// With everything that is wrong.
    pub(super) fn read(mut keys: Keys<'_>) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::new();
        keys.text("kind", &mut mistakes);
        let submit = template(&mut keys, "submit", &OF_JOB, true, &mut mistakes);
        let submit_id = regex(&mut keys, "submit_id", &["id"], true, &mut mistakes);
        let submit_held = regex(&mut keys, "submit_held", &[], false, &mut mistakes);
        let status = template(&mut keys, "status", &["ids", "id"], true, &mut mistakes);
        let status_job = regex(&mut keys, "status_job", &["id", "state"], true, &mut mistakes);
        let states = states(&mut keys, &mut mistakes);
        let cancel = template(&mut keys, "cancel", &["ids", "id"], true, &mut mistakes);
        let find = template(&mut keys, "find", &["name"], false, &mut mistakes);
        let find_id = regex(&mut keys, "find_id", &["id"], find.is_some(), &mut mistakes);
        let patience = keys.span("patience", &mut mistakes).unwrap_or(Duration::from_secs(60));
        let variables = keys.texts("variables", &mut mistakes).unwrap_or_default();
        let usual = Pace::default();
        let pace = Pace {
            poll: keys.span("poll", &mut mistakes).unwrap_or(usual.poll),
            settle: keys.span("settle", &mut mistakes).unwrap_or(usual.settle),
            lost: keys.span("lost", &mut mistakes).unwrap_or(usual.lost),
            queue: keys.span("queue_timeout", &mut mistakes),
            ..usual
        };
        for (name, template) in [("status", &status), ("cancel", &cancel)] {
            if template.as_ref().is_some_and(|template| template.has("ids") == template.has("id")) {
                mistakes.push(keys.mistake(name, "expected `{ids}`, for all jobs at once, or `{id}`, for one"));
            }
        }
        if submit.as_ref().is_some_and(|submit| submit.has("command") == submit.has("script")) {
            mistakes.push(
                keys.mistake("submit", "expected `{command}`, the words of the job, or `{script}`, the path of a script that runs them"),
            );
        }
        keys.done(&mut mistakes);
        match (submit, submit_id, status, status_job, states, cancel) {
            (Some(submit), Some(submit_id), Some(status), Some(status_job), Some(states), Some(cancel)) if mistakes.is_empty() => {
                Ok(Self { submit, submit_id, submit_held, status, status_job, states, cancel, find, find_id, patience, variables, pace })
            }
            _ => Err(mistakes),
        }
    }
}

fn template(keys: &mut Keys<'_>, key: &'static str, places: &[&str], is_needed: bool, mistakes: &mut Mistakes) -> Option<Template> {
    let Some(value) = keys.value(key) else {
        if is_needed {
            mistakes.push(keys.mistake(key, "is missing"));
        }
        return None;
    };
    Template::read(value, places).map_err(|said| mistakes.push(keys.mistake(key, &said))).ok()
}

fn regex(keys: &mut Keys<'_>, key: &'static str, groups: &[&str], is_needed: bool, mistakes: &mut Mistakes) -> Option<Regex> {
    let Some(text) = keys.text(key, mistakes) else {
        if is_needed && keys.value(key).is_none() {
            mistakes.push(keys.mistake(key, "is missing"));
        }
        return None;
    };
    // Each line by itself, unless the expression says otherwise.
    let regex = match regex::RegexBuilder::new(&text).multi_line(true).size_limit(1 << 20).build() {
        Ok(regex) => regex,
        Err(error) => {
            mistakes.push(keys.mistake(key, &format!("it is no regular expression: {error}")));
            return None;
        }
    };
    let missing: Vec<_> = groups.iter().filter(|group| !regex.capture_names().flatten().any(|name| name == **group)).collect();
    for group in &missing {
        mistakes.push(keys.mistake(key, &format!("expected a group `(?<{group}>..)`")));
    }
    missing.is_empty().then_some(regex)
}

fn states(keys: &mut Keys<'_>, mistakes: &mut Mistakes) -> Option<BTreeMap<String, State>> {
    let Some(table) = keys.table("states", mistakes) else {
        if keys.value("states").is_none() {
            mistakes.push(keys.mistake("states", "is missing: a table of the engine's words, such as `PEND = \"queued\"`"));
        }
        return None;
    };
    let mut states = BTreeMap::new();
    for (word, ours) in table {
        match STATES.iter().find(|(name, _)| ours.as_str() == Some(name)) {
            Some((_, state)) => {
                states.insert(word.clone(), *state);
            }
            None => {
                let known = STATES.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                mistakes.push(keys.mistake(
                    "states",
                    &format!("`{}` is `{}`; expected one of {known}", visible::line(word), visible::line(&ours.to_string())),
                ));
            }
        }
    }
    Some(states)
}
