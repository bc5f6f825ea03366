//! Files, directories, tables and documents as people name them: paths, pipes, and `-` for standard input.
//!
//! What can be read only once, a pipe or standard input, is copied first, to a folder that the run names: a task may read its file twice.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Read};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use nebulakit_types::{Error, ErrorKind, Result, storage, visible};

use crate::services::stores::Stores;

/// How long a pipe may have nobody who writes to it.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where inputs are read from, and where those are copied to that can be read only once.
#[derive(Debug)]
pub(super) struct Places<'a> {
    /// The folder of the copies, which is made for the first of them.
    pub(super) folder: PathBuf,
    #[cfg_attr(not(feature = "schema"), expect(dead_code, reason = "only tables are looked at before the task runs"))]
    pub(super) stores: &'a Stores,
    /// What every document says, where names are not followed: then nothing is read, and every path leads somewhere.
    told: Option<&'a str>,
    copies: Cell<usize>,
    stdin: Cell<Stdin>,
}

/// What standard input is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Stdin {
    /// It can be read.
    Unread,
    /// It has been read for an input.
    Read,
    /// The answers to questions come from it.
    Answers,
}

/// What kind of thing a path has to lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// A file; what can be read only once is copied.
    File,
    /// A directory.
    Directory,
    /// Either, as a table may be.
    Either,
}

impl<'a> Places<'a> {
    pub(super) fn new(folder: PathBuf, stores: &'a Stores) -> Self {
        Self { folder, stores, told: None, copies: Cell::new(0), stdin: Cell::new(Stdin::Unread) }
    }

    /// The same where that is what standard input is good for.
    pub(super) fn with_stdin(self, stdin: Stdin) -> Self {
        self.stdin.set(stdin);
        self
    }

    /// Places that follow no name: every document says `document`, and every path leads to what is wanted.
    pub(super) fn told(document: &'a str, stores: &'a Stores) -> Self {
        Self { told: Some(document), ..Self::new(PathBuf::new(), stores) }
    }

    /// Whether names are followed.
    pub(super) fn follows_names(&self) -> bool {
        self.told.is_none()
    }

    /// Whether `name` is a pipe or the like, which a flag's text is taken for only where it is one.
    pub(super) fn is_read_once(&self, name: &str) -> bool {
        self.follows_names() && name.contains('/') && matches!(kind_of(name), Ok(Kind::Once))
    }

    /// The text of the document `name`; `-` is standard input.
    ///
    /// # Errors
    /// When it cannot be read, or standard input has been read for another input.
    pub(super) fn text(&self, name: &str) -> Result<String> {
        if let Some(document) = self.told {
            return Ok(document.to_owned());
        }
        let mut text = String::new();
        if name == "-" {
            self.stdin()?.read_to_string(&mut text).map_err(|error| unreadable("standard input", &error))?;
            return Ok(text);
        }
        let shown = quoted(name);
        let mut source = match kind_of(name)? {
            Kind::Once => opened(name)?,
            Kind::File | Kind::Directory => File::open(name).map_err(|error| unreadable(&shown, &error))?,
        };
        source.read_to_string(&mut text).map_err(|error| unreadable(&shown, &error))?;
        Ok(text)
    }

    /// The URL that `name` is, else the absolute path of what it leads to; `-` is standard input. `extension` is what a copy without one gets.
    ///
    /// # Errors
    /// When there is nothing that can be read, or another kind of thing than is wanted.
    pub(super) fn path(&self, name: &str, expected: Expected, extension: &str) -> Result<String> {
        if name.contains("://") {
            // What this machine serves is looked at; stores are asked when the task runs. Escapes are left to them too.
            return match name.strip_prefix("file://").filter(|path| path.starts_with('/') && !path.contains('%')) {
                Some(path) => self.path(path, expected, extension),
                None => Ok(name.to_owned()),
            };
        }
        let refused = |what: &str| mismatch("a directory", &format!("found {what}"));
        if name == "-" || name == "@-" {
            if expected == Expected::Directory {
                return Err(refused("standard input"));
            }
            if !self.follows_names() {
                return Ok(name.to_owned());
            }
            return self.copy(self.stdin()?, "stdin", extension);
        }
        if !self.follows_names() {
            return Ok(name.to_owned());
        }
        let shown = quoted(name);
        match kind_of(name)? {
            Kind::Once if expected == Expected::Directory => return Err(refused(&format!("{shown}, a pipe"))),
            Kind::Once => {
                let own = Path::new(name).file_name().and_then(|name| name.to_str()).filter(|name| name.contains('.'));
                return self.copy(opened(name)?, own.unwrap_or("pipe"), extension);
            }
            Kind::File if expected == Expected::Directory => {
                return Err(refused(&format!("the file {shown}")));
            }
            Kind::Directory if expected == Expected::File => {
                return Err(mismatch("a file", &format!("found the directory {shown}")));
            }
            Kind::File => drop(File::open(name).map_err(|error| unreadable(&shown, &error))?),
            Kind::Directory => drop(fs::read_dir(name).map_err(|error| unreadable(&shown, &error))?),
        }
        in_utf8(fs::canonicalize(name).map_err(|error| unreadable(&shown, &error))?)
    }

    /// Standard input, for the one who asks first.
    fn stdin(&self) -> Result<io::StdinLock<'static>> {
        let used = match self.stdin.get() {
            Stdin::Unread => {
                self.stdin.set(Stdin::Read);
                return Ok(io::stdin().lock());
            }
            Stdin::Read => "standard input has been read for another input already",
            Stdin::Answers => "standard input is what this answer comes from; name a file",
        };
        Err(Error::new(ErrorKind::Io, used))
    }

    fn copy(&self, mut source: impl Read, name: &str, extension: &str) -> Result<String> {
        let number = self.copies.get();
        self.copies.set(number + 1);
        let folder = self.folder.join(number.to_string());
        let has_extension = Path::new(name).extension().is_some();
        let is_extension = !extension.is_empty() && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let name = if is_extension && !has_extension { format!("{name}.{extension}") } else { name.to_owned() };
        let path = folder.join(name);
        let failed = |error: io::Error| Error::new(ErrorKind::Io, format!("cannot copy the input to `{}`: {error}", path.display()));
        fs::create_dir_all(&folder).map_err(failed)?;
        io::copy(&mut source, &mut File::create(&path).map_err(failed)?).map_err(failed)?;
        in_utf8(path)
    }
}

/// What a path leads to.
enum Kind {
    File,
    Directory,
    /// A pipe or a terminal: something that can be read only once.
    Once,
}

fn kind_of(name: &str) -> Result<Kind> {
    let shown = quoted(name);
    let kind = fs::metadata(name).map_err(|error| unreadable(&shown, &error))?.file_type();
    let refused = |what: &str| mismatch("a file or directory", &format!("found {what} ({shown})"));
    if kind.is_fifo() {
        Ok(Kind::Once)
    } else if kind.is_socket() {
        Err(refused("a socket"))
    } else if kind.is_block_device() {
        Err(refused("a block device"))
    } else if kind.is_char_device() {
        // Other devices may never end.
        let is_empty = fs::canonicalize(name).is_ok_and(|path| path == Path::new("/dev/null"));
        let is_terminal = || File::open(name).is_ok_and(|file| file.is_terminal());
        if is_empty || is_terminal() { Ok(Kind::Once) } else { Err(refused("a device")) }
    } else if kind.is_dir() {
        Ok(Kind::Directory)
    } else {
        Ok(Kind::File)
    }
}

/// Opens a pipe, which blocks until somebody writes to it.
fn opened(name: &str) -> Result<File> {
    let (sender, receiver) = mpsc::channel();
    let path = name.to_owned();
    // Where nobody comes the thread ends with the process, which is soon.
    let thread = std::thread::Builder::new().name("nebulakit-pipe".to_owned()).spawn(move || drop(sender.send(File::open(path))));
    let shown = quoted(name);
    thread.map_err(|error| unreadable(&shown, &error))?;
    match receiver.recv_timeout(PATIENCE) {
        Ok(file) => file.map_err(|error| unreadable(&shown, &error)),
        Err(_) => Err(Error::new(ErrorKind::Io, format!("cannot read {shown}: it is a pipe that nobody writes to"))),
    }
}

/// A path or a URL as messages name it.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", visible::line(&storage::shown(name)))
}

fn mismatch(expected: &str, found: &str) -> Error {
    Error::new(ErrorKind::Mismatch, format!("expected {expected}, {found}"))
}

fn in_utf8(path: PathBuf) -> Result<String> {
    path.into_os_string().into_string().map_err(|path| mismatch("a path in UTF-8", &format!("found {path:?}")))
}

fn unreadable(shown: &str, error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot read {shown}: {error}"))
}
