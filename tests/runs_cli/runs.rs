//! Runs that come to their end, and what is recorded of them.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::{Answer, Place};

#[test]
fn flags_and_defaults_make_the_inputs_and_the_output_is_plain() {
    let place = Place::new();
    let answer = place.answer(&["run", "echo", "--word", "hello"]);
    assert_eq!((answer.code, answer.out.as_str()), (0, "hello hello\n"), "{}", answer.err);
    let lines: Vec<_> = answer.err.lines().collect();
    assert!(lines[0].starts_with("run 2") && lines[0].ends_with(" of flows.echo"), "{lines:?}");
    assert_eq!(lines[1], "n0 repeat: started");
    assert!(lines[2].starts_with("n0 repeat: done in "), "{lines:?}");
    assert!(lines[3].contains(" succeeded after ") && lines[3].ends_with(": 1 done"), "{lines:?}");
    assert_eq!(place.said(&["run", "echo", "-q", "--word", "x", "--times", "3"]), "x x x\n");
}

#[test]
fn several_outputs_have_names_and_an_inputs_file_is_read() {
    let place = Place::new();
    std::fs::write(place.path().join("in.json"), r#"{"total": 17, "by": 4}"#).unwrap();
    let answer = place.answer(&["run", "division", "--inputs-file", "in.json", "--by", "5", "--quiet"]);
    assert_eq!((answer.code, answer.out.as_str(), answer.err.as_str()), (0, "quotient: 3\nremainder: 2\n", ""));
}

#[test]
fn a_body_stands_in_for_a_reference() {
    let place = Place::new();
    assert_eq!(place.said(&["run", "referring", "-q", "--x", "1"]), "101\n");
}

#[test]
fn a_launch_plan_is_run_once_and_its_schedule_is_told() {
    let place = Place::new();
    let answer = place.answer(&["run", "nightly"]);
    assert_eq!((answer.code, answer.out.as_str()), (0, "x x x\n"), "{}", answer.err);
    assert!(
        answer.err.starts_with("note: the schedule of `flows.nightly` (0 2 * * *) is for the platform; this is one run\n"),
        "{}",
        answer.err
    );
}

#[test]
fn maps_run_by_every_strategy() {
    let place = Place::new();
    for strategy in ["async", "thread", "process"] {
        let answer = place.answer(&["run", "doubled", "--xs", "[1, 2, 3]", "--strategy", strategy, "--jobs", "2", "--durable"]);
        assert_eq!((answer.code, answer.out.as_str()), (0, "[2,4,6]\n"), "{strategy}: {}", answer.err);
        assert!(answer.err.contains("n0 double: 3 elements\n"), "{}", answer.err);
    }
}

#[test]
fn what_elements_of_a_map_consist_of_has_no_line_where_all_is_well() {
    let place = Place::new();
    let words = ["run", "twice_each", "--xs", "[1, 2, 3]"];
    let answer = place.answer(&words);
    assert_eq!((answer.code, answer.out.as_str()), (0, "[2,4,6]\n"), "{}", answer.err);
    let plan = place.said(&[&words[..], &["--resume", "last", "--plan"]].concat());
    for told in [answer.err, place.said(&["runs", "show", "last"]), plan] {
        assert!(told.contains("\nn0 ") && !told.contains("n0[1]"), "{told}");
    }
}

#[test]
fn files_stay_where_they_are_and_those_of_tasks_are_in_the_record() {
    let place = Place::new();
    std::fs::write(place.path().join("in.txt"), "12345").unwrap();
    let out = place.said(&["run", "files", "--file", "in.txt", "--input_dir", "text", "-q"]);
    let (size, file) = out.split_once('\n').unwrap();
    let file = Path::new(file.strip_prefix("file: ").unwrap().trim_end());
    assert_eq!((size, std::fs::read_to_string(file).unwrap().as_str()), ("size: 5", "text"));
    let record = place.path().canonicalize().unwrap().join(".nebulakit/runs");
    assert!(file.canonicalize().unwrap().starts_with(record), "{}", file.display());
    let given = place.json(&["runs", "inputs", "last", "--json"]);
    assert_eq!(given["file"].as_str().unwrap(), place.path().canonicalize().unwrap().join("in.txt").to_str().unwrap());
}

#[test]
fn what_can_be_read_only_once_is_kept_with_the_record() {
    let place = Place::new();
    let mut command = place.command(&["run", "files", "--file", "-", "--input_dir", "x", "-q"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"123").unwrap();
    let answer = Answer::of(child.wait_with_output().unwrap());
    assert!(answer.out.starts_with("size: 3\n"), "{}", answer.err);
    let given = place.json(&["runs", "inputs", "last", "--json"]);
    assert_eq!(std::fs::read_to_string(given["file"].as_str().unwrap()).unwrap(), "123");
}

#[test]
fn tokens_are_as_many_as_the_command_line_says() {
    let place = Place::new();
    assert_eq!(place.said(&["run", "licensing", "--tokens", "licences=1", "-q"]), "7\n");
    let err = place.refused(1, &["run", "licensing", "-q"]);
    assert!(err.contains("n0: `flows.licensed` asks for tokens `licences`, which have no limit\n  hint: set it by "), "{err}");
}

#[test]
fn what_asks_for_more_than_there_is_does_not_begin_and_all_reasons_are_told() {
    let place = Place::new();
    for words in [&["run", "hungry"][..], &["run", "hungry", "--plan"]] {
        let err = place.refused(1, words);
        for reason in ["100000 cores", "1024000Gi of memory", "3000 GPUs"] {
            assert!(err.contains(&format!("n1: `flows.greedy` asks for {reason}, and the limit is ")), "{reason}: {err}");
        }
        assert!(err.contains("on the command line `--jobs N`") && err.contains("asks for tokens `licences`"), "{err}");
    }
    assert_eq!(place.said(&["runs", "list", "--json"]), "[]\n");
}

#[test]
fn fewer_jobs_than_a_task_asks_for_cores_run_it_on_as_many() {
    assert_eq!(Place::new().said(&["run", "wide", "--jobs", "1", "-q"]), "2\n");
}

#[test]
fn what_failed_is_told_with_the_ways_to_see_more() {
    let place = Place::new();
    let err = place.refused(1, &["run", "division", "--total", "1", "--by", "0", "-q"]);
    let id = place.last();
    assert_eq!(
        err,
        format!(
            "error[USER:Division]: the node n0 (flows.divide) of the run {id} failed: cannot divide 1 by 0\\u001b[2J\n\n\
             hint: `flows runs show {id}` shows the run, `flows runs logs {id} n0` what the node logged, and `flows runs retry {id}` continues it\n"
        )
    );
    let shown = place.said(&["runs", "show", "last"]);
    assert!(shown.contains("\nstatus  failed\n"), "{shown}");
    assert!(shown.contains("\nn0 divide  failed  ") && shown.contains("USER:Division: cannot divide 1 by 0\\u001b[2J\n"), "{shown}");
    let hint = format!("hint: `flows runs show {id}` shows how far it came\n");
    let err = place.refused(1, &["runs", "outputs", "last"]);
    assert_eq!(err, format!("error: the run `{id}` has no outputs: it failed\n\n{hint}"));
    let err = place.refused(1, &["runs", "outputs", "last", "n0"]);
    assert_eq!(err, format!("error: the node `n0` of the run `{id}` has no outputs: it failed\n\n{hint}"));
    let err = place.refused(2, &["runs", "outputs", "last", "n9"]);
    assert_eq!(err, format!("error: the run `{id}` has no node `n9`, or nothing has happened to it yet\n"));
}

#[test]
fn the_record_tells_what_a_run_was_given_and_gave() {
    let place = Place::new();
    place.said(&["run", "division", "--total", "17", "--by", "5", "-q"]);
    assert_eq!(place.said(&["runs", "outputs", "last"]), "quotient: 3\nremainder: 2\n");
    assert_eq!(place.said(&["runs", "outputs", "last", "n0", "--json"]), "{\"quotient\":3,\"remainder\":2}\n");
    assert_eq!(place.said(&["runs", "inputs", "last", "--json"]), "{\"total\":17,\"by\":5}\n");
    let list = place.json(&["runs", "list", "--json"]);
    assert_eq!(
        (&list[0]["status"], &list[0]["name"], &list[0]["counts"]["succeeded"]),
        (&json!("succeeded"), &json!("flows.division"), &json!(1))
    );
    let id = list[0]["run"].as_str().unwrap();
    let shown = place.json(&["runs", "show", &id[..12], "--json"]);
    assert_eq!((&shown["run"], &shown["nodes"][0]["of"]), (&json!(id), &json!("flows.divide")));
    let err = place.refused(2, &["runs", "show", "nothing"]);
    assert!(err.starts_with("error: no run has an id that begins with `nothing`\n\nhint: the runs are in `"), "{err}");
}

#[test]
fn machines_get_events_and_the_outputs_as_lines() {
    let place = Place::new();
    let answer = place.answer(&["run", "printing", "--json"]);
    assert_eq!((answer.code, answer.err.as_str()), (0, "printed by the program\n"));
    let answer = place.answer(&["run", "echo", "--word", "x", "--json"]);
    let lines: Vec<Value> = answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: Vec<_> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["created", "ready", "started", "succeeded", "ended", "outputs"]);
    assert_eq!(lines[5]["outputs"], json!({ "o0": "x x" }));
    assert_eq!(lines[5]["run"], lines[0]["run"]);
}

#[test]
fn what_tasks_in_processes_print_is_in_the_log() {
    let place = Place::new();
    assert_eq!(place.said(&["run", "printing", "--strategy", "process"]), "");
    let log = place.said(&["runs", "logs", "last", "n0"]);
    assert!(log.ends_with("Z stdout printed by a worker\n"), "{log}");
    assert_eq!(place.said(&["runs", "logs", "last"]), format!("n0: {log}"));
    let err = place.refused(2, &["runs", "logs", "last", "n7"]);
    assert!(err.contains("has no node `n7`"), "{err}");
}

#[test]
fn the_folder_is_named_by_an_option_or_the_environment() {
    let place = Place::new();
    place.said(&["run", "echo", "--word", "x", "-q", "--dir", "a b"]);
    assert!(place.path().join("a b/format").exists() && !place.path().join(".nebulakit").exists());
    let err = place.refused(1, &["run", "division", "--total", "1", "--by", "0", "-q", "--dir", "a b"]);
    assert!(err.contains(" --dir 'a b'` shows the run"), "{err}");
    let answer = Answer::of(place.command(&["runs", "list"]).env("NEBULAKIT_DIR", "a b").output().unwrap());
    assert_eq!(answer.out.lines().count(), 2, "{}", answer.err);
    assert_eq!(place.said(&["runs", "list"]), "no runs are recorded in `.nebulakit`\n");
    let err = place.refused(2, &["runs", "show", "last"]);
    assert!(err.starts_with("error: no runs are recorded in `.nebulakit`\n"), "{err}");
}

#[test]
fn runs_that_are_over_are_deleted() {
    let place = Place::new();
    place.said(&["run", "echo", "--word", "x", "-q"]);
    assert!(place.refused(0, &["runs", "delete", "last"]).contains(" is deleted, which freed "));
    assert_eq!(place.said(&["runs", "list", "--json"]), "[]\n");
}

#[test]
fn wrong_words_are_answered_before_anything_runs() {
    let place = Place::new();
    let err = place.refused(2, &["run", "echo"]);
    assert!(err.starts_with("error: `--word <str>` is missing\n\nhint: see `flows run echo --help`\n"), "{err}");
    let err = place.refused(2, &["run", "division", "--total", "x", "--by", "1"]);
    assert_eq!(err, "error: `--total`: expected an integer, found `x`\n");
    let err = place.refused(2, &["run", "doubled", "--xs", "1,2"]);
    assert_eq!(err, "error: `--xs`: expected `list[int]` as JSON, or the flag once for each element, found `1,2`\n");
    let err = place.refused(2, &["run", "echo", "--word", "x", "--jobs", "0"]);
    assert!(err.starts_with("error: `--jobs <N>`: expected a whole number from 1, found `0`\n"), "{err}");
    let err = place.refused(2, &["run", "echo", "--word", "x", "--times", "1", "--", "--jobs", "1"]);
    assert_eq!(err, "error: unknown option `--jobs`\n\nhint: options stand before `--`\n");
    let err = place.refused(2, &["run", "ecko", "--word", "x"]);
    assert!(err.starts_with("error: no task or workflow is called `ecko`\n"), "{err}");
    assert!(err.contains("hint: did you mean the workflow `flows.echo`?"), "{err}");
    let err = place.refused(2, &["echo", "--word", "x"]);
    assert_eq!(err, "error: unknown command `echo`\n\nhint: `echo` is a workflow: `flows run echo`\n");
    std::fs::write(place.path().join("in.json"), r#"{"word": "x", "more": 1}"#).unwrap();
    let err = place.refused(2, &["run", "echo", "--inputs-file", "in.json"]);
    assert!(err.contains("the workflow `flows.echo` has no input `more`; it has `word`, `times`"), "{err}");
    assert_eq!(place.said(&["runs", "list", "--json"]), "[]\n");
}

#[test]
fn help_tells_of_the_inputs_and_of_the_options() {
    let place = Place::new();
    let help = place.said(&["run", "echo", "--help"]);
    assert!(help.starts_with("Repeats a word.\n\nUsage: flows run echo --word <str> [OPTIONS]\n"), "{help}");
    assert!(help.contains("--times <int>") && help.contains("How often. [default: 2]"), "{help}");
    for option in ["--dir <DIR>", "--strategy <STRATEGY>", "--jobs <N>", "--tokens <NAME=N>", "--durable", "-q, --quiet", "--json"] {
        assert!(help.contains(option), "{option}: {help}");
    }
    assert!(place.said(&["run", "--help"]).contains("Workflows: crowded, dashed, division, doubled, "));
    assert!(place.said(&["help", "runs"]).contains("approve  Approve what waits at a gate"));
    assert!(place.said(&["completions", "bash"]).contains("--strategy"));
}

#[test]
fn a_run_goes_on_where_it_failed_with_the_inputs_that_it_had() {
    let place = Place::new();
    let answer = place.answer(&["run", "steps", "--path", "there"]);
    assert_eq!((answer.code, answer.out.as_str()), (1, ""), "{}", answer.err);
    assert!(answer.err.contains("`there` is not there"), "{}", answer.err);
    std::fs::write(place.path().join("there"), "").unwrap();
    let answer = place.answer(&["run", "steps", "--resume", "last"]);
    assert_eq!((answer.code, answer.out.as_str()), (0, "82\n"), "{}", answer.err);
    assert_eq!(answer.err.matches("done before, in the run that this one resumes").count(), 2, "{}", answer.err);
    assert!(answer.err.contains("n2 when_there: done in "), "{}", answer.err);
    assert_eq!(place.said(&["runs", "show", "last"]).matches("from the run 2").count(), 2);
    // What is given is another input.
    let answer = place.answer(&["run", "steps", "--resume", "last", "--x", "1"]);
    assert_eq!((answer.code, answer.out.as_str()), (0, "6\n"), "{}", answer.err);
    let error = place.refused(2, &["run", "echo", "--resume", "last"]);
    assert!(error.contains("is of `flows.steps`, not of `flows.echo`"), "{error}");
}

#[test]
fn what_is_remembered_does_not_run_again_unless_it_is_told_to() {
    let place = Place::new();
    std::fs::write(place.path().join("there"), "").unwrap();
    let hits = |options: &[&str]| {
        let answer = place.answer(&[&["run", "steps", "--path", "there"], options].concat());
        assert_eq!((answer.code, answer.out.as_str()), (0, "82\n"), "{}", answer.err);
        answer.err.matches("its outputs are from the cache").count()
    };
    assert_eq!([hits(&[]), hits(&[]), hits(&["--no-cache"]), hits(&["--overwrite-cache"]), hits(&[])], [0, 1, 0, 0, 1]);
    assert!(place.said(&["runs", "show", "last"]).contains("from the cache\n"));
}

#[test]
fn runs_are_pruned_by_conditions_and_the_command_says_what_it_did() {
    let place = Place::new();
    for _ in 0..3 {
        place.said(&["run", "echo", "--word", "x", "-q"]);
    }
    let dry = place.answer(&["runs", "prune", "--keep", "1", "--dry-run"]);
    assert_eq!((dry.code, dry.out.lines().count()), (0, 2), "{}", dry.err);
    assert!(dry.err.starts_with("2 runs would be deleted, which would free "), "{}", dry.err);
    assert!(place.refused(0, &["runs", "prune", "--older-than", "30d"]).starts_with("0 runs deleted, which freed 0 B\n"));
    assert!(
        place.refused(0, &["runs", "prune", "--keep", "1", "--status", "succeeded,failed"]).starts_with("2 runs deleted, which freed ")
    );
    assert_eq!(place.json(&["runs", "list", "--json"]).as_array().unwrap().len(), 1);
    let refused = |options: &[&str]| place.refused(2, &[&["runs", "prune"], options].concat());
    let help = "\n\nhint: see `flows runs prune --help`\n";
    assert_eq!(refused(&[]), format!("error: one of `--older-than <AGE>`, `--keep <COUNT>`, `--status <STATUS>` is missing{help}"));
    assert_eq!(refused(&["--older-than=-1d"]), format!("error: `--older-than <AGE>`: expected a duration from 0, found `-1d`{help}"));
    assert_eq!(refused(&["--keep", "few"]), format!("error: `--keep <COUNT>`: expected a whole number, found `few`{help}"));
}

#[test]
fn a_run_that_cannot_be_read_does_not_spread_the_list() {
    let place = Place::new();
    for _ in 0..2 {
        place.said(&["run", "echo", "--word", "x", "-q"]);
    }
    let id = place.last();
    std::fs::write(place.path().join(".nebulakit/runs").join(&id).join("events.jsonl"), "{}\n").unwrap();
    let list = place.said(&["runs", "list"]);
    let lines: Vec<_> = list.lines().collect();
    assert!(lines[0].starts_with(&format!("{id}  unreadable  ")) && lines[0].contains("line 1 of `"), "{list}");
    assert!(lines[1].len() < 100 && lines[1].contains("succeeded   flows.echo  2"), "{list}");
}

#[test]
fn what_a_run_recorded_and_is_damaged_is_named() {
    let place = Place::new();
    place.said(&["run", "echo", "--word", "x", "-q"]);
    let id = place.last();
    let folder = place.path().join(".nebulakit/runs").join(&id);
    std::fs::write(folder.join("build.json"), r#"{"version": 9}"#).unwrap();
    let err = place.refused(1, &["run", "echo", "--resume", "last", "--from", "n0"]);
    assert!(err.contains("build.json`: its version is 9, and this one reads up to 1\n"), "{err}");
    std::fs::write(folder.join("inputs.pb"), "xyz").unwrap();
    for words in [&["runs", "inputs", "last"][..], &["run", "echo", "--resume", "last", "--from", "n0"]] {
        let err = place.refused(1, words);
        assert!(err.starts_with("error: `/") && err.contains("inputs.pb` is damaged: "), "{err}");
    }
}

#[test]
fn a_file_where_the_folder_of_runs_should_be_is_told() {
    let place = Place::new();
    std::fs::write(place.path().join("file"), "").unwrap();
    let err = place.refused(1, &["run", "echo", "--word", "x", "--dir", "file"]);
    assert!(err.ends_with("file` is not a folder\n\nhint: name an empty folder, or one that does not exist yet\n"), "{err}");
}

#[test]
fn inputs_that_a_workflow_cannot_take_are_refused_before_it_runs() {
    let place = Place::new();
    let err = place.refused(2, &["run", "measured", "--width=-5"]);
    assert_eq!(err, "error: `width`: expected an integer from 0 to 255, found -5\n");
    assert_eq!(place.said(&["runs", "list", "--json"]), "[]\n");
}

#[test]
fn copies_of_inputs_are_deleted_with_their_run() {
    let place = Place::new();
    let mut command = place.command(&["run", "files", "--file", "-", "--input_dir", "x", "-q"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"123").unwrap();
    child.wait_with_output().unwrap();
    let copies = place.path().join(".nebulakit/inputs");
    assert_eq!(std::fs::read_dir(&copies).unwrap().count(), 1);
    place.refused(0, &["runs", "delete", "last"]);
    assert_eq!(std::fs::read_dir(&copies).unwrap().count(), 0);
}
