//! How a run ended, for people or as JSON.

use nebulakit_types::visible;
use serde_json::json;

use super::{ALONE, Form, is_of_a_task};
use crate::cli::complaint::Complaint;
use crate::cli::folder::Folder;
use crate::cli::output::say;
use crate::cli::outputs::{self, Target};
use crate::cli::setting::Setting;
use crate::cli::stops::{Stops, of_signal};
use crate::process::exit::Exit;
use crate::process::terminal;
use crate::run::{FailureKind, JobFailure, NodePath, RunHandle, RunOutcome};
use crate::services::stores::Stores;
use crate::task::failure::code;

/// How a run ended, and how that is to be told.
pub(in crate::cli) struct Told<'a> {
    pub(in crate::cli) run: &'a RunHandle,
    pub(in crate::cli) outcome: RunOutcome,
    pub(in crate::cli) stops: &'a Stops,
    pub(in crate::cli) is_json: bool,
    pub(in crate::cli) form: Form,
    /// Where its outputs are put, if somewhere.
    pub(in crate::cli) target: Option<Target>,
    pub(in crate::cli) stores: &'a Stores,
}

impl Told<'_> {
    /// Shows what the run gave, or complains of what it ended by.
    pub(in crate::cli) fn tell(self, folder: &Folder, setting: &Setting<'_>) -> Result<Exit, Complaint> {
        let is_alone = is_of_a_task(&self.run.graph()?);
        if is_alone && self.form.is_for_people() {
            self.tell_deck();
        }
        let signal = self.stops.signal();
        let exit = signal.map(of_signal);
        let id = self.run.id().to_string();
        let complaint = match &self.outcome {
            RunOutcome::Succeeded => return say(&self.outputs(is_alone, folder, setting)?).map(|_| exit.unwrap_or(Exit::Stored)),
            RunOutcome::Failed { failure, .. } if is_alone && failure.code == code::IGNORED => {
                terminal::write("the task ended without outputs, as it asked to\n");
                return Ok(exit.unwrap_or(Exit::Stored));
            }
            RunOutcome::Failed { failure, .. } if is_alone => self.of_task(failure, folder, setting),
            RunOutcome::Failed { node, failure } => failed(self.run, node.as_ref(), failure, folder, setting)?,
            RunOutcome::Cancelled if self.run.folder().is_elsewhere() => {
                let shows = folder.command("show", &[&id], setting);
                Complaint::failed(format!("the run {id} was stopped: its execution is terminated"))
                    .hint(format!("hint: `{shows}` shows how far it came"))
            }
            RunOutcome::Cancelled => {
                let by = signal.map(|signal| format!(" by {signal}")).unwrap_or_default();
                let complaint = Complaint::failed(format!("the run {id} was stopped{by}"));
                match self.goes_on(folder, setting).filter(|_| is_alone) {
                    Some(hint) => complaint.hint(hint),
                    None => {
                        let [shows, retries] = ["show", "retry"].map(|verb| folder.command(verb, &[&id], setting));
                        complaint.hint(format!("hint: `{shows}` shows how far it came, and `{retries}` continues it"))
                    }
                }
            }
        };
        Err(Complaint { exit: exit.unwrap_or(complaint.exit), ..complaint })
    }

    /// Says where the page is of the decks that a task made.
    fn tell_deck(&self) {
        let deck = self.run.folder().deck(&NodePath::from(ALONE));
        if deck.exists() {
            terminal::write(&format!("deck: {}\n", visible::line(&deck.to_string_lossy())));
        }
    }

    /// The outputs as text; as JSON those of a workflow are one more event.
    fn outputs(&self, is_alone: bool, folder: &Folder, setting: &Setting<'_>) -> Result<String, Complaint> {
        let shown = outputs::shown(self.run, &self.run.result()?, self.target.as_ref(), self.is_json, self.stores, self.stops);
        let text = shown.map_err(|complaint| match &self.target {
            // They are recorded all the same.
            Some(target) => complaint.or_hint(&target.again(self.run, folder, setting)),
            None => complaint,
        })?;
        if self.is_json && !is_alone {
            let id = json!(self.run.id().to_string());
            return Ok(format!("{{\"event\":\"outputs\",\"run\":{id},\"outputs\":{}}}\n", text.trim_end()));
        }
        Ok(text)
    }

    /// The failure of a task that is run alone: its own codes are worth telling, and those that every failure has are not.
    fn of_task(&self, failure: &JobFailure, folder: &Folder, setting: &Setting<'_>) -> Complaint {
        let is_plain = [code::USER, code::USER_RECOVERABLE, code::SYSTEM].contains(&failure.code.as_str());
        let code = (!is_plain).then(|| failure.code.clone());
        let message = match failure.report().strip_prefix("the job ") {
            Some(rest) if failure.kind == FailureKind::TimedOut => format!("the task {rest}"),
            _ => failure.report().to_owned(),
        };
        Complaint { code, hint: self.goes_on(folder, setting), ..Complaint::failed(message) }
    }

    /// How to go on from the checkpoint of a task, where it left one.
    fn goes_on(&self, folder: &Folder, setting: &Setting<'_>) -> Option<String> {
        let name = self.run.state().ok()?.name.clone();
        let resumes = folder.run_command(&[&name, "--resume", &self.run.id().to_string()], setting);
        self.run.folder().has_checkpoint().then(|| format!("hint: `{resumes}` continues from its checkpoint"))
    }
}

fn failed(
    run: &RunHandle,
    node: Option<&NodePath>,
    failure: &JobFailure,
    folder: &Folder,
    setting: &Setting<'_>,
) -> Result<Complaint, Complaint> {
    let id = run.id().to_string();
    let [shows, retries] = ["show", "retry"].map(|verb| folder.command(verb, &[&id], setting));
    let (who, hint) = match node {
        Some(node) if run.folder().is_elsewhere() => {
            let of = run.state()?.nodes.get(node).map(|node| format!(" ({})", visible::line(&node.of))).unwrap_or_default();
            (format!("the node {}{of} of the run {id}", visible::line(node)), format!("`{shows}` shows the run, and where it ran"))
        }
        None if run.folder().is_elsewhere() => (format!("the run {id}"), format!("`{shows}` shows where it ran")),
        Some(node) => {
            let of = run.state()?.nodes.get(node).map(|node| format!(" ({})", visible::line(&node.of))).unwrap_or_default();
            let logs = folder.command("logs", &[&id, node], setting);
            (
                format!("the node {}{of} of the run {id}", visible::line(node)),
                format!("`{shows}` shows the run, `{logs}` what the node logged, and `{retries}` continues it"),
            )
        }
        None => (format!("the run {id}"), format!("`{shows}` shows it, and `{retries}` continues it")),
    };
    let complaint = Complaint::failed(format!("{who} failed: {}", failure.report())).hint(format!("hint: {hint}"));
    Ok(Complaint { code: Some(failure.code.clone()), ..complaint })
}
