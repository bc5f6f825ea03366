//! Whole workflows, each attempt a job.

use std::fs;

use crate::Place;

const ON: [&str; 2] = ["--backend", "batch"];

fn run<'a>(words: &[&'a str]) -> Vec<&'a str> {
    [&["run"], words, &ON].concat()
}

#[test]
fn a_workflow_runs_as_jobs_and_a_cached_node_has_none() {
    let place = Place::new();
    let words = run(&["steps", "--path", "nebulakit.toml", "--x", "20"]);
    let path = place.path().join("nebulakit.toml");
    let words: Vec<_> = words.iter().map(|word| if *word == "nebulakit.toml" { path.to_str().unwrap() } else { word }).collect();
    assert_eq!(place.said(&words), "82\n");
    assert_eq!(place.jobs().len(), 3);
    let placed: Vec<_> = place.events().iter().filter(|event| event["event"] == "placed").map(|event| event["node"].clone()).collect();
    assert_eq!(placed, ["n0", "n1", "n2"]);
    assert_eq!(place.said(&words), "82\n");
    assert_eq!(place.jobs().len(), 5, "the second node is cached");
}

#[test]
fn maps_dynamic_tasks_and_workflows_in_maps_are_jobs() {
    let place = Place::new();
    assert_eq!(place.said(&run(&["doubled", "--xs", "[1,2,3]"])), "[2,4,6]\n");
    assert_eq!(place.said(&run(&["grown", "--x", "4"])), "8\n");
    assert_eq!(place.said(&run(&["twice_each", "--xs", "[5,6]"])), "[10,12]\n");
    // A dynamic task itself runs in the driver.
    assert_eq!(place.jobs().len(), 3 + 1 + 2);
}

#[test]
fn a_job_is_tried_as_often_as_its_task_says_and_goes_on_from_its_checkpoint() {
    let place = Place::new();
    let err = place.refused(1, &run(&["training"]));
    assert!(err.contains("at 1"), "{err}");
    assert_eq!(place.jobs().len(), 2);
    let retried = place.events().iter().filter(|event| event["event"] == "retrying").count();
    assert_eq!(retried, 1);
}

#[test]
fn a_plain_failure_is_tried_once_with_its_own_code() {
    let place = Place::new();
    let err = place.refused(1, &run(&["division", "--total", "1", "--by", "0"]));
    assert!(err.contains("error[USER:Division]: "), "{err}");
    assert_eq!(place.jobs().len(), 1);
}

#[test]
fn what_a_job_prints_is_in_the_log_of_its_node() {
    let place = Place::new();
    place.said(&run(&["printing"]));
    assert!(place.said(&["runs", "logs", "last", "n0"]).contains("printed by the program"));
}

#[test]
fn what_the_submitter_knows_besides_is_nowhere() {
    let place = Place::with("variables = [\"NAMED\"]\n");
    let secrets =
        [("AWS_SECRET_ACCESS_KEY", "marker-4711"), ("MY_OWN", "marker-4711"), ("_FSEC_DB_PASSWORD", "marker-4711"), ("NAMED", "is-named")];
    let output = place.command(&run(&["echo", "--word", "a"])).envs(secrets).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "a a\n", "{}", String::from_utf8_lossy(&output.stderr));
    let mut all = Vec::new();
    let mut folders = vec![place.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { all.push((path.clone(), fs::read(path).unwrap())) }
        }
    }
    let has = |text: &str| all.iter().filter(|(_, bytes)| bytes.windows(text.len()).any(|part| part == text.as_bytes())).count();
    assert!(all.len() > 15, "{}", all.len());
    assert_eq!(has("marker-4711"), 0);
    assert!(has("NAMED=is-named") > 0);
}

#[test]
fn what_cannot_run_there_is_refused_before_anything_starts() {
    let place = Place::new();
    let err = place.refused(1, &run(&["contained", "--x", "1"]));
    assert!(err.contains("runs in a container, and `batch` cannot start one"), "{err}");
    let err = place.refused(1, &run(&["referring", "--x", "1"]));
    assert!(err.contains("is registered elsewhere"), "{err}");
    assert_eq!(place.jobs().len(), 0);
}

#[test]
fn a_node_that_is_local_runs_in_the_driver() {
    let place = Place::with("[task.double]\nlocal = true\n");
    assert_eq!(place.said(&run(&["doubled", "--xs", "[1,2]"])), "[2,4]\n");
    assert_eq!(place.jobs().len(), 0);
}

#[test]
fn a_plan_is_written_without_a_run() {
    let place = Place::new();
    let answer = place.answer(&[&run(&["doubled", "--xs", "[1]"])[..], &["--plan", "--plan-dir", "p"]].concat());
    assert_eq!(answer.code, 0, "{}", answer.err);
    assert!(answer.out.contains("would run") || answer.out.contains("not known yet"), "{}", answer.out);
    for name in ["plan.json", "graph.json", "inputs.pb", "nodes", "bin"] {
        assert!(place.path().join("p").join(name).exists(), "{name}");
    }
    assert_eq!(place.jobs().len(), 0);
}
