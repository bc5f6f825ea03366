//! Equal jobs as an array: which go together, and the list in the plan that says which node each index is.
//!
//! ```text
//! P/arrays/<name>/list     a line per element: the node and the attempt
//! P/arrays/<name>/names    a line per element: the name that its job has here, by which it is found again
//! P/arrays/<name>/<index>  a link to the element's folder, through which its output gets there
//! ```

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::backend::engine::EngineJob;

/// The variable that holds an element's index.
const INDEX: &str = "SLURM_ARRAY_TASK_ID";

/// Where the arrays of a plan are.
pub(super) fn folder(plan: &Path) -> PathBuf {
    plan.join("arrays")
}

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
    let shape = |job: &EngineJob| (job.cores.to_bits(), job.memory, job.gpus, job.time, job.tokens.clone());
    one.task == other.task
        && shape(one) == shape(other)
        && one.plan == other.plan
        && one.workflow == other.workflow
        && one.image == other.image
        && one.variables == other.variables
        && without_node(&one.argv).eq(without_node(&other.argv))
}

/// The words of a job without those that say which node it is, and which attempt.
fn without_node(argv: &[String]) -> impl Iterator<Item = &String> {
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

/// Makes the files of an array of these jobs, and gives the words that its elements run.
///
/// # Errors
/// When a file cannot be made.
pub(super) fn make(name: &str, jobs: &[&EngineJob]) -> io::Result<Vec<String>> {
    let Some(first) = jobs.first() else { return Ok(Vec::new()) };
    let folder = folder(&first.plan).join(name);
    DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let lines = |line: &dyn Fn(&EngineJob) -> String| jobs.iter().map(|job| line(job)).collect::<String>();
    fs::write(folder.join("list"), lines(&|job| format!("{} {}\n", job.node, job.attempt)))?;
    fs::write(folder.join("names"), lines(&|job| format!("{}\n", job.name)))?;
    for (index, job) in jobs.iter().enumerate() {
        symlink(std::path::absolute(&job.folder)?, folder.join(index.to_string()))?;
    }
    let list = folder.join("list").into_os_string().into_string();
    let list = list.map_err(|list| io::Error::other(format!("{} is not UTF-8", list.display())))?;
    let mut argv: Vec<_> = without_node(&first.argv).cloned().collect();
    argv.extend(["--index-from".to_owned(), INDEX.to_owned(), "--list".to_owned(), list]);
    Ok(argv)
}

/// The array, and the index in it, of the job that is called `name` here.
///
/// # Errors
/// When the folder of arrays cannot be read.
pub(super) fn find(plan: &Path, name: &str) -> io::Result<Vec<(String, usize)>> {
    let entries = match fs::read_dir(folder(plan)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let names = fs::read_to_string(entry.path().join("names")).unwrap_or_default();
        if let Some(index) = names.lines().position(|line| line == name) {
            found.push((entry.file_name().to_string_lossy().into_owned(), index));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::NodePath;

    fn job(plan: &Path, node: &str, cores: f64) -> EngineJob {
        let argv = ["/p", "node-execute", "--plan", "/q", "--node", node, "--attempt", "1", "--task", "t"];
        EngineJob {
            name: format!("nk-{node}.1"),
            plan: plan.to_owned(),
            node: NodePath::from(node),
            attempt: 1,
            task: "t",
            workflow: "w".into(),
            argv: argv.map(str::to_owned).into(),
            folder: plan.join("nodes").join(node),
            variables: Vec::new(),
            cores,
            memory: None,
            tokens: Vec::new(),
            gpus: 0,
            time: None,
            image: None,
        }
    }

    #[test]
    fn equal_jobs_go_together_and_arrays_are_cut() {
        let dir = tempfile::tempdir().unwrap();
        let jobs: Vec<_> =
            [1.0, 1.0, 2.0, 1.0, 2.0, 1.0].iter().enumerate().map(|(at, cores)| job(dir.path(), &format!("n{at}"), *cores)).collect();
        assert_eq!(groups(&jobs, 3, are_equal), [vec![0, 1, 3], vec![2, 4], vec![5]]);
        assert_eq!(groups(&jobs, 0, are_equal).len(), 6);
    }

    #[test]
    fn the_list_says_which_node_an_index_is() {
        let dir = tempfile::tempdir().unwrap();
        let jobs = [job(dir.path(), "n0", 1.0), job(dir.path(), "n1", 1.0)];
        let argv = make("nk-n0.1.x2", &[&jobs[0], &jobs[1]]).unwrap();
        let folder = dir.path().join("arrays/nk-n0.1.x2");
        let list = folder.join("list").to_str().unwrap().to_owned();
        assert_eq!(argv, ["/p", "node-execute", "--plan", "/q", "--task", "t", "--index-from", "SLURM_ARRAY_TASK_ID", "--list", &list]);
        assert_eq!(fs::read_to_string(list).unwrap(), "n0 1\nn1 1\n");
        assert_eq!(fs::read_link(folder.join("1")).unwrap(), jobs[1].folder);
        assert_eq!(find(dir.path(), "nk-n1.1").unwrap(), [("nk-n0.1.x2".to_owned(), 1)]);
        assert_eq!(find(dir.path(), "nk-n2.1").unwrap(), []);
    }
}
