//! The run that another one resumes, and the runs that it resumed in turn.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::path::Path;

use crate::backend::preview::Unkept;
use crate::run::{
    Again, Answer, Build, Control, NodePath, NodeStatus, RecordError, RecordErrorKind, Request, RunFolder, RunHandle, RunHold, RunId,
    RunStatus, RunsFolder, Success, TaskChange, file_name,
};

/// The runs that a run resumes: first the one that it was asked to resume, then the runs before it.
pub(super) struct Former(Vec<Before>);

/// One of them.
struct Before {
    run: RunHandle,
    /// Keeps it from being deleted while this run goes on.
    _hold: Option<RunHold>,
    /// The tasks whose interface is still the same.
    tasks: HashSet<String>,
    /// The nodes whose files it deleted, by the names of their folders.
    deleted: HashMap<String, NodePath>,
}

/// What such a run knows of a node that succeeded there.
pub(super) enum Kept<'a> {
    /// Its outputs, to be used if its files are unchanged.
    Outputs(Vec<u8>, Success, &'a RunFolder),
    /// It has to run again.
    Again(Again),
}

impl Former {
    /// The run `id`, with the runs before it that still exist.
    pub(super) fn of(runs: &RunsFolder, id: &RunId) -> Result<Self, RecordError> {
        let (mut all, mut next) = (Vec::new(), Some(id.clone()));
        while let Some(id) = next {
            let run = match RunHandle::attach(runs, &id) {
                // It was deleted since.
                Err(error) if error.kind() == RecordErrorKind::NotFound && !all.is_empty() => break,
                run => run?,
            };
            if matches!(run.status()?, RunStatus::Running | RunStatus::Stopping) {
                let driven = format!("the run `{}` is not over: a process drives it", run.id());
                return Err(RecordError::new(RecordErrorKind::Driven, driven).with_hint("wait for its end, or cancel it"));
            }
            let tasks = run.build()?.map(|before| Build::of_this_program().with_interfaces_of(&before)).unwrap_or_default();
            let state = run.state()?;
            // What was to run again there has not been there before.
            next = state.resumes.clone().filter(|_| state.from.is_none());
            let deleted = state.nodes.iter().filter(|(_, node)| node.deleted.is_some());
            let deleted = deleted.map(|(path, _)| (file_name(path), path.clone())).collect();
            let hold = run.folder().hold()?;
            all.push(Before { run, _hold: hold, tasks, deleted });
        }
        Ok(Self(all))
    }

    /// The run that it was asked to resume.
    pub(super) fn run(&self) -> &RunHandle {
        &self.0[0].run
    }

    /// Whether one of them deleted files that nothing needed any more.
    pub(super) fn has_deleted(&self) -> bool {
        self.0.iter().any(|before| !before.deleted.is_empty())
    }

    /// The node that stored the file `path`, below the folder of all runs, if the file was deleted because nothing needed it any more.
    pub(super) fn deleted(&self, path: &Path) -> Option<&NodePath> {
        let mut parts = path.iter().filter_map(OsStr::to_str);
        let (run, folder) = (parts.next()?, parts.nth(1)?);
        self.0.iter().find(|before| before.run.id().to_string() == run)?.deleted.get(folder)
    }

    /// Whether the node ran that task in one of them, with the same interface.
    pub(super) fn may_keep(&self, node: &NodePath, task: &str) -> bool {
        self.0.iter().any(|before| before.tasks.contains(task) && before.ran(node, task).unwrap_or_default())
    }

    /// Why the node, which runs the task `of`, is not kept from there, if it is not.
    pub(super) fn unkept(&self, node: &NodePath, of: &str) -> Result<Unkept, RecordError> {
        let mut why = Unkept::NotThere;
        for before in &self.0 {
            let state = before.run.state()?;
            match state.nodes.get(node).filter(|node| node.of == of) {
                Some(node) if !matches!(node.status, NodeStatus::Succeeded(_)) => why = Unkept::NotDone,
                Some(_) if !before.tasks.contains(of) => return Ok(Unkept::Interface),
                Some(_) => return Ok(Unkept::Inputs),
                None => {}
            }
        }
        Ok(why)
    }

    /// The answers to its gates, if the run has the same inputs: with other inputs, somebody has to look at the results again.
    pub(super) fn answers(&self, inputs: &[u8]) -> HashMap<String, Answer> {
        let mut answers = HashMap::new();
        for before in self.0.iter().rev().filter(|before| before.run.inputs().is_ok_and(|before| before == inputs)) {
            let mut control = Control::new(before.run.folder());
            while let Ok(Some(request)) = control.poll() {
                if let Request::Answer { signal, answer } = request {
                    answers.insert(signal, answer);
                }
            }
        }
        answers
    }

    /// What each of them knows of the node, if it ran that task; the latest run first.
    pub(super) fn kept<'a>(&'a self, node: &'a NodePath, task: &'a str, digest: &'a str) -> impl Iterator<Item = Kept<'a>> + 'a {
        self.0.iter().filter_map(move |before| {
            before.kept(node, task, digest).unwrap_or_else(|error| {
                tracing::warn!(%error, "the node {node} of the run {} cannot be read", before.run.id());
                None
            })
        })
    }

    /// The last checkpoint that the node left, if it ran that task with inputs of that digest.
    pub(super) fn checkpoint(&self, node: &NodePath, task: &str, digest: &str) -> Option<String> {
        let of = |before: &Before| {
            let is_same = before.tasks.contains(task) && before.ran(node, task).unwrap_or_default();
            is_same.then(|| before.run.folder().last_checkpoint(node, digest))?
        };
        self.0.iter().find_map(of).map(|folder| folder.to_string_lossy().into_owned())
    }
}

impl Before {
    fn ran(&self, node: &NodePath, task: &str) -> Result<bool, RecordError> {
        Ok(self.run.state()?.nodes.get(node).is_some_and(|before| before.of == task))
    }

    fn kept(&self, node: &NodePath, task: &str, digest: &str) -> Result<Option<Kept<'_>>, RecordError> {
        let Some(success) = self.run.success(node)?.filter(|success| success.inputs.is_some()) else { return Ok(None) };
        if !self.ran(node, task)? {
            return Ok(None);
        }
        if !self.tasks.contains(task) {
            return Ok(Some(Kept::Again(Again::Interface)));
        }
        if success.inputs.as_deref() != Some(digest) {
            return Ok(Some(Kept::Again(Again::Inputs)));
        }
        // Where its data is gone or damaged it is made again.
        Ok(Some(match self.run.folder().data().read(&success.outputs) {
            Ok(Some(outputs)) => Kept::Outputs(outputs, success, self.run.folder()),
            _ => Kept::Again(Again::Outputs),
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
