//! Who hears all that a job says and takes, however slow those are that hear its events, and says where its data goes.

use std::fmt::Debug;
use std::io;
use std::time::Duration;

use crate::coordinator::event::OutputStream;
use crate::coordinator::job::JobFailure;
use crate::coordinator::usage::Usage;
use crate::task::surroundings::Places;

/// Hears all that a job says and takes, and of the jobs that its task calls what they say.
///
/// It is called from where that happens, which waits until it returns: nothing piles up, and nothing is left out.
pub(crate) trait Witness: Send + Sync + Debug {
    /// Where the files of an attempt go, and its checkpoint, instead of where the coordinator's context says.
    fn places(&self, attempt: u32) -> (String, Places);

    /// Keeps a page of decks in the place of that of the attempt before. Nobody finds half of it.
    ///
    /// # Errors
    /// When it cannot be written.
    fn keep_deck(&self, page: &str) -> io::Result<()>;

    /// How far the job is.
    fn progress(&self, done: u64, total: Option<u64>);

    /// Lines of the job's log.
    fn log(&self, level: tracing::Level, message: &str);

    /// What a process of the job's has printed, as it is: whole lines, or the beginning of one that goes on in what comes next.
    fn output(&self, stream: OutputStream, printed: &[u8]);

    /// An attempt begins, which is the first where it is 0.
    fn began(&self, attempt: u32);

    /// An engine has the running attempt in its queue, under this id.
    #[cfg(feature = "run")]
    fn waits_on(&self, engine: &str, id: &str, reason: Option<&str>);

    /// An engine runs the running attempt, under this id.
    #[cfg(feature = "run")]
    fn runs_on(&self, engine: &str, id: &str, host: Option<&str>);

    /// The running attempt took this besides its time.
    fn took(&self, usage: Usage);

    /// A process of the job has read this many bytes from stores, or written them.
    fn moved(&self, bytes: u64);

    /// The attempt is over.
    fn ended(&self);

    /// That attempt failed, and another one follows after a pause.
    fn retrying(&self, attempt: u32, pause: Duration, failure: &JobFailure);

    /// What the last attempt took that is over.
    fn usage(&self) -> Option<Usage>;
}
