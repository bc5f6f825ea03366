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
        // One that cannot be opened is not obeyed either way; another user's is not an error.
        Err(_) => std::fs::metadata(path),
    };
    let (Ok(metadata), Ok(link)) = (metadata, std::fs::symlink_metadata(path)) else { return Opened::Absent };
    if !metadata.is_file() {
        return Opened::Absent;
    }
    match (doubt(path, &Standing::of(&metadata), Standing::of(&link).owner, rustix::process::geteuid().as_raw()), opened) {
        (Some(why), _) => Opened::Refused(why),
        (None, Ok(file)) => Opened::Trusted(file),
        (None, Err(error)) => Opened::Failed(error),
    }
}

/// Whose a file is, and who may write to it.
#[cfg(unix)]
struct Standing {
    owner: u32,
    group: u32,
    mode: u32,
}

#[cfg(unix)]
impl Standing {
    fn of(metadata: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;

        Self { owner: metadata.uid(), group: metadata.gid(), mode: metadata.mode() }
    }
}

/// Why the user `user` should not obey a file. `link_owner` owns what stands at its path: the file itself, or a link to it.
#[cfg(unix)]
fn doubt(path: &Path, file: &Standing, link_owner: u32, user: u32) -> Option<String> {
    const WRITABLE_BY_GROUP: u32 = 0o020;
    const WRITABLE_BY_ALL: u32 = 0o002;
    let is_own = |owner: u32| owner == user || owner == 0;
    // A file that a user makes belongs to a group of this user's own on many systems, and may be written by it.
    let is_own_group = file.group == 0 || file.group == file.owner;
    let place = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let place = place.display();
    let (why, way_out) = if !is_own(file.owner) {
        (format!("it belongs to the user {}, not to the user {user} or to root", file.owner), format!("`chown {user} {place}`"))
    } else if !is_own(link_owner) {
        (format!("it is a link of the user {link_owner}, not of the user {user} or of root"), format!("`chown -h {user} {place}`"))
    } else if file.mode & WRITABLE_BY_ALL != 0 || file.mode & WRITABLE_BY_GROUP != 0 && !is_own_group {
        (format!("others may write to it (mode {:o})", file.mode & 0o777), format!("`chmod go-w {place}`"))
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const ME: u32 = 1000;
    const OTHER: u32 = 12345;

    fn told(owner: u32, group: u32, mode: u32, link_owner: u32) -> Option<String> {
        doubt(Path::new("/home/me/config"), &Standing { owner, group, mode }, link_owner, ME)
    }

    /// Only root can give files away, so only here are they tested for everybody.
    #[test]
    fn files_and_links_of_others_are_in_doubt() {
        for (owner, link_owner) in [(ME, ME), (0, 0), (0, ME), (ME, 0)] {
            assert_eq!(told(owner, 0, 0o644, link_owner), None, "{owner} {link_owner}");
        }
        let why = told(OTHER, 0, 0o644, ME).unwrap();
        assert!(why.contains("it belongs to the user 12345") && why.contains("`chown 1000 /home/me/config`"), "{why}");
        let why = told(ME, 0, 0o644, OTHER).unwrap();
        assert!(why.contains("it is a link of the user 12345") && why.contains("`chown -h 1000 /home/me/config`"), "{why}");
    }

    #[test]
    fn files_that_others_write_are_in_doubt() {
        for (group, mode) in [(ME, 0o664), (0, 0o664), (OTHER, 0o644), (OTHER, 0o600)] {
            assert_eq!(told(ME, group, mode, ME), None, "{group} {mode:o}");
        }
        for (group, mode) in [(OTHER, 0o664), (OTHER, 0o620), (ME, 0o646), (0, 0o602)] {
            let why = told(ME, group, mode, ME).unwrap();
            assert!(why.contains(&format!("others may write to it (mode {mode:o})")), "{why}");
        }
    }
}
