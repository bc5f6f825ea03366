//! All inputs in one file, as the copilot writes them besides: `inputs.json`, `inputs.yaml`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nebulakit_types::literal::GenericValue;
use nebulakit_types::{Error, ErrorKind, Result};

use super::go;

/// A value as these files show it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shown {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Shown>),
    Map(BTreeMap<String, Shown>),
}

impl Shown {
    /// Bytes, in base64; none are shown as null.
    pub(super) fn bytes(bytes: &[u8]) -> Self {
        if bytes.is_empty() { Self::Null } else { Self::Text(STANDARD.encode(bytes)) }
    }

    pub(super) fn generic(value: &GenericValue) -> Self {
        match value {
            GenericValue::Null => Self::Null,
            GenericValue::Number(number) => Self::Float(*number),
            GenericValue::String(text) => Self::Text(text.clone()),
            GenericValue::Boolean(truth) => Self::Boolean(*truth),
            GenericValue::List(elements) => Self::List(elements.iter().map(Self::generic).collect()),
            GenericValue::Struct(fields) => Self::generic_struct(fields),
        }
    }

    pub(super) fn generic_struct(fields: &BTreeMap<String, GenericValue>) -> Self {
        Self::Map(fields.iter().map(|(name, value)| (name.clone(), Self::generic(value))).collect())
    }

    /// With words for floats that are not numbers, as the text of a single struct has them.
    pub(super) fn spelled(self) -> Self {
        match self {
            Self::Float(number) if number.is_nan() => Self::Text("NaN".to_owned()),
            Self::Float(f64::INFINITY) => Self::Text("Infinity".to_owned()),
            Self::Float(f64::NEG_INFINITY) => Self::Text("-Infinity".to_owned()),
            Self::List(elements) => Self::List(elements.into_iter().map(Self::spelled).collect()),
            Self::Map(entries) => Self::Map(entries.into_iter().map(|(name, value)| (name, value.spelled())).collect()),
            other => other,
        }
    }

    /// As JSON, without blanks.
    ///
    /// # Errors
    /// With the path to it: when a float is not a number, which JSON does not have.
    pub(super) fn json(&self) -> Result<String> {
        let mut json = String::new();
        self.write_json(&mut json)?;
        Ok(json)
    }

    fn write_json(&self, into: &mut String) -> Result<()> {
        match self {
            Self::Null => into.push_str("null"),
            Self::Boolean(truth) => into.push_str(if *truth { "true" } else { "false" }),
            Self::Integer(number) => drop(write!(into, "{number}")),
            Self::Float(number) => into.push_str(&finite(*number)?),
            Self::Text(text) => quote(text, into),
            Self::List(elements) => {
                into.push('[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        into.push(',');
                    }
                    element.write_json(into).map_err(|error| error.at_index(index))?;
                }
                into.push(']');
            }
            Self::Map(entries) => {
                into.push('{');
                for (index, (name, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        into.push(',');
                    }
                    quote(name, into);
                    into.push(':');
                    value.write_json(into).map_err(|error| error.at_field(name))?;
                }
                into.push('}');
            }
        }
        Ok(())
    }

    /// As YAML.
    ///
    /// # Errors
    /// As [`json`](Self::json): the copilot makes one of the other.
    pub(super) fn yaml(&self) -> Result<String> {
        let mut yaml = String::new();
        self.write_yaml(0, &mut yaml)?;
        Ok(yaml)
    }

    /// Writes the value from where a line stands on, and the line's end.
    fn write_yaml(&self, indent: usize, into: &mut String) -> Result<()> {
        match self {
            Self::List(elements) if !elements.is_empty() => {
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        into.extend(std::iter::repeat_n(' ', indent));
                    }
                    into.push_str("- ");
                    element.write_yaml(indent + 2, into).map_err(|error| error.at_index(index))?;
                }
            }
            Self::Map(entries) if !entries.is_empty() => {
                for (index, (name, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        into.extend(std::iter::repeat_n(' ', indent));
                    }
                    into.push_str(&scalar(name));
                    into.push(':');
                    let deeper = match value {
                        Self::List(elements) if !elements.is_empty() => Some(indent),
                        Self::Map(entries) if !entries.is_empty() => Some(indent + 2),
                        _ => None,
                    };
                    match deeper {
                        Some(indent) => {
                            into.push('\n');
                            into.extend(std::iter::repeat_n(' ', indent));
                            value.write_yaml(indent, into)
                        }
                        None => {
                            into.push(' ');
                            value.write_yaml(indent + 2, into)
                        }
                    }
                    .map_err(|error| error.at_field(name))?;
                }
            }
            Self::List(_) => into.push_str("[]\n"),
            Self::Map(_) => into.push_str("{}\n"),
            Self::Null => into.push_str("null\n"),
            Self::Boolean(truth) => into.push_str(if *truth { "true\n" } else { "false\n" }),
            Self::Integer(number) => drop(writeln!(into, "{number}")),
            Self::Float(number) => {
                let said = finite(*number)?;
                // What JSON has as a whole number is one in YAML.
                let said = said.parse::<i64>().map_or_else(|_| go::general(*number), |whole| whole.to_string());
                let _ = writeln!(into, "{said}");
            }
            Self::Text(text) => match block(text, indent) {
                Some(block) => into.push_str(&block),
                None => drop(writeln!(into, "{}", scalar(text))),
            },
        }
        Ok(())
    }
}

fn finite(number: f64) -> Result<String> {
    if number.is_finite() {
        return Ok(go::in_json(number));
    }
    let message =
        format!("{} cannot stand in `inputs.json` or `inputs.yaml`; write `format = proto` in `container(..)`", go::decimal(number));
    Err(Error::new(ErrorKind::Unencodable, message))
}

/// Writes `text` in quotes, with the escapes of Go's JSON.
pub(super) fn quote(text: &str, into: &mut String) {
    into.push('"');
    for c in text.chars() {
        match c {
            '"' => into.push_str("\\\""),
            '\\' => into.push_str("\\\\"),
            '\n' => into.push_str("\\n"),
            '\r' => into.push_str("\\r"),
            '\t' => into.push_str("\\t"),
            '\u{8}' => into.push_str("\\b"),
            '\u{c}' => into.push_str("\\f"),
            '\0'..' ' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => drop(write!(into, "\\u{:04x}", u32::from(c))),
            c => into.push(c),
        }
    }
    into.push('"');
}

/// Whether YAML takes the character as it is.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Text of several lines as a block, line by line; [`None`] where a block would not hold it, and of one line.
fn block(text: &str, indent: usize) -> Option<String> {
    if !text.contains('\n')
        || !text.chars().all(is_printable)
        || text.starts_with([' ', '\n'])
        || text.contains(" \n")
        || text.ends_with(' ')
    {
        return None;
    }
    // What stands behind `|` says what becomes of line breaks at the end.
    let body = text.trim_end_matches('\n');
    let mark = match text.len() - body.len() {
        0 => "|-",
        1 => "|",
        _ => "|+",
    };
    let indent = indent.max(2);
    let lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
    let lines: String = lines.map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{:indent$}{line}\n", "") }).collect();
    Some(format!("{mark}\n{lines}"))
}

/// Text on one line, in quotes where it would be read as anything else.
fn scalar(text: &str) -> String {
    if text.contains('\n') || !text.chars().all(is_printable) || means_another(text) {
        return escaped(text);
    }
    let begins = |c: char| "-?:,[]{}#&*!|>'\"%@` ".contains(c);
    let mut rest = text.chars();
    let (first, second) = (rest.next().unwrap_or(' '), rest.next());
    let begins = match first {
        '-' | '?' | ':' => second.is_none_or(|c| c == ' '),
        first => begins(first),
    };
    if begins
        || text.ends_with([' ', ':'])
        || text.contains(": ")
        || text.contains(" #")
        || text.starts_with("---")
        || text.starts_with("...")
    {
        return format!("'{}'", text.replace('\'', "''"));
    }
    text.to_owned()
}

/// Whether YAML reads the text as something else: a number, a truth, a time.
fn means_another(text: &str) -> bool {
    const WORDS: [&str; 16] =
        ["", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", ".nan", ".inf", "+.inf", "-.inf", "<<"];
    let lower = text.to_ascii_lowercase();
    let number = lower.trim_start_matches(['+', '-', '.']);
    WORDS.contains(&lower.as_str())
        || number.starts_with(|c: char| c.is_ascii_digit())
            && number.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, 'x' | 'o' | '_' | '.' | '+' | '-' | ':' | 't' | 'z' | ' '))
}

/// Text in double quotes, with the escapes of YAML.
fn escaped(text: &str) -> String {
    let mut said = String::from('"');
    for c in text.chars() {
        match c {
            '"' => said.push_str("\\\""),
            '\\' => said.push_str("\\\\"),
            '\n' => said.push_str("\\n"),
            '\r' => said.push_str("\\r"),
            '\t' => said.push_str("\\t"),
            '\0' => said.push_str("\\0"),
            '\u{7}' => said.push_str("\\a"),
            '\u{8}' => said.push_str("\\b"),
            '\u{b}' => said.push_str("\\v"),
            '\u{c}' => said.push_str("\\f"),
            '\u{1b}' => said.push_str("\\e"),
            '\u{85}' => said.push_str("\\N"),
            '\u{2028}' => said.push_str("\\L"),
            '\u{2029}' => said.push_str("\\P"),
            c if is_printable(c) => said.push(c),
            c => {
                let _ = match u32::from(c) {
                    code @ 0..=0xff => write!(said, "\\x{code:02X}"),
                    code @ 0x100..=0xffff => write!(said, "\\u{code:04X}"),
                    code => write!(said, "\\U{code:08X}"),
                };
            }
        }
    }
    said.push('"');
    said
}
