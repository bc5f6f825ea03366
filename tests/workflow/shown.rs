//! A graph in a few words, for comparison.

use nebulakit::graph::{Binding, Bound, Graph, Kind, Mapped, Node, Otherwise, Scope, Step, Success, Test};
use nebulakit_types::Literal;
use nebulakit_types::literal::{LiteralValue, Primitive};

/// The nodes and what feeds the outputs, a line each.
pub(crate) fn shown(graph: &Graph) -> Vec<String> {
    let mut lines = Vec::new();
    scope(&graph.body, 0, &mut lines);
    if let Some(handler) = &graph.on_failure {
        lines.push(format!("on failure {}", node(handler)));
    }
    lines
}

fn scope(of: &Scope, depth: usize, lines: &mut Vec<String>) {
    let pad = "  ".repeat(depth);
    for one in &of.nodes {
        lines.push(format!("{pad}{}", node(one)));
        if let Kind::Branch(branch) = &one.kind {
            for arm in &branch.arms {
                lines.push(format!("{pad}  if {}", test(&arm.test)));
                scope(&arm.body, depth + 2, lines);
            }
            match &branch.otherwise {
                Otherwise::Run(body) => {
                    lines.push(format!("{pad}  else"));
                    scope(body, depth + 2, lines);
                }
                Otherwise::Fail(message) => lines.push(format!("{pad}  else fail {message}")),
            }
        }
    }
    if !of.outputs.is_empty() {
        lines.push(format!("{pad}=> {}", bounds(&of.outputs)));
    }
}

fn node(node: &Node) -> String {
    let last = |name: &str| name.rsplit('.').next().unwrap().to_owned();
    let kind = match &node.kind {
        Kind::Task(name) => last(name),
        Kind::Workflow(name) => format!("workflow {}", last(name)),
        Kind::LaunchPlan(name) => format!("launch plan {}", last(name)),
        Kind::Reference(name) => format!("reference {}", last(name)),
        Kind::Map(map) => {
            let of = match &map.of {
                Mapped::Task(name) => last(name),
                Mapped::Workflow(name) => format!("workflow {}", last(name)),
            };
            let concurrency = map.concurrency.map(|count| format!(", {count} at once")).unwrap_or_default();
            let success = match map.success {
                Success::All => String::new(),
                Success::Count(count) => format!(", {count} succeed"),
                Success::Ratio(ratio) => format!(", {ratio} succeed"),
            };
            format!("map {of} over {}{concurrency}{success}", map.mapped.join(" "))
        }
        Kind::Branch(_) => "when".to_owned(),
        Kind::Approve(gate) => format!("approve {}", gate.signal),
        Kind::Wait(gate) => format!("wait for {}: {}", gate.signal, gate.literal_type),
        Kind::Sleep(time) => format!("sleep {time:?}"),
        other => format!("{other:?}"),
    };
    let after = match node.after.as_slice() {
        [] => String::new(),
        ids => format!(" after {}", ids.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(" ")),
    };
    format!("{} {kind}({}){after}", node.id, bounds(&node.inputs))
}

fn bounds(bounds: &[Bound]) -> String {
    bounds.iter().map(|bound| format!("{}={}", bound.name, binding(&bound.binding))).collect::<Vec<_>>().join(", ")
}

fn test(of: &Test) -> String {
    let joined = |parts: &[Test], by: &str| format!("({})", parts.iter().map(test).collect::<Vec<_>>().join(by));
    match of {
        Test::Compare { left, by, right } => format!("{} {} {}", binding(left), by.sign(), binding(right)),
        Test::All(parts) => joined(parts, " & "),
        Test::Any(parts) => joined(parts, " | "),
        other => format!("{other:?}"),
    }
}

fn path(steps: &[Step]) -> String {
    let step = |step: &Step| match step {
        Step::Key(key) => format!(".{key}"),
        Step::Index(index) => format!("[{index}]"),
    };
    steps.iter().map(step).collect()
}

fn binding(of: &Binding) -> String {
    match of {
        Binding::Literal(value) => literal(value),
        Binding::Input { name, path: steps } => format!("${name}{}", path(steps)),
        Binding::Output { node, output, path: steps } => format!("{node}.{output}{}", path(steps)),
        Binding::List(list) => format!("[{}]", list.iter().map(binding).collect::<Vec<_>>().join(" ")),
        Binding::Map(map) => {
            format!("{{{}}}", map.iter().map(|(key, value)| format!("{key}:{}", binding(value))).collect::<Vec<_>>().join(" "))
        }
        Binding::Failure => "failure".to_owned(),
        other => format!("{other:?}"),
    }
}

fn literal(of: &Literal) -> String {
    match &of.value {
        LiteralValue::Primitive(Primitive::Integer(value)) => value.to_string(),
        LiteralValue::Primitive(Primitive::Float(value)) => format!("{value:?}"),
        LiteralValue::Primitive(Primitive::String(value)) => format!("{value:?}"),
        LiteralValue::Primitive(Primitive::Boolean(value)) => value.to_string(),
        LiteralValue::Collection(list) => format!("[{}]", list.iter().map(literal).collect::<Vec<_>>().join(" ")),
        LiteralValue::None => "none".to_owned(),
        LiteralValue::Union { value, .. } => literal(value),
        other => format!("{other:?}"),
    }
}
