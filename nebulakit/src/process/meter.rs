//! The metrics that the runtime itself sends, where a statsd server is named: `docs/environment.md` says how.
//!
//! | metric | kind | what |
//! |---|---|---|
//! | `nebulakit.run_time` | timing | the task's own code, from its call to its end |
//! | `nebulakit.input_bytes` | gauge | the size of `inputs.pb` |
//! | `nebulakit.output_bytes` | gauge | the size of `outputs.pb` |
//! | `nebulakit.failures` | counter | one for each failure that is reported |

use std::time::Duration;

use crate::services::config::LazyConfig;
use crate::services::env::{self, Environment};
use crate::services::identity::Identity;
use crate::services::stats::Stats;

/// How long the end of the process waits for metrics that are still held back because the server's name is being looked up.
const PATIENCE: Duration = Duration::from_millis(200);

/// Sends the runtime's metrics, or nothing.
#[derive(Debug)]
pub(crate) struct Meter(Option<Stats>);

impl Meter {
    /// A meter that sends only where the environment names a server: a container without one pays nothing for it.
    pub(crate) fn new(environment: &Environment, config: &LazyConfig, identity: &Identity) -> Self {
        let named = [env::STATSD_HOST, env::STATSD_HOST_OLD].iter().any(|name| environment.non_empty(name).is_some());
        Self(named.then(|| Stats::new(config, identity).scope("nebulakit")))
    }

    pub(crate) fn ran(&self, time: Duration) {
        self.with(|stats| stats.timing("run_time", time));
    }

    pub(crate) fn read(&self, bytes: usize) {
        self.with(|stats| gauge(stats, "input_bytes", bytes as u64));
    }

    pub(crate) fn wrote(&self, bytes: u64) {
        self.with(|stats| gauge(stats, "output_bytes", bytes));
    }

    pub(crate) fn failed(&self) {
        self.with(|stats| stats.counter("failures", 1));
    }

    /// Waits, not long, for what is still held back.
    pub(crate) fn flush(&self) {
        self.with(|stats| stats.flush(PATIENCE));
    }

    fn with(&self, send: impl FnOnce(&Stats)) {
        if let Some(stats) = &self.0 {
            send(stats);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes above 2^53 bytes do not occur")]
fn gauge(stats: &Stats, name: &str, bytes: u64) {
    stats.gauge(name, bytes as f64);
}
