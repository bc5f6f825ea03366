//! What `sbatch` said: a job's number, or why there is none.

use super::client::{NotRun, Said};
use crate::backend::engine::NotSubmitted;

/// Refusals that pass by themselves: a controller that is busy, or starting again.
const PASSING: [&str; 6] = [
    "Slurm temporarily unable to accept job",
    "Resource temporarily unavailable",
    "Unable to contact slurm controller",
    "Connection refused",
    "in standby mode",
    "Rate limit",
];

/// Failures after which the job may be there all the same: the question went out, and the answer was lost.
const LOST: [&str; 5] =
    ["timed out", "Zero Bytes were transmitted", "Connection reset", "Unexpected message received", "Communication connection failure"];

/// What a refusal by any limit says. Which limit it was stands in a line before, but not in each version of Slurm.
const POLICY: &str = "Job violates accounting/QOS policy";

/// The number of the job. Of what stands around it in the output (a cluster's name behind it, banners before it) nothing counts.
pub(super) fn job(said: Result<Said, NotRun>) -> Result<String, NotSubmitted> {
    let said = match said {
        Ok(said) => said,
        Err(error @ NotRun::NotStarted(_)) => return Err(NotSubmitted::Refused(error.to_string())),
        Err(error @ NotRun::Cut(_)) => return Err(NotSubmitted::Unclear(error.to_string())),
    };
    let number = said.stdout.lines().rev().find_map(number);
    let shown = said.shown();
    let tells = |words: &[&str]| words.iter().any(|word| said.stderr.contains(word) || said.stdout.contains(word));
    match (number, said.code) {
        (Some(number), Some(0)) => Ok(number),
        (Some(number), _) => Err(NotSubmitted::Unclear(format!("`sbatch` named the job {number} and failed, with {shown}"))),
        (None, Some(0)) => Err(NotSubmitted::Unclear(format!("`sbatch` should print the number of a job, and said {shown}"))),
        _ if tells(&LOST) => Err(NotSubmitted::Unclear(format!("`sbatch` said: {shown}"))),
        _ if tells(&PASSING) || is_full(&said.stderr) => Err(NotSubmitted::Held(format!("`sbatch` said: {shown}"))),
        (None, Some(_)) => Err(NotSubmitted::Refused(format!("`sbatch` refused the job: {shown}"))),
        (None, None) => Err(NotSubmitted::Unclear(format!("`sbatch` was killed; it said {shown}"))),
    }
}

/// Whether a limit of how many jobs may be submitted refused it: not one of what a single job may be, which no other job's end would change.
fn is_full(said: &str) -> bool {
    let limit = said
        .lines()
        .map(|line| line.strip_prefix("sbatch: error: ").unwrap_or(line))
        .find(|line| line.starts_with("QOS") || line.starts_with("Assoc"));
    said.contains(POLICY) && limit.is_none_or(|limit| limit.contains("SubmitJob"))
}

/// The number in a line of `sbatch --parsable`, which may have the cluster's name behind it; or in that of a site's `sbatch` that knows no such flag.
fn number(line: &str) -> Option<String> {
    let line = line.trim();
    let line = line.strip_prefix("Submitted batch job ").unwrap_or(line);
    let number = line.split([';', ' ']).next()?;
    let is_alone = line.len() == number.len() || line[number.len()..].starts_with(';') || line[number.len()..].starts_with(" on cluster ");
    (is_alone && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then(|| number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: i32, stdout: &str, stderr: &str) -> Result<String, NotSubmitted> {
        job(Ok(Said { code: Some(code), stdout: stdout.to_owned(), stderr: stderr.to_owned() }))
    }

    #[test]
    fn the_number_is_found_among_banners_and_clusters() {
        for stdout in [
            "17\n",
            "17;probe\n",
            "Welcome to the cluster\n17\n",
            "17\n\nThank you\n",
            "Submitted batch job 17\n",
            "Submitted batch job 17 on cluster probe\n",
        ] {
            assert!(matches!(answer(0, stdout, ""), Ok(number) if number == "17"), "{stdout}");
        }
    }

    #[test]
    fn success_without_a_number_is_not_believed() {
        for stdout in ["", "Welcome\n", "see room 17 downstairs\n"] {
            assert!(matches!(answer(0, stdout, ""), Err(NotSubmitted::Unclear(_))), "{stdout}");
        }
    }

    #[test]
    fn limits_hold_and_mistakes_are_refused() {
        let limit = "sbatch: error: QOSMaxSubmitJobPerUserLimit\nsbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)\n";
        assert!(matches!(answer(1, "", limit), Err(NotSubmitted::Held(_))));
        for mistake in [
            "sbatch: error: invalid partition specified: nosuch\nsbatch: error: Batch job submission failed: Invalid partition name specified\n",
            "sbatch: error: Memory specification can not be satisfied\nsbatch: error: Batch job submission failed: Requested node configuration is not available\n",
            "sbatch: error: QOSMaxMemoryPerJob\nsbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)\n",
        ] {
            let Err(NotSubmitted::Refused(why)) = answer(1, "", mistake) else { panic!("{mistake}") };
            assert!(why.contains("Batch job submission failed"), "{why}");
        }
    }

    #[test]
    fn a_lost_answer_is_no_refusal() {
        let lost = "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation\n";
        assert!(matches!(answer(1, "", lost), Err(NotSubmitted::Unclear(_))));
        assert!(matches!(answer(1, "17\n", "sbatch: error: plugin\n"), Err(NotSubmitted::Unclear(_))));
    }
}
