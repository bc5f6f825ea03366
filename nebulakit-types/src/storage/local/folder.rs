//! Directories that are held open: what is done in one is done there, even if someone puts a link in place of its name meanwhile.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// A directory, and the path by which it was reached, for messages. Cheap to clone.
///
/// On systems without such calls it is the path alone.
#[derive(Debug, Clone)]
pub(in super::super) struct Folder {
    path: PathBuf,
    #[cfg(unix)]
    handle: std::sync::Arc<std::os::fd::OwnedFd>,
}

#[cfg(unix)]
mod calls {
    use std::sync::Arc;

    use rustix::fs::{AtFlags, Mode, OFlags};
    use rustix::io::retry_on_intr;

    use super::{File, Folder, OsStr, Path, io};

    /// What is made may be read and written as the process's mask lets it, as `std` has it.
    const FILE: Mode = Mode::from_raw_mode(0o666);
    const DIRECTORY: Mode = Mode::from_raw_mode(0o777);

    /// Enough to reach what is inside, where it cannot be listed either.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const REACH: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const REACH: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

    impl Folder {
        pub(in super::super::super) fn open(path: &Path) -> io::Result<Self> {
            let handle = retry_on_intr(|| rustix::fs::open(path, REACH, Mode::empty()))?;
            Ok(Self { path: path.to_owned(), handle: Arc::new(handle) })
        }

        /// The directory of that name in this one, through no link.
        pub(in super::super::super) fn enter(&self, name: &str) -> io::Result<Self> {
            let handle = retry_on_intr(|| rustix::fs::openat(&self.handle, name, REACH | OFlags::NOFOLLOW, Mode::empty()))?;
            Ok(Self { path: self.path.join(name), handle: Arc::new(handle) })
        }

        pub(super) fn make(&self, name: &str) -> io::Result<()> {
            Ok(retry_on_intr(|| rustix::fs::mkdirat(&self.handle, name, DIRECTORY))?)
        }

        /// Makes a file; nothing may have its name, not even a link.
        pub(in super::super) fn create(&self, name: &OsStr) -> io::Result<File> {
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            Ok(File::from(retry_on_intr(|| rustix::fs::openat(&self.handle, name, flags, FILE))?))
        }

        /// Opens a file for reading, without following a link. It never waits for something that is not a regular file.
        pub(in super::super) fn read(&self, name: &OsStr) -> io::Result<File> {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            Ok(File::from(retry_on_intr(|| rustix::fs::openat(&self.handle, name, flags, Mode::empty()))?))
        }

        pub(in super::super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
            Ok(retry_on_intr(|| rustix::fs::renameat(&self.handle, from, &self.handle, to))?)
        }

        pub(in super::super) fn remove(&self, name: &OsStr) -> io::Result<()> {
            Ok(retry_on_intr(|| rustix::fs::unlinkat(&self.handle, name, AtFlags::empty()))?)
        }
    }
}

#[cfg(not(unix))]
mod calls {
    use super::{File, Folder, OsStr, Path, io};

    impl Folder {
        pub(in super::super::super) fn open(path: &Path) -> io::Result<Self> {
            let metadata = std::fs::metadata(path)?;
            if metadata.is_dir() { Ok(Self { path: path.to_owned() }) } else { Err(io::ErrorKind::NotADirectory.into()) }
        }

        /// The directory of that name in this one, through no link.
        pub(in super::super::super) fn enter(&self, name: &str) -> io::Result<Self> {
            let path = self.path.join(name);
            let metadata = std::fs::symlink_metadata(&path)?;
            if metadata.is_dir() { Ok(Self { path }) } else { Err(io::ErrorKind::NotADirectory.into()) }
        }

        pub(super) fn make(&self, name: &str) -> io::Result<()> {
            std::fs::create_dir(self.path.join(name))
        }

        /// Makes a file; nothing may have its name, not even a link.
        pub(in super::super) fn create(&self, name: &OsStr) -> io::Result<File> {
            File::create_new(self.path.join(name))
        }

        /// Opens a file for reading.
        pub(in super::super) fn read(&self, name: &OsStr) -> io::Result<File> {
            File::open(self.path.join(name))
        }

        pub(in super::super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
            std::fs::rename(self.path.join(from), self.path.join(to))
        }

        pub(in super::super) fn remove(&self, name: &OsStr) -> io::Result<()> {
            std::fs::remove_file(self.path.join(name))
        }
    }
}

impl Folder {
    pub(in super::super) fn path(&self) -> &Path {
        &self.path
    }

    /// The directory of that name in this one, made if nothing is there.
    pub(in super::super) fn enter_or_make(&self, name: &str) -> io::Result<Self> {
        match self.enter(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => match self.make(name) {
                // Another was faster.
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
                _ => self.enter(name),
            },
            entered => entered,
        }
    }
}
