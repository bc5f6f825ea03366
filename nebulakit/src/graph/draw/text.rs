//! A graph as text for the terminal: each node once, in order, within [`COLUMNS`].

use std::fmt;

use super::labels::{Labels, given, output, parameter};
use super::overrides::{duration, overrides};
use super::values::{line, test};
use crate::graph::Graph;
use crate::graph::binding::Bound;
use crate::graph::launch_plan::{LaunchPlan, Phase};
use crate::graph::node::{Branch, Kind, Node, Otherwise};
use crate::graph::schedule::Schedule;
use crate::graph::validate::MAX_NESTING;

/// How wide the text is at most, in characters.
pub(super) const COLUMNS: usize = 100;
/// How wide the columns of ids and of what nodes run are at most.
const ID_COLUMNS: usize = 14;
const WHAT_COLUMNS: usize = 24;
/// How far what belongs to something stands from it.
const INDENT: usize = 2;

/// Draws a graph and the workflows in it.
pub(super) fn text(graph: &Graph) -> String {
    let mut page = Page { labels: Labels::of(graph), text: String::new() };
    page.workflow(graph);
    for inner in graph.workflows.values() {
        page.text.push('\n');
        page.workflow(inner);
    }
    page.text
}

/// The nodes of a graph, and what feeds its outputs, without the workflows in it.
#[cfg(feature = "run")]
pub(crate) fn nodes(graph: &Graph) -> String {
    let mut page = Page { labels: Labels::of(graph), text: String::new() };
    page.body(graph);
    page.text
}

/// What holds for all nodes, and when and how a launch plan launches.
#[cfg(feature = "run")]
pub(crate) fn remarks(graph: &Graph) -> String {
    let mut page = Page { labels: Labels::of(graph), text: String::new() };
    page.remarks(graph);
    page.text
}

struct Page<'g> {
    labels: Labels<'g>,
    text: String,
}

impl Page<'_> {
    fn workflow(&mut self, graph: &Graph) {
        let what = if graph.launch_plan.is_some() { "launch plan" } else { "workflow" };
        let inputs: Vec<_> = graph.inputs.iter().map(parameter).collect();
        let outputs: Vec<_> = graph.outputs.iter().map(output).collect();
        let outputs = match outputs.as_slice() {
            [] => String::new(),
            [only] => format!(" -> {}", only.split_once(": ").filter(|(name, _)| *name == "o0").map_or(only.as_str(), |(_, shown)| shown)),
            many => format!(" -> ({})", many.join(", ")),
        };
        self.items(0, &format!("{what} {}(", line(&graph.name)), &inputs, ", ", &format!("){outputs}"));
        for said in graph.doc.lines().map(str::trim).take_while(|said| !said.is_empty()) {
            let words: Vec<_> = line(said).split(' ').map(str::to_owned).collect();
            self.items(INDENT, "", &words, " ", "");
        }
        self.remarks(graph);
        self.body(graph);
    }

    fn remarks(&mut self, graph: &Graph) {
        let mut remarks = Vec::new();
        if graph.keep_going {
            remarks.push("keeps going when a node fails".to_owned());
        }
        remarks.extend(graph.interruptible.map(|is| if is { "interruptible" } else { "not interruptible" }.to_owned()));
        if let Some(plan) = &graph.launch_plan {
            remarks.extend(launches(plan));
        }
        if !remarks.is_empty() {
            self.items(INDENT, "", &remarks, ", ", "");
        }
    }

    fn body(&mut self, graph: &Graph) {
        self.nodes(&graph.body.nodes, INDENT, 0);
        self.outputs(&graph.body.outputs, INDENT);
        if let Some(handler) = &graph.on_failure {
            self.items(INDENT, "on failure", &[], "", "");
            self.nodes(std::slice::from_ref(handler), 2 * INDENT, 0);
        }
    }

    fn nodes(&mut self, nodes: &[Node], indent: usize, depth: usize) {
        let widest = |width: fn(&Labels<'_>, &Node) -> usize, most: usize| {
            nodes.iter().map(|node| width(&self.labels, node)).filter(|width| *width <= most).max().unwrap_or(0)
        };
        let ids = widest(|_, node| line(&node.id).chars().count(), ID_COLUMNS);
        let what = widest(|labels, node| labels.what(node).chars().count(), WHAT_COLUMNS);
        for node in nodes {
            self.node(node, indent, (ids, what), depth);
        }
    }

    fn node(&mut self, node: &Node, indent: usize, (ids, whats): (usize, usize), depth: usize) {
        let what = self.labels.what(node);
        let head = format!("{:ids$}  ", line(&node.id));
        if let Kind::Branch(branch) = &node.kind {
            let remarks = node.overrides.as_deref().map(overrides).unwrap_or_default();
            let after = after(node);
            let first = format!("{head}{what}");
            let items: Vec<_> = after.into_iter().chain(remarks).collect();
            self.items(indent, &if items.is_empty() { first } else { format!("{first}  ") }, &items, ", ", "");
            self.arms(branch, indent + ids + INDENT, depth);
            return;
        }
        let mut groups = vec![self.labels.fed(node).join(", ")];
        groups.extend(after(node));
        groups.extend(Some(self.labels.remarks(node).join(", ")));
        groups.retain(|group| !group.is_empty());
        let items: Vec<_> = groups.join("; ").split_inclusive([',', ';']).map(|piece| format!("{} ", piece.trim_start())).collect();
        let first = if items.is_empty() { format!("{head}{what}") } else { format!("{head}{what:whats$}  ") };
        self.items_from(indent, &first, &items, indent + ids + 2 + whats + 2);
        let changed = node.overrides.as_deref().map(overrides).unwrap_or_default();
        if !changed.is_empty() {
            self.items(indent + ids + 2 + INDENT, "with ", &changed, ", ", "");
        }
    }

    fn arms(&mut self, branch: &Branch, indent: usize, depth: usize) {
        if depth == MAX_NESTING {
            self.items(indent, "..", &[], "", "");
            return;
        }
        for (index, arm) in branch.arms.iter().enumerate() {
            let word = if index == 0 { "if " } else { "else if " };
            let words: Vec<_> = test(&arm.test).split(' ').map(str::to_owned).collect();
            self.items(indent, word, &words, " ", "");
            self.nodes(&arm.body.nodes, indent + INDENT, depth + 1);
            self.outputs(&arm.body.outputs, indent + INDENT);
        }
        match &branch.otherwise {
            Otherwise::Run(scope) => {
                self.items(indent, "else", &[], "", "");
                self.nodes(&scope.nodes, indent + INDENT, depth + 1);
                self.outputs(&scope.outputs, indent + INDENT);
            }
            Otherwise::Fail(message) => {
                let words: Vec<_> = line(message).split(' ').map(str::to_owned).collect();
                self.items(indent, "else fail: ", &words, " ", "");
            }
        }
    }

    fn outputs(&mut self, outputs: &[Bound], indent: usize) {
        if !outputs.is_empty() {
            let items: Vec<_> = outputs.iter().map(given).collect();
            self.items(indent, "-> ", &items, ", ", "");
        }
    }

    /// `first`, the items one after another, `last`: on as many lines as they need.
    fn items(&mut self, indent: usize, first: &str, items: &[String], separator: &str, last: &str) {
        let mut pieces: Vec<String> = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let end = if index + 1 == items.len() { last } else { separator };
            pieces.push(format!("{item}{end}"));
        }
        if items.is_empty() && !last.is_empty() {
            pieces.push(last.to_owned());
        }
        self.items_from(indent, first, &pieces, indent + 2 * INDENT);
    }

    /// The pieces behind `first`; further lines begin at `hanging`.
    fn items_from(&mut self, indent: usize, first: &str, pieces: &[String], hanging: usize) {
        // Deep arms of wide columns leave some room all the same.
        let (indent, hanging) = (indent.min(COLUMNS / 2), hanging.min(COLUMNS / 2));
        let mut row = Row { text: format!("{:indent$}{first}", ""), hanging };
        row.cut(&mut self.text);
        for piece in pieces {
            if row.columns() > hanging && row.text.chars().count() + piece.trim_end().chars().count() > COLUMNS {
                row.end(&mut self.text);
            }
            row.text.push_str(piece);
            row.cut(&mut self.text);
        }
        row.end(&mut self.text);
    }
}

/// The line that is being written.
struct Row {
    text: String,
    hanging: usize,
}

impl Row {
    fn columns(&self) -> usize {
        self.text.trim_end().chars().count()
    }

    fn end(&mut self, page: &mut String) {
        page.push_str(self.text.trim_end());
        page.push('\n');
        self.text = " ".repeat(self.hanging);
    }

    /// What is wider than a line goes on on the next one.
    fn cut(&mut self, page: &mut String) {
        if self.columns() <= COLUMNS {
            return;
        }
        let whole = std::mem::take(&mut self.text);
        let mut rest = whole.trim_end();
        let mut room = COLUMNS;
        while let Some((end, _)) = rest.char_indices().nth(room) {
            self.text.push_str(&rest[..end]);
            self.end(page);
            rest = &rest[end..];
            room = COLUMNS - self.hanging;
        }
        self.text.push_str(rest);
        self.text.push_str(&whole[whole.trim_end().len()..]);
    }
}

fn after(node: &Node) -> Option<String> {
    let ids: Vec<_> = node.after.iter().map(|id| line(id)).collect();
    (!ids.is_empty()).then(|| format!("after {}", ids.join(", ")))
}

/// When and how a launch plan launches.
fn launches(plan: &LaunchPlan) -> Vec<String> {
    let mut said = Vec::new();
    let mut say = |text: String| said.push(text);
    match &plan.schedule {
        Some(Schedule::Cron(expression)) => say(format!("at \"{}\"", line(expression))),
        Some(Schedule::Every(every)) => say(format!("every {}", duration(*every))),
        None => {}
    }
    if let Some(kickoff) = &plan.kickoff {
        say(format!("which is {}", line(kickoff)));
    }
    if let Some(count) = plan.max_parallelism {
        say(format!("{count} nodes at once"));
    }
    if let Some(count) = plan.at_most {
        say(format!("{count} {} at once", if count == 1 { "execution" } else { "executions" }));
    }
    for (what, pairs) in [("label", &plan.labels), ("annotation", &plan.annotations)] {
        for (key, value) in pairs {
            say(format!("{what} {}={}", line(key), line(value)));
        }
    }
    // What variables are set to may be secret.
    plan.env.keys().for_each(|key| say(format!("env {}", line(key))));
    for notification in &plan.notifications {
        let ends: Vec<_> = notification.on.iter().map(|phase| phase_text(*phase)).collect();
        say(format!("tells {} when it {}", line(&notification.email.join(" ")), ends.join(" or ")));
    }
    let texts = [("service account", &plan.service_account), ("iam role", &plan.iam_role), ("data under", &plan.raw_output_prefix)];
    for (what, text) in texts {
        if let Some(text) = text {
            say(format!("{what} {}", line(&nebulakit_types::storage::shown(text))));
        }
    }
    if let Some(is) = plan.interruptible {
        say(if is { "interruptible" } else { "not interruptible" }.to_owned());
    }
    if plan.overwrite_cache {
        say("makes cached results again".to_owned());
    }
    if plan.active {
        say("active".to_owned());
    }
    said
}

fn phase_text(phase: Phase) -> &'static str {
    match phase {
        Phase::Succeeded => "succeeded",
        Phase::Failed => "failed",
        Phase::Aborted => "was aborted",
        Phase::TimedOut => "timed out",
    }
}

impl fmt::Display for Graph {
    /// Writes text for the terminal: a signature, each node once with what it runs, what feeds it and what it overrides, and the same of the
    /// workflows in it; within 100 columns.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(text(self).trim_end())
    }
}
