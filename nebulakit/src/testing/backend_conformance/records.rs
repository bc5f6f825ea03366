//! Plans, logs, artifacts, and hostile names.

use super::bench::Bench;
use super::case::{Case, cases};
use super::check::{Check, Stop, expect};
use super::quiet;
use super::tasks::{CODE, echo, fails, length, letters, logs, writes};
use crate::backend::RunError;
use crate::run::NodePath;
use crate::workflow;
use crate::workflow::{Promise, gate};

cases! {
    a_plan_is_files_that_people_read,
    inputs_that_do_not_fit_are_refused_with_all_that_is_wrong,
    what_a_task_logs_is_kept_with_its_node,
    what_a_task_stores_is_an_artifact_of_its_node,
    values_come_through_as_they_are,
    failures_come_through_as_they_are,
    a_gate_takes_any_text_for_a_signal,
    a_gate_takes_a_zero_in_a_signal,
    a_node_may_have_the_longest_id,
    a_task_may_have_a_name_of_any_language,
}

/// Texts with a special meaning for a shell, a path, a terminal, a document, or a file system.
const HOSTILE: [&str; 12] = [
    "",
    "../../../../etc/passwd",
    "/dev/null",
    "$(touch /tmp/x); `id` | sh & \"'\\",
    "-rf",
    "{{.inputs.x}} ${x} %s %(x)s",
    "line\r\nline\u{1b}[31mred\u{7}",
    "\u{202e}txt.exe\u{202c}\u{feff}",
    "<script>alert(1)</script>&amp;",
    "größe 任务 😀 e\u{301}",
    "CON",
    "\u{0}nul",
];

/// An id of the maximum length.
const LONGEST: &str = "n23456789012345678901234567890123456789012345678901234567890123";

#[workflow(crate = quiet)]
fn echoed(text: Promise<String>) -> Promise<String> {
    echo::node(text)
}

async fn a_plan_is_files_that_people_read(bench: &Bench<'_>) -> Check {
    let plan = bench.compiled(&echoed::with("text"), bench.options())?;
    let name = bench.backend().name().to_owned();
    expect(plan.backend == name, || format!("the plan is for `{}`, and the backend is `{name}`", plan.backend))?;
    let texts = plan.files.iter().filter_map(|(_, contents)| std::str::from_utf8(contents).ok());
    expect(texts.into_iter().any(|text| text.contains("echo")), || "none of the plan's files says what runs".to_owned())?;
    let is_within = |path: &std::path::Path| path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    let outside = plan.files.iter().find(|(path, _)| !is_within(path));
    expect(outside.is_none(), || format!("a file of the plan is outside of its folder: {:?}", outside.map(|(path, _)| path)))
}

async fn inputs_that_do_not_fit_are_refused_with_all_that_is_wrong(bench: &Bench<'_>) -> Check {
    let (graph, _) = bench.parts(&echoed::with("text"))?;
    let (_, other) = bench.parts(&logged::with("line"))?;
    match bench.backend().compile(&graph, &bench.options().inputs(other)) {
        Err(RunError::Refused(reasons)) => ["text", "line"].into_iter().try_for_each(|name| {
            let is_told = reasons.iter().any(|reason| reason.contains(&format!("`{name}`")));
            expect(is_told, || format!("none of the reasons names the input `{name}`: {reasons:?}"))
        }),
        Err(other) => Err(Stop::Broken(format!("expected that it is refused, found: {other}"))),
        Ok(_) => Err(Stop::Broken("one input is missing, and another one is not taken, and it is compiled".to_owned())),
    }
}

#[workflow(crate = quiet)]
fn logged(line: Promise<String>) -> Promise<()> {
    logs::node(line)
}

async fn what_a_task_logs_is_kept_with_its_node(bench: &Bench<'_>) -> Check {
    let run = bench.run(logged::with("halfway there")).await?;
    let (mut told, mut lines) = (Vec::new(), run.handle.logs(&NodePath::from("n0")));
    while let Some(line) = lines.next().await? {
        told.push((line.source, line.text));
    }
    let is_told = told.iter().any(|(source, text)| source == "INFO" && text.contains("halfway there"));
    expect(is_told, || format!("the log of the node does not have what its task logged: {told:?}"))
}

#[workflow(crate = quiet)]
fn stored(texts: Promise<Vec<String>>) -> Promise<Vec<i64>> {
    length::map(writes::map(texts))
}

async fn what_a_task_stores_is_an_artifact_of_its_node(bench: &Bench<'_>) -> Check {
    let run = bench.run(stored::with(vec!["hello".to_owned(), String::new()])).await?;
    run.gave(&vec![5, 0])?;
    let artifacts = run.handle.artifacts()?;
    let of_first = artifacts.iter().find(|artifact| artifact.node.as_deref() == Some("n0[0]"));
    let artifact = of_first.ok_or_else(|| Stop::Broken(format!("no artifact is of the node n0[0]: {artifacts:?}")))?;
    let found = (artifact.size, artifact.sha256()?);
    let digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    expect(found == (5, digest.to_owned()), || format!("expected 5 bytes with the digest {digest}, found {found:?}"))
}

#[workflow(crate = quiet)]
fn echoed_all(texts: Promise<Vec<String>>) -> Promise<Vec<String>> {
    echo::map(texts)
}

async fn values_come_through_as_they_are(bench: &Bench<'_>) -> Check {
    let mut texts: Vec<_> = HOSTILE.map(str::to_owned).into();
    texts.push("long ".repeat(100_000));
    bench.run(echoed_all::with(texts.clone())).await?.gave(&texts)
}

#[workflow(crate = quiet)]
fn failed(text: Promise<String>) -> Promise<i64> {
    fails::node(text)
}

async fn failures_come_through_as_they_are(bench: &Bench<'_>) -> Check {
    for text in HOSTILE {
        bench.run(failed::with(text)).await?.failed("n0", CODE, text)?;
    }
    Ok(())
}

#[workflow(crate = quiet)]
fn asked() -> Promise<Vec<i64>> {
    let long = "long ".repeat(100);
    signals().chain([&*long]).map(|signal| gate::approve(signal, 1)).collect()
}

/// The texts without the two of which a case of its own tells: none, and one that ends texts in C.
fn signals<'s>() -> impl Iterator<Item = &'s str> {
    HOSTILE.into_iter().filter(|text| !text.is_empty() && !text.contains('\0'))
}

async fn a_gate_takes_any_text_for_a_signal(bench: &Bench<'_>) -> Check {
    let run = bench.start(asked::with()).await?;
    for signal in signals() {
        run.handle.approve(signal)?;
    }
    run.handle.approve(&"long ".repeat(100))?;
    run.ended().await?.gave(&vec![1; signals().count() + 1])
}

#[workflow(crate = quiet)]
fn asked_by_zero() -> Promise<i64> {
    gate::approve("\0nul", 1)
}

async fn a_gate_takes_a_zero_in_a_signal(bench: &Bench<'_>) -> Check {
    let run = bench.start(asked_by_zero::with()).await?;
    run.handle.approve("\0nul")?;
    run.ended().await?.gave(&1)
}

#[workflow(crate = quiet)]
fn named(text: Promise<String>) -> Promise<String> {
    echo::node(echo::node(text).name(LONGEST)).name("a-b-c")
}

async fn a_node_may_have_the_longest_id(bench: &Bench<'_>) -> Check {
    let run = bench.run(named::with("text")).await?;
    run.gave(&"text".to_owned())?;
    run.ran(LONGEST)?;
    run.ran("a-b-c")
}

#[workflow(crate = quiet)]
fn counted(text: Promise<String>) -> Promise<i64> {
    letters::node(text)
}

async fn a_task_may_have_a_name_of_any_language(bench: &Bench<'_>) -> Check {
    let run = bench.run(counted::with("größe")).await?;
    run.gave(&5)?;
    let of = &run.node("n0")?.of;
    expect(of.ends_with("größe_任务"), || format!("the node runs `größe_任务`, and says `{of}`"))
}
