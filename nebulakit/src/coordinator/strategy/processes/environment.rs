//! What a worker finds in its environment: what this library, the clouds' tools and programs in general read, and what is named.

use std::process::Command;

use nebulakit_types::storage;

use crate::coordinator::strategy::workers::variables::Variables;
use crate::process::worker::Marker;
use crate::services::env::{self, Environment};

/// What programs in general read, and what the libraries of this one do.
const GENERAL: [&str; 12] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "LANG",
    "TZ",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
];

/// Gives `command` the environment of a worker of the process that has `own`, which sees these GPUs, or those that it would without any word of them.
pub(super) fn give(command: &mut Command, own: &Environment, named: &Variables, gpus: Option<&str>) {
    command.env_clear();
    command.envs(own.variables().filter(|(name, _)| name.to_str().is_some_and(is_usual)));
    command.envs(named.with_values(own));
    if let Some(gpus) = gpus.filter(|gpus| !gpus.is_empty() || !named.contains(env::CUDA_VISIBLE_DEVICES)) {
        command.env(env::CUDA_VISIBLE_DEVICES, gpus);
    }
    command.env(env::WORKER, Marker::below(own).to_string());
}

/// Whether a worker has the variable of that name from the process that starts it.
pub(crate) fn is_usual(name: &str) -> bool {
    name != env::WORKER && (GENERAL.contains(&name) || name == "no_proxy" || env::is_known(name) || storage::Environment::concerns(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_gets_what_it_may_have() {
        let own: Environment = [
            ("PATH", "/bin"),
            ("FLYTE_AWS_ENDPOINT", "http://localhost:1"),
            ("AWS_ACCESS_KEY_ID", "dummy"),
            ("_F_PRJ", "p"),
            ("DATABASE_URL", "postgres://u:p@h/d"),
            ("MY_FLAG", "1"),
            ("NEBULAKIT_WORKER", "1:7"),
            ("https_proxy", "http://proxy:1"),
        ]
        .into_iter()
        .collect();
        let mut named = Variables::default();
        named.hand_on("MY_FLAG");
        named.set("OWN", "x");
        named.hand_on("ABSENT");
        let mut command = Command::new("true");
        command.env("LEFT", "over");
        give(&mut command, &own, &named, Some("4,7"));
        let given: Vec<_> = command.get_envs().map(|(name, value)| (name.to_str().unwrap(), value.unwrap().to_str().unwrap())).collect();
        let worker = format!("2:{}", std::process::id());
        assert_eq!(
            given,
            [
                ("AWS_ACCESS_KEY_ID", "dummy"),
                ("CUDA_VISIBLE_DEVICES", "4,7"),
                ("FLYTE_AWS_ENDPOINT", "http://localhost:1"),
                ("MY_FLAG", "1"),
                ("NEBULAKIT_WORKER", worker.as_str()),
                ("OWN", "x"),
                ("PATH", "/bin"),
                ("_F_PRJ", "p"),
                ("https_proxy", "http://proxy:1"),
            ]
        );
    }
}
