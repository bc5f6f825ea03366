//! How a failure of an execution is told: as one of a run is, with the node, the attempt and whose failure it is.

use nebulakit_types::visible;

use super::replay::failed_elements;
use crate::backend::flyte::{ExecutionDetails, ExecutionNode, ExecutionPhase, FailureOrigin};
use crate::cli::complaint::Complaint;
use crate::cli::folder::typed;
use crate::cli::setting::Setting;

/// The complaint of an execution that is over and did not succeed; `failed` is the node that failed first.
pub(super) fn complaint(details: &ExecutionDetails, failed: Option<&ExecutionNode>, setting: &Setting<'_>) -> Complaint {
    let name = &details.id.name;
    let command = |verb: &str| format!("`{} executions {verb} {}`", setting.binary, details.id);
    if details.phase == ExecutionPhase::Aborted {
        let cause = details.abort.as_ref().map(|abort| format!(": {}", visible::line(&abort.cause))).unwrap_or_default();
        return Complaint::failed(format!("the execution {name} was stopped{cause}")).hint(format!(
            "hint: {} shows how far it came, and {} launches it once more",
            command("show"),
            command("relaunch")
        ));
    }
    let who = failed.map(|node| {
        let last = node.last_attempt();
        let of = last.map(|last| format!(" ({})", visible::line(&last.task.name))).unwrap_or_default();
        let attempt = last.filter(|last| last.number > 0).map(|last| format!(", in attempt {}", last.number + 1)).unwrap_or_default();
        format!("the node {}{of} of the execution {name} failed{attempt}", visible::line(&node.path))
    });
    let failure = details.failure.as_ref().or_else(|| failed.and_then(|node| node.failure.as_ref()));
    let what = failure.map_or_else(|| details.phase.as_str(), |failure| &failure.message);
    let kind = match failure.map(|failure| failure.kind) {
        Some(FailureOrigin::User) => " (user error)",
        Some(FailureOrigin::System) => " (system error)",
        _ => "",
    };
    let who = who.unwrap_or_else(|| format!("the execution {name} failed"));
    let code = failure.map(|failure| failure.code.clone()).filter(|code| !code.is_empty());
    // Only tasks can be replayed.
    let replay = match failed.filter(|node| node.last_attempt().is_some()) {
        Some(node) => {
            let path = failed_elements(node).first().map_or_else(|| node.path.to_string(), |index| format!("{}[{index}]", node.path));
            format!(", `{} executions replay {} {}` runs it here", setting.binary, details.id, typed(&path))
        }
        None => String::new(),
    };
    let hint = format!("hint: {} shows it{replay}, and {} continues it", command("show"), command("recover"));
    Complaint { code, ..Complaint::failed(format!("{who}{kind}: {what}")) }.hint(hint)
}
