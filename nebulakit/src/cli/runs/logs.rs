//! `runs logs`: what a run and its nodes logged and printed.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use nebulakit_types::visible;

use crate::cli::complaint::Complaint;
use crate::cli::output::say;
use crate::process::exit::Exit;
use crate::run::{LogLines, NodePath, RunHandle, RunStatus};

/// How often one looks for more.
const PERIOD: Duration = Duration::from_millis(100);

/// Shows the log of a node, or of the run and all of its nodes, each line behind the node's path; until the run is over, if that is asked for.
pub(super) fn logs(run: &RunHandle, node: Option<&str>, follows: bool) -> Result<Exit, Complaint> {
    let node = node.map(|node| known(run, node)).transpose()?;
    let mut all: BTreeMap<Option<NodePath>, LogLines> = BTreeMap::new();
    loop {
        // Asked first: what was logged by then is read after that.
        let is_over = matches!(run.status()?, RunStatus::Ended(_) | RunStatus::Interrupted);
        match &node {
            Some(node) => drop(all.entry(Some(node.clone())).or_insert_with(|| run.logs(node))),
            None => {
                all.entry(None).or_insert_with(|| run.run_log());
                for path in run.state()?.nodes.keys() {
                    all.entry(Some(path.clone())).or_insert_with(|| run.logs(path));
                }
            }
        }
        for (path, lines) in &mut all {
            let before = path.as_ref().filter(|_| node.is_none()).map(|path| format!("{}: ", visible::line(path))).unwrap_or_default();
            while let Some(line) = lines.read()? {
                say(&format!("{before}{line}\n"))?;
            }
        }
        if is_over || !follows {
            return Ok(Exit::Stored);
        }
        thread::sleep(PERIOD);
    }
}

/// The node of that path.
fn known(run: &RunHandle, node: &str) -> Result<NodePath, Complaint> {
    let path = NodePath::from(node);
    if run.state()?.nodes.contains_key(&path) {
        return Ok(path);
    }
    Err(Complaint::usage(format!("the run {} has no node `{}`, or nothing has happened to it yet", run.id(), visible::line(node))))
}
