//! What comes while a task runs: it is heard on a thread of its own.
//!
//! The main thread reads the orders for tasks itself, so that none has to be handed on. While it runs one, this thread reads, unless the task is over
//! within a moment, as most are that a warm worker gets.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rustix::process::{Signal, getpgrp, getpid, kill_current_process_group};
use tokio::sync::oneshot;

use crate::process::container;
use crate::process::exit::Exit;
use crate::process::worker::channel::Channel;
use crate::process::worker::message::{Answer, Order, Report};
use crate::task::cancellation::Cancellation;
use crate::task::error::TaskError;

/// How long a task runs before anybody listens to what comes for it, at least; twice as long at most.
const MOMENT: Duration = Duration::from_millis(1);

/// For how many moments without a task this thread looks for one by itself. While tasks come one after the other, none has to wake it.
const WATCHFUL: u32 = 20;

/// The task that runs, and the socket: what the threads of a worker share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) channel: Channel,
    running: Mutex<Running>,
    changed: Condvar,
    calls: Mutex<HashMap<u64, oneshot::Sender<Result<Bytes, TaskError>>>>,
    numbers: AtomicU64,
}

#[derive(Debug, Default)]
struct Running {
    /// The number of the task that runs; 0 for none.
    task: u64,
    before: u64,
    /// Whether it waits for something that comes over the socket.
    waits: bool,
    /// Whether the thread that listens has to be woken for a task.
    sleeps: bool,
    cancellation: Cancellation,
}

impl Shared {
    pub(super) fn new(channel: Channel) -> Arc<Self> {
        Arc::new(Self { channel, running: Mutex::default(), changed: Condvar::new(), calls: Mutex::default(), numbers: AtomicU64::new(0) })
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        locked(&self.running)
    }

    /// A task begins, which hears by `cancellation` that it should stop. It gives the task's number.
    pub(super) fn begin(&self, cancellation: Cancellation) -> u64 {
        let mut running = self.running();
        let before = running.before + 1;
        let sleeps = running.sleeps;
        *running = Running { task: before, before, waits: false, sleeps: false, cancellation };
        if sleeps {
            self.changed.notify_all();
        }
        before
    }

    /// Says something for the task of that number; nothing once it is over, as a thread that it left behind does not know. It says whether it was said.
    ///
    /// # Errors
    /// When the message is too large, or nobody hears it.
    pub(super) fn say_of(&self, task: u64, report: Report) -> io::Result<bool> {
        self.channel.say_while(report, || self.running().task == task)
    }

    /// It is over: what still comes for it is not heard.
    pub(super) fn end(&self) {
        self.running().task = 0;
        locked(&self.calls).clear();
    }

    /// The number of a new call, and what its answer comes by.
    pub(super) fn call(&self) -> (u64, oneshot::Receiver<Result<Bytes, TaskError>>) {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        locked(&self.calls).insert(number, sender);
        self.running().waits = true;
        self.changed.notify_all();
        (number, receiver)
    }

    /// Nobody waits for the call any more. An answer that comes all the same is dropped.
    pub(super) fn give_up(&self, task: u64, call: u64) {
        if locked(&self.calls).remove(&call).is_some() {
            // Where nobody hears it, all ends anyway.
            let _ = self.say_of(task, Report::GivenUp(call));
        }
    }

    /// Starts to listen.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(super) fn listen(self: &Arc<Self>) -> io::Result<()> {
        let shared = Arc::clone(self);
        std::thread::Builder::new().name("nebulakit-listen".to_owned()).spawn(move || shared.hear_all()).map(drop)
    }

    fn hear_all(&self) {
        loop {
            let task = self.longer_task();
            self.channel.wait();
            let mut reader = self.channel.reader();
            // The main thread reads again once the task is over. What is there while the task still runs is meant for it; the next task's order comes
            // after its end.
            while reader.is_ready() && self.running().task == task {
                match reader.next() {
                    Ok(Some(order)) => self.hear(order),
                    // The task does not end with the process that asked for it, so its own does, with all that it has started.
                    Ok(None) | Err(_) => end_with_all(),
                }
            }
        }
    }

    /// Waits for a task that runs for more than a [`MOMENT`], or waits itself, and gives its number.
    fn longer_task(&self) -> u64 {
        let mut running = self.running();
        let mut quiet = 0;
        loop {
            let Running { task, before, .. } = *running;
            if task != 0 && running.waits {
                return task;
            }
            running = self.changed.wait_timeout(running, MOMENT).unwrap_or_else(PoisonError::into_inner).0;
            if task != 0 && running.task == task {
                return task;
            }
            quiet = if running.before == before { quiet + 1 } else { 0 };
            if quiet == WATCHFUL {
                running.sleeps = true;
                while running.sleeps {
                    running = self.changed.wait(running).unwrap_or_else(PoisonError::into_inner);
                }
                quiet = 0;
            }
        }
    }

    fn hear(&self, order: Order) {
        match order {
            Order::Stop(_) => {
                // Who is woken by it may say something, which looks at what runs.
                let cancellation = self.running().cancellation.clone();
                cancellation.cancel();
            }
            Order::Answer(Answer { call, ended }) => {
                if let Some(sender) = locked(&self.calls).remove(&call) {
                    // A call that was given up meanwhile has no receiver.
                    let _ = sender.send(ended.into_result());
                }
            }
            // One task at a time: neither comes while one runs.
            Order::Hello(_) | Order::Job(_) => end_with_all(),
        }
    }
}

/// Ends this process at once, and all that is in its group with it.
pub(super) fn end_with_all() -> ! {
    if getpgrp() == getpid() {
        // Where it cannot be done, this process ends all the same.
        let _ = kill_current_process_group(Signal::KILL);
    }
    container::leave(Exit::Failed)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing under it panics.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
