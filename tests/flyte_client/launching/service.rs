//! A service that launches, and waits for what comes of it.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "it says what it got, and a surprise ends it")]

#[path = "tasks.rs"]
#[allow(dead_code, reason = "not all of them are launched here")]
mod tasks;

use std::path::Path;

use nebulakit::backend::flyte::{FlyteClient, LaunchOptions};
use nebulakit::config::Config;
use nebulakit::env::Environment;
use nebulakit::{Directory, File};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let environment = Environment::from_process();
    let client = FlyteClient::new(&Config::load(&environment, Path::new("."))?, &environment)?.with_project("flytesnacks");
    let half: f64 = tasks::divider::with(1.0, nebulakit::prelude::Default).launch(&client).await?.wait().await?;
    println!("divider: {half}");
    let lines = tasks::lines::with(File::from_bytes("three.txt", "1\n2\n3\n")).launch(&client).await?;
    let whole = tasks::whole::with(vec![1, 2, 3], 4).launch_with(&client, &LaunchOptions::new().label("by", "service")).await?;
    println!("lines: {}", lines.wait().await?);
    println!("whole: {}", whole.wait().await?);
    let folder = std::env::args().nth(1).unwrap_or_else(|| "examples".to_owned());
    let joined: File = tasks::joined::with(Directory::from_path(folder)).launch(&client).await?.wait().await?;
    println!("joined: {} bytes at {}", joined.read_to_string().await?.len(), joined.uri().unwrap_or_default());
    let error = tasks::failing::with(4).launch(&client).await?.wait().await.unwrap_err();
    println!("failing: {error}");
    Ok(())
}
