//! What a run gave: as text with the first rows of tables, as JSON, or as files in a folder.

mod data;
#[cfg(feature = "schema")]
mod heads;
mod place;
mod target;

use std::fs;
use std::path::{Path, PathBuf};

use nebulakit_types::convert::reader::{Entries, References};
use nebulakit_types::{Error, Literal, visible};

pub(super) use self::target::{Target, arguments};
use self::data::{Kind, bytes_refer, visit};
use super::complaint::Complaint;
use super::render::Reader;
use super::values;
#[cfg(feature = "schema")]
use crate::process::stores::is_local;
use crate::run::RunHandle;
use crate::services::stores::Stores;
use crate::task::failure::chain;

/// Where the files of tables are that have their extension, in the folder of a run.
#[cfg(feature = "schema")]
const TABLES: &str = "tables";

/// The outputs of a run, or of one of its nodes.
pub(super) struct Outputs {
    values: Vec<Value>,
    /// The folder of the run.
    folder: PathBuf,
}

/// An output.
struct Value {
    name: String,
    /// The bytes of its literal.
    literal: Vec<u8>,
    /// The literal itself, where it refers to data.
    referring: Option<Literal>,
}

impl Outputs {
    /// Those that are the bytes of an `outputs.pb`.
    ///
    /// # Errors
    /// When the bytes are not one.
    pub(super) fn of(run: &RunHandle, bytes: &[u8]) -> Result<Self, Complaint> {
        let values = read(bytes).map_err(|error| cannot_show(&error))?;
        Ok(Self { values, folder: run.folder().path().to_owned() })
    }

    /// Them as text: put into the folder that `target` names, if it names one.
    ///
    /// # Errors
    /// When they are not literals, or when the folder cannot be written.
    pub(super) fn shown(mut self, target: Option<&Target>, is_json: bool, stores: &Stores) -> Result<String, Complaint> {
        self.make_empty_directories();
        #[cfg(feature = "schema")]
        let heads = if is_json { heads::heads(&[], stores) } else { heads::heads(&self.tables(), stores) };
        #[cfg(not(feature = "schema"))]
        let heads = std::collections::HashMap::<String, String>::new();
        match target {
            Some(target) => place::place(&mut self, target, stores)?,
            None => self.name_tables(),
        }
        if is_json {
            return self.for_machines().map_err(|error| cannot_show(&error));
        }
        let mut text = String::new();
        for value in &self.values {
            let read = values::read(&value.name, &value.literal, Reader::Person).map_err(|error| cannot_show(&error))?;
            text += &if self.values.len() == 1 { values::alone(&read) } else { values::beside(&value.name, &read) };
            text.push('\n');
            text += heads.get(&value.name).map_or("", String::as_str);
        }
        Ok(text)
    }

    fn for_machines(&self) -> Result<String, Error> {
        let entries = self.values.iter().map(|value| Ok((value.name.clone(), values::read(&value.name, &value.literal, Reader::Machine)?)));
        Ok(values::for_machines(entries.collect::<Result<Vec<_>, Error>>()?))
    }

    /// Visits what the outputs refer to; where that is may change.
    fn visit<E>(&mut self, mut visitor: impl FnMut(data::Data<'_>) -> Result<(), E>) -> Result<(), E> {
        for value in &mut self.values {
            if let Some(literal) = &mut value.referring {
                visit(&value.name, &mut literal.value, &mut visitor)?;
                value.literal = literal.encode();
            }
        }
        Ok(())
    }

    /// A directory without files leaves nothing in a store: it is made, so that its path leads somewhere.
    fn make_empty_directories(&mut self) {
        let own = self.folder.clone();
        let Ok(()) = self.visit(|data| {
            let is_due = data.kind == Kind::Directory && Path::new(data.uri.as_str()).starts_with(&own) && !Path::new(data.uri.as_str()).exists();
            if is_due && let Err(error) = fs::create_dir_all(&*data.uri) {
                tracing::warn!("cannot make the directory `{}`: {error}", data.uri);
            }
            Ok::<_, std::convert::Infallible>(())
        });
    }

    /// The tables that are outputs themselves.
    #[cfg(feature = "schema")]
    fn tables(&mut self) -> Vec<heads::Table> {
        let mut tables = Vec::new();
        for Value { name, referring, .. } in &mut self.values {
            let Some(literal) = referring else { continue };
            let Ok(()) = visit(name, &mut literal.value, &mut |data| {
                if let (Kind::Table(format), 1) = (data.kind, data.name.components().count()) {
                    tables.push(heads::Table { output: name.clone(), uri: data.uri.clone(), format });
                }
                Ok::<_, std::convert::Infallible>(())
            });
        }
        tables
    }

    /// Tables that are one file of this machine are named by a link that has the extension of their format.
    fn name_tables(&mut self) {
        #[cfg(feature = "schema")]
        {
            let folder = self.folder.join(TABLES);
            let Ok(()) = self.visit(|data| {
                if let Kind::Table(format) = &data.kind
                    && is_local(data.uri)
                    && let Some(path) = heads::named(data.uri, format, &folder)
                {
                    *data.uri = path;
                }
                Ok::<_, std::convert::Infallible>(())
            });
        }
    }
}

fn read(bytes: &[u8]) -> Result<Vec<Value>, Error> {
    let (mut entries, mut values) = (Entries::of_map(bytes, References::none()), Vec::new());
    while let Some((name, literal)) = entries.next()? {
        let literal = literal.bytes();
        let referring = if bytes_refer(literal)? { Some(Literal::decode(literal)?) } else { None };
        values.push(Value { name: name.to_owned(), literal: literal.to_vec(), referring });
    }
    Ok(values)
}

fn cannot_show(error: &Error) -> Complaint {
    Complaint::failed(format!("cannot show the outputs: {}", chain(error)))
}

/// A path as messages name it.
fn shown_path(path: &Path) -> String {
    visible::line(&path.to_string_lossy()).into_owned()
}
