//! Reads the keys of a table of settings, and remembers everything that is wrong with them.

use std::time::Duration;

use jiff::SignedDuration;
use nebulakit_types::visible;
use toml::{Table, Value};

use super::layers::Layers;
use super::mistakes::Mistakes;
use crate::task::quantity;

/// A table of settings, of which keys are read one after the other. What is left when [`done`](Self::done) is called is unknown.
pub(in crate::backend) struct Keys<'a> {
    table: &'a Table,
    /// Its path, with a dot at its end; empty for the whole.
    path: String,
    layers: &'a Layers,
    known: Vec<&'static str>,
}

impl<'a> Keys<'a> {
    pub(in crate::backend) fn of(table: &'a Table, path: &str, layers: &'a Layers) -> Self {
        let path = if path.is_empty() { String::new() } else { format!("{path}.") };
        Self { table, path, layers, known: Vec::new() }
    }

    /// A mistake about a key of the table.
    pub(in crate::backend) fn mistake(&self, key: &str, said: &str) -> String {
        let path = format!("{}{key}", self.path);
        format!("{}: `{}`: {said}", self.layers.origin(&path), visible::line(&path))
    }

    pub(in crate::backend) fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.known.push(key);
        self.table.get(key)
    }

    fn read<T>(&mut self, key: &'static str, mistakes: &mut Mistakes, expected: &str, read: impl Fn(&'a Value) -> Option<T>) -> Option<T> {
        let value = self.value(key)?;
        let read = read(value);
        if read.is_none() {
            mistakes.push(self.mistake(key, &format!("expected {expected}, found {}", shown(value))));
        }
        read
    }

    pub(in crate::backend) fn text(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<String> {
        self.read(key, mistakes, "a text", |value| value.as_str().map(str::to_owned))
    }

    pub(in crate::backend) fn texts(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<Vec<String>> {
        self.read(key, mistakes, "a list of texts", |value| {
            value.as_array()?.iter().map(|value| value.as_str().map(str::to_owned)).collect()
        })
    }

    /// A text, or a list of them.
    pub(in crate::backend) fn one_or_more(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<Vec<String>> {
        let list = |value: &Value| value.as_array()?.iter().map(|value| value.as_str().map(str::to_owned)).collect();
        self.read(key, mistakes, "a text, or a list of texts", |value| {
            value.as_str().map(|text| vec![text.to_owned()]).or_else(|| list(value))
        })
    }

    pub(in crate::backend) fn flag(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<bool> {
        self.read(key, mistakes, "true or false", Value::as_bool)
    }

    pub(in crate::backend) fn count(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<u32> {
        self.read(key, mistakes, "a whole number from 0", |value| value.as_integer()?.try_into().ok())
    }

    pub(in crate::backend) fn number(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "nobody has that many cores")]
        let number = |value: &Value| value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64));
        self.read(key, mistakes, "a number above 0", |value| number(value).filter(|number| *number > 0.0 && number.is_finite()))
    }

    /// A time, such as `10s` or `1h 30m`.
    pub(in crate::backend) fn span(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<Duration> {
        self.read(key, mistakes, "a time such as `10s` or `1h 30m`", |value| span(value.as_str()?))
    }

    /// An amount of memory, such as `4Gi`.
    pub(in crate::backend) fn bytes(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<u64> {
        self.read(key, mistakes, "an amount of memory such as `4Gi`", |value| quantity::bytes(value.as_str()?).ok())
    }

    pub(in crate::backend) fn table(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<&'a Table> {
        self.read(key, mistakes, "a table", Value::as_table)
    }

    /// The keys of a table in it.
    #[cfg(feature = "slurm")]
    pub(in crate::backend) fn below(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<Self> {
        let table = self.table(key, mistakes)?;
        Some(Self::of(table, &format!("{}{key}", self.path), self.layers))
    }

    /// Everything that was not asked for is unknown.
    pub(in crate::backend) fn done(self, mistakes: &mut Mistakes) {
        for key in self.table.keys().filter(|key| !self.known.contains(&key.as_str())) {
            let near = self.known.iter().map(|known| (strsim::damerau_levenshtein(known, key), known)).min();
            let hint = match near.filter(|(distance, _)| *distance <= 2) {
                Some((_, near)) => format!("; did you mean `{near}`?"),
                None => format!("; known are {}", self.known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ")),
            };
            mistakes.push(self.mistake(key, &format!("unknown key{hint}")));
        }
    }
}

/// A time above 0.
pub(in crate::backend) fn span(text: &str) -> Option<Duration> {
    let span: Duration = text.parse::<SignedDuration>().ok()?.try_into().ok()?;
    (!span.is_zero()).then_some(span)
}

/// A value in a message: short, and of its own kind.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    let line = visible::line(&text).into_owned();
    if line.chars().count() > 60 { format!("{}…", line.chars().take(60).collect::<String>()) } else { line }
}
