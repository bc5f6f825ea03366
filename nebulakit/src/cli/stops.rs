//! Requests to stop: what they stop is what this process does just then.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::setting::Leave;
use crate::process::exit::Exit;
use crate::process::signal::StopSignals;
use crate::process::terminal;
use crate::run::{RecordError, RecordErrorKind, RunHandle};

/// How long a wait for a signal is: it is taken up again.
const LONG: Duration = Duration::from_secs(3600);

/// How soon another request has to come to stop a run that goes on elsewhere.
const SOON: Duration = Duration::from_secs(5);

/// What a process that was told to stop exits with, however its work ended.
pub(super) fn of_signal(signal: &str) -> Exit {
    if signal == "SIGINT" { Exit::Interrupted } else { Exit::Terminated }
}

/// The requests to stop that come to this process.
#[derive(Debug, Clone, Default)]
pub(super) struct Stops(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    stopped: Mutex<Stopped>,
    /// The signal that asked the run to stop, if one did.
    signal: OnceLock<&'static str>,
}

/// What the next request stops.
#[derive(Debug, Default)]
enum Stopped {
    /// The process.
    #[default]
    Process,
    /// The run that it drives: the first request asks that to stop, the second ends what runs, and the third ends the process.
    Run(RunHandle),
    /// A run that goes on without it, and its name there: the first request says so, another one soon after it stops the run, and the third ends the
    /// process, which is what no other one does.
    #[cfg(feature = "flyte")]
    Elsewhere(RunHandle, String),
    /// What it does besides, which is given up.
    Work(oneshot::Sender<&'static str>),
}

impl Stopped {
    /// Whether it is a run that goes on without this process.
    fn is_elsewhere(&self) -> bool {
        match self {
            #[cfg(feature = "flyte")]
            Self::Elsewhere(..) => true,
            _ => false,
        }
    }
}

impl Stops {
    /// Hears them from now on. The process is ended by `leave`.
    ///
    /// # Errors
    /// When the signals cannot be listened to.
    pub(super) fn heard(leave: Leave) -> io::Result<Self> {
        let (stops, signals) = (Self::default(), StopSignals::listen()?);
        let told = stops.clone();
        std::thread::Builder::new().name("nebulakit-signals".to_owned()).spawn(move || told.listen(signals, leave))?;
        Ok(stops)
    }

    /// From now on they stop the run.
    pub(super) fn stop_run(&self, run: &RunHandle) {
        *self.stopped() = Stopped::Run(run.clone());
    }

    /// From now on the first one has the process leave the run, called `name` where it runs, unless another one comes soon, which stops the run.
    #[cfg(feature = "flyte")]
    pub(super) fn leave_run(&self, run: &RunHandle, name: &str) {
        *self.stopped() = Stopped::Elsewhere(run.clone(), name.to_owned());
    }

    /// From now on they stop the process.
    pub(super) fn stop_process(&self) {
        *self.stopped() = Stopped::Process;
    }

    /// From now on they stop some work, until that is dropped.
    pub(super) fn stop_work(&self) -> Work<'_> {
        let (stop, stopped) = oneshot::channel();
        *self.stopped() = Stopped::Work(stop);
        Work { stops: self, stopped }
    }

    /// The signal that asked the run to stop, if one did.
    pub(super) fn signal(&self) -> Option<&'static str> {
        self.0.signal.get().copied()
    }

    fn stopped(&self) -> MutexGuard<'_, Stopped> {
        self.0.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(&self, mut signals: StopSignals, leave: Leave) {
        let mut requests = 0;
        loop {
            // After the first request to leave a run that goes on elsewhere.
            let is_leaving = requests == 1 && self.stopped().is_elsewhere();
            let patience = if is_leaving { SOON } else { LONG };
            let Some(name) = signals.next(patience) else {
                if is_leaving {
                    leave(self.signal().map_or(Exit::Interrupted, of_signal));
                }
                continue;
            };
            let mut stopped = self.stopped();
            match std::mem::take(&mut *stopped) {
                Stopped::Process => leave(of_signal(name)),
                #[cfg(feature = "flyte")]
                Stopped::Elsewhere(run, execution) if requests == 0 => {
                    self.0.signal.get_or_init(|| name);
                    terminal::write(&format!("the execution {execution} goes on (Ctrl-C again within {SOON:?} terminates it)\n"));
                    requests = 1;
                    *stopped = Stopped::Elsewhere(run, execution);
                }
                #[cfg(feature = "flyte")]
                Stopped::Elsewhere(run, execution) => {
                    terminal::write(&format!("terminating the execution {execution} (once more leaves at once)\n"));
                    tell(&run, run.cancel());
                    requests = 2;
                    *stopped = Stopped::Run(run);
                }
                // The next one does not wait for it.
                Stopped::Work(stop) => drop(stop.send(name)),
                Stopped::Run(run) => {
                    *stopped = Stopped::Run(run.clone());
                    drop(stopped);
                    requests += 1;
                    self.ask(&run, requests, name, leave);
                }
            }
        }
    }

    /// Does what the first, the second or the third request asks of a run.
    fn ask(&self, run: &RunHandle, request: u32, name: &'static str, leave: Leave) {
        let first = *self.0.signal.get_or_init(|| name);
        match request {
            1 => {
                let again = if name == "SIGINT" { "Ctrl-C again" } else { "a second signal" };
                terminal::write(&format!("stopping ({again} ends what runs)\n"));
                tell(run, run.cancel());
            }
            2 => {
                terminal::write("ending what runs (once more leaves at once)\n");
                tell(run, run.kill());
            }
            _ => {
                let jobs = if run.folder().path().join("plan").exists() {
                    format!("; its jobs go on, and `runs attach {}` drives it on", run.id())
                } else {
                    String::new()
                };
                terminal::write(&format!("error: the run {} was left by {name} before its end was recorded{jobs}\n", run.id()));
                leave(of_signal(first));
            }
        }
    }
}

/// Work that is given up when a request to stop comes.
#[derive(Debug)]
pub(super) struct Work<'a> {
    stops: &'a Stops,
    stopped: oneshot::Receiver<&'static str>,
}

impl Work<'_> {
    /// Does a part of it.
    ///
    /// # Errors
    /// The signal, when one came before the part was done.
    pub(super) async fn part<T>(&mut self, part: impl Future<Output = T>) -> Result<T, &'static str> {
        tokio::select! {
            biased;
            Ok(signal) = &mut self.stopped => Err(signal),
            done = part => Ok(done),
        }
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        self.stops.stop_process();
    }
}

/// Says why a run cannot be asked to stop. One that is over needs no request.
fn tell(run: &RunHandle, asked: Result<(), RecordError>) {
    if let Err(error) = asked
        && error.kind() != RecordErrorKind::Over
    {
        terminal::write(&format!("error: the run {} cannot be asked to stop: {error}\n", run.id()));
    }
}
