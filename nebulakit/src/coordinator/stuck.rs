//! Jobs that wait for each other: each keeps what the child of another needs.

use std::collections::HashSet;
use std::sync::Arc;

use crate::coordinator::live::{IsLive, Live, Seated};
use crate::coordinator::lock::locked;

/// What is said of the job that is given up for the others.
pub(super) const SAID: &str = "the job waits for memory, GPUs or tokens that other jobs keep while they wait for their own children, which wait in turn: none of them \
     would ever begin\nhint: ask for less, submit fewer of them at a time, or call the children before more is held";

/// The job that is to be given up, where no attempt runs that holds a slot or resources, so that nothing more comes free: among the `open` jobs the last that
/// began to wait of those that others wait for, if all of these wait for their turn.
pub(super) fn victim<'a>(open: impl Iterator<Item = &'a Arc<dyn IsLive>>) -> Option<Arc<dyn IsLive>> {
    let open: Vec<_> = open.collect();
    let parents = open.iter().filter_map(|job| job.live().parent.as_ref());
    let parents: HashSet<*const Live> = parents.map(|parent| std::ptr::from_ref(parent.live())).collect();
    let mut last = None;
    // What has open children goes on when they do.
    for job in open.into_iter().filter(|job| !parents.contains(&std::ptr::from_ref(job.live()))) {
        let live = job.live();
        let seat = locked(&live.seat);
        match seat.state {
            Seated::Waiting { turn, .. } if live.is_needed && last.as_ref().is_none_or(|(latest, _)| turn > *latest) => {
                last = Some((turn, job));
            }
            Seated::Waiting { .. } => {}
            // It goes on, or is about to, and what waits for it or what it holds comes free.
            _ if live.is_needed || seat.held.rest.is_some() => return None,
            _ => {}
        }
    }
    last.map(|(_, job)| Arc::clone(job))
}
