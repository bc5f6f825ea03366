//! What is as without a supervisor.

use nebulakit_tests::literals::{int, list, text};
use nebulakit_tests::{Ended, Launch};
use nebulakit_types::wire::flyteidl::core::{ErrorDocument, LiteralMap, literal};
use prost::Message as _;

use super::{launch, supervised};

/// Both ways of running a task.
fn both(launched: impl Fn() -> Launch) -> [Ended; 2] {
    [launched().run(), launched().arguments(["--supervise"]).run()]
}

/// A document without its time.
fn document(ended: &Ended) -> Vec<u8> {
    let mut error = ended.document("out/error.pb");
    error.timestamp = None;
    ErrorDocument { error: Some(error) }.encode_to_vec()
}

#[test]
fn documents_are_the_same_bytes() {
    for on_flyte_2 in [false, true] {
        let at = |launched: Launch| if on_flyte_2 { launched.on_flyte_2() } else { launched };
        let [bare, supervised] = both(|| at(launch("mod.t1").input("a", int(41))));
        assert_eq!(bare.outputs(), supervised.outputs());
        assert_eq!(bare.read("out/outputs.pb"), supervised.read("out/outputs.pb"));
        for task in ["endings.fails", "endings.fails_async", "endings.panics"] {
            let [bare, supervised] = both(|| at(launch(task).input("message", text("grüße"))));
            assert_eq!((bare.code(), bare.files("out")), (supervised.code(), supervised.files("out")));
            assert_eq!(document(&bare), document(&supervised), "{task}");
            assert_eq!(bare.stderr().lines().count(), supervised.stderr().lines().count(), "{}", supervised.stderr());
            if on_flyte_2 {
                assert_eq!(bare.read("out/error.pb"), supervised.read("out/error.pb"));
            }
        }
    }
}

#[test]
fn ends_without_a_document_are_the_same() {
    let [bare, supervised] = both(|| launch("mod.ignore").input("a", int(1)));
    assert_eq!((bare.code(), bare.files("out")), (Some(0), vec![]));
    assert_eq!((supervised.code(), supervised.files("out")), (Some(0), vec![]), "{}", supervised.stderr());
    let [bare, supervised] = both(|| launch("endings.fails").input("message", text("no")).env("FLYTE_FAIL_ON_ERROR", "1"));
    assert_eq!((bare.code(), supervised.code()), (Some(1), Some(1)));
    assert_eq!(document(&bare), document(&supervised));
    let [bare, supervised] = both(|| launch("no_such_task"));
    assert_eq!(document(&bare), document(&supervised));
    for ended in both(|| launch("mod.noin").arguments(["--test"])) {
        assert_eq!((ended.code(), ended.files("out")), (Some(0), vec![]));
    }
}

#[test]
fn much_output_passes_unchanged() {
    const LINES: i64 = 200_000;
    let [bare, supervised] = both(|| launch("writes_much").input("lines", int(LINES)));
    assert_eq!(supervised.output(), int(LINES));
    assert!(bare.stderr_bytes().len() > 10 << 20 && bare.stderr_bytes().ends_with(b"\xff\nno end"));
    assert!(bare.stderr_bytes() == supervised.stderr_bytes(), "{} bytes of {}", supervised.stderr_bytes().len(), bare.stderr_bytes().len());
    assert!(bare.stdout() == supervised.stdout(), "standard output differs");
}

/// What is said is there while the task still runs.
#[test]
fn standard_error_passes_at_once() {
    let gate = nebulakit_tests::http::Server::start();
    let launched = supervised("says").input("gate", text(format!("127.0.0.1:{}", gate.port()))).input("said", text("here I am"));
    let mut started = launched.start();
    let held = gate.connection();
    assert_eq!(started.stderr_line(), "here I am\n");
    drop(held);
    assert_eq!(started.wait().output(), text("here I am"));
}

#[test]
fn the_child_has_all_that_the_container_has() {
    let ended = supervised("tells_of_itself").env("DATABASE_URL", "x://y").env("_F_PRJ", "p").run();
    let LiteralMap { literals } = ended.outputs();
    let Some(literal::Value::Collection(variables)) = &literals["variables"].value else { panic!("{literals:?}") };
    for variable in ["DATABASE_URL=x://y", "_F_PRJ=p"] {
        assert!(variables.literals.contains(&text(variable)), "{variables:?}");
    }
    assert_eq!(literals["input"], text(""));
    assert_eq!(literals["folder"], text(ended.path().canonicalize().unwrap().to_str().unwrap()));
    assert_eq!(literals["process"], literals["group"], "it leads a group");
}

/// A program that the task starts is a container by itself, with a supervisor where it is told to have one.
#[test]
fn programs_of_the_task_are_not_taken_for_it() {
    for (task, more, left) in
        [("mod.noin", None, "outputs.pb"), ("mod.noin", Some("--supervise"), "outputs.pb"), ("aborts_supervised", None, "error.pb")]
    {
        let launched = supervised("runs_itself");
        let at = |name: &str| launched.path().join(name).to_str().unwrap().to_owned();
        let (inputs, out) = (at("in/empty.pb"), at("inner"));
        std::fs::write(&inputs, b"").unwrap();
        let mut words = vec!["execute", "--task-name", task, "--inputs", &inputs, "--output-prefix", &out];
        words.extend(more);
        let words = list(words.into_iter().map(text));
        let ended = launched.input("words", words).input("out", text(out.clone())).run();
        let LiteralMap { literals } = ended.outputs();
        assert_eq!((&literals["o0"], &literals["o1"]), (&int(0), &list([text(left)])), "{task}: {}", ended.stderr());
    }
}

#[test]
fn a_task_that_closes_standard_error_goes_on() {
    assert_eq!(supervised("closes_standard_error").run().output(), int(1));
}

/// As the first process of a container it buries what nobody waits for.
#[test]
fn the_first_process_of_a_container_buries_the_dead() {
    let ended = supervised("leaves_the_dead").apart().input("programs", int(20)).run();
    assert_eq!(ended.output(), int(0));
    let error = supervised("aborts_supervised").apart().run().error();
    assert_eq!(error.code, "USER:Aborted");
}
