//! `executions logs`: where the logs are. The platform does not serve the logs themselves.

use std::fmt::Write as _;

use nebulakit_types::visible;

use super::found::{self, Found};
use crate::backend::flyte::{ExecutionId, ExecutionNode, LogLink, PodLog};
use crate::cli::complaint::Complaint;
use crate::cli::flyte::place::reached;
use crate::cli::output::say;
use crate::cli::setting::Setting;
use crate::process::exit::Exit;
use crate::services::config::Config;

/// Shows the links of a node, or of all nodes, and how to ask Kubernetes.
pub(super) fn logs(id: ExecutionId, node: Option<&str>, config: &Config, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let (nodes, element) = reached(config, setting, async |client| {
        let execution = client.execution_of(id);
        match node {
            None => Ok((execution.nodes().await?, None)),
            Some(name) => {
                let Found { node, element, .. } = found::node(execution, name).await?;
                Ok((vec![node], element))
            }
        }
    })?;
    let mut text = String::new();
    for node in nodes.iter().flat_map(ExecutionNode::walk) {
        for attempt in &node.attempts {
            if element.is_none() {
                let name = format!("{} attempt {}", node.path, attempt.number + 1);
                told(&mut text, &name, &attempt.logs, &attempt.pods);
            }
            for part in attempt.elements.iter().filter(|part| element.is_none_or(|index| part.index == index)) {
                let name = format!("{}[{}] attempt {}", node.path, part.index, part.attempt + 1);
                told(&mut text, &name, &part.logs, &part.pods);
            }
        }
    }
    if text.is_empty() {
        text.push_str("no logs are known\n");
    }
    say(&text)
}

fn told(text: &mut String, name: &str, logs: &[LogLink], pods: &[PodLog]) {
    if logs.is_empty() && pods.is_empty() {
        return;
    }
    let _ = writeln!(text, "{}", visible::line(name));
    for LogLink { name, uri, .. } in logs {
        let _ = writeln!(text, "  {}: {}", visible::line(name), visible::line(uri));
    }
    for PodLog { namespace, pod, container, .. } in pods {
        let container = if container.is_empty() { String::new() } else { format!(" -c {container}") };
        let _ = writeln!(text, "  {}", visible::line(&format!("kubectl logs -n {namespace} {pod}{container}")));
    }
}
