//! Whether the kernel ended a worker for want of memory.

use crate::coordinator::error::Limit;
use crate::process::memory::MemoryGroup;

/// The kernel's count of processes that it killed for want of memory, and what it was before.
#[derive(Debug)]
pub(super) struct Account {
    group: MemoryGroup,
    before: u64,
}

impl Account {
    /// That of the worker's own group, else of the one that this process and its workers are in.
    pub(super) fn open(own: Option<&MemoryGroup>) -> Option<Self> {
        let group = own.cloned().or_else(MemoryGroup::of_this_process)?;
        Some(Self { before: group.kills()?, group })
    }

    /// The limit that was run into since, where one was.
    pub(super) fn exceeded(&self) -> Option<Limit> {
        let is_more = self.group.kills().is_some_and(|kills| kills > self.before);
        is_more.then(|| Limit::Memory { limit: self.group.limit(), peak: self.group.peak() })
    }
}
