//! Files of this machine, by `std::fs` on the calling thread: a thread pool costs more than the small files of a task take.

mod listing;

use std::fs::{self, File};
#[cfg(not(unix))]
use std::io::Seek as _;
use std::io::{self, BufWriter, ErrorKind as Io, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

pub(super) use self::listing::{level, walk};
use super::ObjectMeta;
use super::location::shown_path;
use crate::{Error, ErrorKind, Result};

/// How the names of files begin that are being written; listings pass over them.
const PARTIAL: &str = ".nebulakit-partial-";

/// A copy of this size takes a fraction of a second.
const COPIED_AT_ONCE: u64 = 64 << 20;

pub(super) fn fault(verb: &str, path: &Path, error: io::Error) -> Error {
    let kind = match error.kind() {
        Io::NotFound => ErrorKind::NotFound,
        Io::PermissionDenied | Io::ReadOnlyFilesystem => ErrorKind::Denied,
        Io::InvalidFilename => ErrorKind::Name,
        _ => ErrorKind::Io,
    };
    Error::new(kind, format!("{CANNOT}{verb} {}", shown_path(path))).with_source(error)
}

/// What an error of this file's says could not be done, and to which file.
pub(super) fn cannot(error: &Error) -> Option<&str> {
    error.message().strip_prefix(CANNOT)
}

/// How errors of this file's begin.
const CANNOT: &str = "cannot ";

/// A file below something that is no directory is as absent as any.
fn absent(error: &io::Error) -> bool {
    matches!(error.kind(), Io::NotFound | Io::NotADirectory)
}

pub(super) fn get(path: &Path) -> Result<Option<Bytes>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes.into())),
        Err(error) if absent(&error) => Ok(None),
        Err(error) => Err(fault("read", path, error)),
    }
}

pub(super) fn delete(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if !absent(&error) => Err(fault("delete", path, error)),
        _ => Ok(()),
    }
}

/// Writes beside the target and renames: whoever looks sees the whole file or none.
pub(super) fn put(path: &Path, parts: &[Bytes]) -> Result<()> {
    let partial = Partial::beside(path)?;
    write(&partial.file, parts).map_err(|error| fault("write", path, error))?;
    partial.publish()
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
    name: PathBuf,
    target: PathBuf,
    published: bool,
}

impl Partial {
    pub(super) fn beside(path: &Path) -> Result<Self> {
        let Some(name) = path.file_name() else {
            return Err(Error::new(ErrorKind::Url, format!("{} names no file", shown_path(path))));
        };
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let (partial, file) = create(directory)?;
        Ok(Self { file: Arc::new(file), name: partial, target: directory.join(name), published: false })
    }

    /// Where it will be.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// What writes at an offset, on whichever thread; one after the other.
    #[cfg(feature = "client")]
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
        fs::rename(&self.name, &self.target).map_err(|error| fault("write", &self.target, error))?;
        self.published = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.published {
            // A leftover that cannot be removed is passed over by listings.
            let _ = fs::remove_file(&self.name);
        }
    }
}

fn create(directory: &Path) -> Result<(PathBuf, File)> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let partial = directory.join(format!("{PARTIAL}{}-{number}", std::process::id()));
        match File::create_new(&partial) {
            Ok(file) => return Ok((partial, file)),
            // Left by an earlier process of this number.
            Err(error) if error.kind() == Io::AlreadyExists => {}
            Err(error) if error.kind() == Io::NotFound && !directory.exists() => {
                fs::create_dir_all(directory).map_err(|error| fault("create the directory", directory, error))?;
            }
            Err(error) => return Err(fault("write in", directory, error)),
        }
    }
}

/// An open file, its facts and its length.
pub(super) fn open(path: &Path) -> Result<Option<(File, ObjectMeta)>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if absent(&error) => return Ok(None),
        Err(error) => return Err(fault("read", path, error)),
    };
    let metadata = file.metadata().map_err(|error| fault("look at", path, error))?;
    if !metadata.is_file() {
        return Err(Error::new(ErrorKind::Io, format!("cannot read {}: it is not a file", shown_path(path))));
    }
    Ok(Some((file, facts(&metadata))))
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
pub(super) fn copy(from: &Path, to: &Path, go_on: &dyn Fn() -> Result<()>, moved: &dyn Fn(u64)) -> Result<u64> {
    let Some((file, meta)) = open(from)? else {
        return Err(Error::new(ErrorKind::NotFound, format!("nothing is stored at {}", shown_path(from))));
    };
    go_on()?;
    let partial = Partial::beside(to)?;
    let mut copied = 0;
    while copied < meta.size {
        go_on()?;
        let piece = io::copy(&mut (&file).take(COPIED_AT_ONCE), &mut &*partial.file).map_err(|error| fault("write", to, error))?;
        if piece == 0 {
            break;
        }
        copied += piece;
        moved(piece);
    }
    if copied != meta.size {
        let text = format!("{} changed while it was copied: it had {} bytes, then {copied}", shown_path(from), meta.size);
        return Err(Error::new(ErrorKind::Changed, text));
    }
    partial.publish()?;
    Ok(copied)
}

/// Whether a directory takes names for the same that differ in case.
pub(super) fn folds_case(directory: &Path) -> Result<bool> {
    let probe = Partial::beside(&directory.join("probe"))?;
    let shouted = probe.name.file_name().map(|name| directory.join(name.to_ascii_uppercase()));
    Ok(shouted.is_some_and(|name| name.exists()))
}

/// Whether a file of that name is one that is being written.
pub(super) fn is_partial(name: &str) -> bool {
    name.starts_with(PARTIAL)
}
