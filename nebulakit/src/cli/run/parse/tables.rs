//! Tables as inputs: a path or a URL, and the format from its extension, else from its first bytes.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use nebulakit_types::literal::{Literal, LiteralValue};
use nebulakit_types::literal_type::{StructuredDatasetType, TypeKind};
use nebulakit_types::storage::{self, open_file};
use nebulakit_types::workspace::Workspace;
use nebulakit_types::{Error, ErrorKind, LiteralType, Result};

use super::said::mismatch;
use crate::cli::run::places::{Expected, Places};

/// How many bytes of an object are looked at.
const LOOKED_AT: u64 = 6;

/// How many bytes of a local file are looked at for whether it is text.
const TEXT: u64 = 4096;

/// Where the table that `text` names is, and its format; `format` is what the input says of it besides, and `declared` what its type does.
pub(super) fn place(text: &str, format: Option<&str>, declared: &str, places: &Places<'_>) -> Result<(String, String)> {
    let uri = places.path(text, Expected::Either, declared)?;
    let format = match format.filter(|format| !format.is_empty()).or_else(|| of_name(&uri)) {
        Some(format) => format.to_owned(),
        None if !places.follows_names() => declared.to_owned(),
        None if uri.contains("://") => of_object(&uri, places).unwrap_or_default(),
        None => of_path(Path::new(&uri), &storage::shown(text), declared)?,
    };
    Ok((uri, format))
}

/// The literal of the table that `text` names.
pub(super) fn literal(text: &str, format: Option<&str>, expected: &LiteralType, places: &Places<'_>) -> Result<Vec<u8>> {
    let declared = match &expected.kind {
        TypeKind::StructuredDataset(dataset) => dataset.clone(),
        _ => StructuredDatasetType::default(),
    };
    let (uri, format) = place(text, format, &declared.format, places)?;
    let dataset_type = StructuredDatasetType { format, ..declared };
    Ok(Literal::new(LiteralValue::StructuredDataset { uri, dataset_type }).encode())
}

/// The format that a name speaks of.
fn of_name(name: &str) -> Option<&'static str> {
    let name = name.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let (_, extension) = name.rsplit('/').next()?.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "parquet" | "pq" => Some("parquet"),
        "csv" => Some("csv"),
        "arrow" | "feather" | "ipc" => Some("arrow"),
        _ => None,
    }
}

fn of_bytes(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'P', b'A', b'R', b'1', ..] | [b'P', b'A', b'R', b'E', ..] => Some("parquet"),
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => Some("arrow"),
        _ => None,
    }
}

/// The format of an object in a store. Where it cannot be told, reading the table will tell what is wrong.
fn of_object(url: &str, places: &Places<'_>) -> Option<String> {
    let stores = places.stores.clone();
    let workspace = Workspace::new(move || stores.all().clone(), None, ".");
    let object: nebulakit_types::File = nebulakit_types::File::from_uri(url).within(&workspace);
    let bytes = nebulakit_types::block_on(object.range(0..LOOKED_AT)).ok()?.ok()?;
    Some(of_bytes(&bytes).unwrap_or("csv").to_owned())
}

/// The format of what lies at a local path: of a directory, that of its first part.
fn of_path(path: &Path, shown: &str, declared: &str) -> Result<String> {
    let unreadable = |error: std::io::Error| Error::new(ErrorKind::Io, format!("cannot read `{shown}`: {error}"));
    let part = if path.is_dir() { first_part(path).map_err(unreadable)? } else { Some(path.to_owned()) };
    let Some(part) = part else {
        return Err(mismatch("a table", &format!("found the directory `{shown}` without data")));
    };
    if let Some(format) = of_name(&part.to_string_lossy()) {
        return Ok(format.to_owned());
    }
    let mut bytes = Vec::new();
    open_file(&part).and_then(|(file, _)| file.take(TEXT).read_to_end(&mut bytes)).map_err(unreadable)?;
    if let Some(format) = of_bytes(&bytes) {
        return Ok(format.to_owned());
    }
    if !matches!(declared, "" | "parquet" | "arrow") {
        return Ok(declared.to_owned());
    }
    // The last character may be cut.
    let is_text = match std::str::from_utf8(&bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    if is_text && !bytes.contains(&0) {
        return Ok("csv".to_owned());
    }
    Err(mismatch(
        "a table as Parquet, Arrow IPC or CSV",
        &format!("found `{}`, which is none of them", storage::shown(&part.to_string_lossy())),
    ))
}

/// The first data file below a directory: writers give other names to what is not data.
fn first_part(folder: &Path) -> std::io::Result<Option<PathBuf>> {
    let mut entries = fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        // flytekit calls its CSV so.
        if name.starts_with(['_', '.']) && name != ".csv" {
            continue;
        }
        if !path.is_dir() {
            return Ok(Some(path));
        }
        if let Some(part) = first_part(&path)? {
            return Ok(Some(part));
        }
    }
    Ok(None)
}
