//! What Batch is asked for.

use crate::Place;

#[test]
fn a_job_is_asked_for_as_it_should_be() {
    let place = Place::new();
    let answer = place.run("chain", &[]);
    assert_eq!(answer.code, 0, "{}\n{}", answer.err, place.logs());
    let definition = &place.double.asked("registerjobdefinition")[0];
    let container = &definition["containerProperties"];
    assert_eq!(container["image"], "registry.test/flows@sha256:00");
    assert_eq!(container["privileged"], false);
    let needs = container["resourceRequirements"].to_string();
    assert!(needs.contains(r#"{"type":"VCPU","value":"1"}"#) || needs.contains(r#"{"value":"1","type":"VCPU"}"#), "{needs}");
    let submit = &place.double.asked("submitjob")[0];
    assert_eq!(submit["tags"]["team"], "genomics");
    assert!(submit["tags"]["nebulakit:workflow"].as_str().unwrap().ends_with("chain"));
    assert_eq!(submit["retryStrategy"]["attempts"], 10);
    assert_eq!(submit["containerOverrides"]["command"][0], "node-execute");
    assert!(submit["containerOverrides"]["command"].to_string().contains("s3://lab/project/plans/"));
}

#[test]
fn no_secret_of_this_machine_reaches_a_job_or_a_request() {
    let place = Place::with("[defaults.aws-batch.secrets]\n_FSEC_DB_PASSWORD = \"arn:aws:secretsmanager:us-east-1:0:secret:db\"\n");
    let mut command = place.command(&["run", "surroundings", "--backend", "aws-batch"]);
    let markers = [("DATABASE_URL", "marker-1"), ("AWS_SESSION_TOKEN", "marker-2"), ("MY_TOKEN", "marker-3"), ("TZ", "Europe/Berlin")];
    let answer = crate::Answer::of(command.envs(markers).output().unwrap());
    assert_eq!(answer.code, 0, "{}\n{}", answer.err, place.logs());
    // What is in the plan reaches the task.
    assert!(answer.out.contains("TZ=Europe/Berlin"), "{}", answer.out);
    assert!(!place.double.everything().contains("marker-"));
    assert!(!place.double.asked("submitjob")[0].to_string().contains("dummy"));
    let secrets = &place.double.asked("registerjobdefinition")[0]["containerProperties"]["secrets"];
    assert_eq!(secrets[0]["valueFrom"], "arn:aws:secretsmanager:us-east-1:0:secret:db");
}

#[test]
fn a_request_that_batch_would_not_take_is_not_made() {
    let place = Place::new();
    let ledger = place.ledger();
    let mut command = place.command(&place.run_words("chain", &[], ledger.to_str().unwrap()));
    let answer = crate::Answer::of(command.env("no_proxy", format!("127.0.0.1,{}", "x".repeat(9_000))).output().unwrap());
    assert_eq!(answer.code, 1, "{}", answer.err);
    assert!(answer.err.contains("and Batch takes 8192"), "{}", answer.err);
    assert!(place.double.asked("submitjob").is_empty());
}
