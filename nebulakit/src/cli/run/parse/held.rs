//! Files, directories and tables in structs: there they are maps that hold a path, which may be written as the path alone.

use nebulakit_types::{Result, Untyped};
use serde_json::Value;

use super::parser::Parser;
use crate::cli::run::places::Expected;

/// The titles of their schemas, and the key of the path.
const HELD: [(&str, &str); 4] =
    [("FlyteFile", "path"), ("FlyteDirectory", "path"), ("StructuredDataset", "uri"), ("FlyteSchema", "remote_path")];

/// The title and the key of the path, where `schema` is of one of them.
fn kind(schema: &Value) -> Option<(&'static str, &'static str)> {
    let title = schema.get("title").and_then(Value::as_str)?;
    let (title, key) = HELD.into_iter().find(|(held, _)| *held == title)?;
    schema.get("properties").and_then(|properties| properties.get(key)).map(|_| (title, key))
}

/// Whether `schema` is of a file, a directory or a table, so that a text is the path of it.
pub(super) fn is_held(schema: &Value) -> bool {
    kind(schema).is_some()
}

impl Parser<'_> {
    /// The map that a struct holds of a file, a directory or a table, with its path made absolute; [`None`] where `value` is of none.
    pub(super) fn held(&self, value: &Untyped, schema: &Value) -> Result<Option<Untyped>> {
        let Some((title, key)) = kind(schema) else { return Ok(None) };
        let is_key = |name: &Untyped, key: &str| matches!(name, Untyped::String(name) if name == key);
        let (path, others) = match value {
            Untyped::String(path) => (path, Vec::new()),
            Untyped::Map(entries) => match entries.iter().find(|(name, _)| is_key(name, key)) {
                Some((_, Untyped::String(path))) => (path, entries.iter().filter(|(name, _)| !is_key(name, key)).cloned().collect()),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        let mut entries: Vec<(Untyped, Untyped)> = others;
        let uri = match title {
            "FlyteFile" => self.places.path(path, Expected::File, "")?,
            "FlyteDirectory" => self.places.path(path, Expected::Directory, "")?,
            _ => self.held_table(path, schema, &mut entries)?,
        };
        entries.insert(0, (Untyped::String(key.to_owned()), Untyped::String(uri)));
        Ok(Some(Untyped::Map(entries)))
    }

    /// Where a table is; its format is put beside it where the entries do not say it.
    #[cfg(feature = "schema")]
    fn held_table(&self, path: &str, schema: &Value, entries: &mut Vec<(Untyped, Untyped)>) -> Result<String> {
        let has = |key: &&str| schema.get("properties").and_then(|properties| properties.get(*key)).is_some();
        let key = ["file_format", "format"].into_iter().find(has);
        let said = entries.iter().find_map(|entry| match entry {
            (Untyped::String(name), Untyped::String(format)) if Some(name.as_str()) == key => Some(format.clone()),
            _ => None,
        });
        let (uri, format) = super::tables::place(path, said.as_deref(), "", self.places)?;
        if let Some(key) = key {
            entries.retain(|(name, _)| !matches!(name, Untyped::String(name) if name == key));
            entries.push((Untyped::String(key.to_owned()), Untyped::String(format)));
        }
        Ok(uri)
    }

    #[cfg(not(feature = "schema"))]
    fn held_table(&self, path: &str, _: &Value, _: &mut Vec<(Untyped, Untyped)>) -> Result<String> {
        self.places.path(path, Expected::Either, "")
    }
}
