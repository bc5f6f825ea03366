//! The run that another one resumes, and the runs that it resumed in turn.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::backend::preview::Unkept;
use crate::run::{
    Again, Answer, Build, EventReader, NodePath, RecordError, RecordErrorKind, RunFolder, RunHandle, RunHold, RunId, RunsFolder, Span,
    Success, TaskChange, answers, file_name,
};
use crate::task::registry::registry;

/// The runs that a run goes on with: the one that it was asked to, and behind it those before.
///
/// Of their nodes it has where in their logs they succeeded, and no more: there may be many of them, in many runs.
pub(super) struct Former {
    runs: Vec<Before>,
    /// What became of each node, in the latest run first.
    nodes: HashMap<NodePath, Vec<Then>>,
}

/// One of the runs.
struct Before {
    folder: RunFolder,
    events: Option<EventReader>,
    /// It stays as long as this run goes on.
    _hold: RunHold,
    /// The nodes whose files it deleted, by the names of their folders.
    deleted: HashMap<String, NodePath>,
}

/// A node as it was in one of the runs.
struct Then {
    /// The place of the run.
    run: u32,
    /// The task that it ran; [`None`] for what this program does not have, or is no task.
    task: Option<&'static str>,
    /// Whether the task takes and gives what it took and gave there.
    is_same: bool,
    /// The event that tells of its success.
    success: Option<Span>,
}

/// What one of the runs knows of a node that succeeded there.
pub(super) enum Kept<'a> {
    /// It succeeded with the same inputs, in the run of that folder.
    Success(Success, &'a RunFolder),
    /// It has to run again.
    Again(Again),
}

impl Former {
    /// The run `id`, with the runs before it that still exist.
    pub(super) fn of(runs: &RunsFolder, id: &RunId) -> Result<Self, RecordError> {
        let (mut former, mut next) = (Self { runs: Vec::new(), nodes: HashMap::new() }, Some(id.clone()));
        while let Some(id) = next {
            if former.runs.iter().any(|before| *before.folder.id() == id) {
                return Err(RecordError::new(
                    RecordErrorKind::Corrupt,
                    format!("the record of the run `{id}` says that it resumes itself"),
                ));
            }
            let held = RunHandle::attach(runs, &id).and_then(|run| {
                run.resumable()?;
                Ok((run.folder().hold()?, run))
            });
            let (hold, run) = match held {
                // It was deleted since.
                Err(error) if error.kind() == RecordErrorKind::NotFound && !former.runs.is_empty() => break,
                held => held?,
            };
            let Some(hold) = hold else { return Err(run.not_over()) };
            next = former.add(&run, hold)?;
        }
        Ok(former)
    }

    /// Adds a run, and gives the one that it went on with.
    fn add(&mut self, run: &RunHandle, hold: RunHold) -> Result<Option<RunId>, RecordError> {
        let (state, successes) = (run.state()?, run.successes()?);
        let same = run.build()?.map(|before| Build::of_this_program().with_interfaces_of(&before)).unwrap_or_default();
        let place = u32::try_from(self.runs.len()).expect("each run is a folder");
        for (path, node) in &state.nodes {
            let task = registry().get(&node.of).map(|task| task.name).filter(|name| *name == node.of);
            let then = Then { run: place, task, is_same: same.contains(&*node.of), success: successes.get(path).copied() };
            let all = self.nodes.entry(path.clone()).or_default();
            all.reserve_exact(1);
            all.push(then);
        }
        let deleted = state.nodes.iter().filter(|(_, node)| node.deleted.is_some());
        let deleted = deleted.map(|(path, _)| (file_name(path), path.clone())).collect();
        let folder = run.folder().clone();
        self.runs.push(Before { events: EventReader::open(&folder.events())?, _hold: hold, folder, deleted });
        // What was to run again there has not been there before.
        Ok(state.resumes.clone().filter(|_| state.from.is_none()))
    }

    /// The run that it was asked to go on with.
    pub(super) fn id(&self) -> &RunId {
        self.runs[0].folder.id()
    }

    /// The nodes of that run, as far as something happened to them.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &NodePath> {
        self.nodes.iter().filter(|(_, then)| then.first().is_some_and(|then| then.run == 0)).map(|(path, _)| path)
    }

    /// Whether one of them deleted files that nothing needed any more.
    pub(super) fn has_deleted(&self) -> bool {
        self.runs.iter().any(|before| !before.deleted.is_empty())
    }

    /// The node that stored the file `path`, below the folder of all runs, if the file was deleted because nothing needed it any more.
    pub(super) fn deleted(&self, path: &Path) -> Option<&NodePath> {
        let mut parts = path.iter().filter_map(OsStr::to_str);
        let (run, folder) = (parts.next()?, parts.nth(1)?);
        self.runs.iter().find(|before| before.folder.id().to_string() == run)?.deleted.get(folder)
    }

    /// Whether the node ran that task in one of them, with the same interface.
    pub(super) fn may_keep(&self, node: &NodePath, task: &str) -> bool {
        self.ran(node, task).any(|(_, then)| then.is_same)
    }

    /// Why the node, which runs the task `of`, is not kept from there, where no event says so.
    pub(super) fn unkept(&self, node: &NodePath, of: &str) -> Unkept {
        let mut why = Unkept::NotThere;
        for (_, then) in self.ran(node, of) {
            match then {
                Then { success: None, .. } => why = Unkept::NotDone,
                Then { is_same: false, .. } => return Unkept::Again(Again::Interface),
                _ => return Unkept::Again(Again::Outputs),
            }
        }
        why
    }

    /// The answers to its gates, if the run has the same inputs: with other inputs, somebody has to look at the results again.
    pub(super) fn answers(&self, inputs: &[u8]) -> HashMap<String, Answer> {
        let given_the_same = self.runs.iter().rev().filter(|before| fs::read(before.folder.inputs()).is_ok_and(|before| before == inputs));
        let of_each = given_the_same.map(|before| {
            answers(&before.folder).unwrap_or_else(|error| {
                tracing::warn!(%error, "the gates of the run {} ask again", before.folder.id());
                HashMap::new()
            })
        });
        of_each.flatten().collect()
    }

    /// What they know of the node, where it ran that task: each one in turn, the latest first.
    pub(super) fn kept<'a>(&'a self, node: &NodePath, task: &'a str, digest: &'a str) -> impl Iterator<Item = Kept<'a>> + use<'a> {
        self.ran(node, task).filter_map(move |(before, then)| {
            before.kept(then, digest).unwrap_or_else(|error| {
                tracing::warn!(%error, "what the run {} has of the task {task} cannot be read", before.folder.id());
                None
            })
        })
    }

    /// The last checkpoint that the node left, if it ran that task with inputs of that digest.
    pub(super) fn checkpoint(&self, node: &NodePath, task: &str, digest: &str) -> Option<String> {
        let same = self.ran(node, task).filter(|(_, then)| then.is_same);
        let folder = same.filter_map(|(before, _)| before.folder.last_checkpoint(node, digest)).next();
        folder.map(|folder| folder.to_string_lossy().into_owned())
    }

    /// The runs in which the node ran that task, the latest first.
    fn ran<'a>(&'a self, node: &NodePath, task: &'a str) -> impl Iterator<Item = (&'a Before, &'a Then)> + use<'a> {
        let all = self.nodes.get(node).into_iter().flatten().filter(move |then| then.task == Some(task));
        all.map(|then| (&self.runs[then.run as usize], then))
    }
}

impl Before {
    fn kept(&self, then: &Then, digest: &str) -> Result<Option<Kept<'_>>, RecordError> {
        let (Some(events), Some(span)) = (&self.events, then.success) else { return Ok(None) };
        let Some(success) = Success::of(events.at(span)?).filter(|success| success.inputs.is_some()) else { return Ok(None) };
        Ok(Some(match success.inputs.as_deref() == Some(digest) {
            _ if !then.is_same => Kept::Again(Again::Interface),
            true => Kept::Success(success, &self.folder),
            false => Kept::Again(Again::Inputs),
        }))
    }
}

/// The tasks that ran in a run and have changed in this program.
///
/// # Errors
/// When its record cannot be read.
pub(super) fn changes(run: &RunHandle) -> Result<Vec<TaskChange>, RecordError> {
    let Some(before) = run.build()?.filter(|before| !Build::of_this_program().is(before)) else { return Ok(Vec::new()) };
    let state = run.state()?;
    let ran: HashSet<_> = state.nodes.values().map(|node| &*node.of).collect();
    Ok(Build::of_this_program().changes(&before).into_iter().filter(|change| ran.contains(&*change.task)).collect())
}
