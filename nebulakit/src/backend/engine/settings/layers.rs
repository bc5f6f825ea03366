//! Files of settings, one over the other.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nebulakit_types::visible;
use toml::{Table, Value};

use super::keys::Mistakes;

/// Settings of several files in one table, and where each is from.
#[derive(Debug, Clone, Default)]
pub(in crate::backend) struct Layers {
    pub(super) table: Table,
    /// The files by the paths of the values.
    origins: BTreeMap<String, PathBuf>,
    files: Vec<PathBuf>,
}

impl Layers {
    /// Reads files, the first of which count most. One that is not there is left out.
    pub(super) fn read(files: &[PathBuf], mistakes: &mut Mistakes) -> Self {
        let mut layers = Self::default();
        for file in files {
            match read(file) {
                Ok(Some(table)) => {
                    layers.files.push(file.clone());
                    layers.add(table, file);
                }
                Ok(None) => {}
                Err(said) => mistakes.push(format!("{}: {said}", file.display())),
            }
        }
        layers
    }

    fn add(&mut self, table: Table, file: &Path) {
        fill(&mut self.table, table, "", file, &mut self.origins);
    }

    /// Where a value is from: its file, or the files that were read.
    pub(in crate::backend) fn origin(&self, path: &str) -> String {
        let own =
            |path: &str| self.origins.get(path).or_else(|| self.origins.iter().find(|(known, _)| below(known, path)).map(|(_, file)| file));
        match own(path).or(self.files.first()) {
            Some(file) => visible::line(&file.to_string_lossy()).into_owned(),
            None => "settings".to_owned(),
        }
    }

    /// Every value by its path, with its file.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, String, &Path)> {
        self.origins.iter().filter_map(|(path, file)| Some((path.as_str(), self.at(path)?.to_string(), file.as_path())))
    }

    fn at(&self, path: &str) -> Option<&Value> {
        let mut parts = split(path).into_iter();
        let mut value = self.table.get(&parts.next()?)?;
        for part in parts {
            value = value.as_table()?.get(&part)?;
        }
        Some(value)
    }
}

fn below(known: &str, path: &str) -> bool {
    known.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))
}

/// Takes the values that are not there yet.
fn fill(into: &mut Table, from: Table, at: &str, file: &Path, origins: &mut BTreeMap<String, PathBuf>) {
    for (key, value) in from {
        let path = join(at, &key);
        match (into.get_mut(&key), value) {
            (Some(Value::Table(there)), Value::Table(more)) => fill(there, more, &path, file, origins),
            (Some(_), _) => {}
            (None, Value::Table(table)) => {
                let mut new = Table::new();
                fill(&mut new, table, &path, file, origins);
                into.insert(key, Value::Table(new));
            }
            (None, value) => {
                origins.insert(path, file.to_owned());
                into.insert(key, value);
            }
        }
    }
}

/// The path of a key: one that is no bare word is quoted, as in the file.
pub(super) fn join(at: &str, key: &str) -> String {
    let is_bare = !key.is_empty() && key.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter));
    let key = if is_bare { key.to_owned() } else { format!("{key:?}") };
    if at.is_empty() { key } else { format!("{at}.{key}") }
}

/// The keys of a path.
fn split(path: &str) -> Vec<String> {
    let (mut parts, mut part, mut letters, mut is_quoted) = (Vec::new(), String::new(), path.chars(), false);
    while let Some(letter) = letters.next() {
        match letter {
            '"' => is_quoted = !is_quoted,
            '\\' if is_quoted => part.extend(letters.next()),
            '.' if !is_quoted => parts.push(std::mem::take(&mut part)),
            letter => part.push(letter),
        }
    }
    parts.push(part);
    parts
}

fn read(file: &Path) -> Result<Option<Table>, String> {
    let text = match fs::read_to_string(file) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(None),
        text => text.map_err(|error| error.to_string())?,
    };
    text.parse().map(Some).map_err(|error: toml::de::Error| {
        let line =
            error.span().map(|span| format!("line {}: ", text[..span.start.min(text.len())].matches('\n').count() + 1)).unwrap_or_default();
        format!("{line}{}", visible::line(error.message()))
    })
}
