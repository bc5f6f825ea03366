//! Requests to stop, while this process drives a run: the first asks the run to stop, the second ends what runs, and the third ends the process.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::cli::setting::Leave;
use crate::process::exit::Exit;
use crate::process::signal::StopSignals;
use crate::process::terminal;
use crate::run::{RecordError, RecordErrorKind, RunHandle};

/// How long a wait for a signal is: it is taken up again.
const LONG: Duration = Duration::from_secs(3600);

/// What a process that was told to stop exits with, however its work ended.
pub(super) fn of_signal(signal: &str) -> Exit {
    if signal == "SIGINT" { Exit::Interrupted } else { Exit::Terminated }
}

/// The signal that asked the run to stop, if one did.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct Stops(Arc<OnceLock<&'static str>>);

impl Stops {
    /// Hears what `signals` hear for this run. A third signal ends the process by `leave`.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(in crate::cli) fn heard_for(run: &RunHandle, signals: StopSignals, leave: Leave) -> io::Result<Self> {
        let stops = Self::default();
        let (told, run) = (stops.clone(), run.clone());
        let work = move || told.listen(&run, signals, leave);
        std::thread::Builder::new().name("nebulakit-signals".to_owned()).spawn(work)?;
        Ok(stops)
    }

    /// The first signal that came.
    pub(in crate::cli) fn signal(&self) -> Option<&'static str> {
        self.0.get().copied()
    }

    fn listen(&self, run: &RunHandle, mut signals: StopSignals, leave: Leave) {
        let mut next = move || {
            loop {
                if let Some(name) = signals.next(LONG) {
                    return name;
                }
            }
        };
        let first = next();
        let _ = self.0.set(first);
        let again = if first == "SIGINT" { "Ctrl-C again" } else { "a second signal" };
        terminal::write(&format!("stopping ({again} ends what runs)\n"));
        tell(run, run.cancel());
        next();
        terminal::write("ending what runs (once more leaves at once)\n");
        tell(run, run.kill());
        let name = next();
        terminal::write(&format!("error: the run {} was left by {name} before its end was recorded\n", run.id()));
        leave(of_signal(first));
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
