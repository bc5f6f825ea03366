//! The variables of jobs: what workers have besides secrets, and what is named.

use std::collections::BTreeMap;

use crate::coordinator::is_of_a_worker;
use crate::services::env::{self, Environment};

/// The variables that jobs get from this process: those that a worker would, but for what is secret by its name or its value, and those that are `named`,
/// whatever they are. They may come to stand in the engine's record of the job.
pub(in crate::backend) fn of_jobs(own: &Environment, named: &[String]) -> Vec<(String, String)> {
    let mut given = BTreeMap::new();
    for (name, value) in own.variables() {
        let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) else { continue };
        let is_usual = is_of_a_worker(&name) && !is_of_one_process(&name) && !is_secret(&name, &value);
        if is_usual || named.contains(&name) {
            given.insert(name, value);
        }
    }
    given.into_iter().collect()
}

/// What says something of this process alone, or of its machine.
fn is_of_one_process(name: &str) -> bool {
    [env::WORKER, env::ATTEMPT_NUMBER, env::CUDA_VISIBLE_DEVICES, env::TMPDIR, env::NEBULAKIT_DIR].contains(&name)
}

/// Whether a variable is likely to hold a secret.
fn is_secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let says_so = ["SECRET", "TOKEN", "KEY", "SAS", "PASSWORD", "CREDENTIAL", "FSEC"].iter().any(|word| name.contains(word));
    let is_place = ["_FILE", "_ID", "_URI", "_URL", "_DIR", "_PREFIX"].iter().any(|end| name.ends_with(end));
    // `http://user:password@host`.
    let has_password = value.split_once("://").is_some_and(|(_, rest)| rest.split('/').next().is_some_and(|host| host.contains('@')));
    (says_so && !is_place) || name.starts_with("_FSEC") || has_password
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_get_what_workers_do_but_no_secret() {
        let own: Environment = [
            ("PATH", "/bin"),
            ("HOME", "/home/u"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "marker"),
            ("AWS_SESSION_TOKEN", "marker"),
            ("AZURE_STORAGE_ACCOUNT_KEY", "marker"),
            ("FLYTE_AWS_SECRET_ACCESS_KEY", "marker"),
            ("_FSEC_G_KEY", "marker"),
            ("https_proxy", "http://u:marker@proxy:1"),
            ("HTTPS_PROXY", "http://proxy:1"),
            ("DATABASE_URL", "postgres://u:marker@h/d"),
            ("MY_FLAG", "1"),
            ("TMPDIR", "/tmp/x"),
        ]
        .into_iter()
        .collect();
        let named = ["MY_FLAG".to_owned(), "ABSENT".to_owned()];
        let given = of_jobs(&own, &named);
        let names: Vec<_> = given.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["AWS_ACCESS_KEY_ID", "AWS_REGION", "HOME", "HTTPS_PROXY", "MY_FLAG", "PATH"]);
        assert!(!format!("{given:?}").contains("marker"));
    }
}
