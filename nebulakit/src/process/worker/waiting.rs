//! How a worker waits for its next order.

use std::io;
use std::num::NonZero;
use std::thread;
use std::time::{Duration, Instant};

use crate::process::worker::channel::Channel;
use crate::process::worker::message::Order;

/// For how long an order is looked for before the worker sleeps, where the one before came as soon. It takes some tens of microseconds to wake a process
/// whose core has gone to sleep meanwhile, which is more than most of what a warm worker is given.
const SOON: Duration = Duration::from_micros(100);

/// Waits for orders, one after the other.
#[derive(Debug)]
pub(super) struct Waiting {
    has_cores: bool,
    /// Whether the last order came soon.
    is_busy: bool,
}

impl Waiting {
    pub(super) fn new() -> Self {
        // On a single core, who looks keeps off the one that is waited for.
        Self { has_cores: thread::available_parallelism().is_ok_and(|cores| cores > NonZero::<usize>::MIN), is_busy: false }
    }

    /// As [`Channel::next`].
    pub(super) fn next(&mut self, channel: &Channel) -> io::Result<Option<Order>> {
        let begin = Instant::now();
        if self.is_busy {
            let reader = channel.reader();
            while !reader.is_ready() && begin.elapsed() < SOON {
                std::hint::spin_loop();
            }
        }
        let order = channel.next();
        self.is_busy = self.has_cores && begin.elapsed() < SOON;
        order
    }
}
