//! The log of a container, as text and as JSON; and the documents, which are data.

use std::collections::BTreeMap;

use nebulakit_tests::Launch;
use nebulakit_tests::literals::text as string;
use serde_json::Value;

use super::{FIXTURE, HOSTILE, assert_shown_tame};

fn launched(task: &str, input: &str, format: &str) -> nebulakit_tests::Ended {
    Launch::new(FIXTURE, task).input(input, string(HOSTILE)).env("FLYTE_SDK_LOGGING_FORMAT", format).env("USER_LOG_LEVEL", "10").run()
}

#[test]
fn no_message_forges_a_line_of_the_text_log() {
    for (task, input, lines) in [
        ("fixture.endings.fails", "message", 1),
        ("fixture.endings.panics", "message", 1),
        ("fixture.hostile.fails_with_code", "code", 1),
        ("fixture.hostile.logs", "text", 1),
        ("no_such_task", "text", 1),
    ] {
        let ended = launched(task, input, "text");
        let err = ended.stderr();
        assert_eq!(ended.code(), Some(0), "{err}");
        if task != "no_such_task" {
            assert_shown_tame(&err, task);
        }
        let own = err.lines().filter(|line| !line.is_empty() && !line.starts_with(' ')).collect::<Vec<_>>();
        assert_eq!(own.len(), lines, "{task}: {own:?}");
    }
}

#[test]
fn a_line_of_the_json_log_is_one_line_and_exact() {
    for (task, input, field) in [("fixture.endings.fails", "message", None), ("fixture.hostile.logs", "text", Some(HOSTILE))] {
        let ended = launched(task, input, "json");
        let err = ended.stderr();
        assert_shown_tame(&err, task);
        let lines: Vec<_> = err.lines().map(|line| serde_json::from_str::<BTreeMap<String, Value>>(line).unwrap()).collect();
        assert_eq!(lines.len(), 1, "{err}");
        assert!(lines[0]["message"].as_str().unwrap().contains(HOSTILE), "{err}");
        assert_eq!(lines[0].get("field").map(|value| value.as_str().unwrap()), field);
    }
}

#[test]
fn documents_hold_what_the_task_said() {
    let error = launched("fixture.endings.fails", "message", "text").error();
    assert!(error.message.starts_with(HOSTILE), "{}", error.message);
    assert_eq!(launched("fixture.hostile.fails_with_code", "code", "text").error().code, HOSTILE);
    let outputs = launched("fixture.hostile.says_twice", "text", "text").outputs();
    assert_eq!(outputs.literals["o0"], string(HOSTILE));
}
