//! The client of a control plane: a package of 1,000 tasks, and how long a process takes from its start to its first call.
//!
//! `cargo bench -p nebulakit-benches --features flyte --bench control_plane`. How fast entities are registered is measured by
//! `benches/register.py`, against the double of the tests.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use nebulakit_benches::{cpu, median, run};
use nix::sys::resource::UsageWho;

const PACKAGES: usize = 11;
const STARTS: usize = 41;

/// What a client begins with, and the kind of the frame that begins a call.
const PREFACE: usize = 24;
const HEADERS: u8 = 1;

/// Packages the tasks of `thousand`; the CPU time of the whole process, in milliseconds.
fn packaged(archive: &Path) -> f64 {
    let begin = cpu(UsageWho::RUSAGE_CHILDREN);
    run(Command::new(env!("CARGO_BIN_EXE_thousand")).args(["package", "--image", "app:1", "--output"]).arg(archive));
    (cpu(UsageWho::RUSAGE_CHILDREN) - begin).as_secs_f64() * 1e3
}

/// Starts a program, and waits until what it connects with has sent what `is_there` waits for; the time, in milliseconds.
fn first(listener: &TcpListener, command: &mut Command, is_there: impl Fn(&mut TcpStream)) -> f64 {
    let begin = Instant::now();
    let mut client = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    is_there(&mut stream);
    let took = begin.elapsed().as_secs_f64() * 1e3;
    client.kill().unwrap();
    client.wait().unwrap();
    took
}

/// Reads to the frame that begins a call.
fn call(stream: &mut TcpStream) {
    stream.read_exact(&mut [0; PREFACE]).unwrap();
    loop {
        let mut frame = [0; 9];
        stream.read_exact(&mut frame).unwrap();
        if frame[3] == HEADERS {
            return;
        }
        let length = u32::from_be_bytes([0, frame[0], frame[1], frame[2]]);
        stream.read_exact(&mut vec![0; length as usize]).unwrap();
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments[1] == "connect" {
        // The floor: a process that sends one byte.
        return TcpStream::connect(&arguments[2]).unwrap().write_all(&[0]).unwrap();
    }
    let home = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let config = home.path().join("config.yaml");
    std::fs::write(&config, format!("admin: {{endpoint: \"{address}\", insecure: true}}\n")).unwrap();
    let archive = home.path().join("package.tgz");

    println!("| step | median |\n|---|---|");
    let packages = (0..PACKAGES).map(|_| packaged(&archive)).collect();
    println!("| package of 1,000 tasks (goal 1,000 ms) | {:.1} ms CPU |", median(packages));
    let mut client = Command::new(env!("CARGO_BIN_EXE_trivial"));
    client.args(["register", "--project", "p", "--image", "app:1"]).env("FLYTECTL_CONFIG", config);
    let mut floor = Command::new(std::env::current_exe().unwrap());
    floor.args(["connect", &address]);
    // In turn, so that both meet the same machine.
    let both = |_| (first(&listener, &mut client, call), first(&listener, &mut floor, |stream| stream.read_exact(&mut [0]).unwrap()));
    let (starts, floors) = (0..STARTS).map(both).unzip();
    println!("| start to first call (goal 30 ms) | {:.1} ms |", median(starts));
    println!("| floor: start of a process that connects | {:.1} ms |", median(floors));
}
