//! Equal jobs as an array job: which go together, and the lists in the plan that say which node each index is.
//!
//! ```text
//! P/arrays/<name>/list     a line per element: the node and the attempt
//! P/arrays/<name>/names    a line per element: the name that its job has here, by which it is found again
//! ```

use std::io;
use std::path::{Path, PathBuf};

use crate::backend::engine::EngineJob;
use crate::backend::node::{folders, publish, read_text};

/// The variable that holds an element's index.
pub(super) const INDEX: &str = "AWS_BATCH_JOB_ARRAY_INDEX";

/// The variable that holds the index of a job that is alone, and whose command would be too long.
pub(super) const ALONE: &str = "NEBULAKIT_LINE";

/// The most elements of an array job.
pub(super) const MOST: usize = 10_000;

/// The jobs by their places, such as may go together next to each other: each group has at most `most`, and keeps its order.
pub(super) fn groups(jobs: &[EngineJob], most: usize, are_equal: impl Fn(&EngineJob, &EngineJob) -> bool) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (place, job) in jobs.iter().enumerate() {
        let open = groups.iter_mut().rev().find(|group| are_equal(&jobs[group[0]], job)).filter(|group| group.len() < most.max(1));
        match open {
            Some(group) => group.push(place),
            None => groups.push(vec![place]),
        }
    }
    groups
}

/// Whether two jobs differ in nothing but the node and the attempt.
pub(super) fn are_equal(one: &EngineJob, other: &EngineJob) -> bool {
    let shape = |job: &EngineJob| (job.cores.to_bits(), job.memory, job.gpus, job.time);
    one.task == other.task
        && shape(one) == shape(other)
        && one.plan == other.plan
        && one.workflow == other.workflow
        && one.image == other.image
        && one.variables == other.variables
        && without_node(&one.argv).eq(without_node(&other.argv))
}

/// The words of a job without those that say which node it is, and which attempt.
pub(super) fn without_node(argv: &[String]) -> impl Iterator<Item = &String> {
    let mut words = argv.iter();
    std::iter::from_fn(move || {
        loop {
            match words.next()? {
                word if word == "--node" || word == "--attempt" => drop(words.next()),
                word => return Some(word),
            }
        }
    })
}

/// Where the list of an array is.
pub(super) fn list(plan: &Path, name: &str) -> PathBuf {
    plan.join("arrays").join(name).join("list")
}

/// Writes the lists of an array of these jobs.
///
/// # Errors
/// When that cannot be done.
pub(super) fn write(plan: &Path, name: &str, lines: &str, names: &str) -> io::Result<()> {
    let list = list(plan, name);
    publish(&list.with_file_name("names"), names.as_bytes())?;
    publish(&list, lines.as_bytes())
}

/// The arrays, and the index in each, of the job that is called `name` here.
///
/// # Errors
/// When they cannot be read.
pub(super) fn find(plan: &Path, name: &str) -> io::Result<Vec<(String, usize)>> {
    let mut found = Vec::new();
    for array in folders(&plan.join("arrays"))? {
        let names = read_text(&plan.join("arrays").join(&array).join("names"))?;
        if let Some(index) = names.lines().position(|line| line == name) {
            found.push((array, index));
        }
    }
    Ok(found)
}
