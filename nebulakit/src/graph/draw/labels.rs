//! How parts of a graph read in a picture of it: short, and on one line.

use std::collections::HashMap;
use std::time::Duration;

use nebulakit_types::literal::{LiteralValue, Primitive};
use nebulakit_types::storage::shown;
use nebulakit_types::{Literal, LiteralType, visible};

use crate::graph::Graph;
use crate::graph::binding::{Binding, Bound, Step};
use crate::graph::condition::Test;
use crate::graph::node::{GATE_OUTPUT, Kind, Map, Node, Success};
use crate::graph::overrides::{Amounts, Cache, Overrides};
use crate::graph::uses::Home;
use crate::graph::variable::{Input, Output};

/// The longest constant, in characters.
const MAX_CONSTANT: usize = 40;
/// How many elements of a list and entries of a map are shown, and how deep.
const MAX_ELEMENTS: usize = 4;
const MAX_DEPTH: usize = 3;

/// The names of a graph: the last segments, and whole names where those are not enough.
pub(crate) struct Labels<'g> {
    pub(super) graph: &'g Graph,
    ends: HashMap<&'g str, u32>,
}

impl<'g> Labels<'g> {
    pub(crate) fn of(graph: &'g Graph) -> Self {
        let mut ends = HashMap::new();
        let names = graph.tasks.keys().chain(graph.references.keys()).chain(graph.workflows.keys());
        for name in names {
            *ends.entry(last(name)).or_insert(0) += 1;
        }
        Self { graph, ends }
    }

    /// A name as people know it.
    pub(super) fn name(&self, name: &str) -> String {
        let end = last(name);
        let is_clear = self.ends.get(end).is_none_or(|count| *count < 2);
        line(if is_clear { end } else { name })
    }

    /// What a node runs, in a word or two.
    pub(crate) fn what(&self, node: &Node) -> String {
        match &node.kind {
            Kind::Task(name) | Kind::Workflow(name) | Kind::LaunchPlan(name) | Kind::Reference(name) => self.name(name),
            Kind::Map(map) => format!("map {}", self.name(map.of.name())),
            Kind::Branch(_) => "when".to_owned(),
            Kind::Approve(_) => "approve".to_owned(),
            Kind::Wait(_) => "wait".to_owned(),
            Kind::Sleep(_) => "sleep".to_owned(),
        }
    }

    /// What is special about what a node runs.
    pub(super) fn remarks(&self, node: &Node) -> Vec<String> {
        match &node.kind {
            Kind::Task(name) => {
                let Some(task) = self.graph.tasks.get(name) else { return vec!["unknown".to_owned()] };
                let image = match &task.home {
                    Home::Here => None,
                    Home::Container { image } => Some(format!("image {}", line(image))),
                };
                image.into_iter().chain(task.is_dynamic.then(|| "dynamic".to_owned())).collect()
            }
            Kind::Workflow(_) => vec!["a workflow".to_owned()],
            Kind::LaunchPlan(_) => vec!["an execution of its own".to_owned()],
            Kind::Reference(name) => {
                let Some(reference) = self.graph.references.get(name) else { return vec!["unknown".to_owned()] };
                let parts = [&reference.project, &reference.domain, &reference.name, &reference.version].map(|part| line(part));
                vec![format!("registered as {}", parts.join(":"))]
            }
            Kind::Map(map) => of_map(map),
            Kind::Approve(gate) => vec![format!("signal {}", quoted(&gate.signal))],
            Kind::Wait(gate) => vec![format!("signal {}", quoted(&gate.signal)), type_text(&gate.literal_type)],
            Kind::Sleep(time) => vec![duration(*time)],
            Kind::Branch(_) => Vec::new(),
        }
    }

    /// What feeds a node, an item for each of its inputs, those left to their defaults last.
    pub(super) fn fed(&self, node: &Node) -> Vec<String> {
        let mapped = |name: &str| matches!(&node.kind, Kind::Map(map) if map.mapped.iter().any(|mapped| mapped == name));
        let fed = node.inputs.iter().map(|bound| match &node.kind {
            // There is but one thing to approve.
            Kind::Approve(_) if bound.name == GATE_OUTPUT => binding(&bound.binding),
            _ if mapped(&bound.name) => format!("{} in {}", line(&bound.name), binding(&bound.binding)),
            _ => given(bound),
        });
        let defaults = self.defaults(node).into_iter().map(|(name, default)| format!("{} = {default} by default", line(name)));
        fed.chain(defaults).collect()
    }

    fn defaults(&self, node: &Node) -> Vec<(&'g str, String)> {
        let graph = self.graph;
        let inputs: &'g [Input] = match &node.kind {
            Kind::Task(name) => graph.tasks.get(name).map_or(&[], |task| &task.inputs),
            Kind::Reference(name) => graph.references.get(name).map_or(&[], |reference| &reference.inputs),
            Kind::Workflow(name) | Kind::LaunchPlan(name) => graph.workflows.get(name).map_or(&[], |graph| &graph.inputs),
            _ => &[],
        };
        let left = inputs.iter().filter(|input| node.input(&input.name).is_none());
        left.filter_map(|input| Some((&*input.name, constant(input.default.as_ref()?)))).collect()
    }
}

/// A name, and what feeds it.
pub(super) fn given(bound: &Bound) -> String {
    format!("{} = {}", line(&bound.name), binding(&bound.binding))
}

/// What feeds something. The first output of a node goes without its name.
pub(crate) fn binding(of: &Binding) -> String {
    binding_within(of, MAX_DEPTH)
}

fn binding_within(of: &Binding, deeper: usize) -> String {
    match of {
        Binding::Literal(literal) => constant(literal),
        Binding::Input { name, path } => format!("{}{}", line(name), steps(path)),
        Binding::Output { node, output, path } if output == GATE_OUTPUT => format!("{}{}", line(node), steps(path)),
        Binding::Output { node, output, path } => format!("{}.{}{}", line(node), line(output), steps(path)),
        Binding::List(elements) => many('[', elements.iter().map(|element| (None, element)), ']', deeper, binding_within),
        Binding::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| (Some(key.as_str()), value));
            many('{', entries, '}', deeper, binding_within)
        }
        Binding::Failure => "the error".to_owned(),
        Binding::Fault => "a mistake".to_owned(),
    }
}

fn many<'t, T: 't>(
    open: char,
    entries: impl ExactSizeIterator<Item = (Option<&'t str>, &'t T)>,
    close: char,
    deeper: usize,
    show: fn(&T, usize) -> String,
) -> String {
    let count = entries.len();
    if count == 0 {
        return format!("{open}{close}");
    }
    let left = count.saturating_sub(MAX_ELEMENTS);
    let Some(deeper) = deeper.checked_sub(1) else { return format!("{open}..{close}") };
    let shown = entries.take(MAX_ELEMENTS).map(|(key, value)| match key {
        Some(key) => format!("{}: {}", quoted(key), show(value, deeper)),
        None => show(value, deeper),
    });
    let mut shown: Vec<_> = shown.collect();
    if left > 0 {
        shown.push(format!("{left} more"));
    }
    format!("{open}{}{close}", shown.join(", "))
}

fn steps(path: &[Step]) -> String {
    path.iter()
        .map(|step| match step {
            Step::Key(key) if is_word(key) => format!(".{key}"),
            Step::Key(key) => format!("[{}]", quoted(key)),
            Step::Index(index) => format!("[{index}]"),
        })
        .collect()
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A constant in few words, without what is secret in URLs.
pub(super) fn constant(literal: &Literal) -> String {
    constant_within(literal, MAX_DEPTH)
}

fn constant_within(literal: &Literal, deeper: usize) -> String {
    match &literal.value {
        LiteralValue::Primitive(primitive) => match primitive {
            Primitive::Integer(number) => number.to_string(),
            Primitive::Float(number) => format!("{number:?}"),
            Primitive::String(text) => quoted(text),
            Primitive::Boolean(value) => value.to_string(),
            // As JSON has them, where they have a form there.
            Primitive::Datetime(_) | Primitive::Duration(_) => {
                let json = literal.to_json().unwrap_or_default();
                let times = json["scalar"]["primitive"].as_object().and_then(|fields| fields.values().next());
                times.and_then(|time| time.as_str()).unwrap_or("a time out of range").to_owned()
            }
        },
        LiteralValue::Blob { uri, .. }
        | LiteralValue::Schema { uri, .. }
        | LiteralValue::StructuredDataset { uri, .. }
        | LiteralValue::Offloaded { uri, .. } => cut(&shown(uri)),
        LiteralValue::Binary { value, tag } => format!("{} bytes of {}", value.len(), if tag.is_empty() { "binary" } else { "a struct" }),
        LiteralValue::None => "none".to_owned(),
        LiteralValue::Error { .. } => "an error".to_owned(),
        LiteralValue::Generic(_) => "a struct".to_owned(),
        LiteralValue::Union { value, .. } => match deeper.checked_sub(1) {
            Some(deeper) => constant_within(value, deeper),
            None => "..".to_owned(),
        },
        LiteralValue::Collection(elements) => many('[', elements.iter().map(|element| (None, element)), ']', deeper, constant_within),
        LiteralValue::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| (Some(key.as_str()), value));
            many('{', entries, '}', deeper, constant_within)
        }
        _ => "a value".to_owned(),
    }
}

/// When an arm is taken.
pub(super) fn test(of: &Test) -> String {
    test_within(of, MAX_DEPTH, false)
}

fn test_within(of: &Test, deeper: usize, is_inner: bool) -> String {
    let (tests, word) = match of {
        Test::Compare { left, by, right } => return format!("{} {} {}", binding(left), by.sign(), binding(right)),
        Test::All(tests) => (tests, " and "),
        Test::Any(tests) => (tests, " or "),
    };
    let Some(deeper) = deeper.checked_sub(1) else { return "..".to_owned() };
    let shown: Vec<_> = tests.iter().map(|test| test_within(test, deeper, tests.len() > 1)).collect();
    let shown = shown.join(word);
    if is_inner && tests.len() > 1 { format!("({shown})") } else { shown }
}

fn of_map(map: &Map) -> Vec<String> {
    let at_once = map.concurrency.map(|count| format!("{count} at once"));
    let succeed = match map.success {
        Success::All => None,
        Success::Count(count) => Some(format!("{count} must succeed")),
        // Rounded to what a single-precision number knows: 0.9 is 90%, not 89.99999761581421%.
        Success::Ratio(ratio) => Some(format!("{}% must succeed", (f64::from(ratio) * 1e6).round() / 1e4)),
    };
    at_once.into_iter().chain(succeed).collect()
}

/// What a node overrides, an item for each.
pub(super) fn overrides(of: &Overrides) -> Vec<String> {
    // All of them are named, so that a new one is not forgotten.
    let Overrides { name, retries, timeout, resources, accelerator, shared_memory, cache, interruptible, image, pod_template, strategy } =
        of;
    let text = |what: &str, value: &Option<String>| value.as_ref().map(|value| format!("{what} {}", cut(value)));
    let mut items = vec![
        name.as_ref().map(|name| format!("name {}", quoted(name))),
        retries.map(|retries| format!("retries {retries}")),
        timeout.map(|timeout| format!("timeout {}", duration(timeout))),
    ];
    if let Some(resources) = resources {
        items.extend(amounts(&resources.requests, &resources.limits).into_iter().map(Some));
    }
    items.extend([
        text("accelerator", accelerator),
        text("shared memory", shared_memory),
        cache.as_ref().map(|cache| match cache {
            Cache::Off => "no cache".to_owned(),
            Cache::Version(version) => format!("cache {}", quoted(version)),
        }),
        interruptible.map(|is| if is { "interruptible" } else { "not interruptible" }.to_owned()),
        text("image", image),
        text("pod template", pod_template),
        strategy.as_ref().map(|strategy| format!("strategy {}", line(strategy.name()))),
    ]);
    items.into_iter().flatten().collect()
}

fn amounts(requests: &Amounts, limits: &Amounts) -> Vec<String> {
    let named = [
        ("cpu", &requests.cpu, &limits.cpu),
        ("memory", &requests.memory, &limits.memory),
        ("gpu", &requests.gpu, &limits.gpu),
        ("ephemeral storage", &requests.ephemeral_storage, &limits.ephemeral_storage),
        ("storage", &requests.storage, &limits.storage),
    ];
    let shown = named.into_iter().filter_map(|(name, request, limit)| match (request, limit) {
        (Some(request), Some(limit)) if request == limit => Some(format!("{name} {}", cut(request))),
        (Some(request), Some(limit)) => Some(format!("{name} {} to {}", cut(request), cut(limit))),
        (Some(request), None) => Some(format!("{name} from {}", cut(request))),
        (None, Some(limit)) => Some(format!("{name} up to {}", cut(limit))),
        (None, None) => None,
    });
    shown.collect()
}

/// `1h30m`, `0.25s`: as it would be written.
pub(super) fn duration(of: Duration) -> String {
    let (seconds, nanos) = (of.as_secs(), of.subsec_nanos());
    let mut text = String::new();
    for (unit, length, most) in [("d", 86_400, u64::MAX), ("h", 3_600, 24), ("m", 60, 60)] {
        let count = seconds / length % most;
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    if nanos > 0 {
        let fraction = format!("{nanos:09}");
        text.push_str(&format!("{}.{}s", seconds % 60, fraction.trim_end_matches('0')));
    } else if seconds % 60 > 0 || text.is_empty() {
        text.push_str(&format!("{}s", seconds % 60));
    }
    text
}

/// An input as a signature has it.
pub(super) fn parameter(input: &Input) -> String {
    let default = input.default.as_ref().map(|default| format!(" = {}", constant(default))).unwrap_or_default();
    format!("{}: {}{default}", line(&input.name), type_text(&input.literal_type))
}

/// An output as a signature has it.
pub(super) fn output(output: &Output) -> String {
    format!("{}: {}", line(&output.name), type_text(&output.literal_type))
}

/// A type, cut where it is long.
pub(super) fn type_text(literal_type: &LiteralType) -> String {
    cut(&literal_type.to_string())
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", cut(text))
}

fn cut(text: &str) -> String {
    let text = line(text);
    match text.char_indices().nth(MAX_CONSTANT) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text,
    }
}

/// A text on one line, fit for a terminal.
pub(super) fn line(text: &str) -> String {
    visible::line(text).into_owned()
}
