//! Digests of the contents of local files and folders.

use std::fs::{self, DirEntry, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::process::file_name::file_name;
use crate::run::digest;
use crate::run::error::{At as _, RecordError, RecordErrorKind};
use crate::run::folder::{Durability, entries, make, publish};
use crate::task::cancellation::Cancellation;

/// A file that was changed more recently than this can change again without a difference in its times.
const SETTLED: Duration = Duration::from_secs(2);

/// Digests of files and folders. Those of files are remembered until the file's size, modification time or inode changes.
#[derive(Debug, Clone)]
pub(crate) struct Contents {
    /// Where they are remembered.
    folder: PathBuf,
    /// Whether new digests are remembered.
    remembers: bool,
    /// Files of more bytes count by what is known of them from outside.
    largest: u64,
    /// Whether what cannot be read counts by what is known of it from outside.
    takes_all: bool,
    /// Asks it to read no further.
    stop: Cancellation,
}

/// What is remembered of a file.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    path: PathBuf,
    size: u64,
    changed_ns: i128,
    inode: u64,
    sha256: String,
}

impl Contents {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, remembers: true, largest: u64::MAX, takes_all: false, stop: Cancellation::new() }
    }

    /// A copy that writes nothing.
    pub(super) fn read_only(self) -> Self {
        Self { remembers: false, ..self }
    }

    /// The same, which reads no file of more bytes than these.
    pub(crate) fn up_to(self, largest: u64) -> Self {
        Self { largest, ..self }
    }

    /// The same, to which a symbolic link that leads nowhere, or anything else that cannot be read, is what it looks like from outside.
    pub(crate) fn of_all(self) -> Self {
        Self { takes_all: true, ..self }
    }

    /// A copy that gives up when `stop` is cancelled.
    pub(crate) fn until(&self, stop: &Cancellation) -> Self {
        Self { stop: stop.clone(), ..self.clone() }
    }

    /// What is remembered of files that are not there any more: it is of no use to anybody.
    ///
    /// # Errors
    /// When the folder of what is remembered cannot be read.
    pub(crate) fn of_gone_files(&self) -> Result<Vec<PathBuf>, RecordError> {
        let is_of_use = |known: &Path| {
            let known = fs::read(known).ok().and_then(|json| serde_json::from_slice::<Known>(&json).ok());
            known.is_some_and(|known| known.path.exists())
        };
        Ok(entries(&self.folder)?.iter().map(DirEntry::path).filter(|known| !is_of_use(known)).collect())
    }

    /// The digest of the bytes of a file, or of all files below a folder with their names.
    ///
    /// # Errors
    /// When one of them cannot be read, or when it was stopped.
    pub(crate) fn digest(&self, path: &Path) -> Result<String, RecordError> {
        self.of(path, &mut Vec::new())
    }

    /// The same; `within` are the folders that it is in, as far as their digests are due.
    fn of(&self, path: &Path, within: &mut Vec<PathBuf>) -> Result<String, RecordError> {
        let depth = within.len();
        let digest = fs::canonicalize(path).at("read", path).and_then(|real| self.of_real(&real, within));
        within.truncate(depth);
        if self.stop.is_cancelled() {
            return Err(RecordError::new(RecordErrorKind::Interrupted, "the run was stopped"));
        }
        if self.takes_all { digest.or_else(|_| from_outside(path)) } else { digest }
    }

    /// The same of a path without symbolic links.
    fn of_real(&self, path: &Path, within: &mut Vec<PathBuf>) -> Result<String, RecordError> {
        let about = fs::metadata(path).at("read", path)?;
        if about.is_dir() {
            return self.of_folder(path, within);
        }
        if !about.is_file() {
            return Err(RecordError::new(RecordErrorKind::Foreign, format!("`{}` is neither a file nor a folder", path.display())));
        }
        if about.len() > self.largest {
            return Ok(digest_of(&about));
        }
        let remembered = self.folder.join(file_name(&path.to_string_lossy()));
        let known = fs::read(&remembered).ok().and_then(|json| serde_json::from_slice::<Known>(&json).ok());
        if let Some(known) = known.filter(|known| *known == Known::new(path, &about, known.sha256.clone())) {
            return Ok(known.sha256);
        }
        let file = File::open(path).at("open", path)?;
        let before = file.metadata().at("read", path)?;
        let known = Known::new(path, &before, digest::of_file(&file, || self.stop.is_cancelled()).at("read", path)?);
        let since_change = SystemTime::now().duration_since(before.modified().unwrap_or(UNIX_EPOCH)).unwrap_or_default();
        if self.remembers && since_change > SETTLED {
            make(&self.folder)?;
            let json = serde_json::to_vec(&known).map_err(|error| RecordError::io("write", &remembered, &error.into()))?;
            publish(&remembered, &json, Durability::Kernel)?;
        }
        Ok(known.sha256)
    }

    fn of_folder(&self, path: &Path, within: &mut Vec<PathBuf>) -> Result<String, RecordError> {
        if within.iter().any(|above| above == path) {
            return Err(RecordError::new(RecordErrorKind::Foreign, format!("`{}` is within itself, by a symbolic link", path.display())));
        }
        let mut names = fs::read_dir(path)
            .and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>())
            .at("read", path)?;
        names.sort_unstable();
        let mut parts = digest::Parts::default();
        within.push(path.to_owned());
        for name in names {
            let inner = path.join(&name);
            let content = self.of(&inner, within)?;
            let kind = if inner.is_dir() { "folder" } else { "file" };
            parts.add(name.as_encoded_bytes());
            parts.add(kind);
            parts.add(content);
        }
        Ok(parts.digest())
    }
}

impl Known {
    fn new(path: &Path, about: &Metadata, sha256: String) -> Self {
        Self { path: path.to_owned(), size: about.len(), changed_ns: changed_ns(about), inode: about.ino(), sha256 }
    }
}

fn changed_ns(about: &Metadata) -> i128 {
    i128::from(about.mtime()) * 1_000_000_000 + i128::from(about.mtime_nsec())
}

/// The digest of what is known of a path without a look into it: where it leads, if it is a symbolic link. A path that is not there has one, too.
fn from_outside(path: &Path) -> Result<String, RecordError> {
    let about = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        about => about.at("read", path)?,
    };
    if about.is_symlink() {
        return Ok(digest::of(fs::read_link(path).at("read", path)?.as_os_str().as_encoded_bytes()));
    }
    Ok(digest_of(&about))
}

/// The digest of a file's size, time of change and inode.
fn digest_of(about: &Metadata) -> String {
    let mut parts = digest::Parts::default();
    let numbers = [i128::from(about.len()), changed_ns(about), i128::from(about.ino())];
    numbers.iter().for_each(|number| parts.add(number.to_le_bytes()));
    parts.digest()
}
