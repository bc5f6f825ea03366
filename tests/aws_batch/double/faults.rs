//! What goes wrong.

/// What goes wrong from now on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    /// So many submits are throttled.
    pub(crate) throttled_submits: u32,
    /// So many questions after jobs are throttled.
    pub(crate) throttled_questions: u32,
    /// The answers to so many submits are lost, after the job was made.
    pub(crate) lost_answers: u32,
    /// So many questions after a new job are answered as if there were none.
    pub(crate) late: u32,
    /// How often the machine of a job is taken away a moment after the job began.
    pub(crate) taken: u32,
    /// The last word of the name of the task whose machine that is.
    pub(crate) taken_from: String,
    /// The last word of the name of a task whose container is killed for want of memory.
    pub(crate) out_of_memory: String,
    /// Nothing begins, and Batch says why.
    pub(crate) stuck: Option<String>,
}

impl Faults {
    /// Whether one of so many is due.
    pub(super) fn take(count: &mut u32) -> bool {
        let is_due = *count > 0;
        *count = count.saturating_sub(1);
        is_due
    }
}
