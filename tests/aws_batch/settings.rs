//! What is refused before anything starts.

use crate::{Place, SETTINGS};

fn refused(settings: &str) -> String {
    let place = Place::bare(settings);
    let answer = place.run("chain", &[]);
    assert_ne!(answer.code, 0, "{}", answer.out);
    assert!(place.double.jobs().is_empty() && place.double.keys().is_empty());
    answer.err
}

#[test]
fn without_a_queue_and_a_place_for_data_the_lines_to_write_are_named() {
    let said = refused("");
    assert!(said.contains("[backends.aws-batch] with queue = \"NAME\""), "{said}");
    assert!(said.contains("[data] with prefix = \"s3://BUCKET/PREFIX\""), "{said}");
}

#[test]
fn a_task_without_an_image_is_refused_with_the_lines_to_write() {
    let said = refused(SETTINGS.split("[defaults]").next().unwrap());
    assert!(said.contains("has no image") && said.contains("[defaults] with image = "), "{said}");
}

#[test]
fn mistakes_are_told_all_at_once() {
    let said = refused(
        "[data]\nprefix = \"/shared\"\n[backends.aws-batch]\nqueu = \"q\"\nplatform = \"moon\"\n[defaults.aws-batch]\nsecrets = { K = \"hunter2\" }\n",
    );
    for part in ["did you mean `queue`?", "expected `ec2` or `fargate`", "expected `s3://BUCKET/PREFIX`", "expected the ARN of a secret"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
}
