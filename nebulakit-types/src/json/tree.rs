//! JSON as a tree of values.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number, Value};

use super::walk::Sink;

/// Builds a value from the events of a walk.
#[derive(Default)]
pub(super) struct Tree {
    open: Vec<Open>,
    done: Option<Value>,
}

enum Open {
    Object(Map<String, Value>, String),
    Array(Vec<Value>),
}

impl Tree {
    pub(super) fn into_value(self) -> Value {
        self.done.unwrap_or_default()
    }

    fn put(&mut self, value: Value) {
        match self.open.last_mut() {
            Some(Open::Object(object, key)) => {
                object.insert(std::mem::take(key), value);
            }
            Some(Open::Array(values)) => values.push(value),
            None => self.done = Some(value),
        }
    }

    fn close(&mut self) {
        let value = match self.open.pop() {
            Some(Open::Object(object, _)) => Value::Object(object),
            Some(Open::Array(values)) => Value::Array(values),
            None => return,
        };
        self.put(value);
    }
}

impl Sink for Tree {
    fn begin_object(&mut self) {
        self.open.push(Open::Object(Map::new(), String::new()));
    }

    fn key(&mut self, name: &str) {
        if let Some(Open::Object(_, key)) = self.open.last_mut() {
            name.clone_into(key);
        }
    }

    fn end_object(&mut self) {
        self.close();
    }

    fn begin_array(&mut self) {
        self.open.push(Open::Array(Vec::new()));
    }

    fn end_array(&mut self) {
        self.close();
    }

    fn null(&mut self) {
        self.put(Value::Null);
    }

    fn boolean(&mut self, value: bool) {
        self.put(Value::Bool(value));
    }

    fn integer(&mut self, value: i64) {
        self.put(value.into());
    }

    fn double(&mut self, value: f64) {
        self.put(Number::from_f64(value).map_or(Value::Null, Value::Number));
    }

    fn string(&mut self, value: &str) {
        self.put(Value::String(value.to_owned()));
    }

    fn bytes(&mut self, value: &[u8]) {
        self.put(Value::String(STANDARD.encode(value)));
    }
}
