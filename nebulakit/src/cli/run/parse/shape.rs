//! Structs, against the JSON schema that their type carries.

use std::collections::HashSet;

use nebulakit_types::{Error, ErrorKind, Result, Untyped};
use serde_json::{Map, Value};

use super::held::is_held;
use super::parser::Parser;
use super::said::{found, found_text, mismatch, shown};
use super::times::duration;
use super::unions::{none_fits, only_entry};
use crate::cli::data::special_float;
use crate::cli::usage::listed;

impl Parser<'_> {
    /// A struct's value as its readers want it: names checked against the schema, durations and instants in their own notation.
    pub(super) fn shape(&self, value: &Untyped, schema: &Value) -> Result<Untyped> {
        if let Some(variants) = schema.get("anyOf").and_then(Value::as_array) {
            return self.variant(value, variants);
        }
        if let Some(held) = self.held(value, schema)? {
            return Ok(held);
        }
        let format = schema.get("format").and_then(Value::as_str);
        match value {
            Untyped::Map(entries) => {
                let properties = schema.get("properties").and_then(Value::as_object);
                let others = schema.get("additionalProperties");
                let mut shaped = Vec::with_capacity(entries.len());
                for (key, field) in entries {
                    let Untyped::String(name) = key else {
                        if others == Some(&Value::Bool(false)) {
                            return Err(unknown_field(&shown(key), schema));
                        }
                        shaped.push((key.clone(), others.map_or_else(|| Ok(field.clone()), |schema| self.shape(field, schema))?));
                        continue;
                    };
                    let known = properties.and_then(|properties| properties.get(name));
                    let field = match (known, others) {
                        (Some(schema), _) => self.shape(field, schema).map_err(|error| error.at_field(name))?,
                        (None, Some(Value::Bool(false))) => return Err(unknown_field(name, schema)),
                        (None, Some(schema)) => self.shape(field, schema).map_err(|error| error.at_key(name))?,
                        (None, None) => field.clone(),
                    };
                    shaped.push((key.clone(), field));
                }
                let required = schema.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                let given: HashSet<&str> = entries.iter().filter_map(|(key, _)| text_of(key)).collect();
                let missing = |name: &&str| !given.contains(name);
                match required.iter().filter_map(Value::as_str).find(missing) {
                    Some(name) => Err(Error::new(ErrorKind::Missing, format!("the field `{name}` is missing"))),
                    None => Ok(Untyped::Map(shaped)),
                }
            }
            Untyped::List(elements) => {
                let Some(schema) = schema.get("items") else { return Ok(value.clone()) };
                let shape = |(index, element)| self.shape(element, schema).map_err(|error: Error| error.at_index(index));
                elements.iter().enumerate().map(shape).collect::<Result<_>>().map(Untyped::List)
            }
            Untyped::String(text) if matches!(format, Some("time-delta" | "duration")) => Ok(Untyped::String(duration(text)?.to_string())),
            Untyped::String(text) if matches!(format, Some("date-time" | "date")) => {
                let text = self.instant(text)?.to_string();
                Ok(Untyped::String(text))
            }
            Untyped::String(text) if schema.get("type").is_some_and(|kind| kind == "number") => match special_float(text) {
                Some(float) => Ok(Untyped::Float(float)),
                None => plain(value, schema).map(|()| value.clone()),
            },
            _ if schema.get("properties").is_some() => Err(mismatch("a struct", &found(value))),
            _ => plain(value, schema).map(|()| value.clone()),
        }
    }

    /// A value as the first of the variants of a union that it fits.
    fn variant(&self, value: &Untyped, variants: &[Value]) -> Result<Untyped> {
        let title = |variant: &Value| variant.get("title").and_then(Value::as_str).map(str::to_owned);
        let mut reasons = Vec::new();
        for variant in variants.iter().filter(|variant| is_of(value, variant)) {
            match self.shape(value, variant) {
                Ok(shaped) => return Ok(shaped),
                Err(error) => reasons.push((title(variant).map_or_else(|| "struct".to_owned(), |title| format!("struct {title}")), error)),
            }
        }
        if let Some((name, inner)) = only_entry(value) {
            // serde's own form of a variant, which the task reads too; here for the texts in it.
            let named = variants.iter().find(|variant| title(variant).is_some_and(|title| title == name));
            let shaped = match named {
                Some(variant) => Some(self.shape(inner, variant).map_err(|error| error.at_field(name))?),
                None => variants.iter().filter(|variant| is_of(inner, variant)).find_map(|variant| self.shape(inner, variant).ok()),
            };
            if let Some(shaped) = shaped {
                return Ok(Untyped::Map(vec![(Untyped::String(name.to_owned()), shaped)]));
            }
        }
        if !reasons.is_empty() {
            return Err(none_fits("the value fits no variant of the union", reasons));
        }
        let others = variants.iter().filter(|variant| variant.get("type").is_none_or(|kind| kind != "null"));
        match others.collect::<Vec<_>>().as_slice() {
            // With one real variant, what is wrong with it is the whole story.
            [only] => self.shape(value, only),
            // What is of no variant's kind is the task's to refuse.
            _ => Ok(value.clone()),
        }
    }
}

fn text_of(value: &Untyped) -> Option<&str> {
    if let Untyped::String(text) = value { Some(text) } else { None }
}

/// Checks a value that stands for itself, in the words that inputs of its type get.
fn plain(value: &Untyped, schema: &Value) -> Result<()> {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let values: Vec<_> = values.iter().filter_map(Value::as_str).collect();
        return match value {
            Untyped::String(text) if values.contains(&text.as_str()) => Ok(()),
            Untyped::String(text) => Err(mismatch(&format!("one of {}", listed(&values)), &found_text(text))),
            _ => Err(mismatch(&format!("one of {}", listed(&values)), &found(value))),
        };
    }
    let expected = match (schema.get("type").and_then(Value::as_str), value) {
        (Some("integer"), Untyped::Int(_) | Untyped::UInt(_)) => return Ok(()),
        (Some("integer"), Untyped::Float(value)) if value.fract() == 0.0 => return Ok(()),
        (Some("number"), Untyped::Int(_) | Untyped::UInt(_) | Untyped::Float(_)) | (Some("boolean"), Untyped::Bool(_)) => return Ok(()),
        (Some("string"), Untyped::String(_)) => return Ok(()),
        (Some("integer"), _) => "an integer",
        (Some("number"), _) if schema.get("format").is_none() => "a float",
        (Some("boolean"), _) => "`true` or `false`",
        (Some("string"), _) if schema.get("format").is_none() => "a string",
        (Some("array"), _) => "a list",
        _ => return Ok(()),
    };
    Err(mismatch(expected, &found(value)))
}

/// The schema with what it refers to in the place of each reference (`$ref`): models have their structs once, under `$defs`.
pub(super) fn inlined(schema: &Map<String, Value>) -> Value {
    fn filled(schema: &Value, definitions: &Map<String, Value>) -> Value {
        match schema {
            Value::Array(schemas) => schemas.iter().map(|schema| filled(schema, definitions)).collect(),
            Value::Object(object) => match object.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix("#/$defs/")) {
                // Ours refer only to what was defined before, so that this ends.
                Some(name) => definitions.get(name).map_or(Value::Null, |schema| filled(schema, definitions)),
                None => object.iter().map(|(key, schema)| (key.clone(), filled(schema, definitions))).collect::<Map<_, _>>().into(),
            },
            schema => schema.clone(),
        }
    }
    let mut schema = schema.clone();
    match schema.remove("$defs") {
        Some(Value::Object(definitions)) => filled(&Value::Object(schema), &definitions),
        _ => Value::Object(schema),
    }
}

/// Whether a value can be what a variant of a union in a struct describes, as far as its kind tells.
fn is_of(value: &Untyped, schema: &Value) -> bool {
    let kind = match value {
        Untyped::Null => "null",
        Untyped::Bool(_) => "boolean",
        Untyped::Int(_) | Untyped::UInt(_) => "integer",
        Untyped::Float(_) => "number",
        Untyped::String(_) | Untyped::Bytes(_) | Untyped::Extension(..) => "string",
        Untyped::List(_) => "array",
        Untyped::Map(_) => "object",
    };
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return matches!(value, Untyped::String(text) if values.iter().any(|value| value == text));
    }
    match schema.get("type").and_then(Value::as_str) {
        None => true,
        Some("object") if kind == "string" => is_held(schema),
        Some("number") => matches!(kind, "number" | "integer" | "string"),
        Some(declared) => declared == kind,
    }
}

fn unknown_field(name: &str, schema: &Value) -> Error {
    let title = schema.get("title").and_then(Value::as_str).map(|title| format!(" `{title}`")).unwrap_or_default();
    let known: Vec<_> = schema.get("properties").and_then(Value::as_object).into_iter().flat_map(|fields| fields.keys()).collect();
    let has = if known.is_empty() { "has none".to_owned() } else { format!("has {}", listed(&known)) };
    Error::new(ErrorKind::Mismatch, format!("the struct{title} has no field `{name}`; it {has}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_followed_to_any_depth() {
        let schema = json!({
            "title": "Outer",
            "properties": { "inner": { "$ref": "#/$defs/Inner" }, "list": { "items": { "$ref": "#/$defs/Inner" } } },
            "$defs": { "Inner": { "properties": { "leaf": { "$ref": "#/$defs/Leaf" } } }, "Leaf": { "type": "integer" } },
        });
        let inner = json!({ "properties": { "leaf": { "type": "integer" } } });
        let expected = json!({ "title": "Outer", "properties": { "inner": inner, "list": { "items": inner } } });
        assert_eq!(inlined(schema.as_object().unwrap()), expected);
    }
}
