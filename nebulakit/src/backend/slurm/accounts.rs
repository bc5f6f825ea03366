//! `sacct`: what the accounting database keeps of jobs that the controller has forgotten.

use std::collections::{BTreeSet, HashMap};

use super::client::Client;
use super::state::{Ended, seen};
use crate::backend::engine::{EngineError, EngineId, Seen};

const BETWEEN: char = '\u{1f}';
const FIELDS: &str = "JobID,State,ExitCode,JobName";
/// What the header calls the first of them.
const HEADER: &str = "JobID";

/// How far back a job is looked for by its name.
const SINCE: &str = "--starttime=now-14days";

/// Asks how these jobs ended, in one question. One that has not, by what it says, is absent: the controller would know it.
///
/// # Errors
/// When there is no answer. `Ok(None)` where this cluster keeps no accounts.
pub(super) async fn ends(
    client: &Client,
    ids: &[&EngineId],
    cluster: Option<String>,
) -> Result<Option<HashMap<EngineId, Seen>>, EngineError> {
    // All elements of an array are told by its number.
    let numbers: BTreeSet<_> = ids.iter().filter_map(|id| id.as_str().split('_').next()).collect();
    let numbers: Vec<_> = numbers.into_iter().collect();
    let said = ask(client, format!("--jobs={}", numbers.join(",")), cluster).await?;
    Ok(said.map(|said| read(&said)))
}

/// The number of the job, or of the array, of that name.
///
/// # Errors
/// When there is no answer.
pub(super) async fn find(client: &Client, name: &str, cluster: Option<String>) -> Result<Option<String>, EngineError> {
    let said = ask(client, format!("--name={name}"), cluster);
    Ok(said.await?.and_then(|said| named(&said, name)))
}

async fn ask(client: &Client, which: String, cluster: Option<String>) -> Result<Option<String>, EngineError> {
    let mut words: Vec<_> = ["--allocations", "--parsable2"].map(str::to_owned).into();
    words.push(format!("--delimiter={BETWEEN}"));
    words.push(format!("--format={FIELDS}"));
    if which.starts_with("--name") {
        words.push(SINCE.to_owned());
    }
    words.push(which);
    words.extend(cluster);
    let said = client.ask("sacct", &words).await.map_err(|error| EngineError(error.to_string()))?;
    if said.stderr.contains("accounting storage is disabled") {
        return Ok(None);
    }
    // It ends with 0 where the database does not answer, but without the header then.
    if said.code != Some(0) || rows(&said.stdout).next().is_none() {
        return Err(EngineError(format!("`sacct` should tell of jobs, and said {}", said.shown())));
    }
    Ok(Some(said.stdout))
}

/// The header and what is behind it.
fn rows(text: &str) -> impl Iterator<Item = [&str; 4]> {
    let rows = text.lines().filter_map(|line| <[&str; 4]>::try_from(line.splitn(4, BETWEEN).collect::<Vec<_>>()).ok());
    rows.skip_while(|[id, ..]| *id != HEADER)
}

fn read(text: &str) -> HashMap<EngineId, Seen> {
    let ends = rows(text).filter_map(|[id, state, exit, _]| match seen(state, Ended::from_pair(exit).unwrap_or_default(), None, None) {
        Some(seen @ Seen::Ended(_)) => Some((EngineId::from(id), seen)),
        _ => None,
    });
    ends.collect()
}

fn named(text: &str, name: &str) -> Option<String> {
    let numbers = rows(text).filter(|[.., of]| *of == name).filter_map(|[id, ..]| id.split('_').next()?.parse::<u64>().ok());
    numbers.max().map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::engine::{Ending, EngineEnd};

    /// From Slurm 22.05.8, with its separator written as `|`.
    const SAID: &str = "\
JobID|State|ExitCode|JobName
2|CANCELLED by 0|0:0|two
3|FAILED|3:0|three
4|FAILED|0:9|nine
5|OUT_OF_MEMORY|0:125|oom
6_[4-5%2]|PENDING|0:0|arr
6_1|FAILED|1:0|arr
10|RUNNING|0:0|lim
1|NODE_FAIL|0:0|lost
";

    #[test]
    fn ends_are_read_and_what_has_not_ended_is_left_to_the_controller() {
        let ends = read(&SAID.replace('|', "\u{1f}"));
        let how = |id: &str| match ends.get(&EngineId::from(id)) {
            Some(Seen::Ended(EngineEnd { how, .. })) => Some(*how),
            _ => None,
        };
        assert_eq!(how("2"), Some(Ending::Cancelled));
        assert_eq!(how("3"), Some(Ending::Exited(3)));
        assert_eq!(how("4"), Some(Ending::Signalled(9)));
        assert_eq!(how("5"), Some(Ending::OutOfMemory));
        assert_eq!(how("6_1"), Some(Ending::Exited(1)));
        assert_eq!(how("1"), Some(Ending::NodeLost));
        assert_eq!(ends.len(), 6);
    }

    #[test]
    fn an_array_is_found_by_its_name() {
        assert_eq!(named(&SAID.replace('|', "\u{1f}"), "arr").as_deref(), Some("6"));
        assert_eq!(named(&SAID.replace('|', "\u{1f}"), "ar"), None);
    }
}
