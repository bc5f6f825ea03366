//! How what feeds something reads in a picture: constants, promises and tests, short and on one line.

use nebulakit_types::literal::{LiteralValue, Primitive};
use nebulakit_types::storage::shown;
use nebulakit_types::{Literal, visible};

use crate::graph::binding::{Binding, Step};
use crate::graph::condition::Test;
use crate::graph::cut;
use crate::graph::node::GATE_OUTPUT;

/// The longest constant, in characters.
pub(super) const MAX_CONSTANT: usize = 40;
/// How many elements of a list and entries of a map are shown, and how deep.
const MAX_ELEMENTS: usize = 4;
const MAX_DEPTH: usize = 3;

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

pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", cut(text))
}

pub(super) fn cut(text: &str) -> String {
    cut::cut(&line(text), MAX_CONSTANT).into_owned()
}

/// A text on one line, fit for a terminal.
pub(super) fn line(text: &str) -> String {
    visible::line(text).into_owned()
}
