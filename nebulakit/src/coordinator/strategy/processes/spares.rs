//! Processes that were started before they are needed: the successors of workers that run their last job. What they print at their start stays in their pipes
//! until they are taken.

use crate::coordinator::lock::{Mutex, locked};
use crate::coordinator::strategy::processes::worker::Fits;
use crate::coordinator::strategy::workers::process::Started;

#[derive(Debug, Default)]
pub(super) struct Spares(Mutex<Vec<(Fits, Started)>>);

impl Spares {
    /// One that lives and fits.
    pub(super) fn take(&self, fits: &Fits) -> Option<Started> {
        let mut spares = locked(&self.0);
        loop {
            let place = spares.iter().position(|(of, _)| of == fits)?;
            let (_, started) = spares.remove(place);
            if started.process.end().is_none() {
                return Some(started);
            }
        }
    }

    /// Keeps one, and `most` of all. One that is dropped hears the end of its socket.
    pub(super) fn put(&self, fits: Fits, started: Started, most: usize) {
        let mut spares = locked(&self.0);
        while spares.len() >= most {
            spares.remove(0);
        }
        spares.push((fits, started));
    }

    pub(super) fn clear(&self) {
        locked(&self.0).clear();
    }
}
