//! Moves a file or a directory to a URL, or from one: the program that the transfer benchmark measures.
#![allow(clippy::disallowed_methods, reason = "a program of its own, steered by variables")]

use std::path::Path;

use anyhow::{Context as _, bail};
use nebulakit_types::storage::{Environment, PutOptions, Storage, StorageConfig, TreeOptions};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [action, path, url] = arguments.as_slice() else { bail!("usage: transfer up|down|up-tree|down-tree PATH URL") };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let config = StorageConfig { environment: Environment::pick(std::env::vars_os()), ..StorageConfig::default() };
    let storage = Storage::new(config);
    let (path, put, tree) = (Path::new(path), PutOptions::default(), TreeOptions::default());
    runtime.block_on(async {
        match action.as_str() {
            "up" => storage.upload(path, url, &put).await.map(drop),
            "down" => storage.download(url, path).await.map(drop),
            "up-tree" => storage.upload_tree(path, url, &tree).await.map(drop),
            "down-tree" => storage.download_tree(url, path, &tree).await.map(drop),
            other => bail!("`{other}` is not an action"),
        }
        .context("the transfer failed")
    })
}
