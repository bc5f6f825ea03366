//! This process as a keeper: it ends the containers of the process that started it when that one is gone, however it went.
//!
//! A container is not a child of the process that asked for it, and outlives it. The keeper is told of each before it begins, over a socket that is its
//! standard input. When the socket ends, all that is still known is ended.

pub(crate) mod message;
mod removal;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read as _;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::BytesMut;
use rustix::process::{Pid, Signal, kill_process_group};

use self::message::{Argv, ToKeeper, Word};
use self::removal::{Removal, remove_folder, run_quietly};
use crate::process::exit::Exit;
use crate::process::standard_input;
use crate::process::worker::message::take;
use crate::services::env::{self, Environment};

/// What the variable of a keeper holds before the number of the process that started it.
const MARK: &str = "keeper:";

/// How much is read at once.
const PIECE: usize = 16 * 1024;

/// What makes a process that this one starts a keeper.
pub(crate) fn marker() -> String {
    format!("{MARK}{}", std::process::id())
}

/// Whether this process was started as one. The process that did so may be gone already, so that who started it is not asked; what a keeper starts does not have the variable.
pub(crate) fn is_meant(environment: &Environment) -> bool {
    let parent = environment.get(env::WORKER).and_then(|text| text.strip_prefix(MARK));
    parent.is_some_and(|parent| parent.parse::<u32>().is_ok()) && standard_input::is_socket()
}

/// Something that is watched.
#[derive(Debug)]
struct Watched {
    remove: Option<Argv>,
    name: String,
    folder: PathBuf,
    group: Option<Group>,
}

/// A process group, by its first process.
#[derive(Debug)]
struct Group {
    leader: Pid,
    /// Means this process and no later one of its number.
    #[cfg(target_os = "linux")]
    handle: Option<std::os::fd::OwnedFd>,
}

impl Group {
    fn of(leader: Pid) -> Self {
        #[cfg(target_os = "linux")]
        let handle = rustix::process::pidfd_open(leader, rustix::process::PidfdFlags::empty()).ok();
        Self {
            leader,
            #[cfg(target_os = "linux")]
            handle,
        }
    }

    fn kill(&self) {
        #[cfg(target_os = "linux")]
        if self.handle.as_ref().is_none_or(|handle| rustix::process::pidfd_send_signal(handle, Signal::KILL).is_err()) {
            return;
        }
        // What is gone already is what is wanted.
        let _ = kill_process_group(self.leader, Signal::KILL);
    }
}

/// Serves the process that started this one, until it is gone and nothing is left of what it had.
pub(crate) fn serve() -> Exit {
    match standard_input::take_socket() {
        Ok(socket) => {
            stay();
            keep(socket);
            Exit::Stored
        }
        Err(_) => Exit::Failed,
    }
}

/// What ends the process that started this one, as Ctrl-C in a terminal, does not end this one: it has something left to do then.
fn stay() {
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP, signal_hook::consts::SIGPIPE] {
        // Where it cannot be done, this process ends early at worst.
        let _ = signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)));
    }
}

fn keep(mut socket: UnixStream) {
    let _ = socket.set_nonblocking(false);
    let mut watched: BTreeMap<u64, Watched> = BTreeMap::new();
    let removal = Removal::new(&socket);
    let (mut read, mut piece) = (BytesMut::new(), [0; PIECE]);
    loop {
        match take::<ToKeeper>(&mut read) {
            Ok(Some(ToKeeper { word })) => {
                if let Some(word) = word {
                    hear(word, &mut watched, &removal);
                }
                continue;
            }
            Ok(None) => {}
            Err(_) => break,
        }
        match socket.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => read.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    for (number, watched) in std::mem::take(&mut watched) {
        end(number, watched, &removal);
    }
    removal.finish();
}

fn hear(word: Word, watched: &mut BTreeMap<u64, Watched>, removal: &Removal) {
    match word {
        Word::Watch(watch) => {
            let folder = PathBuf::from(OsString::from_vec(watch.folder));
            watched.insert(watch.number, Watched { remove: watch.remove, name: watch.name, folder, group: None });
        }
        Word::Began(began) => {
            if let (Some(watched), Some(leader)) = (watched.get_mut(&began.number), Pid::from_raw(began.process)) {
                watched.group = Some(Group::of(leader));
            }
        }
        Word::Forget(number) => drop(watched.remove(&number)),
        Word::End(number) => match watched.remove(&number) {
            Some(watched) => end(number, watched, removal),
            None => removal.ended(number),
        },
        // On a thread of its own: the engine may take its time.
        Word::Run(argv) => drop(std::thread::Builder::new().spawn(move || run_quietly(&argv, &[]))),
    }
}

fn end(number: u64, watched: Watched, removal: &Removal) {
    if let Some(group) = &watched.group {
        group.kill();
    }
    match watched.remove {
        Some(remove) => removal.add(number, remove, watched.name, watched.folder, watched.group.is_none()),
        None => {
            remove_folder(&watched.folder);
            removal.ended(number);
        }
    }
}
