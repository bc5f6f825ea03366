//! Data to and from S3: one large object, many small ones, and some of both, against other tools.
//!
//! `tests/servers/with-servers.sh cargo bench -p nebulakit-benches --no-default-features --features s3 --bench transfer`. With
//! `NEBULAKIT_BENCH_RCLONE`, `NEBULAKIT_BENCH_S5CMD` and `NEBULAKIT_BENCH_PYTHON` (one that has obstore) naming them, other tools take part;
//! `NEBULAKIT_BENCH_ROUNDS` is how often each runs (3).
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods, reason = "a benchmark prints, and is steered by variables")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

const OURS: &str = env!("CARGO_BIN_EXE_transfer");

/// What one process took.
struct Taken {
    wall: f64,
    cpu: f64,
    peak_mib: f64,
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
    let out = all.output().unwrap();
    assert!(out.status.success(), "{command:?}");
    let text = String::from_utf8(out.stdout).unwrap();
    let numbers: Vec<f64> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
    Taken { wall: numbers[0], cpu: numbers[1], peak_mib: numbers[2] }
}

/// The command of a tool that does `action` between a path and a key.
type Tool = (&'static str, Box<dyn Fn(&str, &Path, &str) -> Command>);

fn tools() -> Vec<Tool> {
    let mut tools: Vec<Tool> = vec![(
        "nebulakit",
        Box::new(|action, path, key| {
            let mut command = Command::new(OURS);
            command.arg(action).arg(path).arg(format!("s3://nebulakit/{key}"));
            command
        }),
    )];
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    if let Some(python) = variable("NEBULAKIT_BENCH_PYTHON") {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/transfer.py");
        tools.push((
            "obstore",
            Box::new(move |action, path, key| {
                let mut command = Command::new(&python);
                command.arg(&script).arg(action).arg(path).arg(key);
                command
            }),
        ));
    }
    if let Some(rclone) = variable("NEBULAKIT_BENCH_RCLONE") {
        tools.push((
            "rclone",
            Box::new(move |action, path, key| {
                let mut command = Command::new(&rclone);
                let verb = if action.ends_with("tree") { "copy" } else { "copyto" };
                let remote = PathBuf::from(format!("bench:nebulakit/{key}"));
                let (from, to) = if action.starts_with("up") { (path, &*remote) } else { (&*remote, path) };
                command.arg(verb).arg(from).arg(to).args([
                    "--transfers",
                    "64",
                    "--checkers",
                    "64",
                    "--ignore-times",
                    "--s3-no-check-bucket",
                ]);
                command.args(["--s3-chunk-size", "8M", "--s3-upload-concurrency", "8", "--multi-thread-streams", "8"]);
                command.envs([("RCLONE_CONFIG_BENCH_TYPE", "s3"), ("RCLONE_CONFIG_BENCH_PROVIDER", "Other")]);
                command.envs([("RCLONE_CONFIG_BENCH_ENV_AUTH", "true"), ("RCLONE_CONFIG_BENCH_REGION", "us-east-1")]);
                command.env("RCLONE_CONFIG_BENCH_ENDPOINT", std::env::var("AWS_ENDPOINT_URL").unwrap()).env("RCLONE_CONFIG", "/dev/null");
                command
            }),
        ));
    }
    if let Some(s5cmd) = variable("NEBULAKIT_BENCH_S5CMD") {
        tools.push((
            "s5cmd",
            Box::new(move |action, path, key| {
                let mut command = Command::new(&s5cmd);
                command.args(["--log", "error", "cp", "--concurrency", "8", "--part-size", "8"]);
                let local = path.to_str().unwrap();
                match action {
                    "up" => command.arg(local).arg(format!("s3://nebulakit/{key}")),
                    "down" => command.arg(format!("s3://nebulakit/{key}")).arg(local),
                    "up-tree" => command.arg(format!("{local}/")).arg(format!("s3://nebulakit/{key}/")),
                    _ => command.arg(format!("s3://nebulakit/{key}/*")).arg(format!("{local}/")),
                };
                command.env("S3_ENDPOINT_URL", std::env::var("AWS_ENDPOINT_URL").unwrap());
                command
            }),
        ));
    }
    tools
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

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
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
        // The tools are told by variables, and only whoever starts this process may set its own.
        let status = Command::new(std::env::current_exe().unwrap()).args(&arguments).envs(variables).status().unwrap();
        return assert!(status.success());
    }
    let rounds: usize = std::env::var("NEBULAKIT_BENCH_ROUNDS").map_or(3, |rounds| rounds.parse().unwrap());
    let root = tempfile::tempdir().unwrap();
    let tools = tools();
    let workloads = [("1 GiB", 1, 1 << 30), ("10,000 x 4 KiB", 10_000, 4 << 10), ("200 x 5 MiB", 200, 5 << 20)];
    for (title, count, size) in workloads {
        let source = root.path().join("source");
        fill(&source, count, size);
        let tree = if count > 1 { "-tree" } else { "" };
        let local = if count > 1 { source.clone() } else { source.join("00000") };
        for direction in ["up", "down"] {
            let mut taken: Vec<Vec<Taken>> = tools.iter().map(|_| Vec::new()).collect();
            for round in 0..rounds {
                for ((name, command), taken) in tools.iter().zip(&mut taken) {
                    let (key, target) = (format!("bench/{name}/{count}"), root.path().join(format!("target-{name}-{round}")));
                    let path = if direction == "up" { &local } else { &target };
                    taken.push(run(&command(&format!("{direction}{tree}"), path, &key)));
                    if direction == "down" {
                        check(&local, &target);
                        let _ = std::fs::remove_dir_all(&target).or_else(|_| std::fs::remove_file(&target));
                    }
                }
            }
            println!("\n{title}, {direction} ({rounds} rounds, medians)");
            let of = |taken: &[Taken], what: fn(&Taken) -> f64| median(taken.iter().map(what).collect());
            let ours = (of(&taken[0], |t| t.wall), of(&taken[0], |t| t.cpu));
            for ((name, _), taken) in tools.iter().zip(&taken) {
                let (wall, cpu, peak) = (of(taken, |t| t.wall), of(taken, |t| t.cpu), of(taken, |t| t.peak_mib));
                println!(
                    "  {name:<10} {wall:>7.2} s   {cpu:>6.2} s of CPU   {peak:>6.1} MiB   ours / this {:.2} wall, {:.2} CPU",
                    ours.0 / wall,
                    ours.1 / cpu
                );
            }
        }
        std::fs::remove_dir_all(&source).unwrap();
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
