//! This process's side of its keeper, which ends containers when this process is gone, and those that this one gave up.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rustix::process::Pid;
use tokio::sync::Notify;

use crate::coordinator::clock::{Clock as _, SystemClock};
use crate::coordinator::lock::{Mutex, locked};
use crate::coordinator::strategy::containers::driver::CommandLine;
use crate::process::program;
use crate::process::worker::keeper::marker;
use crate::process::worker::keeper::message::{Argv, Began, Ended, ToKeeper, Watch, Word};
use crate::process::worker::message::{framed, take};
use crate::process::worker::{HINT, is_entered};
use crate::services::env;

/// How long the keeper may take to hear a word: it does nothing else.
const HEARING: Duration = Duration::from_secs(5);

/// How often a keeper that ended is replaced.
const REPLACED: u32 = 3;

#[derive(Debug)]
pub(super) struct Keeper {
    state: Mutex<State>,
    /// Something that was to be ended is.
    changed: Notify,
    program: Option<PathBuf>,
}

#[derive(Debug, Default)]
struct State {
    /// The socket to the keeper that runs.
    socket: Option<UnixStream>,
    watched: BTreeMap<u64, (Watch, Option<i32>)>,
    /// What was to be ended, and may not be yet.
    ending: BTreeMap<u64, (Watch, Option<i32>)>,
    last: u64,
    deaths: u32,
    is_over: bool,
}

/// Something that the keeper watches. It is ended with this, unless it came to its end.
#[derive(Debug)]
pub(super) struct Watched {
    keeper: Arc<Keeper>,
    number: u64,
}

impl Watched {
    /// The process that began for it.
    pub(super) fn began(&self, process: Pid) {
        let process = process.as_raw_pid();
        let mut state = locked(&self.keeper.state);
        if let Some(watched) = state.watched.get_mut(&self.number) {
            watched.1 = Some(process);
        }
        state.say(Word::Began(Began { number: self.number, process }));
    }

    /// Nothing is left of it.
    pub(super) fn forget(self) {
        let mut state = locked(&self.keeper.state);
        if state.watched.remove(&self.number).is_some() {
            state.say(Word::Forget(self.number));
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let mut state = locked(&self.keeper.state);
        if let Some(watched) = state.watched.remove(&self.number) {
            state.ending.insert(self.number, watched);
            state.say(Word::End(self.number));
        }
    }
}

impl Keeper {
    /// One that is this program, or `program`, and is started when it is first needed.
    pub(super) fn new(program: Option<PathBuf>) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), changed: Notify::new(), program })
    }

    /// Tells the keeper of something that is about to begin, and has a `folder` of its own.
    ///
    /// # Errors
    /// When there is no keeper: what is wrong, for people.
    pub(super) fn watch(self: &Arc<Self>, name: &str, remove: Option<&CommandLine>, folder: Option<&Path>) -> Result<Watched, String> {
        let mut state = locked(&self.state);
        if state.is_over {
            return Err("the strategy was shut down".to_owned());
        }
        state.last += 1;
        let number = state.last;
        let folder = folder.map_or_else(Vec::new, |folder| folder.as_os_str().as_bytes().to_vec());
        let watch = Watch { number, remove: remove.map(|line| Argv::new(line.parts())), name: name.to_owned(), folder };
        if state.socket.is_none() {
            self.start(&mut state)?;
        }
        state.watched.insert(number, (watch.clone(), None));
        state.say(Word::Watch(watch));
        Ok(Watched { keeper: Arc::clone(self), number })
    }

    /// Has the keeper run a command, and does not wait for it.
    pub(super) fn run(&self, line: &CommandLine) {
        locked(&self.state).say(Word::Run(Argv::new(line.parts())));
    }

    fn start(self: &Arc<Self>, state: &mut State) -> Result<(), String> {
        if self.program.is_none() && !is_entered() {
            return Err(format!(
                "this program has no keeper, which ends its containers when it is gone: {HINT}; a test names another program by \
                 `ContainerStrategy::program`"
            ));
        }
        let cannot = |error: io::Error| format!("no keeper can be started: {error}");
        let program = match &self.program {
            Some(program) => program.clone(),
            None => program::path().map_err(cannot)?,
        };
        let (ours, theirs) = UnixStream::pair().map_err(cannot)?;
        ours.set_write_timeout(Some(HEARING)).map_err(cannot)?;
        let heard = ours.try_clone().map_err(cannot)?;
        let mut command = Command::new(program);
        command.env(env::WORKER, marker()).stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let child = command.spawn().map_err(cannot)?;
        let keeper = Arc::clone(self);
        let hearing = thread::Builder::new().name("nebulakit-keeper".to_owned()).spawn(move || keeper.hear(heard, child));
        hearing.map_err(cannot)?;
        state.socket = Some(ours);
        Ok(())
    }

    /// Hears what the keeper says until it ends, and starts another one where it is needed still.
    fn hear(self: Arc<Self>, mut socket: UnixStream, mut child: Child) {
        let (mut read, mut piece) = (BytesMut::new(), [0; 1024]);
        loop {
            while let Ok(Some(Ended { number })) = take::<Ended>(&mut read) {
                locked(&self.state).ending.remove(&number);
                self.changed.notify_waiters();
            }
            match socket.read(&mut piece) {
                Ok(length @ 1..) => read.extend_from_slice(&piece[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => break,
            }
        }
        // Nobody else waits for it.
        let _ = child.wait();
        let mut state = locked(&self.state);
        state.socket = None;
        if state.is_over {
            // What it could not end by now nobody can.
            state.ending.clear();
        } else if !state.watched.is_empty() || !state.ending.is_empty() {
            state.deaths += 1;
            if state.deaths > REPLACED || self.start(&mut state).is_err() {
                state.ending.clear();
            } else {
                state.tell_all();
            }
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Takes no more, and waits until all that was to be ended is, at most until `deadline`.
    pub(super) async fn shut_down(&self, deadline: Instant) {
        let all_ended = async {
            loop {
                let changed = self.changed.notified();
                if locked(&self.state).ending.is_empty() {
                    return;
                }
                changed.await;
            }
        };
        tokio::select! {
            biased;
            () = all_ended => {}
            () = SystemClock.sleep_until(deadline) => {}
        }
        self.close();
    }

    /// The keeper ends what is left, and itself.
    pub(super) fn close(&self) {
        let mut state = locked(&self.state);
        state.is_over = true;
        if let Some(socket) = state.socket.take() {
            // The thread that listens has the same socket.
            let _ = socket.shutdown(std::net::Shutdown::Write);
        }
    }
}

impl State {
    /// Says something to the keeper. Where it does not hear, it is replaced, and the next one is told all there is.
    fn say(&mut self, word: Word) {
        let Some(socket) = &mut self.socket else { return };
        let said = framed(&ToKeeper { word: Some(word) }).and_then(|frame| socket.write_all(&frame));
        if said.is_err() {
            let _ = socket.shutdown(std::net::Shutdown::Both);
        }
    }

    fn tell_all(&mut self) {
        let watched: Vec<_> = self.watched.values().chain(self.ending.values()).cloned().collect();
        for (watch, process) in watched {
            let number = watch.number;
            self.say(Word::Watch(watch));
            if let Some(process) = process {
                self.say(Word::Began(Began { number, process }));
            }
        }
        for number in self.ending.keys().copied().collect::<Vec<_>>() {
            self.say(Word::End(number));
        }
    }
}
