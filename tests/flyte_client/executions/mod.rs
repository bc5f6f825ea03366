//! Executions: read as the platform was recorded to tell of them, and steered.
//!
//! | module | holds |
//! |---|---|
//! | `recorded` | what was recorded, read again |
//! | `given` | executions that the double has |
//! | `read` | nodes, lists, data and addresses |
//! | `steered` | once more, no more, and answers to gates |
//! | `commands` | the same, as people type it |

mod commands;
mod given;
mod read;
mod recorded;
mod steered;

use std::path::Path;

use nebulakit::backend::flyte::{Execution, FlyteClient};
use serde_json::json;

use crate::double::client;
use crate::double::executions::Executions;

fn of(client: &FlyteClient, name: &str) -> Execution {
    client.execution("flytesnacks", "development", name).unwrap()
}

async fn reached(executions: &Executions, home: &Path) -> FlyteClient {
    client(home, &json!({ "endpoint": executions.serve().await.to_string(), "insecure": true, "maxBackoffDelay": "1ms" }))
}
