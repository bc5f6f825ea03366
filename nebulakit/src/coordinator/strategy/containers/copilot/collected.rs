//! Outputs from files: one for each, read as its type says.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use nebulakit_types::literal::{GenericValue, LiteralValue, Primitive};
use nebulakit_types::literal_type::{BlobDimensionality, BlobType, SimpleType, TypeKind};
use nebulakit_types::storage::{PutOptions, TreeOptions};
use nebulakit_types::workspace::Workspace;
use nebulakit_types::{Error, ErrorKind, Literal, LiteralType, Result};

use super::go;
use super::laid_out::blocking;

/// How large a file may be that holds a plain value, in bytes; the copilot takes no more.
const TEXT: u64 = 1_024;

/// How large the file with an error may be, in bytes; the copilot takes no more.
const ERROR: u64 = 1 << 20;

/// The file by which a program says that it failed.
const ERROR_FILE: &str = "_ERROR";

/// How many of the names of files that were found a message tells.
const NAMED: usize = 5;

/// What a program left.
#[derive(Debug)]
pub(crate) enum Collected {
    /// Outputs: the bytes of an `outputs.pb`; and the names of files that are none.
    Outputs(Vec<u8>, Vec<String>),
    /// What it says of its failure.
    Failed(String),
}

/// Reads the outputs of these `types` from the folder `host`, which the program saw at `inside`. The data of files and directories goes to `workspace`.
///
/// # Errors
/// With the output's name: when its file is not there, or is not what its type says; when its data cannot be stored.
pub(crate) async fn collect(
    types: Vec<(&'static str, LiteralType)>,
    host: &Path,
    inside: &'static str,
    workspace: &Workspace,
) -> Result<Collected> {
    let folder = Folder { host: host.to_owned(), inside };
    let read = blocking(move || {
        if let Some(error) = folder.error()? {
            return Ok(Err(error));
        }
        let mut found = BTreeMap::new();
        for (name, literal_type) in types {
            found.insert(name, folder.output(name, &literal_type).map_err(|error| error.at_field(name))?);
        }
        let surplus = folder.names()?.into_iter().filter(|file| !found.values().any(|output| output.is_of(file))).collect();
        Ok(Ok((found, surplus)))
    });
    let (found, surplus): (BTreeMap<_, Output>, Vec<String>) = match read.await? {
        Ok(found) => found,
        Err(said) => return Ok(Collected::Failed(said)),
    };
    let mut outputs = BTreeMap::new();
    for (name, output) in found {
        let literal = output.stored(name, workspace).await.map_err(|error| error.at_field(name))?;
        outputs.insert(name.to_owned(), literal);
    }
    Ok(Collected::Outputs(Literal::encode_map(&outputs), surplus))
}

/// What the program says of its failure in the folder of its outputs, if it does.
///
/// # Errors
/// When that is not a file, or too large.
pub(crate) fn said(host: &Path) -> Result<Option<String>> {
    Folder { host: host.to_owned(), inside: "" }.error()
}

/// What was found for one output.
struct Output {
    /// The name of its file.
    file: String,
    value: Value,
}

enum Value {
    Read(Literal),
    /// It is to be stored.
    Data(PathBuf, BlobDimensionality),
}

impl Output {
    fn is_of(&self, file: &str) -> bool {
        self.file == file
    }

    async fn stored(self, name: &str, workspace: &Workspace) -> Result<Literal> {
        let (path, dimensionality) = match self.value {
            Value::Read(literal) => return Ok(literal),
            Value::Data(path, dimensionality) => (path, dimensionality),
        };
        let uri = workspace.fresh_url(name).ok_or_else(|| {
            Error::new(ErrorKind::Url, "there is no place for the data of the outputs: the context of the run has no raw-output prefix")
        })?;
        if dimensionality == BlobDimensionality::Multipart {
            workspace.storage().upload_tree(&path, &uri, &TreeOptions::default()).await?;
        } else {
            workspace.storage().upload(&path, &uri, &PutOptions::default()).await?;
        }
        // The copilot says no format.
        Ok(Literal::new(LiteralValue::Blob { uri, blob_type: BlobType { dimensionality, format: String::new() } }))
    }
}

/// The folder with the outputs.
struct Folder {
    host: PathBuf,
    inside: &'static str,
}

impl Folder {
    /// What the program says of its failure, if it does.
    fn error(&self) -> Result<Option<String>> {
        let path = self.host.join(ERROR_FILE);
        if fs::symlink_metadata(&path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return Ok(None);
        }
        let inner = || {
            let metadata = self.look_at(&path)?;
            if !metadata.is_file() {
                return Err(Error::new(ErrorKind::Mismatch, "it is a folder, and has to be a file with the message of the error"));
            }
            let bytes = read(&path, &metadata, ERROR)?;
            Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
        };
        inner().map(Some).map_err(|error| error.at_field(ERROR_FILE))
    }

    /// The names of all entries, in order.
    fn names(&self) -> Result<Vec<String>> {
        let failed = |error: io::Error| Error::new(ErrorKind::Io, format!("cannot list the outputs: {error}"));
        let entries = fs::read_dir(&self.host).map_err(failed)?;
        let names = entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
        let mut names = names.collect::<io::Result<Vec<_>>>().map_err(failed)?;
        names.sort();
        Ok(names)
    }

    /// The name of the file of the output `name`: the name itself, or the one file that has it with an ending.
    fn file_of(&self, name: &str) -> Result<String> {
        if fs::symlink_metadata(self.host.join(name)).is_ok() {
            return Ok(name.to_owned());
        }
        let names = self.names()?;
        let mut with_ending = names.iter().filter(|file| file.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')));
        match (with_ending.next(), with_ending.next()) {
            (Some(file), None) => Ok(file.clone()),
            (Some(first), Some(second)) => {
                let message =
                    format!("the program left `{first}` and `{second}` in `{}`, and one file alone can be the output", self.inside);
                Err(Error::new(ErrorKind::Ambiguous, message))
            }
            (None, _) => {
                let others = match names.as_slice() {
                    [] => "nothing is there".to_owned(),
                    names => {
                        let more = if names.len() > NAMED { format!(" and {} more", names.len() - NAMED) } else { String::new() };
                        format!("`{}`{more} is there", names.iter().take(NAMED).cloned().collect::<Vec<_>>().join("`, `"))
                    }
                };
                Err(Error::new(ErrorKind::Missing, format!("the program left no file `{name}` in `{}`; {others}", self.inside)))
            }
        }
    }

    fn output(&self, name: &str, literal_type: &LiteralType) -> Result<Output> {
        let kind = &literal_type.kind;
        if !matches!(kind, TypeKind::Simple(_) | TypeKind::Blob(_)) {
            let message = format!("a container task cannot give `{literal_type}`: Flyte's copilot does not collect one");
            return Err(Error::new(ErrorKind::Unencodable, message));
        }
        let file = self.file_of(name)?;
        let path = self.host.join(&file);
        let metadata = self.look_at(&path)?;
        let value = match kind {
            TypeKind::Blob(blob) => {
                self.check_data(&path, &metadata, blob.dimensionality)?;
                Value::Data(path, blob.dimensionality)
            }
            _ if !metadata.is_file() => {
                return Err(Error::new(ErrorKind::Mismatch, format!("expected a file with a value of `{literal_type}`, found a folder")));
            }
            TypeKind::Simple(simple) => Value::Read(value(*simple, &read(&path, &metadata, TEXT)?)?),
            _ => unreachable!("judged above"),
        };
        Ok(Output { file, value })
    }

    /// What is at `path`. A link is followed as long as it leads to something in the folder: the program could lead it anywhere on this machine.
    fn look_at(&self, path: &Path) -> Result<Metadata> {
        let failed = |error: io::Error| Error::new(ErrorKind::Io, format!("cannot look at `{}`: {error}", path.display()));
        let metadata = fs::symlink_metadata(path).map_err(failed)?;
        if !metadata.is_symlink() {
            return checked(metadata);
        }
        let leads_to = path.canonicalize().map_err(|error| {
            Error::new(ErrorKind::NotFound, format!("it is a link that leads nowhere, seen from outside of the container: {error}"))
        })?;
        if !leads_to.starts_with(self.host.canonicalize().map_err(failed)?) {
            return Err(Error::new(ErrorKind::Mismatch, "it is a link to something outside of the folder of the outputs"));
        }
        checked(fs::metadata(path).map_err(failed)?)
    }

    fn check_data(&self, path: &Path, metadata: &Metadata, expected: BlobDimensionality) -> Result<()> {
        match (expected, metadata.is_dir()) {
            (BlobDimensionality::Single, true) => Err(Error::new(ErrorKind::Mismatch, "expected a file, found a folder")),
            (BlobDimensionality::Multipart, false) => Err(Error::new(ErrorKind::Mismatch, "expected a folder, found a file")),
            (BlobDimensionality::Single, false) => Ok(()),
            (BlobDimensionality::Multipart, true) => {
                let failed = |error: io::Error| Error::new(ErrorKind::Io, format!("cannot list `{}`: {error}", path.display()));
                for entry in fs::read_dir(path).map_err(failed)? {
                    let entry = entry.map_err(failed)?;
                    if self.look_at(&entry.path())?.is_dir() {
                        let name = entry.file_name().to_string_lossy().into_owned();
                        let message = format!(
                            "there is a folder `{name}` in it, and Flyte's copilot keeps the names of files alone; leave all files in one folder, or an archive of them"
                        );
                        return Err(Error::new(ErrorKind::Name, message));
                    }
                }
                Ok(())
            }
        }
    }
}

/// Refuses what is neither a file nor a folder.
fn checked(metadata: Metadata) -> Result<Metadata> {
    if metadata.is_file() || metadata.is_dir() {
        return Ok(metadata);
    }
    Err(Error::new(ErrorKind::Mismatch, "it is a pipe, a socket or a device, and neither a file nor a folder"))
}

/// Reads a file of at most `limit` bytes.
fn read(path: &Path, metadata: &Metadata, limit: u64) -> Result<Vec<u8>> {
    let too_large = |length: u64| {
        let message = format!("the file has {length} bytes, and Flyte's copilot takes at most {limit}; give a `File` for more");
        Error::new(ErrorKind::OutOfRange, message)
    };
    if metadata.len() > limit {
        return Err(too_large(metadata.len()));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
    file.map_err(|error| Error::new(ErrorKind::Io, format!("cannot read `{}`: {error}", path.display())))?;
    let length = bytes.len() as u64;
    if length > limit { Err(too_large(length)) } else { Ok(bytes) }
}

/// The value of a simple type that a file holds.
fn value(simple: SimpleType, bytes: &[u8]) -> Result<Literal> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\t');
    if simple == SimpleType::Binary {
        if bytes.first().is_some_and(is_blank) || bytes.last().is_some_and(is_blank) {
            let message =
                "they begin or end with a blank, a tab or a line break, which Flyte's copilot cuts off; give a `File` for any bytes";
            return Err(Error::new(ErrorKind::Mismatch, message));
        }
        return Ok(Literal::new(LiteralValue::Binary { value: bytes.to_vec(), tag: "msgpack".to_owned() }));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Error::new(ErrorKind::Corrupt, format!("expected text in UTF-8, found other bytes after {} of them", error.valid_up_to()))
    })?;
    let text = text.trim_matches([' ', '\n', '\t']);
    Ok(match simple {
        SimpleType::None => Literal::none(),
        SimpleType::Integer => Primitive::Integer(go::read_integer(text)?).into(),
        SimpleType::Float => Primitive::Float(go::read_float(text)?).into(),
        SimpleType::String => Primitive::String(text.to_owned()).into(),
        SimpleType::Boolean => Primitive::Boolean(go::read_boolean(text)?).into(),
        SimpleType::Datetime => Primitive::Datetime(go::read_instant(text)?).into(),
        SimpleType::Duration => Primitive::Duration(go::read_duration(text)?).into(),
        SimpleType::Error => Literal::new(LiteralValue::Error { failed_node_id: String::new(), message: text.to_owned() }),
        SimpleType::Struct | SimpleType::Binary => Literal::new(LiteralValue::Generic(read_struct(text)?)),
    })
}

fn read_struct(text: &str) -> Result<BTreeMap<String, GenericValue>> {
    let value = serde_json::from_str::<serde_json::Value>(text)
        .map_err(|error| Error::new(ErrorKind::Mismatch, format!("expected an object in JSON: {error}")))?;
    match generic(value) {
        GenericValue::Struct(fields) => Ok(fields),
        _ => Err(Error::new(ErrorKind::Mismatch, "expected an object in JSON, such as `{\"area\": 1.5}`")),
    }
}

fn generic(value: serde_json::Value) -> GenericValue {
    match value {
        serde_json::Value::Null => GenericValue::Null,
        serde_json::Value::Bool(truth) => GenericValue::Boolean(truth),
        // JSON's numbers are doubles in such a struct.
        serde_json::Value::Number(number) => GenericValue::Number(number.as_f64().unwrap_or(f64::NAN)),
        serde_json::Value::String(text) => GenericValue::String(text),
        serde_json::Value::Array(elements) => GenericValue::List(elements.into_iter().map(generic).collect()),
        serde_json::Value::Object(fields) => GenericValue::Struct(fields.into_iter().map(|(name, value)| (name, generic(value))).collect()),
    }
}
