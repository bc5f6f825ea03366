//! Whether a configuration file that was found, not named, may be obeyed: on a shared machine somebody else may have put it there.
//!
//! Such a file can redirect the stores and the control plane, with the user's credentials. What is decided is decided by the open file, so
//! that nothing can be exchanged in between.

use std::fs::File;
use std::io;
use std::path::Path;

/// What is at a place where a file is looked for.
pub(super) enum Opened {
    Absent,
    Trusted(File),
    /// There is a file that is not to be obeyed: what people are told.
    Refused(String),
    Failed(io::Error),
}

/// Opens a file that belongs to this user or to root, and that no other can write.
#[cfg(unix)]
pub(super) fn open(path: &Path) -> Opened {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;

    // A pipe would wait for somebody who writes.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path);
    let metadata = match &opened {
        Ok(file) => file.metadata(),
        // One that cannot be opened is not obeyed either way; if it is another's, it is no error.
        Err(_) => std::fs::metadata(path),
    };
    let (Ok(metadata), Ok(link)) = (metadata, std::fs::symlink_metadata(path)) else { return Opened::Absent };
    if !metadata.is_file() {
        return Opened::Absent;
    }
    match (doubt(path, &metadata, &link, rustix::process::geteuid().as_raw()), opened) {
        (Some(why), _) => Opened::Refused(why),
        (None, Ok(file)) => Opened::Trusted(file),
        (None, Err(error)) => Opened::Failed(error),
    }
}

/// Why a file is not to be obeyed. `link` is what stands at its path: the file itself, or a link to it.
#[cfg(unix)]
fn doubt(path: &Path, file: &std::fs::Metadata, link: &std::fs::Metadata, user: u32) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;

    const WRITABLE_BY_GROUP: u32 = 0o020;
    const WRITABLE_BY_ALL: u32 = 0o002;
    let is_own = |owner: u32| owner == user || owner == 0;
    // A file that a user makes belongs to a group of this user's own on many systems, and may be written by it.
    let is_own_group = file.gid() == 0 || file.gid() == file.uid();
    let place = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let place = place.display();
    let (why, way_out) = if !is_own(file.uid()) {
        (format!("it belongs to the user {}, not to the user {user} or to root", file.uid()), format!("`chown {user} {place}`"))
    } else if !is_own(link.uid()) {
        (format!("it is a link of the user {}, not of the user {user} or of root", link.uid()), format!("`chown -h {user} {place}`"))
    } else if file.mode() & WRITABLE_BY_ALL != 0 || file.mode() & WRITABLE_BY_GROUP != 0 && !is_own_group {
        (format!("others may write to it (mode {:o})", file.mode() & 0o777), format!("`chmod go-w {place}`"))
    } else {
        return None;
    };
    Some(format!("the configuration file `{place}` is not obeyed: {why}; if it is to be, run {way_out}, or name it by FLYTECTL_CONFIG"))
}

#[cfg(not(unix))]
pub(super) fn open(path: &Path) -> Opened {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Opened::Absent,
        Err(error) => Opened::Failed(error),
        Ok(file) => Opened::Trusted(file),
    }
}
