//! The removal of containers: many by one call of the engine, and again where one was still on its way.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::process::worker::keeper::message::{Argv, Ended};
use crate::process::worker::message::framed;
use crate::services::env;

/// When a container that was not there is looked for again, after its removal was asked for: its engine may have been told to make it just before.
const AGAIN: [Duration; 7] = [
    Duration::ZERO,
    Duration::from_millis(250),
    Duration::from_millis(700),
    Duration::from_millis(1500),
    Duration::from_secs(3),
    Duration::from_secs(6),
    Duration::from_secs(15),
];

/// After how many of these looks a container that was never there counts as gone: the rest is for an engine that is very slow.
const LIKELY: usize = 4;

/// How long it takes until a folder is removed again into which something was written while it was.
const STILL_WRITTEN: [Duration; 5] =
    [Duration::from_millis(10), Duration::from_millis(50), Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];

/// How many containers one call of the engine removes.
const AT_ONCE: usize = 50;

/// Removes containers on a thread of its own.
#[derive(Debug)]
pub(super) struct Removal {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Who is told what is done.
    socket: Mutex<Option<UnixStream>>,
}

#[derive(Debug, Default)]
struct State {
    due: Vec<Due>,
    is_over: bool,
}

#[derive(Debug)]
struct Due {
    number: u64,
    remove: Argv,
    name: String,
    folder: PathBuf,
    /// Whether the process that asked its engine for it may not have been ended yet.
    is_asked_for: bool,
    since: Instant,
    tries: usize,
}

impl Due {
    fn at(&self) -> Instant {
        self.since + AGAIN[self.tries.min(AGAIN.len() - 1)]
    }
}

impl Removal {
    pub(super) fn new(socket: &UnixStream) -> Self {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), socket: Mutex::new(socket.try_clone().ok()) });
        let own = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("nebulakit-remove".to_owned()).spawn(move || own.work()).ok();
        Self { shared, thread }
    }

    pub(super) fn add(&self, number: u64, remove: Argv, name: String, folder: PathBuf, is_asked_for: bool) {
        locked(&self.shared.state).due.push(Due { number, remove, name, folder, is_asked_for, since: Instant::now(), tries: 0 });
        self.shared.changed.notify_all();
    }

    pub(super) fn ended(&self, number: u64) {
        self.shared.tell(number);
    }

    /// Waits until all is done.
    pub(super) fn finish(mut self) {
        locked(&self.shared.state).is_over = true;
        self.shared.changed.notify_all();
        match self.thread.take() {
            Some(thread) => drop(thread.join()),
            // Without a thread, it is done here.
            None => self.shared.work(),
        }
    }
}

impl Shared {
    fn work(&self) {
        while let Some(mut round) = self.next() {
            let mut calls: BTreeMap<Argv, Vec<Due>> = BTreeMap::new();
            for due in round.drain(..) {
                calls.entry(due.remove.clone()).or_default().push(due);
            }
            for (remove, due) in calls {
                let mut due = due;
                while !due.is_empty() {
                    let rest = due.split_off(due.len().min(AT_ONCE));
                    self.remove(&remove, std::mem::replace(&mut due, rest));
                }
            }
        }
    }

    /// What is due; [`None`] when there will be nothing more.
    fn next(&self) -> Option<Vec<Due>> {
        let mut state = locked(&self.state);
        loop {
            let now = Instant::now();
            let (round, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut state.due).into_iter().partition(|due| due.at() <= now);
            state.due = rest;
            if !round.is_empty() {
                return Some(round);
            }
            let next = state.due.iter().map(Due::at).min();
            state = match next {
                Some(next) => {
                    self.changed.wait_timeout(state, next.saturating_duration_since(now)).unwrap_or_else(PoisonError::into_inner).0
                }
                None if state.is_over => return None,
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Engines name what they have removed, and end well where there was nothing to remove.
    fn remove(&self, remove: &Argv, due: Vec<Due>) {
        let asked: Vec<_> = due.iter().filter(|due| due.is_asked_for).map(|due| due.name.as_bytes()).collect();
        kill_named(&asked);
        let names: Vec<_> = due.iter().map(|due| due.name.as_str()).collect();
        let said = run_quietly(remove, &names);
        let removed: Vec<_> = said.lines().map(str::trim).collect();
        for due in due {
            let (is_removed, tries) = (removed.contains(&due.name.as_str()), due.tries + 1);
            if is_removed || tries == AGAIN.len() {
                remove_folder(&due.folder);
            }
            if is_removed && tries <= LIKELY || tries == LIKELY {
                self.tell(due.number);
            }
            if !is_removed && tries < AGAIN.len() {
                locked(&self.state).due.push(Due { tries, ..due });
            }
        }
    }

    fn tell(&self, number: u64) {
        if let (Some(socket), Ok(frame)) = (&mut *locked(&self.socket), framed(&Ended { number })) {
            // Where nobody hears it, nobody waits for it.
            let _ = socket.write_all(&frame);
        }
    }
}

/// Removes a folder of a container that is gone; the process that made it may have done so already. What is on its way to its end may still write into it.
pub(super) fn remove_folder(folder: &Path) {
    if !folder.is_absolute() {
        return;
    }
    for pause in STILL_WRITTEN {
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => std::thread::sleep(pause),
            _ => return,
        }
    }
}

/// Ends the processes that have one of the names as an argument: those whose start the keeper was not told of any more.
fn kill_named(names: &[&[u8]]) {
    if names.is_empty() || !cfg!(target_os = "linux") {
        return;
    }
    let numbers = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok()) {
        let arguments = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        if arguments.split(|byte| *byte == 0).any(|argument| names.contains(&argument))
            && let Some(process) = Pid::from_raw(process)
        {
            // Another one may have ended it.
            let _ = kill_process(process, Signal::KILL);
        }
    }
}

/// Runs a command with `more` arguments, and gives what it printed.
pub(super) fn run_quietly(argv: &Argv, more: &[&str]) -> String {
    let mut parts = argv.parts();
    let Some(program) = parts.next() else { return String::new() };
    let mut command = Command::new(program);
    command
        .args(parts)
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .env_remove(env::WORKER);
    // An engine that is gone has nothing to remove.
    command.output().map_or_else(|_| String::new(), |output| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing under it panics.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
