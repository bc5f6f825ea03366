//! Whether a struct of one JSON schema serves where one of another is asked for, as the platform judges it.
//!
//! The platform compares the schemas of draft 7 with a library of its own ideas, and ignores what the library says it cannot compare.
//! The verdicts here are that comparison's, its oddities included: that is what decides whether a workflow registers.

use std::collections::HashSet;

use serde_json::{Map, Value};

/// The values of `$schema` that stand for draft 7; any other switches the comparison off.
const DRAFT_7: [&str; 2] = ["http://json-schema.org/draft-07/schema#", "http://json-schema.org/schema#"];
/// How many pairs of schemas and of names in them are compared before the answer is no. References can multiply without end; the platform does
/// not survive that.
const MAX_COMPARISONS: u64 = 100_000;
/// How deep references are followed.
const MAX_DEPTH: u32 = 200;

/// Tells whether `upstream` describes everything that `downstream` asks for: each of its properties, with the same types, and required where
/// it requires them. What it compares is taken from `left`.
pub(super) fn is_subset(downstream: &Map<String, Value>, upstream: &Map<String, Value>, left: &mut u64) -> bool {
    let downstream = Value::Object(downstream.clone());
    let upstream = Value::Object(upstream.clone());
    if [&downstream, &upstream].into_iter().any(|document| !is_draft_7(document) || !is_schema(document) || !references_hold(document)) {
        return false;
    }
    let most = MAX_COMPARISONS.min(*left);
    let mut comparison = Comparison { asked: &downstream, given: &upstream, left: most, off: false };
    let findings = comparison.compare(&downstream, &upstream, 0);
    *left -= most - comparison.left;
    !comparison.off && !findings.differ
}

fn is_draft_7(document: &Value) -> bool {
    match document.get("$schema") {
        None => document.as_object().is_some_and(|object| !object.is_empty()),
        Some(draft) => draft.as_str().is_some_and(|draft| DRAFT_7.contains(&draft)),
    }
}

/// What a comparison found.
#[derive(Clone, Copy, Default)]
struct Findings {
    /// The schemas do not fit.
    differ: bool,
    /// Something is there that the platform's library does not compare. It counts only within alternatives.
    unjudged: bool,
}

impl Findings {
    fn differ_if(&mut self, condition: bool) {
        self.differ |= condition;
    }

    fn unjudged_if(&mut self, condition: bool) {
        self.unjudged |= condition;
    }

    fn add(&mut self, other: Self) {
        self.differ |= other.differ;
        self.unjudged |= other.unjudged;
    }

    fn any(self) -> bool {
        self.differ || self.unjudged
    }
}

struct Comparison<'a> {
    asked: &'a Value,
    given: &'a Value,
    left: u64,
    /// The platform's library would give up on the whole: the answer is no, wherever it happens.
    off: bool,
}

impl<'a> Comparison<'a> {
    fn compare(&mut self, asked: &'a Value, given: &'a Value, depth: u32) -> Findings {
        let mut findings = Findings::default();
        let asked = self.resolve(self.asked, asked);
        let given = self.resolve(self.given, given);
        // References lead to the same lists of names again and again.
        let names = ["required", "enum", "type"].map(|key| array(asked, key).len() + array(given, key).len());
        let properties = asked.get("properties").and_then(Value::as_object).map_or(0, Map::len);
        self.left = self.left.saturating_sub(1 + (names.iter().sum::<usize>() + properties) as u64);
        if self.left == 0 || depth > MAX_DEPTH {
            self.off = true;
        }
        if self.off {
            return findings;
        }

        let asked_types = types(asked);
        let given_types = types(given);
        findings.differ_if(asked_types.iter().any(|name| !given_types.contains(name)));
        findings.differ_if(given_types.iter().any(|name| {
            // No type at all is an object too.
            !(asked_types.contains(name) || *name == "object" && asked_types.is_empty())
        }));

        if asked_types.contains(&"string") {
            self.compare_strings(asked, given, &mut findings);
        }
        if asked_types.contains(&"number") {
            self.compare_numbers(asked, given, &mut findings);
        }
        if asked_types.contains(&"array") {
            self.compare_arrays(asked, given, depth, &mut findings);
        }
        if asked_types.contains(&"object") || asked_types.is_empty() {
            self.compare_objects(asked, given, depth, &mut findings);
        }
        for key in ["allOf", "anyOf", "oneOf"] {
            let asked = array(asked, key);
            let given = array(given, key);
            if asked.is_empty() || given.is_empty() {
                findings.differ_if(asked.len() != given.len());
                continue;
            }
            for given in given {
                let mut found = false;
                for asked in asked {
                    found = found || !self.compare_whole(asked, given, depth + 1).any();
                }
                findings.differ_if(!found);
            }
        }
        if let Some(asked) = asked.get("const") {
            let given = given.get("const");
            self.off |= asked.is_object() && given.is_some_and(Value::is_object) || asked.is_array() && given.is_some_and(Value::is_array);
            findings.differ_if(given.is_none_or(|given| !same_scalar(asked, given)));
        }
        findings
    }

    /// The comparison of alternatives, which also looks at schemas that are plain booleans.
    fn compare_whole(&mut self, asked: &'a Value, given: &'a Value, depth: u32) -> Findings {
        let always = (self.resolve(self.asked, asked).as_bool(), self.resolve(self.given, given).as_bool());
        if always.0 != always.1 {
            return Findings { differ: true, unjudged: false };
        }
        self.compare(asked, given, depth)
    }

    /// Follows references, all of which hold; everything beside a reference is ignored.
    fn resolve(&mut self, document: &'a Value, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        for _ in 0..MAX_DEPTH {
            let Some(reference) = reference(schema) else { return schema };
            let Some(target) = target(document, reference) else { break };
            schema = target;
        }
        self.off = true;
        schema
    }

    fn compare_objects(&mut self, asked: &'a Value, given: &'a Value, depth: u32, findings: &mut Findings) {
        let limits_fields = |schema: &Value| !matches!(schema.get("additionalProperties"), None | Some(Value::Bool(true)));
        findings.unjudged_if(limits_fields(asked) || limits_fields(given));
        let required: HashSet<_> = array(given, "required").iter().collect();
        findings.differ_if(array(asked, "required").iter().any(|name| !required.contains(name)));
        at_least(asked, given, "minProperties", findings);
        at_most(asked, given, "maxProperties", findings);
        for key in ["dependencies", "patternProperties"] {
            let is_filled = |schema: &Value| schema.get(key).and_then(Value::as_object).is_some_and(|entries| !entries.is_empty());
            findings.unjudged_if(is_filled(asked) || is_filled(given));
        }
        findings.unjudged_if(asked.get("not").is_some() || given.get("not").is_some());
        for key in ["if", "then", "else"] {
            match (conditional(asked, key), conditional(given, key)) {
                (None, None) => {}
                (Some(asked), Some(given)) => {
                    let inner = self.compare_whole(asked, given, depth + 1);
                    findings.differ_if(inner.any());
                }
                _ => findings.differ = true,
            }
        }
        let Some(properties) = asked.get("properties").and_then(Value::as_object) else { return };
        for (name, asked) in properties {
            match given.get("properties").and_then(|properties| properties.get(name)) {
                Some(given) => findings.add(self.compare(asked, given, depth + 1)),
                None => findings.differ = true,
            }
        }
    }

    fn compare_arrays(&mut self, asked: &'a Value, given: &'a Value, depth: u32, findings: &mut Findings) {
        at_least(asked, given, "minItems", findings);
        at_most(asked, given, "maxItems", findings);
        match (asked.get("items"), given.get("items")) {
            (None, _) => {}
            (Some(Value::Array(asked)), Some(Value::Array(given))) => {
                findings.differ_if(asked.len() != given.len());
                if asked.len() == given.len() {
                    for (asked, given) in asked.iter().zip(given) {
                        findings.add(self.compare(asked, given, depth + 1));
                    }
                }
            }
            (Some(Value::Array(_)), _) | (_, None | Some(Value::Array(_))) => findings.differ = true,
            (Some(asked), Some(given)) => findings.add(self.compare(asked, given, depth + 1)),
        }
        // Lists of schemas always say something of further items, be it that any will do.
        let has_further = |schema: &Value| schema.get("items").is_some_and(Value::is_array);
        findings.unjudged_if(has_further(asked) || has_further(given));
        let unique = |schema: &Value| schema.get("uniqueItems") == Some(&Value::Bool(true));
        findings.differ_if(unique(asked) && !unique(given));
    }

    fn compare_strings(&mut self, asked: &Value, given: &Value, findings: &mut Findings) {
        findings.differ_if(text(asked, "format") != text(given, "format"));
        if asked.get("enum").is_some() {
            let (values, given) = (array(asked, "enum"), array(given, "enum"));
            self.off |= values.iter().chain(given).any(|value| !value.is_string());
            // The empty text slips into the platform's list of values.
            let values: HashSet<_> = values.iter().collect();
            findings.differ_if(given.iter().any(|value| !values.contains(value) && value != ""));
        }
        if let Some(pattern) = asked.get("pattern") {
            match given.get("pattern") {
                Some(given) => findings.differ_if(pattern != given),
                None => self.off = true,
            }
        }
        at_most(asked, given, "maxLength", findings);
        at_least(asked, given, "minLength", findings);
    }

    fn compare_numbers(&mut self, asked: &Value, given: &Value, findings: &mut Findings) {
        let number = |schema: &Value, key: &str| schema.get(key).and_then(Value::as_f64);
        if let Some(maximum) = number(asked, "maximum") {
            findings.differ_if(number(given, "maximum").is_none_or(|given| given > maximum));
        }
        if let Some(minimum) = number(asked, "minimum") {
            findings.differ_if(number(given, "minimum").is_none_or(|given| given < minimum));
        }
        for key in ["exclusiveMinimum", "exclusiveMaximum"] {
            findings.unjudged_if(asked.get(key).is_some() || given.get(key).is_some());
        }
        match (number(asked, "multipleOf"), number(given, "multipleOf")) {
            (None, None) => {}
            (Some(asked), Some(given)) => {
                findings.unjudged_if(asked.fract() != 0.0 || given.fract() != 0.0);
                self.off |= asked.trunc() == 0.0;
                findings.differ_if(given.trunc() % asked.trunc() != 0.0);
            }
            _ => self.off = true,
        }
    }
}

fn at_least(asked: &Value, given: &Value, key: &str, findings: &mut Findings) {
    if let Some(asked) = limit(asked, key) {
        findings.differ_if(limit(given, key).is_none_or(|given| given < asked));
    }
}

fn at_most(asked: &Value, given: &Value, key: &str, findings: &mut Findings) {
    if let Some(asked) = limit(asked, key) {
        findings.differ_if(limit(given, key).is_none_or(|given| given > asked));
    }
}

/// A number of things that a schema allows. The platform takes plain booleans for schemas that allow none.
fn limit(schema: &Value, key: &str) -> Option<f64> {
    if schema.is_boolean() { Some(0.0) } else { schema.get(key).and_then(Value::as_f64) }
}

/// The types that a schema names: few, since each stands there once.
fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn array<'v>(schema: &'v Value, key: &str) -> &'v [Value] {
    schema.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'v>(schema: &'v Value, key: &str) -> &'v str {
    schema.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A part of a condition; one without consequences says nothing.
fn conditional<'v>(schema: &'v Value, key: &str) -> Option<&'v Value> {
    let complete = schema.get("if").is_some() && (schema.get("then").is_some() || schema.get("else").is_some());
    schema.get(key).filter(|_| complete)
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref").and_then(Value::as_str)
}

/// What a reference refers to, if that is in the same document.
fn target<'v>(document: &'v Value, reference: &str) -> Option<&'v Value> {
    match reference.strip_prefix('#')? {
        "" | "/" => Some(document),
        pointer => document.pointer(&percent_encoding::percent_decode_str(pointer).decode_utf8().ok()?),
    }
}

/// Whether all references in a document that are of any consequence refer to schemas of the same document.
fn references_hold(document: &Value) -> bool {
    let mut seen = HashSet::new();
    let mut left = vec![document];
    while let Some(schema) = left.pop() {
        if let Some(reference) = reference(schema) {
            let Some(target) = target(document, reference) else { return false };
            // Many references lead to one schema.
            if seen.insert(std::ptr::from_ref(target).addr()) {
                if !is_schema(target) {
                    return false;
                }
                left.push(target);
            }
            continue;
        }
        let Value::Object(keywords) = schema else { continue };
        for (key, value) in keywords {
            match (key.as_str(), value) {
                ("additionalItems", _) if !keywords.get("items").is_some_and(Value::is_array) => {}
                ("if" | "then" | "else", _) => left.extend(conditional(schema, key)),
                ("properties" | "patternProperties" | "dependencies", Value::Object(schemas)) => left.extend(schemas.values()),
                ("allOf" | "anyOf" | "oneOf" | "items", Value::Array(schemas)) => left.extend(schemas),
                ("items" | "additionalItems" | "additionalProperties" | "propertyNames" | "contains" | "not", schema) => left.push(schema),
                _ => {}
            }
        }
    }
    true
}

fn same_scalar(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (a, b) => a == b,
    }
}

/// Whether a value is a schema of draft 7, as far as the keywords go that the comparison looks at. Of a value that is none, the platform
/// makes nothing.
fn is_schema(value: &Value) -> bool {
    match value {
        Value::Bool(_) => true,
        Value::Object(keywords) => keywords.iter().all(|(key, value)| is_keyword(key, value)),
        _ => false,
    }
}

fn is_keyword(key: &str, value: &Value) -> bool {
    let is_schemas = |value: &Value| value.as_array().is_some_and(|schemas| !schemas.is_empty() && schemas.iter().all(is_schema));
    match key {
        "type" => match value {
            Value::Array(names) => !names.is_empty() && names.iter().all(is_type_name) && is_set(names),
            name => is_type_name(name),
        },
        "properties" | "definitions" => value.as_object().is_some_and(|schemas| schemas.values().all(is_schema)),
        "patternProperties" => {
            value.as_object().is_some_and(|schemas| schemas.iter().all(|(pattern, schema)| is_pattern(pattern) && is_schema(schema)))
        }
        "additionalProperties" | "additionalItems" | "propertyNames" | "contains" | "not" | "if" | "then" | "else" => is_schema(value),
        "items" => is_schema(value) || is_schemas(value),
        "allOf" | "anyOf" | "oneOf" => is_schemas(value),
        "required" => value.as_array().is_some_and(|names| names.iter().all(Value::is_string) && is_set(names)),
        "enum" => value.as_array().is_some_and(|values| !values.is_empty() && is_set(values)),
        "examples" => value.is_array(),
        "minProperties" | "maxProperties" | "minItems" | "maxItems" | "minLength" | "maxLength" => {
            value.as_f64().is_some_and(|number| number >= 0.0 && number.fract() == 0.0)
        }
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => value.is_number(),
        "multipleOf" => value.as_f64().is_some_and(|number| number > 0.0),
        "uniqueItems" | "readOnly" => value.is_boolean(),
        "pattern" => value.as_str().is_some_and(is_pattern),
        "title" | "description" | "format" | "$ref" | "$id" | "$schema" | "$comment" | "contentEncoding" | "contentMediaType" => {
            value.is_string()
        }
        "dependencies" => value.as_object().is_some_and(|entries| {
            let names = |value: &Value| value.as_array().is_some_and(|names| names.iter().all(Value::is_string) && is_set(names));
            entries.values().all(|value| is_schema(value) || names(value))
        }),
        _ => true,
    }
}

fn is_type_name(value: &Value) -> bool {
    matches!(value.as_str(), Some("array" | "boolean" | "integer" | "null" | "number" | "object" | "string"))
}

fn is_set(values: &[Value]) -> bool {
    let mut seen = HashSet::new();
    values.iter().all(|value| seen.insert(value))
}

/// Whether the platform can read a regular expression: Go's have no look-around.
fn is_pattern(pattern: &str) -> bool {
    !["(?=", "(?!", "(?<=", "(?<!"].iter().any(|look| pattern.contains(look))
}
