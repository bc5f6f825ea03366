//! The formats that tables are stored in, by name: those of this crate, and those that programs add.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use super::format::TableFormat;
use super::{csv, ipc, parquet};
use crate::storage::without_query;
use crate::{Error, ErrorKind, Result};

/// The format of tables that declare none.
pub(super) const DEFAULT: &str = "parquet";

type Formats = BTreeMap<String, Arc<dyn TableFormat>>;

static FORMATS: LazyLock<RwLock<Formats>> = LazyLock::new(|| {
    let formats: [Arc<dyn TableFormat>; 3] = [Arc::new(parquet::Parquet), Arc::new(csv::Csv), Arc::new(ipc::Ipc)];
    RwLock::new(formats.into_iter().map(|format| (format.name().to_owned(), format)).collect())
});

/// Other names of formats, as other writers have them.
const ALIASES: [(&str, &str); 3] = [("feather", "arrow"), ("ipc", "arrow"), ("pq", "parquet")];

/// Makes a format known to this process. One of a name that is known already takes its place, those of this crate included.
pub fn register(format: impl TableFormat) {
    let name = format.name().to_ascii_lowercase();
    FORMATS.write().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::new(format));
}

/// The format called `name`; an empty name is Parquet.
///
/// # Errors
/// [`ErrorKind::Mismatch`] for a name that is not known.
pub(super) fn find(name: &str) -> Result<Arc<dyn TableFormat>> {
    let name = if name.is_empty() { DEFAULT.to_owned() } else { name.to_ascii_lowercase() };
    let formats = FORMATS.read().unwrap_or_else(PoisonError::into_inner);
    let alias = || ALIASES.iter().find(|(alias, _)| *alias == name).and_then(|(_, name)| formats.get(*name));
    formats.get(&name).or_else(alias).cloned().ok_or_else(|| {
        let known = formats.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        Error::new(
            ErrorKind::Mismatch,
            format!(
                "the format `{name}` of a table is not known; the known ones are {known}, and `nebulakit::schema::register` adds others"
            ),
        )
    })
}

/// The format that a name of a file speaks of; empty where it speaks of none.
pub(super) fn of_name(uri: &str) -> &'static str {
    let extension = without_query(uri).rsplit('/').next().and_then(|name| name.rsplit_once('.')).map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "csv" => "csv",
        "arrow" | "feather" | "ipc" => "arrow",
        _ => "",
    }
}
