//! What a watcher knows.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::super::look::Looker;
use crate::run::{Control, Recorder, Request};

/// Watches an execution.
pub(in super::super) struct Watcher {
    pub(in super::super) looker: Looker,
    pub(in super::super) recorder: Arc<Recorder>,
    pub(super) control: Control,
    /// What was asked and could not be passed on yet.
    pub(super) asked: VecDeque<Request>,
    /// Since when the control plane has not answered.
    pub(super) away: Option<Instant>,
}

impl Watcher {
    pub(in super::super) fn new(looker: Looker, recorder: Arc<Recorder>, control: Control) -> Self {
        Self { looker, recorder, control, asked: VecDeque::new(), away: None }
    }
}
