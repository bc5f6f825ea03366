//! Inputs that lie in files of their own.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use nebulakit_types::convert::reader::{Bounds, Gathering, References, Wanted};
use nebulakit_types::storage::{ObjectMeta, Storage};
use nebulakit_types::{Error, Result};

/// How many offloaded literals are fetched at a time.
const AT_A_TIME: usize = 8;

/// Fetches the content of every offloaded literal in `inputs`, at any depth and in files that refer to others, and the pickles in inputs of
/// which `takes_pickles` says so.
///
/// # Errors
/// When one cannot be fetched, or all of them are more than `bounds` allow.
pub(crate) async fn fetch_offloaded(
    storage: &Storage,
    inputs: &[u8],
    bounds: Bounds,
    takes_pickles: impl Fn(&str) -> bool,
) -> Result<References> {
    let mut gathering = Gathering::new(bounds);
    gathering.inputs(inputs, takes_pickles)?;
    while let Some(round) = gathering.next_round()? {
        let mut contents = stream::iter(round).map(|wanted| fetch(storage, wanted)).buffered(AT_A_TIME);
        while let Some(content) = contents.try_next().await? {
            gathering.add(content)?;
        }
    }
    gathering.finish()
}

/// Reads an object as far as it may be read.
async fn fetch(storage: &Storage, mut wanted: Wanted) -> Result<Wanted> {
    let read = async |wanted: &mut Wanted| {
        let mut reading = storage.read(wanted.uri(), ..).await?;
        if reading.meta().size != ObjectMeta::UNKNOWN {
            wanted.announce(reading.meta().size)?;
        }
        while let Some(piece) = reading.try_next().await? {
            wanted.receive(&piece)?;
        }
        Ok::<(), Error>(())
    };
    match read(&mut wanted).await {
        Ok(()) => Ok(wanted),
        Err(error) if error.path().is_empty() => Err(error.at_field(wanted.root())),
        Err(error) => Err(error),
    }
}
