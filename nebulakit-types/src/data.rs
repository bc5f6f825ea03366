//! What files and directories have in common: where their bytes are, and where they go when they are written as literals.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;

use crate::outbox::{Outbox, Transfer};
use crate::storage::{PutOptions, Storage, kind_of, leading_out, local_path, name_fault, shown, shown_path, without_query};
use crate::workspace::Workspace;
use crate::{Error, ErrorKind, Result};

/// Where the bytes are.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// In a store, or wherever the URI says.
    Uri(String),
    /// On this machine, to be stored when the value is written.
    Path(PathBuf),
    /// In memory, to be stored when the value is written, under this name.
    Bytes(String, Bytes),
}

/// Where bytes go that are not in a store yet.
#[derive(Debug, Clone, Default)]
pub(crate) enum Destination {
    /// Below the raw-output prefix.
    #[default]
    Fresh,
    /// To this URL.
    Url(String),
    /// Nowhere: others find them where they are.
    Stay,
}

/// Bytes, and where they go.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) source: Source,
    pub(crate) destination: Destination,
    /// Where this value and its clones are sent, so that no one of them is sent twice.
    sent: Arc<OnceLock<String>>,
    /// Whether they are there by now.
    stored: Arc<OnceCell<()>>,
}

impl Placed {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, destination: Destination::default(), sent: Arc::default(), stored: Arc::default() }
    }

    /// The URI under which others find the bytes; they are put into the outbox unless they are there already.
    ///
    /// A URI of another place stays as it is, and so does a local path where the outbox has no place for it (Flyte task contract,
    /// "upload decision"). `name` gives the last segment of a fresh URL, and `upload` stores a path of this machine.
    pub(crate) fn send(
        &self,
        outbox: &mut Outbox,
        name: impl FnOnce() -> Result<String>,
        upload: impl FnOnce(PathBuf, String) -> Result<Transfer>,
    ) -> Result<String> {
        if outbox.tells_contents() {
            return self.told();
        }
        if let Source::Uri(uri) = &self.source {
            return Ok(uri.clone());
        }
        let sent = self.sent.get();
        // What is on its way by another outbox is waited for by this one, too.
        if let Some(url) = sent
            && (self.stored.initialized() || outbox.workspace().is_none())
        {
            return Ok(url.clone());
        }
        let url = match &self.destination {
            _ if sent.is_some() => sent.cloned(),
            Destination::Stay => None,
            Destination::Url(url) => {
                check_url(url)?;
                Some(url.clone())
            }
            Destination::Fresh if outbox.workspace().is_none() => None,
            Destination::Fresh if outbox.keeps_paths() && matches!(self.source, Source::Path(_)) => None,
            Destination::Fresh => outbox.fresh_url(&name()?),
        };
        let stays = matches!(self.destination, Destination::Stay) || !outbox.is_closed();
        let url = match (&self.source, url) {
            // Another process of this machine may be in another folder.
            (Source::Path(path), None) if outbox.keeps_paths() => return text(&absolute(path)?),
            (Source::Path(path), None) if stays => return text(path),
            (_, Some(url)) if outbox.workspace().is_some() => url,
            _ => {
                let message = format!("there is no place to store `{}`: data is stored only as an output of a task", self.name());
                return Err(Error::new(ErrorKind::Unencodable, message));
            }
        };
        let transfer = match &self.source {
            Source::Uri(uri) => return Ok(uri.clone()),
            Source::Path(path) => upload(path.clone(), url.clone())?,
            Source::Bytes(name, bytes) => {
                let (bytes, to, options) = (bytes.clone(), url.clone(), options_for(name));
                let put = move |storage: Storage| async move { storage.upload_bytes(&to, bytes, &options).await };
                Transfer::custom(name.clone(), put)
            }
        };
        outbox.push(transfer.shared(Arc::clone(&self.stored)));
        Ok(self.sent.get_or_init(|| url).clone())
    }

    /// What tells it from others: bytes by their content, all else by where it is.
    fn told(&self) -> Result<String> {
        let what = match &self.source {
            Source::Uri(uri) => return Ok(uri.clone()),
            Source::Path(path) => text(&absolute(path)?)?,
            Source::Bytes(name, bytes) => format!("{name} with SHA-256 {}", digest(bytes)),
        };
        Ok(match &self.destination {
            Destination::Url(url) => format!("{what} at {url}"),
            Destination::Fresh | Destination::Stay => what,
        })
    }

    /// The last segment of the path or the URI; empty for what has none.
    pub(crate) fn name(&self) -> &str {
        match &self.source {
            Source::Uri(uri) => {
                let name = without_query(uri).trim_end_matches('/').rsplit('/').next().unwrap_or_default();
                // A part of a password is not a name.
                if shown(uri).contains(name) { name } else { "" }
            }
            Source::Path(path) => path.file_name().and_then(|name| name.to_str()).unwrap_or_default(),
            Source::Bytes(name, _) => name,
        }
    }

    /// The URI of the bytes, where they are in a store or have been sent to one.
    pub(crate) fn uri(&self) -> Option<&str> {
        match &self.source {
            Source::Uri(uri) => Some(uri),
            _ => self.sent.get().map(String::as_str),
        }
    }
}

/// What a path of this machine is stored as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathKind {
    File,
    Directory,
}

/// Checks that a path of this machine can be stored: it is there, what is wanted, and no link (Flyte task contract, "upload decision").
pub(crate) fn check(path: &Path, kind: PathKind) -> Result<()> {
    let refused = |why: String| Error::new(ErrorKind::Unencodable, format!("cannot store {}: {why}", shown_path(path)));
    let metadata = std::fs::symlink_metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => refused(format!(
            "{error}; it is stored after the task's function has returned: was it in a temporary folder that is gone by then?"
        )),
        _ => refused(error.to_string()),
    })?;
    let wrong = match kind {
        _ if metadata.is_symlink() => "it is a symbolic link; give the path that it leads to (`std::fs::canonicalize`)",
        PathKind::File if metadata.is_dir() => "it is a directory; return a `Directory`",
        PathKind::File if !metadata.is_file() => {
            return Err(refused(format!("it is {}, not a regular file", kind_of(metadata.file_type()))));
        }
        PathKind::File if path.file_name().is_some_and(|name| name.to_str().is_none()) => "its name is not UTF-8",
        PathKind::Directory if !metadata.is_dir() => "it is not a directory; return a `File`",
        _ => return Ok(()),
    };
    Err(refused(wrong.to_owned()))
}

/// Checks that a URL leads to what is wanted, where it leads to this machine and something is there.
pub(crate) fn check_kind(url: &str, kind: PathKind) -> Result<()> {
    local_path(url).map_or(Ok(()), |path| check_path(&path, kind))
}

fn check_path(path: &Path, kind: PathKind) -> Result<()> {
    let Ok(metadata) = std::fs::metadata(path) else { return Ok(()) };
    let expected = match kind {
        PathKind::File if !metadata.is_file() => "a file",
        PathKind::Directory if !metadata.is_dir() => "a directory",
        _ => return Ok(()),
    };
    let found = kind_of(metadata.file_type());
    Err(Error::new(ErrorKind::Mismatch, format!("{} is {found}, {expected} is expected", shown_path(path))))
}

/// Checks that a directory is there, where it would be on this machine.
pub(crate) fn check_directory(url: &str, storage: &Storage) -> Result<()> {
    let Some(path) = here(url, || storage) else { return Ok(()) };
    check_path(&path, PathKind::Directory)?;
    if path.exists() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::NotFound, format!("there is no directory {}", shown_path(&path))))
}

/// Where a URL leads on this machine. What leads here by itself needs no stores.
fn here<'a>(url: &str, storage: impl FnOnce() -> &'a Storage) -> Option<PathBuf> {
    local_path(url).or_else(|| storage().local_path(url))
}

/// Where a value is on this machine.
pub(crate) struct Local {
    path: PathBuf,
    /// Keeps the folder of a copy for as long as the value lives.
    _folder: Option<Workspace>,
}

impl Local {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Where what is at `url` is on this machine: where it always was, else in a copy that `download` makes in the scratch folder.
pub(crate) async fn copy_of(
    url: Option<&str>,
    name: &str,
    kind: PathKind,
    workspace: Workspace,
    download: impl AsyncFnOnce(&Path) -> Result<()>,
) -> Result<Local> {
    if let Some(path) = url.and_then(|url| here(url, || workspace.storage())) {
        check_path(&path, kind)?;
        return Ok(Local { path, _folder: None });
    }
    let unusable = |error| Error::new(ErrorKind::Io, "cannot use the scratch folder").with_source(error);
    let folder = workspace.scratch().map_err(unusable)?;
    let path = folder.join(uuid::Uuid::new_v4().simple().to_string()).join(local_name(name));
    download(&path).await?;
    Ok(Local { path, _folder: Some(workspace) })
}

/// What the store is told of an object of this name (Flyte task contract, "upload decision": `.gz` is content-encoding gzip).
pub(crate) fn options_for(name: &str) -> PutOptions {
    let gzip = Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
    PutOptions { content_encoding: gzip.then(|| "gzip".to_owned()), ..PutOptions::default() }
}

/// The SHA-256 of bytes, as text.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Bytes as text.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A path that leads to the same from every folder.
fn absolute(path: &Path) -> Result<PathBuf> {
    let unknown = |error| Error::new(ErrorKind::Io, format!("cannot tell in which folder {} is", shown_path(path))).with_source(error);
    std::path::absolute(path).map_err(unknown)
}

/// A path as text, as it stands in literals.
pub(crate) fn text(path: &Path) -> Result<String> {
    let text = path.to_str().ok_or_else(|| Error::new(ErrorKind::Unencodable, format!("the path {} is not UTF-8", shown_path(path))))?;
    Ok(text.to_owned())
}

/// The name under which a file called `name` is stored.
///
/// flytekit percent-decodes the URIs that it writes, also those that it passes on, so a name that changes by it would not be found
/// again: it is decoded before, until it stays as it is.
///
/// # Errors
/// [`ErrorKind::Name`] for what would be found by no name then, or by another.
pub(crate) fn stored_name(name: &str) -> Result<String> {
    let stored = decoded(name);
    let decoded = if stored == name { String::new() } else { format!(" (decoded, {stored:?})") };
    let why = match stored.as_str() {
        "" => "its name is empty".to_owned(),
        "." | ".." => format!("its name{decoded} is that of a directory"),
        _ if stored.contains('/') => format!("its name{decoded} holds a slash: give a name, or store it in a `Directory`"),
        _ if holds_escapes(&stored) => format!("its name is percent-encoded more than {ENCODED} times over"),
        _ if holds_odd_escapes(&stored) => "its name holds percent escapes that are not text, which Python's SDK would decode".to_owned(),
        _ => match name_fault(&stored) {
            Some(why) => format!("of its name{decoded}, {why}"),
            None => return Ok(stored),
        },
    };
    Err(Error::new(ErrorKind::Name, format!("the file {name:?} cannot be stored: {why}")))
}

/// The name under which a copy of a file is kept on this machine; only the value knows it.
fn local_name(name: &str) -> String {
    let name = decoded(name);
    let odd = holds_odd_escapes(&name);
    let name: String = name.chars().map(|c| if c == '/' || c.is_control() || (odd && c == '%') { '_' } else { c }).collect();
    if matches!(name.as_str(), "" | "." | "..") { "file".to_owned() } else { name }
}

/// How often over a name may be percent-encoded. Each time takes a walk over it.
const ENCODED: usize = 32;

/// The name without its escapes, and without those that they stood for, [`ENCODED`] times over.
fn decoded(name: &str) -> String {
    let mut name = name.to_owned();
    for _ in 0..ENCODED {
        match percent_decode_str(&name).decode_utf8() {
            Ok(decoded) if decoded != name => name = decoded.into_owned(),
            _ => break,
        }
    }
    name
}

/// Whether a decoded name could be decoded still.
fn holds_escapes(name: &str) -> bool {
    percent_decode_str(name).decode_utf8().is_ok_and(|decoded| decoded != name)
}

/// Whether a decoded name holds escapes still: of bytes that are not text.
fn holds_odd_escapes(name: &str) -> bool {
    percent_decode_str(name).decode_utf8().is_err()
}

/// Checks a URL that a user gave for something to be stored.
pub(crate) fn check_url(url: &str) -> Result<()> {
    match name_fault(url) {
        Some(why) => Err(Error::new(ErrorKind::Name, format!("nothing can be stored at {:?}: {why}", shown(url)))),
        None => Ok(()),
    }
}

/// Checks the name of a file that is stored below a directory, with `/` between its segments.
pub(crate) fn check_name_below(name: &str) -> Result<()> {
    let fault = |why: &str| Error::new(ErrorKind::Name, format!("{name:?} cannot be the name of a file below a directory: {why}"));
    if name.split('/').any(str::is_empty) {
        return Err(fault("its segments are names, with one slash between them"));
    }
    if let Some(segment) = leading_out(name) {
        return Err(fault(&format!("`{segment}` as a name could lead out of it")));
    }
    name_fault(name).map_or(Ok(()), |why| Err(fault(&why)))
}

/// The workspace of a value at `url`: its own, else that of the process.
pub(crate) fn workspace(own: Option<&Workspace>, url: Option<&str>) -> Result<Workspace> {
    own.map_or_else(|| Workspace::of_nobody(url), |own| Ok(own.clone()))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;
    use crate::convert::raw::Raw;
    use crate::{Dialect, File, encode};

    #[test]
    fn data_that_nothing_would_store_is_not_written() {
        let refused = "there is no place to store `a.csv`: data is stored only as an output of a task";
        let placed: File = File::from_path("a.csv").stored_at("s3://bucket/b.csv");
        for _ in 0..2 {
            assert_eq!(encode(&placed, &Dialect::FLYTE_1).unwrap_err().to_string(), refused);
        }
        // A path is of use on this machine, but a raw literal goes to others.
        let here: File = File::from_path("a.csv");
        assert!(encode(&here, &Dialect::FLYTE_1).is_ok());
        assert_eq!(Raw::new(&here, &Dialect::FLYTE_1).unwrap_err().to_string(), refused);
        assert!(Raw::new(&here.in_place(), &Dialect::FLYTE_1).is_ok());
        let stored: File = File::from_uri("s3://bucket/b.csv");
        assert!(Raw::new(&stored, &Dialect::FLYTE_1).is_ok());
    }

    #[test]
    fn a_file_whose_name_is_no_text_is_not_stored_by_another_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(OsStr::from_bytes(b"a\xff.csv"));
        std::fs::write(&path, "a").unwrap();
        assert!(check(&path, PathKind::File).unwrap_err().to_string().ends_with("its name is not UTF-8"));
    }

    #[test]
    fn stored_names_stay_as_they_are_when_they_are_decoded() {
        for (name, stored) in [
            ("a.csv", "a.csv"),
            ("a b+c.csv", "a b+c.csv"),
            ("100%.csv", "100%.csv"),
            ("a%20b", "a b"),
            ("a%2520b", "a b"),
            ("é%C3%A9", "éé"),
        ] {
            assert_eq!(stored_name(name).unwrap(), stored);
            assert_eq!(percent_decode_str(stored).decode_utf8_lossy(), stored);
        }
    }

    #[test]
    fn names_that_would_be_others_are_refused_by_name_and_kept_locally_all_the_same() {
        for (name, kept) in [
            ("a\nb", "a_b"),
            ("a%0Ab", "a_b"),
            ("a\u{7f}", "a_"),
            ("a/b", "a_b"),
            ("a%2Fb", "a_b"),
            ("%2e%2e", "file"),
            ("..", "file"),
            ("", "file"),
            ("%FF", "_FF"),
            (&format!("%{}41", "25".repeat(40)), &format!("%{}41", "25".repeat(40 - ENCODED))),
        ] {
            let error = stored_name(name).unwrap_err();
            assert!(
                error.kind() == ErrorKind::Name && error.to_string().contains(&format!("the file {name:?} cannot be stored")),
                "{error}"
            );
            assert_eq!(local_name(name), kept);
        }
    }
}
