//! The fields of events and spans, as they are kept until a line is written.

use std::fmt;

use tracing::field::{Field, Visit};

use crate::task::failure::chain_in_line;

/// The fields of an event or a span.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    pub(super) message: String,
    pub(super) others: Vec<(&'static str, Value)>,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    /// A number or a truth value, which JSON writes in the same way.
    Plain(String),
    Text(String),
}

impl Fields {
    fn add(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::Plain(text) | Value::Text(text)) => self.message = text,
            (name, value) => self.others.push((name, value)),
        }
    }

    pub(super) fn update(&mut self, changes: Self) {
        for (name, value) in changes.others {
            match self.others.iter_mut().find(|(known, _)| *known == name) {
                Some((_, old)) => *old = value,
                None => self.others.push((name, value)),
            }
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        let text = format!("{value:?}");
        self.add(field, if value.is_finite() { Value::Plain(text) } else { Value::Text(text) });
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, Value::Plain(value.to_string()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, Value::Plain(value.to_string()));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, Value::Plain(value.to_string()));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, Value::Text(value.to_owned()));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.add(field, Value::Text(chain_in_line(value)));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, Value::Text(format!("{value:?}")));
    }
}
