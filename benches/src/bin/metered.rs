//! Stands in a folder that plays an image in the place of a program: runs that one, which lies beside it with `.measured` behind its name, and appends
//! what it took to `usage.jsonl` in the folder above. What this program takes itself does not count.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a tool of benchmarks stops at the first thing that is wrong")]

use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::Command;
use std::time::Instant;

use nebulakit_benches::cpu;
use nix::sys::resource::UsageWho;
use serde_json::json;

fn main() {
    let own = std::env::current_exe().unwrap();
    let measured = own.with_added_extension("measured");
    let words: Vec<String> = std::env::args().skip(1).collect();
    let begin = Instant::now();
    let status = Command::new(measured).args(&words).status().unwrap();
    let wall = begin.elapsed();
    let line = json!({
        "execution": std::env::var("FLYTE_INTERNAL_EXECUTION_ID").unwrap_or_default(),
        "words": words,
        "wall_seconds": wall.as_secs_f64(),
        "cpu_seconds": cpu(UsageWho::RUSAGE_CHILDREN).as_secs_f64(),
    });
    let file = own.parent().unwrap().with_file_name("usage.jsonl");
    OpenOptions::new().create(true).append(true).open(file).unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    // A program ended by a signal gives no exit code.
    std::process::exit(status.code().unwrap_or(1));
}
