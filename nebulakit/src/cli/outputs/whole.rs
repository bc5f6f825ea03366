//! The outputs of a run: as text, as JSON, and what they refer to.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};

use nebulakit_types::convert::reader::{Entries, References};
use nebulakit_types::{Error, Literal};

use super::data::{Data, Kind, extension, refers, visit};
#[cfg(feature = "schema")]
use super::heads;
use crate::cli::complaint::Complaint;
use crate::cli::values;
use crate::render::Reader;
use crate::services::stores::Stores;
use crate::task::failure::chain;

/// Where the files of tables are that have their extension, in the folder of a run.
const TABLES: &str = "tables";

/// The name that a table's one file has besides `00000`: flytekit calls its CSV so.
const CSV: &str = ".csv";

/// The outputs of a run, or of one of its nodes.
pub(super) struct Outputs {
    pub(super) values: Vec<Value>,
    /// The folder of the run, if it is one of this machine.
    folder: Option<PathBuf>,
}

/// An output.
pub(super) struct Value {
    pub(super) name: String,
    /// The bytes of its literal.
    literal: Vec<u8>,
    /// The literal itself, where it refers to data.
    pub(super) referring: Option<Literal>,
}

impl Outputs {
    /// Those that are the bytes of an `outputs.pb`.
    ///
    /// # Errors
    /// When the bytes are not one.
    pub(super) fn of(folder: Option<&Path>, bytes: &[u8]) -> Result<Self, Complaint> {
        let values = read(bytes).map_err(|error| cannot_show(&error))?;
        Ok(Self { values, folder: folder.map(Path::to_owned) })
    }

    /// One value plainly, several as `name: value` lines, none as nothing; tables with their first rows.
    pub(super) fn for_people(&self, heads: &HashMap<String, String>) -> Result<String, Error> {
        let mut text = String::new();
        for Value { name, literal, .. } in &self.values {
            let value = values::read(name, literal, Reader::Person)?;
            text += &if self.values.len() == 1 { values::alone(&value) } else { values::beside(name, &value) };
            text.push('\n');
            text += heads.get(name).map_or("", String::as_str);
        }
        Ok(text)
    }

    /// One object of all outputs by name, on one line.
    pub(super) fn for_machines(&self) -> Result<String, Error> {
        let entry = |Value { name, literal, .. }: &Value| Ok((name.clone(), values::read(name, literal, Reader::Machine)?));
        Ok(values::for_machines(self.values.iter().map(entry).collect::<Result<Vec<_>, Error>>()?))
    }

    /// Visits what the outputs refer to; where that is may change.
    pub(super) fn visit<E>(&mut self, mut visitor: impl FnMut(Data<'_>) -> Result<(), E>) -> Result<(), E> {
        for Value { name, literal, referring } in &mut self.values {
            if let Some(referring) = referring {
                visit(name, &mut referring.value, &mut visitor)?;
                *literal = referring.encode();
            }
        }
        Ok(())
    }

    /// The same with a visitor that cannot fail.
    pub(super) fn each(&mut self, mut visitor: impl FnMut(Data<'_>)) {
        let Ok(()) = self.visit(|data| {
            visitor(data);
            Ok::<_, Infallible>(())
        });
    }

    /// A directory without files leaves nothing in a store: it is made, so that its path leads somewhere.
    pub(super) fn make_empty_directories(&mut self) {
        let Some(own) = self.folder.clone() else { return };
        self.each(|data| {
            let path = Path::new(&*data.uri);
            if data.kind == Kind::Directory
                && path.starts_with(&own)
                && let Err(error) = fs::create_dir_all(path)
            {
                tracing::warn!("cannot make the directory `{}`: {error}", path.display());
            }
        });
    }

    /// The first rows of the tables that are outputs themselves, by the outputs.
    #[cfg(feature = "schema")]
    pub(super) fn heads(&mut self, stores: &Stores) -> HashMap<String, String> {
        let mut heads = HashMap::new();
        self.each(|data| {
            if let Kind::Table(format) = &data.kind
                && data.is_output()
                && let Some(head) = heads::head(data.output, data.uri, format, stores)
            {
                heads.insert(data.output.to_owned(), head);
            }
        });
        heads
    }

    #[cfg(not(feature = "schema"))]
    pub(super) fn heads(&mut self, _: &Stores) -> HashMap<String, String> {
        HashMap::new()
    }

    /// Tables that are one file of this machine are named by a link that has the extension of their format.
    pub(super) fn name_tables(&mut self) {
        let Some(folder) = self.folder.as_ref().map(|folder| folder.join(TABLES)) else { return };
        self.each(|data| {
            if let Kind::Table(format) = &data.kind
                && let Some(path) = named(data.uri, format, &folder)
            {
                *data.uri = path;
            }
        });
    }
}

/// The file of a table under a name with the extension of its format, in `folder`; [`None`] where the table is not one file of this machine.
///
/// It is a link: the record of the run names the table by its own folder, which stays as it is.
fn named(uri: &str, format: &str, folder: &Path) -> Option<String> {
    let table = Path::new(uri);
    let file = ["00000", CSV].map(|name| table.join(name)).into_iter().find(|file| file.is_file())?;
    let path = folder.join(table.file_name()?).with_extension(extension(format)?);
    if !path.exists() {
        fs::create_dir_all(folder).and_then(|()| fs::hard_link(file, &path)).ok()?;
    }
    path.into_os_string().into_string().ok()
}

fn read(bytes: &[u8]) -> Result<Vec<Value>, Error> {
    let (mut entries, mut values) = (Entries::of_map(bytes, References::none()), Vec::new());
    while let Some((name, literal)) = entries.next()? {
        let literal = literal.bytes();
        let referring = if refers(literal)? { Some(Literal::decode(literal)?) } else { None };
        values.push(Value { name: name.to_owned(), literal: literal.to_vec(), referring });
    }
    Ok(values)
}

pub(super) fn cannot_show(error: &Error) -> Complaint {
    Complaint::failed(format!("cannot show the outputs: {}", chain(error)))
}
