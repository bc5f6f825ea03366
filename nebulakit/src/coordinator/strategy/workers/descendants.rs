//! What a worker has started: also what went to a session of its own, which the end of the worker's process group does not reach.
//!
//! On Linux it is found by who started whom, as long as the worker is there. What is started in the very moment of the end is missed; a cgroup is the
//! way to miss nothing. Elsewhere the process group is all there is.

#[cfg(target_os = "linux")]
pub(super) use self::linux::Descendants;
#[cfg(not(target_os = "linux"))]
pub(super) use self::others::Descendants;

#[cfg(target_os = "linux")]
mod linux {
    use std::os::fd::OwnedFd;

    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

    /// Processes, each by a handle that means no other one.
    #[derive(Debug)]
    pub(in super::super) struct Descendants(Vec<OwnedFd>);

    impl Descendants {
        /// Those of `process`.
        pub(in super::super) fn of(process: Pid) -> Self {
            let (mut all, mut rest) = (Vec::new(), vec![process]);
            while let Some(parent) = rest.pop() {
                let opened: Vec<_> =
                    children(parent).into_iter().filter_map(|child| Some((child, pidfd_open(child, PidfdFlags::empty()).ok()?))).collect();
                if opened.is_empty() {
                    continue;
                }
                // A number may have been given to another process before it was opened, but not one of the same parent's.
                let still = children(parent);
                for (child, handle) in opened.into_iter().filter(|(child, _)| still.contains(child)) {
                    rest.push(child);
                    all.push(handle);
                }
            }
            Self(all)
        }

        pub(in super::super) fn kill(&self) {
            for process in &self.0 {
                // One that has ended meanwhile is as good.
                let _ = pidfd_send_signal(process, Signal::KILL);
            }
        }
    }

    /// They are listed with the thread that started each.
    fn children(process: Pid) -> Vec<Pid> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", process.as_raw_nonzero()));
        let lists =
            threads.into_iter().flatten().flatten().filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
        lists.flat_map(|list| list.split_whitespace().filter_map(|child| Pid::from_raw(child.parse().ok()?)).collect::<Vec<_>>()).collect()
    }
}

#[cfg(not(target_os = "linux"))]
mod others {
    use rustix::process::Pid;

    /// None that can be found.
    #[derive(Debug)]
    pub(in super::super) struct Descendants;

    impl Descendants {
        pub(in super::super) fn of(_: Pid) -> Self {
            Self
        }

        pub(in super::super) fn kill(&self) {}
    }
}
