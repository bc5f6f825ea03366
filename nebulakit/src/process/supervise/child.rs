//! The supervised process as its supervisor sees it: its start, what it is told meanwhile, and its end.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process, kill_process_group, wait, waitid};

use super::pump::Pump;
use super::role::mark;
use crate::process::execute::LAST_WRITES;
use crate::process::memory::{Account, Exceeded};
use crate::process::signal::{Heard, StopSignals};
use crate::process::stop::Told;
use crate::process::{leftovers, program};
use crate::services::env;
use crate::task::run::GRACE;

/// How long the child may take to end once it was told to stop: as long as it gives itself, and a moment to leave.
const PATIENCE: Duration = GRACE.saturating_add(LAST_WRITES).saturating_add(Duration::from_millis(100));

/// How the child ended.
#[derive(Debug)]
pub(super) struct End {
    pub(super) status: ExitStatus,
    /// The limit of memory that was run into meanwhile.
    pub(super) exceeded: Option<Exceeded>,
    /// The last lines that it wrote to standard error.
    pub(super) tail: String,
    /// Who asked it to stop, if anybody did.
    pub(super) stop: Option<Told>,
    /// Whether it was asked because its time was up.
    pub(super) is_overdue: bool,
}

/// What a child is started with.
pub(super) struct Start<'a> {
    /// The words behind the program's name.
    pub(super) words: Vec<OsString>,
    /// Variables that it has besides this process's own.
    pub(super) variables: &'a [(&'a str, String)],
    /// How long it may take.
    pub(super) limit: Option<Duration>,
    /// Whether it is an attempt at a node of a plan.
    pub(super) is_node: bool,
}

#[derive(Debug)]
pub(super) struct Child {
    pid: Pid,
    pump: Pump,
    account: Option<Account>,
    stop: Option<Told>,
    /// When its time is up.
    deadline: Option<Instant>,
    is_overdue: bool,
}

impl Child {
    /// Starts this program, in a process group of its own. Its standard input is `socket`.
    ///
    /// It ends together with the thread that calls this.
    pub(super) fn start(socket: UnixStream, start: Start<'_>) -> io::Result<Self> {
        leftovers::adopt();
        let mut command = Command::new(program::path()?);
        if let Some(name) = std::env::args_os().next() {
            command.arg0(name);
        }
        command.envs(start.variables.iter().map(|(name, value)| (name, value)));
        command.args(start.words).env(env::WORKER, mark(start.is_node));
        let mut child = command.stdin(OwnedFd::from(socket)).stderr(Stdio::piped()).process_group(0).spawn()?;
        // It has our copy of the child's end of the socket.
        drop(command);
        let stderr = child.stderr.take().ok_or_else(|| io::Error::other("its standard error is not there"))?;
        let pid = Pid::from_child(&child);
        let pump = match Pump::start(stderr.into()) {
            Ok(pump) => pump,
            Err(error) => {
                let _ = kill_process_group(pid, Signal::KILL);
                return Err(error);
            }
        };
        // A time that no clock reaches is none.
        let deadline = start.limit.and_then(|limit| Instant::now().checked_add(limit));
        Ok(Self { pid, pump, account: Account::open(), stop: None, deadline, is_overdue: false })
    }

    /// Waits for its end, and hands requests to stop on. All that it has started ends with it.
    pub(super) fn watch(mut self, signals: &mut StopSignals) -> End {
        let status = loop {
            if let Some(status) = self.bury() {
                break status;
            }
            match signals.next_of_all(self.patience()) {
                Some(Heard::Child) => {}
                Some(heard) => self.tell(heard),
                None if self.stop.is_none() => {
                    self.is_overdue = true;
                    self.tell(Heard::Stop("SIGTERM"));
                }
                None => self.kill_group(),
            }
        };
        let exceeded = self.account.as_ref().and_then(Account::exceeded);
        leftovers::clear();
        End { status, exceeded, tail: self.pump.end(), stop: self.stop, is_overdue: self.is_overdue }
    }

    /// How long it may still take until it is told to stop, or once it was told, until it is killed; [`None`] for any time.
    fn patience(&self) -> Option<Duration> {
        let left = match self.stop {
            Some(told) => PATIENCE.saturating_sub(told.at.elapsed()),
            None => self.deadline?.saturating_duration_since(Instant::now()),
        };
        Some(left.max(Duration::from_millis(1)))
    }

    fn tell(&mut self, heard: Heard) {
        if let Heard::Stop(name) = heard {
            self.stop.get_or_insert(Told { name, at: Instant::now() });
        }
        if let Some(signal) = Signal::from_named_raw(heard.number()) {
            // It has not been waited for, so its number is its own.
            let _ = kill_process(self.pid, signal);
        }
    }

    fn kill_group(&self) {
        // What is gone already is what is wanted.
        let _ = kill_process_group(self.pid, Signal::KILL);
    }

    /// Waits for what has ended, the child's orphans too, which come to this process; [`None`] while the child itself goes on.
    fn bury(&self) -> Option<ExitStatus> {
        // It is looked at first and buried later, so that its number stays its own while its group is ended.
        let looked = waitid(WaitId::Pid(self.pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT);
        if !matches!(looked, Ok(None)) {
            self.kill_group();
        }
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.pid => {
                    self.kill_group();
                    return Some(ExitStatus::from_raw(status.as_raw()));
                }
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => return None,
                // Another part of the program has waited for it, and knows how it ended.
                Err(_) => return Some(ExitStatus::default()),
            }
        }
    }
}
