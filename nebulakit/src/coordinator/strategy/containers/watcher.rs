//! The kernel's account of a container's memory, read in the moment in which its first process ends: the cgroup is gone soon after.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::process::Pid;
#[cfg(target_os = "linux")]
use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
#[cfg(target_os = "linux")]
use tokio::net::unix::pipe;

use crate::coordinator::strategy::containers::client::Client;
use crate::coordinator::strategy::containers::driver::Launch;
use crate::coordinator::strategy::containers::engine::Engine;
use crate::process::memory::{Exceeded, MemoryGroup};
use crate::process::worker::message::Used;

/// How often it is looked whether the container has begun.
const LOOK: Duration = Duration::from_millis(20);

/// How long a container has been there before its engine is asked for its first process: one that is over sooner costs no call.
const LIVES: Duration = Duration::from_millis(500);

/// The first process of a container, and its cgroup.
#[derive(Debug)]
pub(super) struct First {
    #[cfg(target_os = "linux")]
    handle: pipe::Receiver,
    /// What looks after the container, where that is a process of its own.
    #[cfg(target_os = "linux")]
    monitor: Option<pipe::Receiver>,
    group: Option<MemoryGroup>,
}

impl First {
    /// Waits for the container to begin, and finds its first process; never ready where it cannot be found.
    pub(super) async fn find(engine: &Engine, launch: &Launch) -> Self {
        match Self::look(engine, launch).await {
            Some(first) => first,
            None => std::future::pending().await,
        }
    }

    async fn look(engine: &Engine, launch: &Launch) -> Option<Self> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let id = read(&launch.id_file()).await;
        let id = id.trim();
        let process = match engine.driver.process(&launch.name) {
            None => read(&launch.process_file()).await.trim().parse().ok()?,
            Some(line) => {
                let groups = engine.driver.groups(id);
                match tokio::time::timeout(LIVES, in_group(&groups, id)).await {
                    Ok(process) => process,
                    Err(_) => {
                        let client = Client::start(&line, None, &engine.kept).await.ok()?;
                        client.finish().await.stdout.trim().parse().ok()?
                    }
                }
            }
        };
        let process = Pid::from_raw(process)?;
        let monitor = fs::read_to_string(launch.monitor_file()).ok().and_then(|text| Pid::from_raw(text.trim().parse().ok()?));
        Self::of(process, id, monitor).ok()
    }

    #[cfg(target_os = "linux")]
    fn of(process: Pid, id: &str, monitor: Option<Pid>) -> io::Result<Self> {
        let handle = pidfd_open(process, PidfdFlags::empty())?;
        let monitor = monitor.and_then(|monitor| pidfd_open(monitor, PidfdFlags::empty()).ok());
        // An engine of another machine has numbers of its own.
        let membership = fs::read_to_string(format!("/proc/{}/cgroup", process.as_raw_nonzero()))?;
        if id.is_empty() || !membership.contains(id) {
            return Err(io::ErrorKind::NotFound.into());
        }
        // The runtime watches it as it does a pipe: it can be read from when the process ends.
        let handle = pipe::Receiver::from_owned_fd_unchecked(handle)?;
        let monitor = monitor.map(pipe::Receiver::from_owned_fd_unchecked).transpose()?;
        // The group above it counts what others did.
        let group = MemoryGroup::of(&membership).filter(|group| group.folder.to_string_lossy().contains(id));
        Ok(Self { handle, monitor, group })
    }

    #[cfg(not(target_os = "linux"))]
    fn of(_: Pid, _: &str, _: Option<Pid>) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Waits for its end, and gives the limit of memory that a process of its cgroup was ended for.
    pub(super) async fn ended(&self) -> Option<Exceeded> {
        #[cfg(target_os = "linux")]
        let _ = self.handle.readable().await;
        self.exceeded()
    }

    /// Waits until nothing looks after the container any more, although it runs.
    pub(super) async fn left_alone(&self) {
        #[cfg(target_os = "linux")]
        if let Some(monitor) = &self.monitor {
            let _ = monitor.readable().await;
            if !has_ended(&self.handle) {
                return;
            }
        }
        std::future::pending().await
    }

    pub(super) fn exceeded(&self) -> Option<Exceeded> {
        let group = self.group.as_ref()?;
        (group.kills()? > 0).then(|| Exceeded { limit: group.limit(), peak: group.peak() })
    }

    /// What was spent in it, as far as its group keeps that.
    pub(super) fn used(&self) -> Option<Used> {
        let group = self.group.as_ref()?;
        let [cpu, system] = group.cpu().map_or([None; 2], |spent| spent.map(Some));
        Some(Used { cpu, system, memory: group.peak(), moved: 0 })
    }

    /// Ends it without its engine, which is gone.
    pub(super) fn kill(&self) {
        #[cfg(target_os = "linux")]
        // It may be another user's.
        let _ = pidfd_send_signal(&self.handle, Signal::KILL);
    }
}

#[cfg(target_os = "linux")]
fn has_ended(process: &pipe::Receiver) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&now)).is_ok_and(|ready| ready > 0)
}

/// Waits until the first process of the container of that `id` is in one of the `groups`, and gives its number.
async fn in_group(groups: &[String], id: &str) -> i32 {
    loop {
        for group in groups {
            let group =
                MemoryGroup::of(&format!("1:memory:/{group}\n0::/{group}\n")).filter(|group| group.folder.to_string_lossy().contains(id));
            let members = group.and_then(|group| fs::read_to_string(group.folder.join("cgroup.procs")).ok()).unwrap_or_default();
            // What starts it is in the group before it.
            if let Some(first) = members.lines().filter_map(|member| member.parse().ok()).find(|member| is_first(*member)) {
                return first;
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Whether the process is the first of a namespace below this one.
fn is_first(process: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:")).unwrap_or_default();
    let numbers: Vec<_> = numbers.split_whitespace().collect();
    numbers.len() > 1 && numbers.last() == Some(&"1")
}

/// Waits until the engine has written a file.
async fn read(path: &Path) -> String {
    loop {
        if let Ok(text) = fs::read_to_string(path)
            && !text.trim().is_empty()
        {
            return text;
        }
        tokio::time::sleep(LOOK).await;
    }
}
