//! How a control plane is bad: it refuses calls, is slow, or drops the connection before or after a call takes effect; some calls, or each of a number.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

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
    /// It is answered that much later.
    Slow(Duration),
}

/// Faults to come, and the methods that they are of.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    once: Mutex<VecDeque<(String, Fault)>>,
    again: Mutex<Option<Again>>,
}

/// What each call of a number meets, from now on.
#[derive(Debug)]
struct Again {
    every: usize,
    seen: usize,
    fault: Fault,
}

impl Faults {
    pub(crate) fn add(&self, method: &str, fault: Fault) {
        self.once.lock().unwrap().push_back((method.to_owned(), fault));
    }

    pub(crate) fn every(&self, every: usize, fault: Fault) {
        *self.again.lock().unwrap() = Some(Again { every, seen: 0, fault });
    }

    /// The fault of a call; one that was for one call is spent by it.
    pub(crate) fn next(&self, method: &str) -> Option<Fault> {
        self.spent(method).or_else(|| {
            let mut again = self.again.lock().unwrap();
            let again = again.as_mut()?;
            again.seen += 1;
            again.seen.is_multiple_of(again.every).then(|| again.fault.clone())
        })
    }

    fn spent(&self, method: &str) -> Option<Fault> {
        let mut faults = self.once.lock().unwrap();
        let at = faults.iter().position(|(of, _)| of == method || of == "*")?;
        faults.remove(at).map(|(_, fault)| fault)
    }
}
