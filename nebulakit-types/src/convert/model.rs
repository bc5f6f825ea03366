//! The JSON schemas of pydantic's models, from those that dataclasses have.
//!
//! The Python SDK of Flyte 2 makes classes of the schemas of an interface where it does not have the user's own. It makes one of a struct in
//! a list or a map only where that is a reference (`$ref`), as pydantic writes it, and an untyped `dict` of one that is written out.

use serde_json::{Map, Value, json};

use super::time;

/// The schema as pydantic has it: structs once, under `$defs`; durations and bytes as text.
pub(super) fn schema(mut schema: Map<String, Value>) -> Map<String, Value> {
    let mut definitions = Map::new();
    translate_properties(&mut schema, &mut definitions);
    if !definitions.is_empty() {
        schema.insert("$defs".to_owned(), definitions.into());
    }
    schema
}

fn translate_properties(schema: &mut Map<String, Value>, definitions: &mut Map<String, Value>) {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.values_mut().for_each(|property| translate(property, definitions));
    }
}

fn translate(schema: &mut Value, definitions: &mut Map<String, Value>) {
    let Value::Object(object) = schema else { return };
    let text = |object: &Map<String, Value>, key| object.get(key).and_then(Value::as_str).map(str::to_owned);
    let format = match text(object, "format").as_deref() {
        Some("time-delta") => Some("duration"),
        Some("base64") => Some("binary"),
        _ => None,
    };
    if let Some(format) = format {
        object.insert("type".to_owned(), "string".into());
        object.insert("format".to_owned(), format.into());
        if format == "duration" {
            translate_default(object);
        }
        return;
    }
    if let (Some(title), true) = (text(object, "title"), object.contains_key("properties")) {
        translate_properties(object, definitions);
        let name = define(&title, std::mem::take(object).into(), definitions);
        *schema = json!({ "$ref": format!("#/$defs/{name}") });
        return;
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = object.get_mut(key) {
            translate(inner, definitions);
        }
    }
    if let Some(Value::Array(variants)) = object.get_mut("anyOf") {
        variants.iter_mut().for_each(|variant| translate(variant, definitions));
        let is = |key, expected| move |variant: &Value| variant.get(key).is_some_and(|found| found == expected);
        if variants.iter().any(is("format", "duration")) && !variants.iter().any(is("type", "number")) {
            translate_default(object);
        }
    }
}

/// The default of a duration, from seconds to text.
fn translate_default(object: &mut Map<String, Value>) {
    if let Some(default) = object.get_mut("default")
        && let Some(text) = default.as_f64().and_then(time::iso_text)
    {
        *default = text.into();
    }
}

/// The name under which a struct is defined: its own, with a number where another struct has that.
fn define(title: &str, schema: Value, definitions: &mut Map<String, Value>) -> String {
    let names = std::iter::once(title.to_owned()).chain((2..).map(|number| format!("{title}_{number}")));
    for name in names {
        match definitions.get(&name) {
            Some(other) if *other != schema => {}
            Some(_) => return name,
            None => {
                definitions.insert(name.clone(), schema);
                return name;
            }
        }
    }
    title.to_owned()
}
