//! What is held back until a test lets it go: calls of a method, starts of a task. So tests have an order without sleeping.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::engine::stop::Stop;

/// What is held, by the names of methods and tasks.
#[derive(Debug, Default)]
pub(crate) struct Holds(Mutex<HashMap<String, Hold>>);

/// What holds a method or a task back. It lets go when it is dropped, too.
#[derive(Debug, Clone)]
pub struct Hold(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// How many have come.
    came: watch::Sender<usize>,
    is_open: watch::Sender<bool>,
}

impl Holds {
    pub(crate) fn hold(&self, name: &str) -> Hold {
        let hold = Hold(Arc::new(Inner { came: watch::Sender::new(0), is_open: watch::Sender::new(false) }));
        self.0.lock().unwrap().insert(name.to_owned(), hold.clone());
        hold
    }

    /// Waits while the name is held, unless it is stopped.
    pub(crate) async fn pass(&self, name: &str, stop: &Stop) {
        let Some(hold) = self.0.lock().unwrap().get(name).cloned() else { return };
        hold.0.came.send_modify(|came| *came += 1);
        let mut is_open = hold.0.is_open.subscribe();
        tokio::select! {
            _ = is_open.wait_for(|is_open| *is_open) => {}
            _ = stop.stopped() => {}
        }
    }
}

impl Hold {
    /// Waits until `count` have come.
    pub async fn reached(&self, count: usize) {
        let _ = self.0.came.subscribe().wait_for(|came| *came >= count).await;
    }

    /// Lets all go that have come, and all that come.
    pub fn open(&self) {
        self.0.is_open.send_replace(true);
    }
}
