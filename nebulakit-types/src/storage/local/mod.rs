//! Files of this machine, by `std::fs` on the calling thread: a thread pool costs more than the small files of a task take.

mod folder;
mod listing;
mod regular;
mod store;

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
#[cfg(not(unix))]
use std::io::Seek as _;
use std::io::{self, BufWriter, ErrorKind as Io, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

pub(super) use self::folder::Folder;
pub(super) use self::listing::{level, walk};
pub(crate) use self::regular::kind_of;
#[cfg(feature = "aws")]
pub(super) use self::regular::read_short;
pub use self::regular::{open_file, read_file};
pub(super) use self::store::{Local, PIECE};
use super::file_fault::{PARTIAL, absent};
pub(super) use super::file_fault::{cannot, fault, is_partial};
use super::object::ObjectMeta;
use super::shown::shown_path;
use crate::{Error, ErrorKind, Result};

/// A copy of this size takes a fraction of a second.
const COPIED_AT_ONCE: u64 = 64 << 20;

pub(super) fn get(path: &Path) -> Result<Option<Bytes>> {
    Ok(regular::there(path, read_file(path))?.map(Bytes::from))
}

pub(super) fn delete(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if !absent(&error) => Err(fault("delete", path, error)),
        _ => Ok(()),
    }
}

/// Where a file goes.
#[derive(Debug, Clone)]
pub(super) struct Target {
    path: PathBuf,
    /// Its directory, where that is held open.
    folder: Option<Folder>,
}

impl Target {
    /// A path that the caller names: links on it are meant.
    pub(super) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), folder: None }
    }

    /// A name in a directory.
    pub(super) fn within(folder: Folder, name: &str) -> Self {
        Self { path: folder.path().join(name), folder: Some(folder) }
    }

    #[cfg(test)]
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes beside it and renames.
    pub(super) fn put(&self, parts: &[Bytes]) -> Result<()> {
        let partial = Partial::beside(self)?;
        write(&partial.file, parts).map_err(|error| fault("write", &self.path, error))?;
        partial.publish()
    }
}

fn write(mut file: &File, parts: &[Bytes]) -> io::Result<()> {
    if let [whole] = parts {
        return file.write_all(whole);
    }
    let mut file = BufWriter::with_capacity(64 * 1024, file);
    parts.iter().try_for_each(|part| file.write_all(part))?;
    file.flush()
}

/// A file that is being written, under a name of its own in the directory of its target; removed when dropped.
///
/// There is no `fsync`: a rename after the write is what every reader on this machine can tell apart, and a machine that loses power loses
/// the attempt with it.
#[derive(Debug)]
pub(super) struct Partial {
    pub(super) file: Arc<File>,
    folder: Folder,
    name: OsString,
    target: PathBuf,
    published: bool,
}

impl Partial {
    pub(super) fn beside(target: &Target) -> Result<Self> {
        let path = &target.path;
        let Some(name) = path.file_name() else {
            return Err(Error::new(ErrorKind::Url, format!("{} names no file", shown_path(path))));
        };
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let folder = match &target.folder {
            Some(folder) => folder.clone(),
            None => opened(directory)?,
        };
        let (partial, file) = create(&folder)?;
        Ok(Self { file: Arc::new(file), folder, name: partial, target: directory.join(name), published: false })
    }

    /// Where it will be.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// What writes at an offset, on whichever thread; one after the other.
    pub(super) fn writing(&self, bytes: Bytes, offset: u64) -> impl FnOnce() -> Result<()> + Send + use<> {
        let (file, target) = (self.file.clone(), self.target.clone());
        move || {
            #[cfg(unix)]
            let written = std::os::unix::fs::FileExt::write_all_at(&*file, &bytes, offset);
            #[cfg(not(unix))]
            let written = (&*file).seek(io::SeekFrom::Start(offset)).and_then(|_| (&*file).write_all(&bytes));
            written.map_err(|error| fault("write", &target, error))
        }
    }

    /// Gives it its name.
    pub(super) fn publish(mut self) -> Result<()> {
        let name = self.target.file_name().unwrap_or_default();
        self.folder.rename(&self.name, name).map_err(|error| fault("write", &self.target, error))?;
        self.published = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.published {
            // A leftover that cannot be removed is passed over by listings.
            let _ = self.folder.remove(&self.name);
        }
    }
}

/// The directory at a path, which is made if it is not there.
fn opened(directory: &Path) -> Result<Folder> {
    let opened = match Folder::open(directory) {
        Err(error) if error.kind() == Io::NotFound && !directory.exists() => {
            fs::create_dir_all(directory).map_err(|error| fault("create the directory", directory, error))?;
            Folder::open(directory)
        }
        opened => opened,
    };
    opened.map_err(|error| fault("write in", directory, error))
}

fn create(folder: &Folder) -> Result<(OsString, File)> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let partial = OsString::from(format!("{PARTIAL}{}-{number}", std::process::id()));
        match folder.create(&partial) {
            Ok(file) => return Ok((partial, file)),
            // Left by an earlier process of this number.
            Err(error) if error.kind() == Io::AlreadyExists => {}
            Err(error) => return Err(fault("write in", folder.path(), error)),
        }
    }
}

/// A file to be read, and the path by which it was found.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) file: File,
    pub(super) meta: ObjectMeta,
    pub(super) path: PathBuf,
}

/// A file of this name in a directory, which must not be a link.
pub(super) fn open_in(folder: &Folder, name: &OsStr) -> Result<Option<(File, ObjectMeta)>> {
    let path = folder.path().join(name);
    let opened = regular::there(&path, folder.read(name).and_then(regular::opened))?;
    Ok(opened.map(|(file, metadata)| (file, facts(&metadata))))
}

/// An open file, its facts and its length.
pub(super) fn open(path: &Path) -> Result<Option<(File, ObjectMeta)>> {
    let opened = regular::there(path, open_file(path))?;
    Ok(opened.map(|(file, metadata)| (file, facts(&metadata))))
}

pub(super) fn stat(path: &Path) -> Result<Option<ObjectMeta>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.is_file().then(|| facts(&metadata))),
        Err(error) if absent(&error) => Ok(None),
        Err(error) => Err(fault("look at", path, error)),
    }
}

fn facts(metadata: &fs::Metadata) -> ObjectMeta {
    ObjectMeta { size: metadata.len(), modified: metadata.modified().ok(), ..ObjectMeta::default() }
}

/// The bytes at an offset, fewer at the end of the file. Readers side by side do not disturb each other.
pub(crate) fn read_at(file: &File, offset: u64, length: usize) -> io::Result<Bytes> {
    let mut bytes = Vec::with_capacity(length);
    #[cfg(unix)]
    while bytes.len() < length {
        let at = offset + bytes.len() as u64;
        match rustix::io::pread(file, rustix::buffer::spare_capacity(&mut bytes), at) {
            Ok(0) => break,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    #[cfg(not(unix))]
    { &mut &*file }.seek(io::SeekFrom::Start(offset)).and_then(|_| file.take(length as u64).read_to_end(&mut bytes))?;
    bytes.truncate(length);
    Ok(bytes.into())
}

/// Copies a file beside its target and renames the copy. `go_on` is asked before each piece; the file system may share the blocks.
pub(super) fn copy(from: &OpenFile, to: &Target, go_on: &dyn Fn() -> Result<()>, moved: &dyn Fn(u64)) -> Result<u64> {
    let OpenFile { file, meta, path } = from;
    go_on()?;
    let partial = Partial::beside(to)?;
    let mut copied = 0;
    while copied < meta.size {
        go_on()?;
        let piece = io::copy(&mut file.take(COPIED_AT_ONCE), &mut &*partial.file).map_err(|error| fault("write", &to.path, error))?;
        if piece == 0 {
            break;
        }
        copied += piece;
        moved(piece);
    }
    if copied != meta.size {
        let text = format!("{} changed while it was copied: it had {} bytes, then {copied}", shown_path(path), meta.size);
        return Err(Error::new(ErrorKind::Changed, text));
    }
    partial.publish()?;
    Ok(copied)
}

/// Whether a directory takes names for the same that differ in case.
pub(super) fn folds_case(directory: &Path) -> Result<bool> {
    let probe = Partial::beside(&Target::at(&directory.join("probe")))?;
    Ok(directory.join(probe.name.to_ascii_uppercase()).exists())
}
