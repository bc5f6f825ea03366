//! What goes wrong around a run, and what people do to its plan, through the command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::PROGRAM;

/// A folder with a project in it, and Snakemake in its settings.
struct Project(TempDir);

impl Project {
    fn new() -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        let snakemake = snakemake();
        let settings = format!("[backends.snakemake]\nprogram = {:?}\ncores = 2\nvariables = [\"HOME\"]\n", snakemake.to_str().unwrap());
        fs::write(project.path().join("nebulakit.toml"), settings).unwrap();
        project
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(words).current_dir(self.path()).env("HOME", self.path()).env_remove("NEBULAKIT_DIR").stdin(Stdio::null());
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// Which tasks have started, in this order.
    fn starts(&self) -> Vec<String> {
        let starts = fs::read_to_string(self.path().join("starts")).unwrap_or_default();
        starts.lines().map(str::to_owned).collect()
    }

    /// The only folder there.
    fn only(&self, below: &str) -> PathBuf {
        let mut all: Vec<_> =
            fs::read_dir(self.path().join(".nebulakit").join(below)).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    fn wait_for(&self, who: &str) {
        let begin = Instant::now();
        while !self.starts().iter().any(|started| started == who) {
            assert!(begin.elapsed() < Duration::from_secs(120), "`{who}` did not start");
            std::thread::yield_now();
        }
    }
}

fn snakemake() -> PathBuf {
    std::env::var_os("SNAKEMAKE").expect("SNAKEMAKE names the program").into()
}

fn said(output: &Output) -> String {
    format!("{}\n{}{}", output.status, String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The processes that work in a folder.
fn at_work(folder: &Path, word: &str) -> Vec<String> {
    let folder = fs::canonicalize(folder).unwrap();
    let all = fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
    let there = all.filter(|place| fs::read_link(place.join("cwd")).is_ok_and(|cwd| cwd == folder));
    let those = there.filter(|place| fs::read(place.join("cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(word)));
    those.map(|place| place.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn attempts_are_ours_to_count_whatever_the_users_profile_says() {
    let project = Project::new();
    let folder = project.path().to_str().unwrap();
    let profile = project.path().join("profile");
    fs::create_dir(&profile).unwrap();
    fs::write(profile.join("config.yaml"), "retries: 5\n").unwrap();
    let settings = fs::read_to_string(project.path().join("nebulakit.toml")).unwrap();
    fs::write(project.path().join("nebulakit.toml"), format!("{settings}arguments = [\"--profile\", {:?}]\n", profile.to_str().unwrap()))
        .unwrap();
    for (task, times) in [("stubborn", 3), ("plain", 1)] {
        let output = project.run(&["run", task, "--folder", folder, "--backend", "snakemake"]);
        assert!(!output.status.success(), "{}", said(&output));
        let starts = project.starts().iter().filter(|started| *started == task).count();
        assert_eq!(starts, times, "{task}: {}", said(&output));
    }
}

#[test]
fn a_run_whose_processes_were_killed_goes_on_and_nothing_runs_twice() {
    let project = Project::new();
    let folder = project.path().to_str().unwrap();
    let mut ours = project.command(&["run", "three", "--folder", folder, "--backend", "snakemake"]);
    let mut ours = ours.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    project.wait_for("second");
    let run = project.only("runs");
    let plan = project.only("plans");
    ours.kill().unwrap();
    ours.wait().unwrap();
    // Snakemake goes on, and nobody may go on in its place.
    let id = run.file_name().unwrap().to_str().unwrap().to_owned();
    let refused = project.run(&["run", "three", "--resume", &id, "--backend", "snakemake"]);
    assert!(!refused.status.success() && said(&refused).contains("still works on the run"), "{}", said(&refused));
    let killed = at_work(&plan, "--logger");
    assert!(!killed.is_empty());
    assert!(Command::new("kill").arg("-9").args(&killed).status().unwrap().success());
    fs::write(project.path().join("go"), "").unwrap();
    let output = project.run(&["run", "three", "--resume", &id, "--backend", "snakemake"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains('3'), "{}", said(&output));
    assert_eq!(project.starts(), ["first", "second", "third"]);

    // Whatever is touched: a second start starts nothing.
    for file in ["graph.json", "Snakefile", "plan.json", "nodes/n0/outputs", "nodes/n0/0/outputs.pb"] {
        assert!(Command::new("touch").arg(plan.join(file)).status().unwrap().success());
    }
    let again = Command::new(snakemake()).args(["-c", "4"]).current_dir(&plan).output().unwrap();
    assert!(again.status.success() && said(&again).contains("Nothing to be done"), "{}", said(&again));
    // Nor is our plugin needed to run it.
    fs::remove_dir_all(plan.join("nodes")).unwrap();
    let by_hand = Command::new(snakemake()).args(["-c", "4"]).current_dir(&plan).output().unwrap();
    assert!(by_hand.status.success(), "{}", said(&by_hand));
    assert_eq!(project.starts(), ["first", "second", "third", "first", "second", "third"]);
}

#[test]
fn what_the_submitter_has_in_its_environment_is_nobody_elses() {
    let project = Project::new();
    let mut command = project.command(&["run", "seen", "--name", "SUBMITTERS_MARKER", "--backend", "snakemake"]);
    let output = command.env("SUBMITTERS_MARKER", "marker-73f1").output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("absent"), "{}", said(&output));
    let found = Command::new("grep").args(["-r", "-l", "marker-73f1"]).arg(project.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");
}

#[test]
fn settings_that_are_wrong_and_a_snakemake_that_is_not_there_are_told() {
    let project = Project::new();
    fs::write(project.path().join("nebulakit.toml"), "[backends.snakemake]\narguments = [\"--retries=3\"]\nspeed = 3\n").unwrap();
    let output = project.run(&["run", "seen", "--name", "X", "--backend", "snakemake"]);
    let told = said(&output);
    assert!(told.contains("--retries") && told.contains("speed"), "{told}");
    fs::write(project.path().join("nebulakit.toml"), "[backends.snakemake]\nprogram = \"/nowhere/snakemake\"\n").unwrap();
    let output = project.run(&["run", "seen", "--name", "X", "--backend", "snakemake"]);
    assert!(said(&output).contains("cannot start `/nowhere/snakemake`") && said(&output).contains("hint: "), "{}", said(&output));
}
