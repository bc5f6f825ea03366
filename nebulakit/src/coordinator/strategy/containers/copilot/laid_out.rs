//! Inputs as files: one for each, and one or two with all of them.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use nebulakit_types::literal::{LiteralValue, Primitive};
use nebulakit_types::literal_type::BlobDimensionality;
use nebulakit_types::storage::{Storage, TreeOptions};
use nebulakit_types::{Error, ErrorKind, Literal, Result};

use super::go;
use super::shown::Shown;
use crate::task::container::DataFormat;

/// How many files and directories are fetched at once.
const AT_ONCE: usize = 8;

/// How long the name of a file may be, in bytes, on the file systems of Linux.
const NAME: usize = 255;

/// Writes `inputs` into the folder `host`, which the program sees at `inside`.
///
/// # Errors
/// With the input's name: when it cannot be a file, or its data cannot be fetched.
pub(crate) async fn lay_out(
    inputs: BTreeMap<String, Literal>,
    host: &Path,
    inside: &str,
    format: DataFormat,
    storage: &Storage,
) -> Result<()> {
    let folder = host.to_owned();
    let root = inside.to_owned();
    let written = blocking(move || {
        let mut writing = Writing { transfers: Vec::new() };
        let (shown, literals) = writing.entries(inputs, &folder, &root)?;
        Ok((shown, literals, writing.transfers))
    });
    let (shown, literals, transfers) = written.await?;
    let nowhere: HashSet<String> = stream::iter(transfers)
        .map(|transfer| async move { transfer.run(storage).await })
        .buffer_unordered(AT_ONCE)
        .try_filter_map(|empty| std::future::ready(Ok(empty)))
        .try_collect()
        .await?;
    let folder = host.to_owned();
    blocking(move || {
        write(&folder.join("inputs.pb"), &Literal::encode_map(&literals))?;
        let all = Shown::Map(shown).without(&nowhere);
        match format {
            DataFormat::Json => write(&folder.join("inputs.json"), all.json()?.as_bytes()),
            DataFormat::Yaml => write(&folder.join("inputs.yaml"), all.yaml()?.as_bytes()),
            DataFormat::Proto => Ok(()),
        }
    })
    .await
}

/// What uses the disk, off the threads that others wait for.
pub(super) async fn blocking<T: Send + 'static>(function: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let ended = tokio::task::spawn_blocking(function).await;
    ended.unwrap_or_else(|_| Err(Error::new(ErrorKind::Io, "the runtime was shut down")))
}

/// Data of an input that comes from a store.
struct Transfer {
    uri: String,
    is_tree: bool,
    to: PathBuf,
    inside: String,
    name: String,
}

impl Transfer {
    /// Fetches it. Of an empty directory, the path that the program finds nothing at.
    async fn run(self, storage: &Storage) -> Result<Option<String>> {
        let at = |error: Error| error.at_field(&self.name);
        if !self.is_tree {
            storage.download(&self.uri, &self.to).await.map_err(at)?;
            return Ok(None);
        }
        let moved = storage.download_tree(&self.uri, &self.to, &TreeOptions::default()).await.map_err(at)?;
        if moved.objects > 0 {
            return Ok(None);
        }
        // The copilot knows no empty directories.
        match fs::remove_dir(&self.to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(failed(&self.to, &error))),
            _ => Ok(Some(self.inside)),
        }
    }
}

fn failed(path: &Path, error: &io::Error) -> Error {
    let kind = if error.kind() == io::ErrorKind::PermissionDenied { ErrorKind::Denied } else { ErrorKind::Io };
    Error::new(kind, format!("cannot write `{}`: {error}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(|error| failed(path, &error))
}

/// What is on its way.
struct Writing {
    transfers: Vec<Transfer>,
}

impl Writing {
    /// One entry of a folder for each of `literals`, and what the program is told of them.
    fn entries(
        &mut self,
        literals: BTreeMap<String, Literal>,
        host: &Path,
        inside: &str,
    ) -> Result<(BTreeMap<String, Shown>, BTreeMap<String, Literal>)> {
        let (mut shown, mut rewritten) = (BTreeMap::new(), BTreeMap::new());
        for (name, literal) in literals {
            let at = |error: Error| error.at_field(&name);
            check(&name)?;
            let (value, literal) = self.literal(literal, &host.join(&name), &format!("{inside}/{name}")).map_err(at)?;
            shown.insert(name.clone(), value);
            rewritten.insert(name, literal);
        }
        Ok((shown, rewritten))
    }

    fn literal(&mut self, literal: Literal, host: &Path, inside: &str) -> Result<(Shown, Literal)> {
        // Hashes and details do not come along.
        let plain = |shown: Shown, value: LiteralValue| Ok((shown, Literal::new(value)));
        match literal.value {
            LiteralValue::Primitive(primitive) => {
                let (text, shown) = of_primitive(&primitive)?;
                write(host, text.as_bytes())?;
                plain(shown, LiteralValue::Primitive(primitive))
            }
            LiteralValue::Blob { uri, blob_type } => {
                let is_tree = blob_type.dimensionality == BlobDimensionality::Multipart;
                self.transfer(uri, is_tree, host, inside);
                plain(Shown::Text(inside.to_owned()), LiteralValue::Blob { uri: inside.to_owned(), blob_type })
            }
            LiteralValue::Schema { uri, schema_type } => {
                self.transfer(uri, true, host, inside);
                plain(Shown::Text(inside.to_owned()), LiteralValue::Schema { uri: inside.to_owned(), schema_type })
            }
            LiteralValue::Binary { value, tag } => {
                write(host, &value)?;
                plain(Shown::bytes(&value), LiteralValue::Binary { value, tag })
            }
            LiteralValue::None => {
                write(host, b"null")?;
                plain(Shown::Null, LiteralValue::None)
            }
            LiteralValue::Error { failed_node_id, message } => {
                write(host, message.as_bytes())?;
                plain(Shown::Text(message.clone()), LiteralValue::Error { failed_node_id, message })
            }
            LiteralValue::Generic(fields) => {
                let shown = Shown::generic_struct(&fields);
                write(host, shown.clone().spelled().json()?.as_bytes())?;
                plain(shown, LiteralValue::Generic(fields))
            }
            LiteralValue::Union { value, variant } => {
                let (shown, value) = self.literal(*value, host, inside)?;
                plain(shown, LiteralValue::Union { value: Box::new(value), variant })
            }
            LiteralValue::Collection(elements) => {
                make(host)?;
                let (mut shown, mut rewritten) = (Vec::with_capacity(elements.len()), Vec::with_capacity(elements.len()));
                for (index, element) in elements.into_iter().enumerate() {
                    let name = index.to_string();
                    let at = |error: Error| error.at_index(index);
                    let (value, literal) = self.literal(element, &host.join(&name), &format!("{inside}/{name}")).map_err(at)?;
                    shown.push(value);
                    rewritten.push(literal);
                }
                plain(Shown::List(shown), LiteralValue::Collection(rewritten))
            }
            LiteralValue::Map(entries) => {
                make(host)?;
                let (shown, rewritten) = self.entries(entries, host, inside)?;
                plain(Shown::Map(shown), LiteralValue::Map(rewritten))
            }
            LiteralValue::StructuredDataset { .. } => Err(unsupported("a table", "take a `File` or a `Directory`")),
            LiteralValue::Offloaded { .. } => {
                Err(unsupported("an element of a list that lies in a file of its own", "make the list smaller"))
            }
            _ => Err(unsupported("a value of this kind", "take one of another type")),
        }
    }

    fn transfer(&mut self, uri: String, is_tree: bool, host: &Path, inside: &str) {
        let name = host.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.transfers.push(Transfer { uri, is_tree, to: host.to_owned(), inside: inside.to_owned(), name });
    }
}

fn make(folder: &Path) -> Result<()> {
    fs::create_dir(folder).map_err(|error| failed(folder, &error))
}

fn unsupported(what: &str, instead: &str) -> Error {
    Error::new(
        ErrorKind::Unencodable,
        format!("{what} cannot be a file of a container task, since Flyte's copilot does not bring one; {instead}"),
    )
}

/// Whether a name is one of a single file. The copilot would write beside its folder, or fail.
fn check(name: &str) -> Result<()> {
    let problem = match name {
        "" => "is empty",
        "." | ".." => "is a folder's",
        name if name.contains('/') => "has a `/` in it",
        name if name.contains('\0') => "has a NUL in it",
        name if name.len() > NAME => "is longer than the name of a file",
        _ => return Ok(()),
    };
    let message = format!("the key `{name}` {problem}: each entry of a map is a file of its key's name in a container task");
    Err(Error::new(ErrorKind::Name, message))
}

/// A plain value as the text of its file, and as it is shown with the others.
fn of_primitive(primitive: &Primitive) -> Result<(String, Shown)> {
    Ok(match primitive {
        Primitive::Integer(value) => (value.to_string(), Shown::Integer(*value)),
        Primitive::Float(value) => (go::decimal(*value), Shown::Float(*value)),
        Primitive::String(value) => (value.clone(), Shown::Text(value.clone())),
        Primitive::Boolean(value) => (value.to_string(), Shown::Boolean(*value)),
        Primitive::Datetime(value) => {
            let text = go::instant(*value)?;
            (text.clone(), Shown::Text(text))
        }
        // The copilot shows null for every duration.
        Primitive::Duration(value) => (go::duration(*value)?, Shown::Null),
    })
}

impl Shown {
    /// With null for the paths that nothing is at.
    fn without(self, nowhere: &HashSet<String>) -> Self {
        match self {
            Self::Text(path) if nowhere.contains(&path) => Self::Null,
            Self::List(elements) if !nowhere.is_empty() => {
                Self::List(elements.into_iter().map(|element| element.without(nowhere)).collect())
            }
            Self::Map(entries) if !nowhere.is_empty() => {
                Self::Map(entries.into_iter().map(|(name, value)| (name, value.without(nowhere))).collect())
            }
            other => other,
        }
    }
}
