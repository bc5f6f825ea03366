//! Names that a platform takes.

/// The longest id of a node, in bytes: it becomes a label of a pod.
pub(super) const MAX_NODE_ID_BYTES: usize = 63;
/// The ids that a platform adds to every workflow.
const RESERVED: [&str; 2] = ["start-node", "end-node"];
/// The longest key or value of a label, in bytes, without the key's prefix.
const MAX_LABEL_BYTES: usize = 63;
/// The longest prefix of a label's key, in bytes.
const MAX_LABEL_PREFIX_BYTES: usize = 253;

/// What is wrong with the name of an input or output.
pub(super) fn variable(name: &str) -> Option<&'static str> {
    let is_word = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (!is_word).then_some("a name of an input or output is made of ASCII letters, digits and `_`")
}

/// What is wrong with the name of a task, a workflow, a launch plan.
pub(super) fn entity(name: &str) -> Option<&'static str> {
    let fits = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
    let is_name = !name.is_empty() && name.chars().all(fits);
    (!is_name).then_some("a name is made of letters, digits, `.`, `_` and `-`")
}

/// What is wrong with the id of a node.
pub(super) fn node_id(id: &str) -> Option<&'static str> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = id.as_bytes();
    let is_id = bytes.first().is_some_and(|byte| fits(*byte))
        && bytes.last().is_some_and(|byte| fits(*byte))
        && bytes.iter().all(|byte| fits(*byte) || *byte == b'-');
    if RESERVED.contains(&id) {
        Some("the platform has a node of that id itself")
    } else if !is_id {
        Some("an id is made of lower-case ASCII letters and digits, with `-` between them")
    } else if id.len() > MAX_NODE_ID_BYTES {
        Some("an id has at most 63 characters")
    } else {
        None
    }
}

/// What is wrong with a Kubernetes label.
pub(crate) fn label(key: &str, value: &str) -> Option<&'static str> {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let is_domain = |prefix: &str| prefix.len() <= MAX_LABEL_PREFIX_BYTES && prefix.split('.').all(|part| node_id(part).is_none());
    if !is_label(name) || prefix.is_some_and(|prefix| !is_domain(prefix)) {
        Some("a key is up to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends, behind a domain and `/` or alone")
    } else if !value.is_empty() && !is_label(value) {
        Some("a value is up to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends")
    } else {
        None
    }
}

fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.len() <= MAX_LABEL_BYTES
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
