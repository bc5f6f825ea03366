//! The client of a control plane: a package of 1,000 tasks, and how long a process takes from its start to its first call.
//!
//! `cargo bench -p nebulakit-benches --features flyte --bench control_plane`. How fast entities are registered is measured against the double of the
//! tests: `cargo test --release -p nebulakit-tests --features flyte --test flyte_client speed -- --nocapture`.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints")]

use std::io::Read as _;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Instant;

use nebulakit::backend::flyte::compile::{Entity, Options, Program, compile};
use nebulakit::backend::flyte::package;
use nebulakit::prelude::*;
use nebulakit_benches::{cpu, median};
use nix::sys::resource::UsageWho;

const TASKS: usize = 1_000;
const STARTS: usize = 41;

/// What a client begins with, and the kind of the frame that begins a call.
const PREFACE: usize = 24;
const HEADERS: u8 = 1;

/// Joins a text and a number.
#[task(name = "bench.join", retries = 1, timeout = "5m")]
fn join(text: String, number: i64) -> String {
    format!("{text}{number}")
}

/// Compiles and packages as many tasks; the CPU time, in milliseconds.
fn packaged() -> f64 {
    let options = Options::new("app:1", "/app");
    let begin = cpu(UsageWho::RUSAGE_SELF);
    let entities: Vec<Entity> = (0..TASKS)
        .flat_map(|index| {
            let mut entities = compile(&Program::default().with_task(join::def()), &options).unwrap().entities;
            for entity in &mut entities {
                if let Entity::Task { id, .. } = entity {
                    id.name = format!("bench.join{index}");
                }
            }
            entities
        })
        .collect();
    let mut archive = Vec::new();
    package(&entities, &mut archive).unwrap();
    assert!(archive.len() > TASKS);
    (cpu(UsageWho::RUSAGE_SELF) - begin).as_secs_f64() * 1e3
}

/// Starts `trivial register`, and waits until the first call of it is there, in milliseconds.
fn first_call(listener: &TcpListener, config: &std::path::Path) -> f64 {
    let begin = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_trivial"));
    command.args(["register", "--project", "p", "--image", "app:1"]).env("FLYTECTL_CONFIG", config);
    let mut client = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    let mut preface = [0; PREFACE];
    stream.read_exact(&mut preface).unwrap();
    loop {
        let mut frame = [0; 9];
        stream.read_exact(&mut frame).unwrap();
        if frame[3] == HEADERS {
            break;
        }
        let length = u32::from_be_bytes([0, frame[0], frame[1], frame[2]]);
        stream.read_exact(&mut vec![0; length as usize]).unwrap();
    }
    let took = begin.elapsed().as_secs_f64() * 1e3;
    client.kill().unwrap();
    client.wait().unwrap();
    took
}

fn main() {
    println!("| step | median |\n|---|---|");
    println!("| package of {TASKS} tasks (goal 1,000 ms) | {:.1} ms CPU |", median((0..11).map(|_| packaged()).collect()));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.yaml");
    std::fs::write(&config, format!("admin: {{endpoint: \"{}\", insecure: true}}\n", listener.local_addr().unwrap())).unwrap();
    let starts = (0..STARTS).map(|_| first_call(&listener, &config)).collect();
    println!("| start to first call (goal 30 ms) | {:.1} ms |", median(starts));
}
