//! The published schema of the JSON of graphs says what the code reads: no more and no less.

use std::collections::{BTreeMap, BTreeSet};

use nebulakit::graph::{Graph, ProblemKind};
use serde_json::{Value, json};

use crate::document;

/// As much of JSON Schema as the schema uses; anything else in it is a failure.
struct Schema(Value);

fn schema() -> Schema {
    Schema(serde_json::from_str(include_str!("../../docs/graph.schema.json")).unwrap())
}

impl Schema {
    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        schema.get("$ref").map_or(schema, |reference| {
            let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
            self.resolved(self.0.pointer(pointer).unwrap_or_else(|| panic!("{pointer}")))
        })
    }

    /// Why `value` is not what `schema` describes; `seen` is told of every object and its schema.
    fn check<'s>(&'s self, schema: &'s Value, value: &Value, path: &str, seen: &mut dyn FnMut(&str, &'s Value)) -> Result<(), String> {
        let schema = self.resolved(schema);
        let keywords = schema.as_object().unwrap();
        for (keyword, asked) in keywords {
            let fits = match keyword.as_str() {
                "type" => match asked.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "number" => value.is_number(),
                    "integer" => value.is_i64() || value.is_u64(),
                    other => panic!("type {other}"),
                },
                "const" => value == asked,
                "enum" => asked.as_array().unwrap().contains(value),
                "minimum" => value.as_f64().is_none_or(|value| value >= asked.as_f64().unwrap()),
                "maximum" => value.as_f64().is_none_or(|value| value <= asked.as_f64().unwrap()),
                "pattern" => value.as_str().is_none_or(|text| matches(asked.as_str().unwrap(), text)),
                "required" => asked.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
                "oneOf" => {
                    let fitting = asked.as_array().unwrap().iter().filter(|one| self.check(one, value, path, &mut |_, _| {}).is_ok());
                    let fitting: Vec<_> = fitting.collect();
                    if let [only] = fitting.as_slice() {
                        self.check(only, value, path, seen)?;
                    }
                    fitting.len() == 1
                }
                "items" => {
                    let mut elements = value.as_array().into_iter().flatten().enumerate();
                    elements.try_for_each(|(index, element)| self.check(asked, element, &format!("{path}/{index}"), seen))?;
                    true
                }
                "properties" => {
                    seen(path, schema);
                    for (name, asked) in asked.as_object().unwrap() {
                        if let Some(value) = value.get(name) {
                            self.check(asked, value, &format!("{path}/{name}"), seen)?;
                        }
                    }
                    true
                }
                "additionalProperties" => {
                    let known = keywords.get("properties").and_then(Value::as_object);
                    let mut others =
                        value.as_object().into_iter().flatten().filter(|(name, _)| !known.is_some_and(|known| known.contains_key(*name)));
                    match asked {
                        Value::Bool(false) => others.next().is_none(),
                        asked => {
                            others.try_for_each(|(name, value)| self.check(asked, value, &format!("{path}/{}", escaped(name)), seen))?;
                            true
                        }
                    }
                }
                "description" | "title" | "$schema" | "$defs" => true,
                other => panic!("the keyword `{other}`"),
            };
            if !fits {
                return Err(format!("{path}: {keyword}"));
            }
        }
        Ok(())
    }

    fn takes(&self, value: &Value) -> Result<(), String> {
        self.check(&self.0, value, "", &mut |_, _| {})
    }
}

/// The two patterns of the schema.
fn matches(pattern: &str, text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match pattern {
        ":[0-9]+$" => text.rsplit_once(':').is_some_and(|(_, last)| digits(last)),
        r"^[0-9]+(\.[0-9]{1,9})?s$" => text.strip_suffix('s').is_some_and(|number| match number.split_once('.') {
            Some((seconds, fraction)) => digits(seconds) && digits(fraction) && fraction.len() <= 9,
            None => digits(number),
        }),
        other => panic!("the pattern `{other}`"),
    }
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A graph that has every field that there is.
fn with_every_field() -> Value {
    let mut document = document();
    let graph = &mut document["graph"];
    graph["body"]["nodes"][2]["overrides"] = json!({
        "name": "merge", "retries": 3, "timeout": "0.25s", "accelerator": "nvidia-l4", "shared_memory": "", "cache": "off", "interruptible": true,
        "image": "i", "pod_template": "p", "strategy": "gpu-box",
        "resources": {"requests": {"cpu": "1", "memory": "1", "gpu": "1", "ephemeral_storage": "1", "storage": "1"}, "limits": {}},
    });
    graph["body"]["nodes"][6]["run"]["branch"]["arms"][0]["at"] = json!("src/flows.rs:18");
    graph["body"]["nodes"][8]["run"]["map"]["success"] = json!({"count": 2});
    graph["workflows"]["flows.nightly"]["launch_plan"] = json!({
        "schedule": {"cron": "@daily"}, "kickoff": "when", "max_parallelism": 1, "at_most": 1, "labels": {"a": "b"}, "annotations": {"a": "b"},
        "env": {"A": "b"}, "notifications": [{"email": ["a@b.c"], "on": ["aborted", "succeeded"]}], "service_account": "s", "iam_role": "r",
        "raw_output_prefix": "s3://b/p", "overwrite_cache": true, "interruptible": true, "active": true,
    });
    graph["body"]["nodes"][0]["inputs"][0]["from"]["input"]["path"] = json!([]);
    graph["outputs"][1]["type"] = json!({"unionType": {"variants": [{"simple": "INTEGER"}, {"simple": "NONE"}]}});
    document
}

#[test]
fn the_schema_takes_what_the_code_writes() {
    for document in [document(), with_every_field(), example()] {
        schema().takes(&document).unwrap();
        let graph = Graph::from_json(&document.to_string()).unwrap_or_else(|problems| panic!("{problems}"));
        schema().takes(&serde_json::from_str(&graph.to_json().unwrap()).unwrap()).unwrap();
    }
}

/// The example of the page.
fn example() -> Value {
    let page = include_str!("../../docs/graph-json.md");
    let (_, rest) = page.split_once("```json\n").unwrap();
    serde_json::from_str(rest.split_once("```").unwrap().0).unwrap()
}

/// Every object of the form: its fields in the schema are those that the code knows, which an unknown one makes it tell, and those that it
/// wants are wanted.
#[test]
fn the_schema_has_the_fields_of_the_code() {
    let schema = schema();
    let whole = with_every_field();
    let mut objects: BTreeMap<String, &Value> = BTreeMap::new();
    schema
        .check(&schema.0, &whole, "", &mut |path, schema| {
            objects.insert(path.to_owned(), schema);
        })
        .unwrap();
    assert!(objects.len() > 200, "{}", objects.len());
    let (mut used, mut tried) = (BTreeSet::new(), BTreeSet::new());
    for (path, schema) in &objects {
        let fields: BTreeSet<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let value = whole.pointer(path).unwrap().as_object().unwrap();
        used.extend(value.keys().map(|field| (std::ptr::from_ref(*schema).addr(), field.clone())));
        // Each field of each sort of object once.
        if !value.keys().any(|field| tried.insert((std::ptr::from_ref(*schema).addr(), field.clone()))) {
            continue;
        }
        // The alternatives of an enum: one of them is there.
        if fields.len() == 1 && schema.get("description").is_none() {
            continue;
        }
        let mut damaged = whole.clone();
        damaged.pointer_mut(path).unwrap()["zzz"] = json!(1);
        let told = Graph::from_json(&damaged.to_string()).err().unwrap_or_default().to_string();
        let (_, expected) = told.split_once("unknown field `zzz`, expected ").unwrap_or_else(|| panic!("{path}: {told}"));
        let known: BTreeSet<&str> = expected.split('`').skip(1).step_by(2).collect();
        assert_eq!(known, fields, "{path}");
        let required = schema["required"].as_array().unwrap();
        for field in value.keys() {
            let mut damaged = whole.clone();
            damaged.pointer_mut(path).unwrap().as_object_mut().unwrap().remove(field);
            let told = Graph::from_json(&damaged.to_string()).err().map(|problems| problems.to_string()).unwrap_or_default();
            let is_wanted = told.contains(&format!("missing field `{field}`"));
            assert_eq!(is_wanted, required.contains(&json!(field)), "{path}/{field}: {told}");
        }
    }
    let all = objects.values().flat_map(|schema| {
        let fields = schema["properties"].as_object().unwrap().keys();
        fields.map(|field| (std::ptr::from_ref(*schema).addr(), field.clone()))
    });
    let unused: Vec<_> = all.filter(|field| !used.contains(field)).map(|(_, field)| field).collect();
    assert!(unused.is_empty(), "fields that the test never sees: {unused:?}");
}

/// What the schema refuses the code refuses, as not of the form, and what the schema takes is of the form. Types and literals are Flyte's.
#[test]
fn the_schema_and_the_code_refuse_the_same() {
    let schema = schema();
    let whole = with_every_field();
    let mut paths = Vec::new();
    crate::json::pointers(&whole, String::new(), &mut paths);
    let damages =
        [Value::Null, json!({}), json!([]), json!("n0"), json!("90s"), json!("failure"), json!(-1), json!(7), json!(0.5), json!(true)];
    let is_flytes = |path: &str| ["/type", "/default", "/literal"].iter().any(|part| path.contains(part));
    for (index, path) in paths.iter().filter(|path| !is_flytes(path)).step_by(2).enumerate() {
        for damage in damages.iter().skip(index % 7).step_by(7) {
            let mut damaged = whole.clone();
            *damaged.pointer_mut(path).unwrap() = damage.clone();
            let problems = Graph::from_json(&damaged.to_string()).err().unwrap_or_default();
            let is_of_the_form = !problems.iter().any(|problem| problem.kind == ProblemKind::Json);
            let verdict = schema.takes(&damaged);
            // The code also reads null as what is absent, and a list as the fields in their order.
            let is_lenient = (damage.is_null() || damage.is_array()) && is_of_the_form;
            assert!(verdict.is_ok() == is_of_the_form || is_lenient, "{path} = {damage}: {verdict:?}, {problems}");
        }
    }
}
