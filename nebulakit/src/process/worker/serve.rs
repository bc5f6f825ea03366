//! The work of a worker, from its first message to its last.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Resource, Rlimit, fchdir, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::{Builder, Runtime};
use tracing::Instrument as _;

use crate::process::execute::here;
use crate::process::exit::Exit;
use crate::process::host::Host;
use crate::process::platform::Platform;
use crate::process::worker::channel::Channel;
use crate::process::worker::job::context;
use crate::process::worker::listen::Shared;
use crate::process::worker::message::{Ended, Hello, Job, Order, Over, PROTOCOL, Ready, Report, VERSION};
use crate::process::worker::usage::Meter;
use crate::process::worker::waiting::Waiting;
use crate::process::{container, leftovers, logs, panic, program, terminal};
use crate::services::env::Environment;
use crate::task::call::{ended, failed};
use crate::task::cancellation::Cancellation;
use crate::task::failure::{Failure, code};
use crate::task::panic::guard;
use crate::task::registry::registry;
use crate::task::run::{Ran, run};

/// Serves the process that started this one, until it wants nothing more.
pub(super) fn serve(environment: Environment, socket: Option<UnixStream>) -> Exit {
    panic::tell();
    logs::install(&environment, Platform::detect(&environment));
    let worker = match Worker::new(environment, socket) {
        Ok(worker) => worker,
        Err(error) => return failure(&error),
    };
    match worker.work() {
        Ok(()) => Exit::Stored,
        Err(error) => failure(&error),
    }
}

pub(super) fn failure(error: &io::Error) -> Exit {
    terminal::write(&format!("error: this worker process cannot go on: {error}\n"));
    Exit::Failed
}

struct Worker {
    shared: Arc<Shared>,
    host: Host,
    /// The folder in which each task begins.
    home: OwnedFd,
    /// That of tasks that are async, from the first of them on.
    runtime: OnceLock<Runtime>,
}

impl Worker {
    fn new(environment: Environment, socket: Option<UnixStream>) -> io::Result<Self> {
        let channel = match socket {
            None => {
                let channel = Channel::take()?;
                die_with_parent();
                channel
            }
            // What started it in its container may end before it, and means nothing by that.
            #[cfg(feature = "container")]
            Some(socket) => Channel::over(socket),
            #[cfg(not(feature = "container"))]
            Some(_) => return Err(io::ErrorKind::Unsupported.into()),
        };
        let shared = Shared::new(channel);
        leftovers::adopt();
        let home = rustix::fs::open(".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let host = Host::new(environment);
        host.serve_all();
        Ok(Self { shared, host, home, runtime: OnceLock::new() })
    }

    fn work(&self) -> io::Result<()> {
        let (mut waiting, mut is_first) = (Waiting::new(), true);
        loop {
            match waiting.next(&self.shared.channel)? {
                None => return Ok(()),
                Some(Order::Hello(hello)) => {
                    self.greet(&hello)?;
                    // While the answer is on its way: no task runs yet.
                    self.shared.listen()?;
                }
                Some(Order::Job(job)) => {
                    let meter = Meter::start(&self.host.stores, std::mem::take(&mut is_first));
                    let (ended, deck) = self.run(*job);
                    let is_last = !leftovers::clear();
                    let used = meter.stop();
                    container::flush();
                    self.shared.end();
                    self.answer(Over { ended, is_last, used, deck })?;
                }
                // They were meant for the task before.
                Some(Order::Stop(_) | Order::Answer(_)) => {}
            }
        }
    }

    fn greet(&self, hello: &Hello) -> io::Result<()> {
        let limited = hello.memory.map_or(Ok(()), limit_memory);
        let ready = Ready {
            protocol: PROTOCOL,
            version: VERSION.to_owned(),
            build: program::build().unwrap_or_default(),
            id: if hello.asks_id { program::id().unwrap_or_default() } else { String::new() },
            without_memory_limit: limited.err().map_or_else(String::new, |error| error.to_string()),
        };
        self.shared.channel.say(Report::Ready(ready))
    }

    /// Outputs that are too large for a message are a failure of the task.
    fn answer(&self, over: Over) -> io::Result<()> {
        let Over { is_last, used, .. } = over;
        match self.shared.channel.say(Report::Over(over)) {
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                let ended = Ended::new(Err(failed(Failure::user(code::BAD_OUTPUTS, format!("the outputs are too large: {error}")))));
                self.shared.channel.say(Report::Over(Over { ended, is_last, used, deck: String::new() }))
            }
            said => said,
        }
    }

    /// How the task ended, and the page of its decks.
    fn run(&self, job: Job) -> (Ended, String) {
        let task = match registry().find(&job.task) {
            Ok(task) => task,
            Err(error) => {
                let unknown = Failure { recoverable: Some(false), ..Failure::user(code::USER, error.to_string()) };
                return (Ended::new(Err(failed(unknown))), String::new());
            }
        };
        let (inputs, cpu) = (job.inputs.clone(), job.cpu);
        // What the task logs here is found by the same spans as where it runs in the coordinator's process. They belong to its messages, whatever level
        // this library's own have.
        let of_job = tracing::info_span!(target: "job", "job", id = job.job, run = job.run, name = job.task);
        let of_attempt = tracing::info_span!(target: "job", parent: &of_job, "attempt", number = job.identity.attempt);
        let cancellation = Cancellation::new();
        let number = self.shared.begin(cancellation.clone());
        let mut deck = String::new();
        let ran = guard(|| {
            fchdir(&self.home).and_then(|()| limit_cpu(cpu)).map_err(|error| Failure::cannot_start(&error.into()))?;
            let context = context(job, task, &self.host, &self.shared, number, cancellation);
            let running: Pin<&mut dyn Future<Output = Ran>> = pin!(run(task, &inputs, None, &context).instrument(of_attempt));
            let ran = if task.is_async { self.runtime()?.block_on(running) } else { here(running)? };
            context.workspace().remove_scratch();
            if !context.decks().is_empty() {
                deck = context.decks().render();
            }
            Ok(ran)
        });
        let ended = Ended::new(match ran {
            Ok(Ok(ran)) => ended(ran, task),
            Ok(Err(failure)) | Err(failure) => Err(failed(failure)),
        });
        (ended, deck)
    }

    fn runtime(&self) -> Result<&Runtime, Failure> {
        if self.runtime.get().is_none() {
            let made = Builder::new_multi_thread().enable_all().build().map_err(|error| Failure::cannot_start(&error))?;
            // Tasks run one by one, so that nobody else has made one.
            let _ = self.runtime.set(made);
        }
        self.runtime.get().ok_or_else(|| Failure::system("the runtime is gone", true))
    }
}

/// Ends this process when the thread that started it ends: it lives as long as the worker is wanted.
fn die_with_parent() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, getppid, set_parent_process_death_signal};

        use crate::process::worker::listen::end_with_all;
        let before = getppid();
        // Where it is refused, the socket's end tells the same.
        let _ = set_parent_process_death_signal(Some(Signal::KILL));
        if getppid() != before {
            end_with_all();
        }
    }
}

/// Memory that this process may take beyond its code: on Linux what it can write, elsewhere all that it has mapped.
fn limit_memory(bytes: u64) -> io::Result<()> {
    let resource = if cfg!(target_os = "linux") { Resource::Data } else { Resource::As };
    Ok(setrlimit(resource, Rlimit { current: Some(bytes), maximum: Some(bytes) })?)
}

/// CPU time that this process may take from now on, in seconds; any where there is no limit.
fn limit_cpu(seconds: Option<u64>) -> rustix::io::Result<()> {
    let before = getrlimit(Resource::Cpu);
    let current = seconds.map(|seconds| {
        let used = u64::try_from(clock_gettime(ClockId::ProcessCPUTime).tv_sec).unwrap_or(0);
        used.saturating_add(seconds).saturating_add(1)
    });
    let current = match (current, before.maximum) {
        (Some(current), Some(maximum)) => Some(current.min(maximum)),
        (current, maximum) => current.or(maximum),
    };
    if before.current == current { Ok(()) } else { setrlimit(Resource::Cpu, Rlimit { current, ..before }) }
}
