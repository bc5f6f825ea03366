//! The double of Flyte's control plane, for clients in other languages. usage: flyte_double IMAGE=FOLDER..
//!
//! It says in one line of JSON where it is and how its store is reached, and ends with its standard input. Its store is the real one that the environment
//! names, where tests/servers/with-servers.sh has started one, else a small one of its own.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "its caller reads what it says, and a surprise ends it")]
#![allow(clippy::disallowed_methods, reason = "where the store is comes from the environment")]

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;

use nebulakit_tests::flyte::{Double, Store};
use serde_json::json;

fn main() {
    let images: Vec<String> = std::env::args().skip(1).collect();
    let images = images.iter().map(|image| image.split_once('=').expect("IMAGE=FOLDER"));
    let double = Double::on(store(), images.map(|(image, folder)| (image, PathBuf::from(folder))));
    let variables: BTreeMap<_, _> = double.variables().into_iter().collect();
    println!("{}", json!({ "endpoint": double.endpoint(), "variables": variables }));
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

fn store() -> Option<Store> {
    let variable = |name: &str| std::env::var(name).ok();
    Some(Store {
        endpoint: variable("NEBULAKIT_TEST_S3_ENDPOINT")?,
        access_key_id: variable("NEBULAKIT_TEST_S3_ACCESS_KEY_ID")?,
        secret_access_key: variable("NEBULAKIT_TEST_S3_SECRET_ACCESS_KEY")?,
        bucket: "nebulakit".to_owned(),
    })
}
