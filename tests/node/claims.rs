//! An attempt is made once.

use nebulakit_tests::http::Server;
use nebulakit_tests::literals::{int, text};
use rustix::process::{Pid, Signal, kill_process};

use super::plan::{Plan, stderr};

#[test]
fn two_processes_at_once_make_one_attempt() {
    let plan = Plan::new().given("n0", 0, &[("x", int(1))]);
    let words = ["--node", "n0", "--attempt", "0", "--task", "increment"];
    let started: Vec<_> = (0..8).map(|_| plan.start(&words)).collect();
    let ended: Vec<_> = started.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    assert!(ended.iter().all(|ended| ended.status.code() == Some(0)));
    let said = "note: nothing is run for the node `n0`: attempt 0 is another process's\n";
    let others = ended.iter().filter(|ended| stderr(ended) == said).count();
    assert_eq!((others, plan.output("n0", 0)), (7, int(2)));
    assert_eq!(plan.names("nodes/n0/0"), ["claim", "inputs.pb", "outputs.pb", "record.json"]);
}

#[test]
fn a_process_that_is_killed_leaves_a_claim_alone_and_the_next_attempt_is_another() {
    let gate = Server::start();
    let inputs = [("gate", text(format!("127.0.0.1:{}", gate.port())))];
    let plan = Plan::new().given("n0", 0, &inputs).given("n0", 1, &inputs);
    let mut started = plan.start(&["--node", "n0", "--attempt", "0", "--task", "never_stops"]);
    let held = gate.connection();
    kill_process(Pid::from_child(&started), Signal::KILL).unwrap();
    started.wait().unwrap();
    assert_eq!((plan.names("nodes/n0/0"), plan.names("ended")), (vec!["claim".to_owned(), "inputs.pb".to_owned()], vec![]));
    let claim = std::fs::read_to_string(plan.attempt("n0", 0).join("claim")).unwrap();
    assert!(claim.contains(&format!("\"pid\":{}", started.id())), "{claim}");
    // The task has ended with it: nobody holds the gate any more.
    assert_eq!(std::io::Read::read(&mut &held, &mut [0; 1]).unwrap_or(0), 0);
    let again = plan.run(&["--node", "n0", "--attempt", "0", "--task", "never_stops"]);
    assert_eq!((again.status.code(), plan.names("ended")), (Some(0), vec![]));
    let next = plan.start(&["--node", "n0", "--task", "never_stops"]);
    drop(gate.connection());
    assert_eq!(next.wait_with_output().unwrap().status.code(), Some(0));
    assert_eq!((plan.output("n0", 1), plan.names("ended")), (int(42), vec!["n0.1".to_owned()]));
}
