//! What a directory of this machine holds, in the order of its names, with links followed.
//!
//! A link stands for what it leads to, be it a file or a directory, and one that leads nowhere is an error of its own. A link to a directory
//! that it lies in is left out: all that is there is listed already, and the listing has an end. What is neither a file nor a directory (a
//! socket, a pipe) is left out too.

use std::fs;
use std::path::{Path, PathBuf};
use std::vec;

use super::super::file_fault::{absent, fault, is_partial};
use super::super::page::{Below, Gap};
use super::super::shown::shown_path;
use crate::{Error, ErrorKind, Result};

/// One level of a directory, files first.
pub(in super::super) fn level(root: &Path) -> Result<Vec<Result<Below, Gap>>> {
    let (mut files, mut directories) = (Vec::new(), Vec::new());
    for entry in read(root)? {
        match entry {
            Entry::File(name, size) => files.push(Ok(Below::Object(name, size))),
            Entry::Directory(name, _) => directories.push(Ok(Below::Prefix(name))),
            Entry::Gap(name, error) => files.push(Err(Gap::at(name, error))),
        }
    }
    files.append(&mut directories);
    Ok(files)
}

/// The files below a directory, by their relative names with `/`, and their sizes; none where there is no directory.
pub(in super::super) fn walk(root: &Path) -> impl Iterator<Item = Result<(String, u64), Gap>> + Send + use<> {
    let mut first = Some(root.to_owned());
    // The directories that are open, from the root down: what their names begin with, and what is left of each.
    let mut open: Vec<(String, vec::IntoIter<Entry>)> = Vec::new();
    std::iter::from_fn(move || {
        if let Some(root) = first.take() {
            match read(&root) {
                Ok(entries) => open.push((String::new(), entries.into_iter())),
                Err(error) => return Some(Err(error.into())),
            }
        }
        loop {
            let (prefix, entries) = open.last_mut()?;
            match entries.next() {
                None => _ = open.pop(),
                Some(Entry::File(name, size)) => return Some(Ok((format!("{prefix}{name}"), size))),
                Some(Entry::Gap(name, error)) => return Some(Err(Gap::at(format!("{prefix}{name}"), error))),
                Some(Entry::Directory(name, path)) => {
                    let name = format!("{prefix}{name}");
                    match read(&path) {
                        Ok(entries) => open.push((name + "/", entries.into_iter())),
                        Err(error) => return Some(Err(Gap::at(name, error))),
                    }
                }
            }
        }
    })
}

/// What stands in a directory.
enum Entry {
    File(String, u64),
    Directory(String, PathBuf),
    /// What cannot be listed, as far as its name is text.
    Gap(String, Error),
}

impl Entry {
    /// As it compares among whole keys: in a directory's, a slash follows.
    fn compared(&self) -> impl Iterator<Item = u8> + '_ {
        let (name, slash) = match self {
            Self::File(name, _) | Self::Gap(name, _) => (name, None),
            Self::Directory(name, _) => (name, Some(b'/')),
        };
        name.bytes().chain(slash)
    }
}

/// The entries of a directory, in the order of their names; none where there is no directory.
fn read(directory: &Path) -> Result<Vec<Entry>> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(fault("list", directory, error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        found.extend(look_at(&entry.map_err(|error| fault("list", directory, error))?));
    }
    found.sort_by(|a, b| a.compared().cmp(b.compared()));
    Ok(found)
}

fn look_at(entry: &fs::DirEntry) -> Option<Entry> {
    let path = entry.path();
    let name = match entry.file_name().into_string() {
        Ok(name) if is_partial(&name) => return None,
        Ok(name) => name,
        Err(name) => {
            let error = Error::new(ErrorKind::Url, format!("the name of {} is not UTF-8", shown_path(&path)));
            return Some(Entry::Gap(name.to_string_lossy().into_owned(), error));
        }
    };
    let (is_link, metadata) = match entry.file_type() {
        Ok(kind) if kind.is_dir() => return Some(Entry::Directory(name, path)),
        Ok(kind) => (kind.is_symlink(), fs::metadata(&path)),
        Err(error) => (false, Err(error)),
    };
    match metadata {
        Ok(metadata) if metadata.is_file() => Some(Entry::File(name, metadata.len())),
        Ok(metadata) if metadata.is_dir() && !leads_back(&path) => Some(Entry::Directory(name, path)),
        Ok(_) => None,
        // It was there a moment ago.
        Err(error) if absent(&error) && !is_link => None,
        Err(error) => Some(Entry::Gap(name, fault(if is_link { "follow the link" } else { "look at" }, &path, error))),
    }
}

/// Whether a link leads to a directory that it lies in, on the way by which it was reached.
fn leads_back(link: &Path) -> bool {
    let (Ok(target), Ok(link)) = (fs::canonicalize(link), std::path::absolute(link)) else { return false };
    link.ancestors().skip(1).any(|above| fs::canonicalize(above).is_ok_and(|above| above == target))
}
