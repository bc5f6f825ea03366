//! Data to and from S3: one large object, many small ones, and some of both, against other tools.
//!
//! `tests/servers/with-servers.sh cargo bench -p nebulakit-benches --no-default-features --features s3 --bench transfer`, with words behind
//! `--` that choose from `large`, `small`, `medium`, `huge` (8 GiB, ours alone, and only when named), `up` and `down`. Other tools take part
//! where these name them: `NEBULAKIT_BENCH_AWS` (aws-cli that has the `awscrt` package), `NEBULAKIT_BENCH_RCLONE`, `NEBULAKIT_BENCH_S5CMD`,
//! `NEBULAKIT_BENCH_PYTHON` (a Python with obstore) and `FLYTEKIT_PYTHON` (one with flytekit). `NEBULAKIT_BENCH_ROUNDS` is how often each
//! runs (3).
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods, reason = "a benchmark prints, and is steered by variables")]

mod tools;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use nebulakit_benches::median;
use nix::sys::resource::{UsageWho, getrusage};

use self::tools::{Move, Tool};

struct Workload {
    name: &'static str,
    title: &'static str,
    count: usize,
    size: usize,
}

const WORKLOADS: [Workload; 4] = [
    Workload { name: "large", title: "1 GiB", count: 1, size: 1 << 30 },
    Workload { name: "small", title: "10,000 x 4 KiB", count: 10_000, size: 4 << 10 },
    Workload { name: "medium", title: "200 x 5 MiB", count: 200, size: 5 << 20 },
    Workload { name: "huge", title: "8 GiB", count: 1, size: 8 << 30 },
];

/// What one process took, and what the server took meanwhile.
struct Taken {
    wall: f64,
    cpu: f64,
    peak_mib: f64,
    server: f64,
}

/// The CPU seconds of the server so far, which shares the cores with its clients here.
fn of_server() -> f64 {
    let id = std::env::var("NEBULAKIT_TEST_S3_PID").expect("run this through tests/servers/with-servers.sh");
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let (_, after_name) = stat.rsplit_once(')').unwrap();
    let ticks: f64 = after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap()).sum();
    let second = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK).unwrap().unwrap();
    ticks / second as f64
}

/// A process that runs another and says what it took: only so is the peak that of one.
fn measured(arguments: &[String]) {
    let before = Instant::now();
    let status = Command::new(&arguments[0]).args(&arguments[1..]).stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap();
    let wall = before.elapsed().as_secs_f64();
    assert!(status.success(), "{arguments:?} ended with {status}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    println!("{wall} {} {}", seconds(usage.user_time()) + seconds(usage.system_time()), usage.max_rss() as f64 / 1024.0);
}

fn run(command: &Command) -> Taken {
    let mut all = Command::new(std::env::current_exe().unwrap());
    all.arg("--measured").arg(command.get_program()).args(command.get_args()).stderr(Stdio::inherit());
    all.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let before = of_server();
    let out = all.output().unwrap();
    let server = of_server() - before;
    assert!(out.status.success(), "{command:?}");
    let text = String::from_utf8(out.stdout).unwrap();
    let numbers: Vec<f64> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
    Taken { wall: numbers[0], cpu: numbers[1], peak_mib: numbers[2], server }
}

/// Files that do not compress.
fn fill(directory: &Path, count: usize, size: usize) {
    std::fs::create_dir_all(directory).unwrap();
    let mut state = 88_172_645_463_325_252_u64;
    let mut block = vec![0; size.min(1 << 20)];
    for number in 0..count {
        let mut file = std::fs::File::create(directory.join(format!("{number:05}"))).unwrap();
        for _ in 0..size / block.len() {
            for word in block.chunks_mut(8) {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                word.copy_from_slice(&state.to_le_bytes()[..word.len()]);
            }
            std::io::Write::write_all(&mut file, &block).unwrap();
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "--measured") {
        return measured(&arguments[1..]);
    }
    let endpoint = std::env::var("NEBULAKIT_TEST_S3_ENDPOINT").expect("run this through tests/servers/with-servers.sh");
    let variables = [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", std::env::var("NEBULAKIT_TEST_S3_ACCESS_KEY_ID").unwrap()),
        ("AWS_SECRET_ACCESS_KEY", std::env::var("NEBULAKIT_TEST_S3_SECRET_ACCESS_KEY").unwrap()),
        ("AWS_REGION", "us-east-1".to_owned()),
    ];
    if std::env::var_os("AWS_ENDPOINT_URL").is_none() {
        // The tools are configured by variables, which only the parent of this process can set.
        let status = Command::new(std::env::current_exe().unwrap()).args(&arguments).envs(variables).status().unwrap();
        return assert!(status.success());
    }
    let rounds: usize = std::env::var("NEBULAKIT_BENCH_ROUNDS").map_or(3, |rounds| rounds.parse().unwrap());
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let named = |name: &str, group: &[&str]| !words.iter().any(|word| group.contains(word)) || words.contains(&name);
    let stored = std::env::var_os("NEBULAKIT_TEST_S3_FOLDER").unwrap();
    let root = tempfile::tempdir().unwrap();
    let all = tools::all(root.path());
    for Workload { name, title, count, size } in WORKLOADS {
        // What takes 8 GiB of disk runs only when it is named.
        let wanted = if name == "huge" { words.contains(&name) } else { named(name, &WORKLOADS.map(|workload| workload.name)) };
        if !wanted {
            continue;
        }
        let source = root.path().join("source");
        fill(&source, count, size);
        let is_tree = count > 1;
        let local = if is_tree { source.clone() } else { source.join("00000") };
        let part: Vec<&Tool> = all.iter().filter(|tool| name != "huge" || tool.name == "nebulakit").collect();
        for direction in ["up", "down"] {
            // What is to come down has to be up.
            let rounds = if named(direction, &["up", "down"]) {
                rounds
            } else if direction == "up" {
                1
            } else {
                continue;
            };
            let mut taken: Vec<Vec<Taken>> = part.iter().map(|_| Vec::new()).collect();
            for round in 0..rounds {
                for (tool, taken) in part.iter().zip(&mut taken) {
                    let is_upload = direction == "up";
                    // Nobody writes over anything: tasks do not, and what file systems do for it would be measured.
                    let round = if is_upload { round } else { 0 };
                    let (key, target) = (format!("bench/{}/{name}/{round}", tool.name), root.path().join("target"));
                    let path = if is_upload { &local } else { &target };
                    taken.push(run(&(tool.command)(&Move { is_upload, is_tree, path, key: &key })));
                    if !is_upload {
                        check(&local, &target);
                        let _ = std::fs::remove_dir_all(&target).or_else(|_| std::fs::remove_file(&target));
                    }
                }
            }
            report(&format!("{title}, {direction} ({rounds} rounds, medians)"), &part, &taken);
        }
        std::fs::remove_dir_all(&source).unwrap();
        std::fs::remove_dir_all(Path::new(&stored).join("bench")).unwrap();
    }
}

fn report(title: &str, tools: &[&Tool], taken: &[Vec<Taken>]) {
    println!("\n{title}");
    let of = |taken: &[Taken], what: fn(&Taken) -> f64| median(taken.iter().map(what).collect());
    let ours = (of(&taken[0], |t| t.wall), of(&taken[0], |t| t.cpu));
    for (tool, taken) in tools.iter().zip(taken) {
        let (wall, cpu, peak, server) = (of(taken, |t| t.wall), of(taken, |t| t.cpu), of(taken, |t| t.peak_mib), of(taken, |t| t.server));
        println!(
            "  {:<10} {wall:>7.2} s   {cpu:>6.2} s of CPU   {server:>6.2} s of the server's   {peak:>6.1} MiB   ours / this {:.2} wall, {:.2} CPU",
            tool.name,
            ours.0 / wall,
            ours.1 / cpu
        );
    }
}

/// What came is what went.
fn check(source: &Path, target: &Path) {
    if source.is_file() {
        assert!(std::fs::metadata(source).unwrap().len() == std::fs::metadata(target).unwrap().len());
        return;
    }
    let files: Vec<_> = std::fs::read_dir(source).unwrap().map(|entry| entry.unwrap()).collect();
    for file in files.iter().step_by(97) {
        assert!(std::fs::read(file.path()).unwrap() == std::fs::read(target.join(file.file_name())).unwrap());
    }
    assert_eq!(files.len(), std::fs::read_dir(target).unwrap().count());
}
