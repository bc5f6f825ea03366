//! Each attempt is made once: the first process that creates its file has it, on whichever machine.

use std::io;

use super::files;
use super::folder::{AttemptFolder, NodeFolder};
use super::record::Begun;

/// Claims the attempt; `false` where another process has it.
///
/// # Errors
/// When the file cannot be created.
pub(super) fn claim(attempt: &AttemptFolder, begun: &Begun) -> io::Result<bool> {
    attempt.make()?;
    let mut line = serde_json::to_vec(begun).map_err(io::Error::other)?;
    line.push(b'\n');
    // The file counts from its creation on. What is in it is for people.
    let path = attempt.file("claim");
    if files::create_first(&path, &line)? {
        return Ok(true);
    }
    // An engine began the job again, which it does only once the machine is gone that had it: the attempt is still this job's.
    let former: Option<Begun> = serde_json::from_slice(&files::read(&path)?).ok();
    if !former.is_some_and(|former| is_again(&former, begun)) {
        return Ok(false);
    }
    files::publish(&path, &line)?;
    Ok(true)
}

/// Whether `begun` is a later try of the engine's at the job that `former` is of, as AWS Batch counts them.
fn is_again(former: &Begun, begun: &Begun) -> bool {
    let job = |begun: &Begun| begun.engine.get("AWS_BATCH_JOB_ID").cloned();
    let tries = |begun: &Begun| begun.engine.get("AWS_BATCH_JOB_ATTEMPT").and_then(|tries| tries.parse::<u32>().ok());
    job(former).is_some() && job(former) == job(begun) && tries(former) < tries(begun)
}

/// Claims the first attempt that nobody has.
///
/// # Errors
/// When a file cannot be created.
pub(super) fn claim_next(node: &NodeFolder, begun: &mut Begun) -> io::Result<()> {
    for number in 0.. {
        begun.attempt = number;
        if claim(&node.attempt(number), begun)? {
            return Ok(());
        }
    }
    Err(io::Error::other("there are no more numbers of attempts"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::SystemTime;

    use super::*;
    use crate::backend::node::folder::PlanFolder;

    fn begun(pid: u32, job: &str, tries: &str) -> Begun {
        let ids = [("AWS_BATCH_JOB_ID", job), ("AWS_BATCH_JOB_ATTEMPT", tries)];
        let engine: BTreeMap<_, _> =
            ids.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Begun { node: "n0".to_owned(), attempt: 0, began: SystemTime::now(), host: None, pid, engine }
    }

    #[test]
    fn an_attempt_in_a_store_is_one_process_s() {
        let attempt = PlanFolder::at("memory://claims/p".as_ref()).unwrap().node("n0").attempt(0);
        assert!(claim(&attempt, &begun(1, "", "")).unwrap());
        assert!(!claim(&attempt, &begun(2, "", "")).unwrap());
    }

    #[test]
    fn a_job_that_the_engine_begins_again_keeps_its_attempt() {
        let dir = tempfile::tempdir().unwrap();
        let attempt = PlanFolder::at(dir.path()).unwrap().node("n0").attempt(0);
        assert!(claim(&attempt, &begun(1, "j", "1")).unwrap());
        assert!(!claim(&attempt, &begun(2, "j", "1")).unwrap());
        assert!(!claim(&attempt, &begun(3, "k", "2")).unwrap());
        assert!(claim(&attempt, &begun(4, "j", "2")).unwrap());
        assert!(!claim(&attempt, &begun(5, "j", "1")).unwrap());
    }
}
