//! What a task took of the machine, measured by the worker that runs it.

#[cfg(feature = "coordinator")]
pub(super) use self::measured::Meter;
#[cfg(not(feature = "coordinator"))]
pub(super) use self::unmeasured::Meter;

#[cfg(feature = "coordinator")]
mod measured {
    use std::fs;
    use std::time::Duration;

    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeVal;

    use crate::process::worker::message::Used;
    use crate::services::stores::Stores;

    /// What this process had taken when a task began.
    pub(in super::super) struct Meter<'a> {
        stores: &'a Stores,
        moved: u64,
        before: Option<[Duration; 2]>,
        /// Whether the kernel's mark of the most memory is of this task alone.
        has_mark: bool,
    }

    impl<'a> Meter<'a> {
        /// A task begins, the first one in this process or another, that uses these stores.
        pub(in super::super) fn start(stores: &'a Stores, is_first: bool) -> Self {
            // Linux takes this as the wish to begin anew with the mark (proc_pid_clear_refs(5)); other systems keep it for ever.
            let has_mark = is_first || fs::write("/proc/self/clear_refs", "5").is_ok();
            Self { stores, moved: moved(stores), before: cpu(), has_mark }
        }

        /// The task is over, and all that it has started.
        pub(in super::super) fn stop(&self) -> Option<Used> {
            let (before, now) = (self.before?, cpu()?);
            let [user, system] = [0, 1].map(|which| now[which].saturating_sub(before[which]));
            let micros = |duration: Duration| u64::try_from(duration.as_micros()).ok();
            let memory = self.has_mark.then(most_memory).flatten();
            Some(Used { cpu: micros(user + system), system: micros(system), memory, moved: moved(self.stores) - self.moved })
        }
    }

    fn moved(stores: &Stores) -> u64 {
        stores.if_made().map_or(0, |storage| storage.progress().now().bytes)
    }

    /// The CPU time of this process and of those that it has waited for: outside of the kernel, and in it.
    fn cpu() -> Option<[Duration; 2]> {
        let mut sums = [Duration::ZERO; 2];
        for who in [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN] {
            let usage = getrusage(who).ok()?;
            sums[0] += duration(usage.user_time());
            sums[1] += duration(usage.system_time());
        }
        Some(sums)
    }

    fn duration(time: TimeVal) -> Duration {
        Duration::new(time.tv_sec().unsigned_abs(), u32::try_from(time.tv_usec()).unwrap_or(0) * 1_000)
    }

    /// The most memory that this process had at once since the mark was made, in bytes. What `getrusage` says of that begins with the process that started it.
    fn most_memory() -> Option<u64> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let kib: u64 = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib * 1024)
    }
}

#[cfg(not(feature = "coordinator"))]
mod unmeasured {
    use crate::process::worker::message::Used;
    use crate::services::stores::Stores;

    /// Measures nothing: nobody starts workers of a program without a coordinator, but in an image, whose group is measured.
    pub(in super::super) struct Meter;

    impl Meter {
        pub(in super::super) fn start(_: &Stores, _: bool) -> Self {
            Self
        }

        #[expect(clippy::unused_self, reason = "the other one needs it")]
        pub(in super::super) fn stop(&self) -> Option<Used> {
            None
        }
    }
}
