//! The variables of jobs: those by which a job finds its plan stand in its request, all others in the plan.

use std::collections::BTreeMap;

use crate::backend::engine::of_jobs;
use crate::services::env::Environment;

/// What says something of this machine, where a container has its own, and of who is signed in here: jobs have a role.
const OF_MACHINE: [&str; 12] = [
    "PATH",
    "HOME",
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_STS_ENDPOINT",
    "AWS_METADATA_ENDPOINT",
    "AWS_CA_BUNDLE",
];

/// Those of a job's request, of all that jobs get.
pub(super) fn requested(all: &[(String, String)]) -> Vec<(&str, &str)> {
    all.iter().map(|(name, value)| (&**name, &**value)).filter(|(name, _)| !is_of_machine(name) && leads_to_stores(name)).collect()
}

/// Those that stand in the plan: the rest of what jobs get, and what is `named`, whatever it is.
pub(super) fn planned(own: &Environment, named: &[String]) -> BTreeMap<String, String> {
    let is_named = |name: &String| named.contains(name);
    of_jobs(own, named).into_iter().filter(|(name, _)| is_named(name) || (!is_of_machine(name) && !leads_to_stores(name))).collect()
}

fn is_of_machine(name: &str) -> bool {
    OF_MACHINE.contains(&name) || name.starts_with("AWS_CONTAINER_") || name.starts_with("AWS_BATCH_") || name.starts_with("SSL_CERT_")
}

fn leads_to_stores(name: &str) -> bool {
    name.starts_with("AWS_") || name.starts_with("FLYTE_AWS_") || name.to_ascii_lowercase().ends_with("_proxy")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_gets_what_leads_to_its_plan_and_nothing_of_this_machine() {
        let own: Environment = [
            ("PATH", "/bin"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_PROFILE", "me"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_SECRET_ACCESS_KEY", "marker"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
            ("NO_PROXY", "*"),
            ("TZ", "UTC"),
            ("MY_FLAG", "1"),
        ]
        .into_iter()
        .collect();
        let named = ["MY_FLAG".to_owned()];
        let all = of_jobs(&own, &named);
        let names: Vec<_> = requested(&all).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["AWS_ENDPOINT_URL", "AWS_REGION", "NO_PROXY"]);
        let planned: Vec<_> = planned(&own, &named).into_iter().collect();
        assert_eq!(planned, [("MY_FLAG".to_owned(), "1".to_owned()), ("TZ".to_owned(), "UTC".to_owned())]);
    }
}
