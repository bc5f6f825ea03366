//! How a control plane is bad: it refuses the first calls, or drops the connection before or after a call takes effect.

use std::collections::VecDeque;
use std::sync::Mutex;

/// What happens to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It is answered with a code and a text, and has no effect.
    Refused(u32, String),
    /// Its connection is closed, and it has no effect.
    DroppedBefore,
    /// It takes effect, and its connection is closed.
    DroppedAfter,
}

/// Faults to come, and the methods that they are of.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<VecDeque<(String, Fault)>>);

impl Faults {
    pub(crate) fn add(&self, method: &str, fault: Fault) {
        self.0.lock().unwrap().push_back((method.to_owned(), fault));
    }

    /// The fault of a call, which is spent by it.
    pub(crate) fn next(&self, method: &str) -> Option<Fault> {
        let mut faults = self.0.lock().unwrap();
        let at = faults.iter().position(|(of, _)| of == method || of == "*")?;
        faults.remove(at).map(|(_, fault)| fault)
    }
}
