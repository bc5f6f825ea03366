//! By which the engine knows this job.

use std::collections::BTreeMap;

use crate::services::env::Environment;

/// The variables by which engines tell their jobs who they are. Nothing else of the environment is recorded.
const VARIABLES: [&str; 13] = [
    "SLURM_CLUSTER_NAME",
    "SLURM_JOB_ID",
    "SLURM_ARRAY_JOB_ID",
    "SLURM_ARRAY_TASK_ID",
    "SLURM_STEP_ID",
    "SLURM_PROCID",
    "AWS_BATCH_JOB_ID",
    "AWS_BATCH_JOB_ARRAY_INDEX",
    "AWS_BATCH_JOB_ATTEMPT",
    "LSB_JOBID",
    "LSB_JOBINDEX",
    "PBS_JOBID",
    "PBS_ARRAY_INDEX",
];

/// The longest id that is kept, in bytes: anybody may set a variable.
const LONGEST: usize = 256;

/// The ids of this job, by the names of their variables.
pub(super) fn engine_ids(environment: &Environment) -> BTreeMap<String, String> {
    let of = |name: &str| {
        let value = environment.non_empty(name)?;
        Some((name.to_owned(), value[..value.floor_char_boundary(LONGEST)].to_owned()))
    };
    VARIABLES.iter().filter_map(|name| of(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_are_kept_and_nothing_else() {
        let environment = Environment::empty()
            .with("SLURM_JOB_ID", "17")
            .with("SLURM_ARRAY_TASK_ID", "")
            .with("AWS_SECRET_ACCESS_KEY", "marker")
            .with("AWS_BATCH_JOB_ID", "ä".repeat(1000));
        let ids = engine_ids(&environment);
        assert_eq!(ids.keys().collect::<Vec<_>>(), ["AWS_BATCH_JOB_ID", "SLURM_JOB_ID"]);
        assert_eq!((ids["SLURM_JOB_ID"].as_str(), ids["AWS_BATCH_JOB_ID"].len()), ("17", 256));
    }
}
