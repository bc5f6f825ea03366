//! The `Snakefile` of a plan: one rule for each part of a node.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use super::folder::{self, marker};
use super::parts::{END, Part};
use super::quote::{comment, python, python_path, rule as rule_name, shell};
use super::rules::Rule;
use crate::graph::Graph;

/// The hidden verb of the jobs.
pub(crate) const VERB: &str = "snakemake-node";

/// What a plan's `Snakefile` says besides its rules.
pub(super) struct Head<'a> {
    pub(super) graph: &'a Graph,
    /// The program, from the plan's folder.
    pub(super) program: &'a str,
    /// Whether each rule is timed by Snakemake.
    pub(super) has_benchmarks: bool,
    /// The image of all jobs, where they run in one.
    pub(super) image: Option<&'a str>,
}

/// The text of a `Snakefile`.
pub(super) fn snakefile(head: &Head<'_>, rules: &[Rule]) -> String {
    let mut text = String::new();
    let _ = beginning(&mut text, head, rules);
    let mut names = HashSet::from(["all".to_owned()]);
    // By their nodes: those that gather refer to them.
    let mut checkpoints = HashMap::new();
    for rule in rules {
        let mut name = rule_name(&rule.id, rule.part.word());
        while !names.insert(name.clone()) {
            name.push('_');
        }
        if rule.part == Part::Expand {
            checkpoints.insert(rule.id.as_str(), name.clone());
        }
        let _ = one(&mut text, head, rule, &name, checkpoints.get(rule.id.as_str()));
    }
    text
}

/// The beginning: how jobs are started, what is asked for, what happens after a failure.
fn beginning(text: &mut String, head: &Head<'_>, rules: &[Rule]) -> std::fmt::Result {
    writeln!(
        text,
        "# {}, compiled for Snakemake 9. `sh run.sh` runs it, and so does `snakemake -c 4` in this folder.",
        comment(&head.graph.name)
    )?;
    writeln!(
        text,
        "# Each job runs one node and leaves `nodes/NODE/outputs` when it is over; such files are all that Snakemake looks at."
    )?;
    writeln!(
        text,
        "\nNODE = {}",
        python(&format!("{} {VERB} --plan . --node {{params.node:q}} --part {{params.part}}", shell(head.program)))
    )?;
    if rules.iter().any(|rule| rule.part == Part::Gather) {
        text.push_str(
            "\n\n# The elements of a map, once it is known how many there are.\ndef elements(checkpoint, folder):\n    def known(wildcards):\n        with \
             checkpoint.get().output[0].open() as file:\n            return [ancient(f\"{folder}[{index}]/outputs\") for index in \
             range(int(file.read()))]\n    return known\n",
        );
    }
    text.push_str("\n\nonstart:\n    shell(\"rm -f stop failed.json nodes/*/stop\")\n");
    if head.graph.on_failure.is_some() {
        writeln!(
            text,
            "\nonerror:\n    shell({})",
            python(
                &format!("{} {VERB} --plan . --node on_failure --part handle", shell(head.program)).replace('{', "{{").replace('}', "}}")
            )
        )?;
    }
    writeln!(text, "\nrule all:\n    input: {}\n    default_target: True\n    localrule: True", python_path(&marker(END, Part::Finish)))
}

/// One rule; `checkpoint` is the name of the one that counts the elements of its map.
fn one(text: &mut String, head: &Head<'_>, rule: &Rule, name: &str, checkpoint: Option<&String>) -> std::fmt::Result {
    let Rule { id, part, needs, asks, .. } = rule;
    let word = if *part == Part::Expand { "checkpoint" } else { "rule" };
    writeln!(text, "\n# {}: {}", comment(id), comment(&rule.of))?;
    writeln!(text, "{word} {name}:")?;
    let mut inputs: Vec<_> = needs.iter().map(|(id, part)| format!("ancient({})", python(&marker(id, *part)))).collect();
    if let (Part::Gather, Some(checkpoint)) = (part, checkpoint) {
        inputs.push(format!("elements(checkpoints.{checkpoint}, {})", python(&folder::node(id))));
    }
    if !inputs.is_empty() {
        writeln!(text, "    input: {}", inputs.join(", "))?;
    }
    let node = match part {
        Part::Element => {
            writeln!(text, "    output: {}", python(&format!("{}[{{index}}]/{}", folder::node(id), part.marker())))?;
            text.push_str("    wildcard_constraints: index=\"[0-9]+\"\n");
            format!("lambda wildcards: {} + wildcards.index + \"]\"", python(&format!("{id}[")))
        }
        _ => {
            writeln!(text, "    output: {}", python_path(&marker(id, *part)))?;
            python(id)
        }
    };
    writeln!(text, "    params: node={node}, part={}", python(part.word()))?;
    if part.is_light() {
        text.push_str("    localrule: True\n");
    } else if head.has_benchmarks {
        let folder = folder::node(id);
        let folder = if *part == Part::Element { format!("{folder}[{{index}}]") } else { folder };
        writeln!(text, "    benchmark: {}", python(&format!("{folder}/benchmark.tsv")))?;
    }
    writeln!(text, "    threads: {}", asks.threads)?;
    let mut resources: Vec<_> = asks.resources.iter().map(|(name, amount)| format!("{name}={amount}")).collect();
    if rule.at_once.is_some() {
        resources.push(format!("{}=1", at_once(id)));
    }
    if !resources.is_empty() {
        writeln!(text, "    resources: {}", resources.join(", "))?;
    }
    if let Some(image) = head.image.filter(|_| !part.is_light()) {
        writeln!(text, "    container: {}", python(&format!("docker://{image}")))?;
    }
    text.push_str("    retries: 0\n    shell: NODE\n");
    Ok(())
}

/// The resource of which each element of a map takes one.
fn at_once(id: &str) -> String {
    format!("at_once_{}", rule_name(id, "run"))
}

/// How many of each resource there are at once; what is not here is not limited.
pub(super) fn limits(rules: &[Rule], given: &[(String, u64)]) -> BTreeMap<String, u64> {
    let maps = rules.iter().filter_map(|rule| Some((at_once(&rule.id), rule.at_once?.into())));
    maps.chain(given.iter().cloned()).collect()
}

/// The profile in the folder of the plan, which Snakemake reads by itself.
pub(super) fn profile(graph: &Graph, limits: &BTreeMap<String, u64>) -> String {
    let mut text = "# Snakemake reads this by itself where it runs in this folder.\n\
                    # Only a node whose `outputs` is not there is run: files' times, code and parameters say nothing.\n\
                    rerun-triggers: [mtime]\n\
                    rerun-incomplete: true\n"
        .to_owned();
    let _ = writeln!(text, "keep-going: {}", graph.keep_going);
    if !limits.is_empty() {
        text.push_str("resources:\n");
        for (name, limit) in limits {
            let _ = writeln!(text, "  - {name}={limit}");
        }
    }
    text
}

/// The script that starts a plan.
pub(super) const RUN: &str = "#!/bin/sh\n# Runs this plan: sh run.sh [what Snakemake takes besides, such as -c 4 or -n]\ncd \"$(dirname \"$0\")\" || exit 1\n\
                              export PYTHONPATH=\"$PWD/plugins${PYTHONPATH:+:$PYTHONPATH}\"\nexec \"${SNAKEMAKE:-snakemake}\" --cores all \"$@\"\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::snakemake::asks::Asks;

    #[test]
    fn nodes_whose_rules_would_have_one_name_have_two() {
        let rule = |id: &str, part| Rule {
            id: id.to_owned(),
            part,
            of: "app.count".to_owned(),
            needs: Vec::new(),
            asks: Asks::nothing(),
            at_once: None,
            within: None,
        };
        let rules: Vec<_> = ["a/b", "a--b"].into_iter().flat_map(|id| [rule(id, Part::Expand), rule(id, Part::Gather)]).collect();
        let text = snakefile(&Head { graph: &Graph::new("w"), program: "bin/x", has_benchmarks: false, image: None }, &rules);
        let checkpoints =
            |word: &str| text.lines().filter_map(|line| line.split_once(word)).map(|(_, name)| name.to_owned()).collect::<Vec<_>>();
        let made = checkpoints("checkpoint ");
        assert_eq!(made, ["expand_a__b:", "expand_a__b_:"]);
        let used: Vec<_> =
            checkpoints("elements(checkpoints.").iter().map(|rest| rest.split(',').next().unwrap().to_owned() + ":").collect();
        assert_eq!(used, made);
    }
}
