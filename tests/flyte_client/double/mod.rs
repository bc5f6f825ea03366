//! Doubles of what the client speaks to, and clients that are configured as people do it: by a file.

pub(crate) mod admin;
pub(crate) mod authority;
pub(crate) mod executions;
pub(crate) mod grpc;
pub(crate) mod proxy;
pub(crate) mod registry;

use std::path::Path;

use nebulakit::backend::flyte::{ClientError, FlyteClient, Prompt};
use nebulakit::config::Config;
use nebulakit::env::Environment;

/// The settings that a file in flytectl's form gives, in a home folder that is otherwise empty.
pub(crate) fn config(home: &Path, settings: &serde_json::Value) -> (Config, Environment) {
    let file = home.join("config.yaml");
    std::fs::write(&file, serde_json::json!({ "admin": settings }).to_string()).unwrap();
    let environment = Environment::empty().with("HOME", home).with("FLYTECTL_CONFIG", file);
    (Config::load(&environment, home).unwrap(), environment)
}

/// A client of whom nobody is asked anything.
pub(crate) fn client(home: &Path, settings: &serde_json::Value) -> FlyteClient {
    prompted(home, settings, std::sync::Arc::new(|login| panic!("nobody is there: {login:?}"))).unwrap()
}

/// A client that asks a person by `prompt`.
pub(crate) fn prompted(home: &Path, settings: &serde_json::Value, prompt: Prompt) -> Result<FlyteClient, ClientError> {
    let (config, environment) = config(home, settings);
    FlyteClient::prompting(&config, &environment, prompt)
}
