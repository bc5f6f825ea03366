//! Programs that the user named, as an engine.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream;
use nebulakit_types::visible;
use regex::Captures;

use super::programs::{Answer, NoAnswer, answer, brief};
use super::section::{Section, State};
use super::template::{Template, Values};
use crate::backend::engine::{Ending, Engine, EngineEnd, EngineError, EngineId, EngineJob, NotSubmitted, Seen, quoted, seconds};

/// How many programs run at once.
const AT_ONCE: usize = 8;

/// How many ids stand in one command line.
const IDS: usize = 500;

/// The longest id that is taken for one.
const LONGEST: usize = 200;

/// An engine that is reached by programs: `submit`, `status` and `cancel`.
#[derive(Debug)]
pub(super) struct Commands {
    name: String,
    section: Section,
    variables: Vec<(String, String)>,
}

impl Commands {
    pub(super) fn new(name: String, section: Section, variables: Vec<(String, String)>) -> Self {
        Self { name, section, variables }
    }

    async fn ask(&self, template: &Template, values: &Values) -> Result<(String, Answer), (String, NoAnswer)> {
        let words = template.words(values);
        let program = words.first().cloned().unwrap_or_default();
        match answer(&words, &self.variables, self.section.patience).await {
            Ok(answer) => Ok((program, answer)),
            Err(none) => Err((program, none)),
        }
    }

    async fn submit_one(&self, job: &EngineJob) -> Result<EngineId, NotSubmitted> {
        let script = script(job).map_err(|error| NotSubmitted::Refused(format!("cannot write the script of the job: {error}")))?;
        let values = values(job, &script);
        let (program, answer) = self.ask(&self.section.submit, &values).await.map_err(|(_, none)| match none {
            NoAnswer::NotStarted(said) => NotSubmitted::Refused(said),
            NoAnswer::Unheard(said) => NotSubmitted::Unclear(said),
        })?;
        let id = [&answer.out, &answer.error].into_iter().find_map(|text| {
            let found = self.section.submit_id.captures(text)?;
            found.name("id").map(|id| id.as_str().to_owned())
        });
        let held = self.section.submit_held.as_ref();
        match (id, &answer.failed) {
            (Some(id), None) if is_id(&id) => Ok(id.into()),
            (_, Some(_)) if held.is_some_and(|held| held.is_match(&answer.error) || held.is_match(&answer.out)) => {
                Err(NotSubmitted::Held(brief(&answer.error)))
            }
            (_, Some(_)) => Err(NotSubmitted::Refused(answer.shown(&program))),
            // It says that all is well, so that there may be a job.
            (_, None) => Err(NotSubmitted::Unclear(format!("no id was found by `submit_id` in what came of {}", answer.shown(&program)))),
        }
    }

    async fn look_at(&self, ids: &[EngineId]) -> Result<Vec<(EngineId, Seen)>, EngineError> {
        let asked = self.ask(&self.section.status, &of_ids(ids)).await;
        let (program, answer) = asked.map_err(|(_, none)| EngineError(none.said()))?;
        let mut seen = Vec::new();
        for found in self.section.status_job.captures_iter(&answer.out) {
            let Some((id, word)) = found.name("id").zip(found.name("state")) else { continue };
            let Some(id) = ids.iter().find(|known| known.as_str() == id.as_str()) else { continue };
            let Some(state) = self.section.states.get(word.as_str()) else {
                let said = format!(
                    "`{}` says that the job {} is `{}`, which is no word of `states`, in the line: {}",
                    visible::line(&program),
                    visible::line(id.as_str()),
                    visible::line(word.as_str()),
                    brief(found.get(0).map_or("", |line| line.as_str()))
                );
                return Err(EngineError(said));
            };
            seen.extend(seen_as(*state, &found).map(|seen| (id.clone(), seen)));
        }
        // Engines end with an error where they know a job no more; what they say of others counts.
        if seen.is_empty() && answer.failed.is_some() && answer.out.trim().is_empty() && !is_unknown(&answer.error, ids) {
            return Err(EngineError(answer.shown(&program)));
        }
        Ok(seen)
    }
}

/// Whether a program complains of exactly such a job: then it does not know it, and is well otherwise.
fn is_unknown(error: &str, ids: &[EngineId]) -> bool {
    ids.iter().any(|id| error.contains(id.as_str())) || error.to_ascii_lowercase().contains("invalid job id")
}

fn seen_as(state: State, found: &Captures<'_>) -> Option<Seen> {
    let text = |group: &str| found.name(group).map(|text| text.as_str().trim().to_owned()).filter(|text| !text.is_empty());
    let exit = || text("exit").and_then(|text| text.parse::<i32>().ok());
    let end = |how: Ending| {
        let end = EngineEnd::new(how);
        Some(Seen::Ended(match text("reason") {
            Some(reason) => end.because(reason),
            None => end,
        }))
    };
    match state {
        State::Queued => Some(Seen::Queued { reason: text("reason") }),
        State::Running => Some(Seen::Running { host: text("host") }),
        State::Succeeded => end(Ending::Exited(0)),
        State::Failed => end(exit().filter(|exit| *exit != 0).map_or(Ending::Unknown, Ending::Exited)),
        State::OutOfTime => end(Ending::OutOfTime),
        State::OutOfMemory => end(Ending::OutOfMemory),
        State::NodeLost => end(Ending::NodeLost),
        State::Preempted => end(Ending::Preempted),
        State::Cancelled => end(Ending::Cancelled),
        State::EngineFault => end(Ending::EngineFault),
        State::Unknown => None,
    }
}

/// Whether a text can be an id: it comes to stand in command lines, where it must not pass for an option.
fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= LONGEST && !id.starts_with('-') && !id.chars().any(|letter| letter.is_whitespace() || letter.is_control())
}

fn chunks(ids: &[EngineId], most: usize) -> Vec<Vec<EngineId>> {
    ids.chunks(most).map(<[_]>::to_vec).collect()
}

fn of_ids(ids: &[EngineId]) -> Values {
    let mut values = Values::default();
    values.list("ids", ids.iter().map(EngineId::to_string));
    if let [id] = ids {
        values.set("id", id.as_str());
    }
    values
}

/// The values of a job. What it does not ask for has none.
fn values(job: &EngineJob, script: &std::path::Path) -> Values {
    let mut values = Values::default();
    let path = |path: &std::path::Path| path.to_string_lossy().into_owned();
    values.set("name", job.name.as_str());
    values.set("node", &*job.node.to_string());
    values.set("attempt", job.attempt.to_string());
    values.set("task", job.task);
    values.set("workflow", &*job.workflow);
    values.set("plan", path(&job.plan));
    values.set("folder", path(&job.folder));
    values.set("stdout", path(&job.folder.join("stdout")));
    values.set("stderr", path(&job.folder.join("stderr")));
    values.list("command", job.argv.iter().cloned());
    values.set("script", path(script));
    values.set("cores", (job.cores.ceil().max(1.0) as u64).to_string());
    if let Some(bytes) = job.memory {
        for (name, unit) in [("memory_kb", 1_u64 << 10), ("memory_mb", 1 << 20), ("memory_gb", 1 << 30)] {
            values.set(name, bytes.div_ceil(unit).to_string());
        }
    }
    if job.gpus > 0 {
        values.set("gpus", job.gpus.to_string());
    }
    if let Some(time) = job.time {
        // The node keeps the limit; the engine's own comes behind it, so that the node says why it ended.
        let seconds = seconds(time) + 60;
        values.set("seconds", seconds.to_string());
        values.set("minutes", seconds.div_ceil(60).to_string());
    }
    if let Some(image) = &job.image {
        values.set("image", image.as_str());
    }
    values
}

/// Writes the script of a job, for engines that take no command lines.
fn script(job: &EngineJob) -> io::Result<PathBuf> {
    let mut script = "#!/bin/sh\n".to_owned();
    for (name, value) in &job.variables {
        if name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
            let _ = writeln!(script, "export {name}={}", quoted(value));
        }
    }
    let words: Vec<_> = job.argv.iter().map(|word| quoted(word)).collect();
    let _ = writeln!(script, "exec {}", words.join(" "));
    let path = job.folder.join("job.sh");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o700).open(&path)?;
    file.write_all(script.as_bytes())?;
    Ok(path)
}

impl Engine for Commands {
    fn name(&self) -> &str {
        &self.name
    }

    fn submit<'a>(&'a self, jobs: &'a [EngineJob]) -> BoxFuture<'a, Vec<Result<EngineId, NotSubmitted>>> {
        Box::pin(stream::iter(jobs).map(|job| self.submit_one(job)).buffered(AT_ONCE).collect::<Vec<_>>())
    }

    fn look<'a>(&'a self, ids: &'a [EngineId]) -> BoxFuture<'a, Result<HashMap<EngineId, Seen>, EngineError>> {
        let at_once = if self.section.status.has("ids") { IDS } else { 1 };
        Box::pin(async move {
            let mut answers =
                stream::iter(chunks(ids, at_once)).map(|ids| async move { self.look_at(&ids).await }).buffer_unordered(AT_ONCE);
            let mut all = HashMap::new();
            while let Some(seen) = answers.next().await {
                all.extend(seen?);
            }
            Ok(all)
        })
    }

    fn cancel<'a>(&'a self, ids: &'a [EngineId]) -> BoxFuture<'a, Result<(), EngineError>> {
        let at_once = if self.section.cancel.has("ids") { IDS } else { 1 };
        Box::pin(async move {
            let one = |ids: Vec<EngineId>| async move {
                match self.ask(&self.section.cancel, &of_ids(&ids)).await {
                    // What is over cannot be cancelled, and programs say so in all ways that there are.
                    Ok((program, answer)) if answer.failed.is_some() => {
                        tracing::debug!("{}", answer.shown(&program));
                        None
                    }
                    Ok(_) => None,
                    Err((_, none)) => Some(EngineError(none.said())),
                }
            };
            let mut answers = stream::iter(chunks(ids, at_once)).map(one).buffer_unordered(AT_ONCE);
            let mut failed = None;
            while let Some(answer) = answers.next().await {
                failed = failed.or(answer);
            }
            failed.map_or(Ok(()), Err)
        })
    }

    fn find<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<EngineId>, EngineError>> {
        Box::pin(async move {
            let Some((find, find_id)) = self.section.find.as_ref().zip(self.section.find_id.as_ref()) else {
                return Err(EngineError(format!("`{}` has no `find`, by which jobs are found by their names", self.name)));
            };
            let mut values = Values::default();
            values.set("name", name);
            let (program, answer) = self.ask(find, &values).await.map_err(|(_, none)| EngineError(none.said()))?;
            let id = find_id.captures(&answer.out).and_then(|found| found.name("id")).map(|id| id.as_str());
            match id {
                Some(id) if is_id(id) => Ok(Some(id.into())),
                _ if answer.failed.is_some() && !answer.error.contains(name) => Err(EngineError(answer.shown(&program))),
                _ => Ok(None),
            }
        })
    }
}
