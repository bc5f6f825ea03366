//! What is asked for a container.

use std::path::{Path, PathBuf};

/// A file or a folder of this machine that a container sees.
///
/// # Examples
/// ```
/// use nebulakit::coordinator::Mount;
///
/// let genome = Mount::read_only("/data/genome.fa").at("/genome.fa");
/// let results = Mount::read_write("/data/results");
/// # let _ = (genome, results);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mount {
    /// Where it is on this machine.
    pub source: PathBuf,
    /// Where it is in the container.
    pub target: PathBuf,
    /// Whether the container can write to it.
    pub is_writable: bool,
}

impl Mount {
    /// One that the container reads, at the path that it has here.
    #[must_use]
    pub fn read_only(path: impl AsRef<Path>) -> Self {
        Self { source: path.as_ref().to_owned(), target: path.as_ref().to_owned(), is_writable: false }
    }

    /// One that the container writes to, at the path that it has here.
    #[must_use]
    pub fn read_write(path: impl AsRef<Path>) -> Self {
        Self { is_writable: true, ..Self::read_only(path) }
    }

    /// Where it is in the container: an absolute path.
    #[must_use]
    pub fn at(self, target: impl Into<PathBuf>) -> Self {
        Self { target: target.into(), ..self }
    }
}

/// As whom the program in a container runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum User {
    /// As the user who runs this process: what it writes to mounts belongs to them.
    #[default]
    Caller,
    /// As the image says.
    Image,
    /// As this user and group.
    Ids {
        /// The user's number.
        user: u32,
        /// The group's number.
        group: u32,
    },
}

/// When an image is fetched from its registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Pull {
    /// When the engine does not have it.
    #[default]
    Missing,
    /// Never: one that the engine does not have is an error.
    Never,
    /// Before its first container, each time that a strategy is made.
    Always,
    /// The same; where it cannot be fetched, the one that the engine has is used.
    Newer,
}
