//! One worker process: its start, its end, and what it is ended by.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::sync::{Notify, oneshot};

use crate::coordinator::lock::atomic::{AtomicBool, Ordering};
use crate::coordinator::lock::{Mutex, locked};
use crate::coordinator::strategy::workers::descendants::Descendants;
use crate::coordinator::strategy::workers::groups::{Bytes, Group};
use crate::coordinator::strategy::workers::limits::Kept;
use crate::process::memory::{Account, Exceeded};

/// A process, and all that is in its group.
#[derive(Debug)]
pub(in crate::coordinator::strategy) struct Process {
    pid: Pid,
    /// How it ended. Until then its number, and that of its group, is nobody else's.
    end: Mutex<Option<End>>,
    /// Whether nothing is left of it.
    is_gone: AtomicBool,
    gone: Notify,
    group: Option<Group>,
    account: Option<Account>,
}

/// How a process ended.
#[derive(Debug, Clone, Copy)]
pub(in crate::coordinator::strategy) struct End {
    /// [`None`] where this program does not hear of the end of its children.
    pub(in crate::coordinator::strategy) status: Option<ExitStatus>,
    /// The limit of memory that it ran into, if the kernel ended it for that.
    pub(in crate::coordinator::strategy) exceeded: Option<Exceeded>,
}

/// A process that has just been started, and our ends of what it reads and writes.
#[derive(Debug)]
pub(in crate::coordinator::strategy) struct Started {
    pub(in crate::coordinator::strategy) process: Arc<Process>,
    pub(in crate::coordinator::strategy) socket: UnixStream,
    pub(in crate::coordinator::strategy) stdout: OwnedFd,
    pub(in crate::coordinator::strategy) stderr: OwnedFd,
}

/// Starts `command`, in a process group of its own and in the cgroups that `kept` asks for.
///
/// It is done by a thread that lives as long as the process: on Linux a process can ask to end together with the thread that started it.
pub(in crate::coordinator::strategy) async fn start(command: Command, kept: Kept) -> io::Result<Started> {
    let (sender, receiver) = oneshot::channel();
    let watch = move || match begin(command, &kept) {
        Err(error) => drop(sender.send(Err(error))),
        Ok(started) => {
            let process = Arc::clone(&started.1.process);
            if let Err(Ok(started)) = sender.send(Ok(started.1)) {
                // Nobody waits for it any more.
                started.process.kill();
            }
            process.await_end(started.0);
        }
    };
    thread::Builder::new().name("nebulakit-worker".to_owned()).spawn(watch)?;
    receiver.await.unwrap_or_else(|_| Err(io::Error::other("the thread that starts it ended early")))
}

fn begin(mut command: Command, kept: &Kept) -> io::Result<(std::process::Child, Started)> {
    let group = kept.group()?;
    let (socket, theirs) = UnixStream::pair()?;
    socket.set_nonblocking(true)?;
    command.stdin(OwnedFd::from(theirs)).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn()?;
    // It has our copy of their end, without which the end of the process would not be heard.
    drop(command);
    let pid = Pid::from_child(&child);
    if let Some(group) = &group
        && let Err(error) = group.take(pid)
    {
        let _ = child.kill();
        let _ = child.wait();
        return Err(error);
    }
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io::Error::other("its output is not there"));
    };
    let (stdout, stderr) = (OwnedFd::from(stdout), OwnedFd::from(stderr));
    for pipe in [&stdout, &stderr] {
        rustix::io::ioctl_fionbio(pipe, true)?;
    }
    let account = kept.account(group.as_ref());
    let process = Arc::new(Process { pid, end: Mutex::new(None), is_gone: AtomicBool::new(false), gone: Notify::new(), group, account });
    Ok((child, Started { process, socket, stdout, stderr }))
}

impl Process {
    /// Waits for its end, and ends what is left of its group then.
    fn await_end(&self, mut child: std::process::Child) {
        // It is looked at first and buried later, so that its number stays its own while its group is ended.
        while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(self.pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {}
        // The group takes its account with it.
        let exceeded = self.account.as_ref().and_then(Account::exceeded);
        let mut end = locked(&self.end);
        self.kill_group();
        // What cannot be waited for was waited for by another part of the program, or by nobody where SIGCHLD is ignored; it is gone.
        *end = Some(End { status: child.wait().ok(), exceeded });
        drop(end);
        if let Some(group) = &self.group {
            group.remove();
        }
        self.is_gone.store(true, Ordering::Release);
        self.gone.notify_waiters();
    }

    fn kill_group(&self) {
        // What is gone already is what is wanted.
        let _ = kill_process_group(self.pid, Signal::KILL);
    }

    /// Whether it is in a cgroup whose limit on memory can be set.
    pub(in crate::coordinator::strategy) fn has_memory_group(&self) -> bool {
        self.group.as_ref().is_some_and(|group| group.memory.is_some())
    }

    /// The memory that its cgroup has now, in bytes, where it has one of its own.
    pub(in crate::coordinator::strategy) fn memory_now(&self) -> Option<u64> {
        self.group.as_ref()?.memory.as_ref()?.usage()
    }

    /// It, and all that it starts, may have so much memory from now on.
    ///
    /// # Errors
    /// When that is less than it has, or the kernel does not take it.
    pub(in crate::coordinator::strategy) fn limit_memory(&self, bytes: Bytes) -> io::Result<()> {
        self.group.as_ref().map_or(Ok(()), |group| group.limit_memory(bytes))
    }

    /// Other work begins in it.
    pub(in crate::coordinator::strategy) fn begin(&self) {
        if let Some(account) = &self.account {
            account.begin(Instant::now());
        }
    }

    /// Ends it at once, with all that it has started.
    pub(in crate::coordinator::strategy) fn kill(&self) {
        let end = locked(&self.end);
        if end.is_none() {
            // They are nobody's any more once the worker is gone.
            let descendants = self.group.is_none().then(|| Descendants::of(self.pid));
            self.kill_group();
            if let Some(group) = &self.group {
                group.kill();
            }
            if let Some(descendants) = descendants {
                descendants.kill();
            }
        }
    }

    /// Its number, and that of its group.
    #[cfg(feature = "container")]
    pub(in crate::coordinator::strategy) fn pid(&self) -> Pid {
        self.pid
    }

    /// Asks it to end, and what is in its group.
    #[cfg(feature = "container")]
    pub(in crate::coordinator::strategy) fn terminate(&self) {
        if locked(&self.end).is_none() {
            // What is gone already is what is wanted.
            let _ = kill_process_group(self.pid, Signal::TERM);
        }
    }

    /// How it ended, if it has.
    pub(in crate::coordinator::strategy) fn end(&self) -> Option<End> {
        *locked(&self.end)
    }

    /// Waits until nothing is left of it.
    pub(in crate::coordinator::strategy) async fn gone(&self) -> End {
        loop {
            let gone = self.gone.notified();
            if let Some(end) = self.end().filter(|_| self.is_gone.load(Ordering::Acquire)) {
                return end;
            }
            gone.await;
        }
    }

    /// The memory that it has now, in bytes, where that can be told.
    pub(in crate::coordinator::strategy) fn resident(&self) -> Option<u64> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.pid.as_raw_nonzero())).ok()?;
        let kib: u64 = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib * 1024)
    }
}
