//! The thread that shares a coordinator's limits with those of other processes.
//!
//! In the coordinator only that is free which the folder has given to it. What its jobs want is asked for, and what they have given back goes back to the
//! folder at once. It is the one place where somebody looks again and again: while a job waits for what another process holds.

use std::io;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use crate::coordinator::context::Home;
use crate::coordinator::lock::locked;
use crate::coordinator::resources::Limits;
use crate::coordinator::resources::shared::{Bell, Exchanged, Folder, Rung};

/// How long it takes until the folder is looked at again while a job waits for what another process holds: at first, and at most.
const LOOK_AGAIN: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(100));

/// Begins to share what `home` has, whose changes ring the bell.
///
/// # Errors
/// When there is no thread for it.
pub(super) fn share(folder: Folder, bell: Arc<Bell>, limits: Arc<Limits>, home: Weak<dyn Home>) -> io::Result<()> {
    thread::Builder::new().name("nebulakit-share".to_owned()).spawn(move || serve(folder, &bell, &limits, &home)).map(drop)
}

fn serve(mut folder: Folder, bell: &Bell, limits: &Limits, home: &Weak<dyn Home>) {
    let (mut wait, mut pause) = (None, LOOK_AGAIN.0);
    loop {
        match bell.wait(wait) {
            Rung::Over => return,
            Rung::Changed => pause = LOOK_AGAIN.0,
            Rung::TimedOut => {}
        }
        let Some(home) = home.upgrade() else { return };
        let core = home.core();
        let (held, wants) = {
            let mut state = locked(&core.state);
            let now = core.clock.now();
            (state.seats.stock.withdraw(), state.seats.wants(now))
        };
        wait = match folder.exchange(limits, &held, &wants) {
            Ok(Exchanged { given, others_wait }) if given.is_some() || wants.is_empty() => {
                let woken = {
                    let mut state = locked(&core.state);
                    if let Some(given) = &given {
                        state.seats.stock.lease(given);
                    }
                    state.seats.shared(others_wait, core.clock.now())
                };
                woken.wake();
                given.map(|_| Duration::ZERO)
            }
            result => {
                if let Ok(Exchanged { others_wait, .. }) = &result {
                    locked(&core.state).seats.give_way(*others_wait);
                }
                if let Err(error) = result {
                    // What was held is still said to be, until it can be written again.
                    tracing::error!("the limits that processes share cannot be read or written: {error}");
                    pause = LOOK_AGAIN.1;
                }
                let now = pause;
                pause = (pause * 2).min(LOOK_AGAIN.1);
                Some(now)
            }
        };
    }
}
