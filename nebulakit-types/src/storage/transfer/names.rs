//! Keys as files of a target directory. Keys are written by others: none leads out of the directory, and no two become one file. All of them
//! are looked at before the first file is written.

use std::collections::hash_map::{Entry, HashMap};
use std::path::{Path, PathBuf};

use super::super::local::{Folder, Target};
use super::super::shown::{shown, shown_path};
use super::super::{keys, local};
use super::listing::Keys;
use crate::{Error, ErrorKind, Result};

/// The longest name of a file, in bytes, on the file systems there are.
const LONGEST: usize = 255;

/// The longest path below a target directory, in bytes: as long as any path is on the file systems there are. Stores have keys of 1,024.
const LONGEST_PATH: usize = 4096;

/// How many keys that cannot be files a message names; the others are counted.
const NAMED: usize = 5;

/// The files of a target directory, as the keys of a listing ask for them.
pub(super) struct Names {
    root: PathBuf,
    keys: Keys,
    /// Whether the file system takes names for the same that differ in case.
    folds_case: bool,
    /// Where several names are one, which keys have them.
    claimed: HashMap<String, String>,
    wanted: Vec<Claim>,
    /// Keys that cannot be files, and why.
    refused: Vec<(String, String)>,
}

/// An object that can be a file, as far as its key tells.
pub(super) struct Claim {
    /// Without the slash of a marker.
    pub(super) key: String,
    pub(super) size: u64,
    /// Whether it stands for a folder.
    pub(super) is_marker: bool,
}

impl Names {
    /// Looks at the target directory, which is made if it is not there.
    pub(super) fn of(root: &Path, keys: Keys) -> Result<Self> {
        std::fs::create_dir_all(root).map_err(|error| local::fault("create the directory", root, error))?;
        Ok(Self::new(root, keys, local::folds_case(root)?))
    }

    fn new(root: &Path, keys: Keys, folds_case: bool) -> Self {
        Self { root: root.to_owned(), keys, folds_case, claimed: HashMap::new(), wanted: Vec::new(), refused: Vec::new() }
    }

    /// Takes an object in, and gives its place among all where it can be a file, as far as its key tells.
    pub(super) fn claim(&mut self, key: String, size: u64) -> Option<usize> {
        let is_marker = keys::is_marker(&key, size);
        let judged = self.keys.fault(&key, size);
        let name = key.strip_suffix('/').filter(|_| is_marker).unwrap_or(&key).to_owned();
        match judged.or_else(|| self.fault(&name)) {
            Some(why) => self.refused.push((key, why)),
            // The marker of the prefix itself.
            None if name.is_empty() => {}
            None => {
                self.wanted.push(Claim { key: name, size, is_marker });
                return (!is_marker).then(|| self.wanted.len() - 1);
            }
        }
        None
    }

    /// The key of the object at a place.
    pub(super) fn key(&self, place: usize) -> &str {
        &self.wanted[place].key
    }

    /// Notes what the listing could not give.
    pub(super) fn refuse(&mut self, key: String, why: String) {
        self.refused.push((key, why));
    }

    /// Why a name that a key may have cannot be that of a file here.
    fn fault(&mut self, name: &str) -> Option<String> {
        if name.len() > LONGEST_PATH {
            return Some(format!("it has {} bytes, and a path has {LONGEST_PATH} at most", name.len()));
        }
        let odd = name.split('/').find_map(|segment| match segment {
            _ if segment.contains('\0') => Some("it holds a NUL".to_owned()),
            _ if segment.len() > LONGEST => {
                Some(format!("one of its names has {} bytes, and a file's has {LONGEST} at most", segment.len()))
            }
            _ if local::is_partial(segment) => Some("such names are kept for files that are being written".to_owned()),
            _ if cfg!(windows) && segment.contains(['\\', ':']) => Some(format!("`{segment}` cannot be a name on this system")),
            _ => None,
        });
        if odd.is_some() || !self.folds_case {
            return odd;
        }
        // Directories too: `a/x` and `A/y` share one. That is what the same system does with them anywhere else.
        let other = self.claimed.insert(name.to_lowercase(), name.to_owned())?;
        (other != name).then(|| format!("{other:?} is the same file there, where case does not count"))
    }

    /// The objects that become files and folders, when all have been taken in.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Url`] where one of them cannot, naming some and counting all; nothing has been written then.
    pub(super) fn settle(mut self, prefix: &str) -> Result<(Vec<Claim>, Folders)> {
        let wanted = std::mem::take(&mut self.wanted);
        let refused = self.in_the_way(&wanted);
        self.refused.extend(refused);
        match self.refused.as_slice() {
            [] => Ok((wanted, Folders::of(&self.root)?)),
            refused => Err(Error::new(ErrorKind::Url, told(prefix, &self.root, refused))),
        }
    }

    /// Files where folders are needed and the other way round: among the keys, and in what is there already.
    fn in_the_way(&self, wanted: &[Claim]) -> Vec<(String, String)> {
        let folded = |name: &str| if self.folds_case { name.to_lowercase() } else { name.to_owned() };
        // Each folder, and a key that needs it.
        let mut folders: HashMap<String, &str> = HashMap::new();
        for claim in wanted {
            let mut folder = if claim.is_marker { Some(claim.key.as_str()) } else { parent(&claim.key) };
            while let Some(name) = folder {
                match folders.entry(folded(name)) {
                    // So are those above it.
                    Entry::Occupied(_) => break,
                    Entry::Vacant(entry) => _ = entry.insert(&claim.key),
                }
                folder = parent(name);
            }
        }
        let mut there = There { root: &self.root, seen: HashMap::new() };
        let mut fault = |claim: &Claim| {
            if !claim.is_marker
                && let Some(other) = folders.get(&folded(&claim.key))
            {
                return Some(format!("{other:?} needs a directory of that name"));
            }
            let folder = if claim.is_marker { Some(claim.key.as_str()) } else { parent(&claim.key) };
            match folder.map_or(State::Folder, |folder| there.folder(folder)) {
                State::Blocked(text) => return Some(text),
                State::Absent => return None,
                State::Folder if claim.is_marker => return None,
                State::Folder => {}
            }
            let path = self.root.join(&claim.key);
            let is_folder = std::fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir());
            is_folder.then(|| format!("a directory is there from before, {}", shown_path(&path)))
        };
        wanted.iter().filter_map(|claim| Some((claim.key.clone(), fault(claim)?))).collect()
    }
}

fn parent(name: &str) -> Option<&str> {
    name.rsplit_once('/').map(|(parent, _)| parent)
}

/// What stands where a folder is needed.
#[derive(Debug, Clone)]
enum State {
    Folder,
    Absent,
    Blocked(String),
}

/// The folders of the target, as they are before anything is written.
struct There<'a> {
    root: &'a Path,
    seen: HashMap<String, State>,
}

impl There<'_> {
    fn folder(&mut self, name: &str) -> State {
        if let Some(state) = self.seen.get(name) {
            return state.clone();
        }
        let above = parent(name).map_or(State::Folder, |above| self.folder(above));
        let state = match above {
            State::Folder => {
                let path = self.root.join(name);
                match std::fs::symlink_metadata(&path) {
                    Ok(metadata) if metadata.is_dir() => State::Folder,
                    Ok(metadata) => State::Blocked(blocked(&path, &metadata)),
                    Err(_) => State::Absent,
                }
            }
            state => state,
        };
        self.seen.insert(name.to_owned(), state.clone());
        state
    }
}

/// What blocks a name. A link does, too: nobody said that it may be written through.
fn blocked(path: &Path, metadata: &std::fs::Metadata) -> String {
    let what = if metadata.is_symlink() { "a link" } else { "a file" };
    format!("it needs the directory {}, where {what} is", shown_path(path))
}

/// The message that names some of the keys and counts them all.
fn told(prefix: &str, root: &Path, refused: &[(String, String)]) -> String {
    if let [(key, why)] = refused {
        let url = keys::exact_url(prefix, key);
        return format!("the key {key:?} cannot be a file below {}: {why} ({:?})", shown_path(root), shown(&url));
    }
    let each: Vec<_> = refused.iter().take(NAMED).map(|(key, why)| format!("{:?} ({why})", keys::named(prefix, key))).collect();
    let more = match refused.len() - each.len() {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    format!("{} keys cannot be files below {}: {}{more}", refused.len(), shown_path(root), each.join(", "))
}

/// The folders of a target directory, made as they are needed and held open: a link that somebody puts in the place of one leads nowhere.
pub(super) struct Folders {
    root: Folder,
    /// Those on the way to the last one, from the root down. Keys come in their order, so that most find theirs here.
    open: Vec<(String, Folder)>,
}

impl Folders {
    fn of(root: &Path) -> Result<Self> {
        let root = Folder::open(root).map_err(|error| local::fault("write in", root, error))?;
        Ok(Self { root, open: Vec::new() })
    }

    /// Where the file of an object goes, whose folder is made, or a marker's folder.
    pub(super) fn place(&mut self, claim: &Claim) -> Result<Target> {
        let (folder, name) =
            if claim.is_marker { (claim.key.as_str(), "") } else { claim.key.rsplit_once('/').unwrap_or(("", &claim.key)) };
        Ok(Target::within(self.folder(folder, &claim.key)?, name))
    }

    /// Opens a directory below the root, through no link, and makes it if it is not there.
    fn folder(&mut self, name: &str, key: &str) -> Result<Folder> {
        let names = || name.split('/').filter(|name| !name.is_empty());
        let known = self.open.iter().zip(names()).take_while(|((open, _), name)| open == name).count();
        self.open.truncate(known);
        for name in names().skip(known) {
            let above = self.open.last().map_or(&self.root, |(_, folder)| folder);
            let folder = above.enter_or_make(name).map_err(|error| {
                let path = above.path().join(name);
                match std::fs::symlink_metadata(&path) {
                    Ok(metadata) if !metadata.is_dir() => {
                        Error::new(ErrorKind::Url, format!("the key {key:?} cannot be a file: {}", blocked(&path, &metadata)))
                    }
                    _ => local::fault("create the directory", &path, error),
                }
            })?;
            self.open.push((name.to_owned(), folder));
        }
        Ok(self.open.last().map_or(&self.root, |(_, folder)| folder).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of the keys of objects that hold a byte each.
    fn settled(root: &Path, folds_case: bool, keys: &[&str]) -> Result<Vec<PathBuf>> {
        let mut names = Names::new(root, Keys::Texts, folds_case);
        for key in keys {
            names.claim((*key).to_owned(), 1);
        }
        let (wanted, mut folders) = names.settle("s3://bucket/tree")?;
        wanted.iter().map(|claim| Ok(folders.place(claim)?.path().to_owned())).collect()
    }

    #[test]
    fn hostile_keys_are_refused_by_name() {
        let root = tempfile::tempdir().unwrap();
        let long = "x".repeat(256);
        for key in ["a//b", "../x", "a/../../x", "a/..", "./a", "a/.", "a\0b", "a/", "a\nb", &long, ".nebulakit-partial-1-1"] {
            let error = settled(root.path(), false, &[key]).unwrap_err();
            assert!(error.kind() == ErrorKind::Url && error.to_string().contains(&format!("{key:?}")), "{error}");
        }
        let error = settled(root.path(), false, &[&"a/".repeat(500_000)[..999_999]]).unwrap_err();
        assert!(error.to_string().contains("it has 999999 bytes, and a path has 4096 at most"));
        for key in ["", "/etc/passwd"] {
            let error = settled(root.path(), false, &[key]).unwrap_err();
            assert!(error.to_string().contains(&format!("{:?}", format!("s3://bucket/tree/{key}"))), "{error}");
        }
        let keys = ["a/b", "...", "a b", "100%", "a%2e%2e", "é", "-rf", "..a", &long[..255]];
        assert_eq!(settled(root.path(), false, &keys).unwrap(), keys.map(|key| root.path().join(key)));
    }

    #[test]
    fn all_keys_that_cannot_be_files_are_named_and_no_folder_is_made() {
        let root = tempfile::tempdir().unwrap();
        let error = settled(root.path(), false, &["ok/x", "a//b", "d/clash", "d/clash/y", "../x"]).unwrap_err().to_string();
        for part in ["3 keys cannot be files", "\"a//b\" (", "\"../x\" (", "\"d/clash\" (\"d/clash/y\" needs a directory of that name)"] {
            assert!(error.contains(part), "no {part} in {error}");
        }
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn two_keys_that_are_one_file_are_both_named() {
        let root = tempfile::tempdir().unwrap();
        let error = settled(root.path(), true, &["a/Readme", "a/README"]).unwrap_err();
        assert!(error.to_string().contains("\"a/Readme\"") && error.to_string().contains("\"a/README\""), "{error}");
        let error = settled(root.path(), true, &["B", "b/x"]).unwrap_err();
        assert!(error.to_string().contains("the key \"B\"") && error.to_string().contains("\"b/x\" needs"), "{error}");
        settled(root.path(), false, &["a/Readme", "a/README"]).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn links_in_the_target_are_not_written_through() {
        let root = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), root.path().join("sub")).unwrap();
        let error = settled(root.path(), false, &["sub/deep/x"]).unwrap_err();
        assert!(error.to_string().contains("a link"), "{error}");
    }
}
