//! Opening files that others name: a regular one, or an error at once. A pipe that nobody writes to would block, and `/dev/zero` never end.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

use super::super::file_fault::{CANNOT, absent, fault};
use super::super::shown::shown_path;
use crate::{Error, ErrorKind, Result};

/// How much of a file is made room for before it is read: 256 MiB. What its length says may be untrue.
const AHEAD: u64 = 256 << 20;

/// Opens a regular file of this machine for reading, without waiting. A link stands for what it leads to.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for a directory, a pipe, a socket or a device, named in the text; and those of the file system.
pub fn open_file(path: &Path) -> io::Result<(File, Metadata)> {
    // Opening a device may do something by itself; looking at it does not.
    regular(std::fs::metadata(path)?)?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;

        use rustix::fs::OFlags;
        options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed());
    }
    // Between the look and the opening another thing may have come in its place.
    opened(options.open(path)?)
}

/// What was opened without waiting, if it is a regular file.
pub(super) fn opened(file: File) -> io::Result<(File, Metadata)> {
    let metadata = regular(file.metadata()?)?;
    Ok((file, metadata))
}

/// Reads a regular file of this machine: as many bytes as it has when it is opened, so that one that grows has an end too.
///
/// # Errors
/// As [`open_file`].
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let (file, metadata) = open_file(path)?;
    let length = metadata.len();
    let mut bytes = Vec::with_capacity(usize::try_from(length.min(AHEAD)).unwrap_or_default());
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a regular file of this machine of at most this many bytes.
///
/// # Errors
/// As [`open_file`]; [`io::ErrorKind::FileTooLarge`] for a longer one.
#[cfg(feature = "aws")]
pub(in super::super) fn read_short(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let (file, _) = open_file(path)?;
    let mut bytes = Vec::new();
    if file.take(most + 1).read_to_end(&mut bytes)? as u64 > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {most} bytes")));
    }
    Ok(bytes)
}

fn regular(metadata: Metadata) -> io::Result<Metadata> {
    if metadata.is_file() {
        return Ok(metadata);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("expected a regular file, found {}", kind_of(metadata.file_type()))))
}

/// What was opened or read; [`None`] where nothing is.
pub(super) fn there<T>(path: &Path, found: io::Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if absent(&error) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            Err(Error::new(ErrorKind::Mismatch, format!("{CANNOT}read {}: {error}", shown_path(path))))
        }
        Err(error) => Err(fault("read", path, error)),
    }
}

/// What something is, with its article.
pub(crate) fn kind_of(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return "a pipe";
        } else if kind.is_socket() {
            return "a socket";
        } else if kind.is_block_device() {
            return "a block device";
        } else if kind.is_char_device() {
            return "a device";
        }
    }
    if kind.is_dir() {
        "a directory"
    } else if kind.is_file() {
        "a file"
    } else {
        "something else"
    }
}
