//! What Snakemake cannot be told.

use crate::graph::Graph;

/// Everything of the workflows in `graph` that no rule can say, each with the name of its workflow.
pub(super) fn refused(graph: &Graph) -> Vec<String> {
    let mut reasons = Vec::new();
    // A launch plan that is run is one node, its workflow.
    for workflow in graph.workflows.values() {
        let name = &workflow.name;
        if workflow.on_failure.is_some() {
            reasons.push(format!("the workflow `{name}` has a failure handler, and Snakemake has one for the whole run only"));
        }
        if workflow.keep_going != graph.keep_going {
            let (its, whole) = if workflow.keep_going { ("keeps going", "stops") } else { ("stops", "keeps going") };
            reasons.push(format!(
                "the workflow `{name}` {its} after a failure, and `{}`, which it is in, {whole}: Snakemake does one or the other for the whole run",
                graph.name
            ));
        }
    }
    reasons
}
