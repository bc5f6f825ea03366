//! What a node of a workflow costs on this machine, beside what its task does.
//!
//! `cargo bench -p nebulakit-benches --no-default-features --features run --bench local -- [PART ..]`
//!
//! | part | what it prints |
//! |---|---|
//! | `cost`, and of `chain`, `wide`, `lattice`, `map`, `1000`, `10000`, `100000` those that are wanted | CPU of a node, with a record and without |
//! | `memory` | bytes of a node that waits |
//! | `processes` | nodes in processes, warm and fresh |
//! | `computing` | work that computes, beside plain threads |
//! | `peers`, and what is wanted as for `cost`; needs the feature `peers` | CPU of a node beside dagx and apalis-workflow |
//! | `recorded SHAPE NODES` | nothing: one run, for `benches/peers.py` |
//!
//! Without a part all of the first four.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints")]

mod cost;
mod flows;
mod memory;
#[cfg(feature = "peers")]
mod peers;
mod strategies;

use std::process::Command;

use nebulakit::coordinator::worker_main;

fn main() {
    worker_main();
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(measured(&asked));
}

async fn measured(asked: &[String]) {
    let size = |asked: &[String]| asked[2].parse().unwrap();
    match asked.first().map(String::as_str) {
        Some("nothing") => {}
        Some("recorded") => cost::once(&asked[1], size(asked)).await,
        Some("memory") if asked.len() > 1 => memory::of(&asked[1], size(asked)).await,
        Some("memory") => all_of_memory(),
        Some("cost") => cost::all(&asked[1..]).await,
        #[cfg(feature = "peers")]
        Some("peers") => peers::all(&asked[1..]).await,
        Some("processes") => strategies::processes().await,
        Some("computing") => strategies::computing().await,
        Some(other) => panic!("there is no part `{other}`"),
        None => {
            cost::all(&[]).await;
            all_of_memory();
            strategies::processes().await;
            strategies::computing().await;
        }
    }
}

fn all_of_memory() {
    for shape in ["turns", "row"] {
        for size in ["10000", "100000"] {
            assert!(Command::new("/proc/self/exe").args(["memory", shape, size]).status().unwrap().success());
        }
    }
}
