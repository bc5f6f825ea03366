//! The objects that a table is made of: one, or those below a prefix, as pandas, polars, pyarrow, Spark and flytekit lay them out.

use percent_encoding::percent_decode_str;

use super::object::TableObject;
use crate::storage::{Gap, ObjectInfo, Storage, join, shown, without_query};
use crate::{Error, ErrorKind, Result};

/// What stands for an absent value in the name of a partition's folder.
const ABSENT: &str = "__HIVE_DEFAULT_PARTITION__";

/// How many of the objects that cannot be read a message names; the others are counted.
const NAMED: usize = 5;

/// One object of a table, and the values that the folders above it give to its rows.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) object: TableObject,
    /// Columns of partitions, `name=value` in the path, and their values.
    pub(super) partitions: Vec<(String, Option<String>)>,
}

/// Finds the objects of the table at `uri`, in the order of their names.
///
/// Names that begin with `_` or `.` are left out, which every writer uses for what is not data: `_SUCCESS`, `_metadata`, `.crc` files. But
/// `hidden` is none of those: the name under which flytekit writes CSV.
///
/// # Errors
/// [`ErrorKind::NotFound`] when the table has no data.
pub(super) async fn find(storage: &Storage, uri: &str, hidden: &str) -> Result<Vec<Part>> {
    let alone = |object| vec![Part { object, partitions: Vec::new() }];
    let single = looks_like_a_file(uri) || uri.starts_with("http://") || uri.starts_with("https://");
    if single && let Some(object) = TableObject::find(storage, uri).await? {
        return Ok(alone(object));
    }
    let (listed, gaps) = storage.sorted(uri).await?;
    if listed.is_empty() && gaps.is_empty() {
        return match TableObject::find(storage, uri).await? {
            Some(object) => Ok(alone(object)),
            None => Err(Error::new(
                ErrorKind::NotFound,
                format!("there is no table at `{}`: neither an object nor a directory of objects", shown(uri)),
            )),
        };
    }
    if let Some(error) = unreadable(uri, gaps.into_iter().filter(|gap| gap.key.as_ref().is_none_or(|key| is_visible(key, hidden)))) {
        return Err(error);
    }
    let parts: Vec<_> = listed.iter().filter(|object| is_data(object, hidden)).map(|object| part(storage, object)).collect();
    if parts.is_empty() {
        let names = listed.iter().take(5).map(|object| format!("`{}`", object.key)).collect::<Vec<_>>().join(", ");
        return Err(Error::new(ErrorKind::NotFound, format!("there is no data below `{}`, only {names}", shown(uri))));
    }
    Ok(parts)
}

/// What stands among the parts and cannot be read as one: the only error, or one that names some and counts all.
fn unreadable(uri: &str, gaps: impl Iterator<Item = Gap>) -> Option<Error> {
    let mut errors: Vec<_> = gaps.map(|gap| gap.error).collect();
    match errors.len() {
        0 | 1 => errors.pop(),
        count => {
            let each: Vec<_> = errors.iter().take(NAMED).map(Error::message).collect();
            let more = match count - each.len() {
                0 => String::new(),
                others => format!(" and {others} more"),
            };
            let text = format!("{count} objects of the table at `{}` cannot be read: {}{more}", shown(uri), each.join("; "));
            Some(Error::new(errors[0].kind(), text))
        }
    }
}

/// Where the one object of a table is written.
pub(super) fn first(uri: &str, name: &str) -> String {
    join(uri, name)
}

/// Names with an extension are rarely those of directories: a request is saved.
fn looks_like_a_file(uri: &str) -> bool {
    let name = without_query(uri).rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.').is_some_and(|(stem, extension)| !stem.is_empty() && (2..=8).contains(&extension.len()))
}

fn is_data(object: &ObjectInfo, hidden: &str) -> bool {
    // What a writer that failed has left.
    object.size > 0 && is_visible(&object.key, hidden)
}

fn is_visible(key: &str, hidden: &str) -> bool {
    let visible = |name: &str| !name.starts_with(['_', '.']) || name == hidden || matches!(name, "." | "..");
    key.split('/').all(|name| visible(name) || name.contains('='))
}

fn part(storage: &Storage, object: &ObjectInfo) -> Part {
    let folders = object.key.rsplit_once('/').map_or("", |(folders, _)| folders);
    let partitions = folders.split('/').filter_map(|folder| folder.split_once('=')).map(|(name, value)| {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        (decoded(name), (value != ABSENT).then(|| decoded(value)))
    });
    Part { partitions: partitions.collect(), object: TableObject::new(storage, &object.url, object.size) }
}
