//! The tests of a condition: the platform compares plain values of one type.

use nebulakit_types::literal_type::{SimpleType, TypeKind};

use super::checks::{Checks, MAX_NESTING, Workflow};
use super::fits::scalar_type;
use super::given::{given, made};
use super::words::{Fed, Named, Target, type_text};
use crate::graph::binding::Binding;
use crate::graph::condition::{Comparison, Test};
use crate::graph::node::{Arm, Node};
use crate::graph::problem::{Problem, ProblemKind};

/// Judges when an arm of `node` is taken.
pub(super) fn test<'g>(checks: &mut Checks<'g>, workflow: &mut Workflow<'g>, node: &'g Node, arm: &'g Arm) {
    judge(checks, workflow, node, arm, &arm.test, 0);
}

fn judge<'g>(checks: &mut Checks<'g>, workflow: &mut Workflow<'g>, node: &'g Node, arm: &'g Arm, test: &'g Test, depth: usize) {
    let at = arm.at.as_ref().or(node.at.as_ref());
    match test {
        Test::All(tests) | Test::Any(tests) => {
            if tests.is_empty() {
                let message = format!("{} has an arm without a test", Named(node));
                checks.report(Problem::new(ProblemKind::Condition, message).at(at.cloned()));
            }
            if depth >= MAX_NESTING {
                let message = format!("{} has tests nested deeper than {MAX_NESTING} levels", Named(node));
                checks.report(Problem::new(ProblemKind::Limit, message).at(at.cloned()));
                return;
            }
            for test in tests {
                judge(checks, workflow, node, arm, test, depth + 1);
            }
        }
        Test::Compare { left, by, right } => {
            let one = side(checks, workflow, node, arm, left);
            let other = side(checks, workflow, node, arm, right);
            let (Some((one, giver)), Some((other, other_giver))) = (one, other) else { return };
            let why = if one != other {
                format!("one is `{}` and the other `{}`", one.as_str(), other.as_str())
            } else if one == SimpleType::Boolean && !matches!(by, Comparison::Eq | Comparison::Ne) {
                "a bool is equal to another or not, and neither is greater".to_owned()
            } else {
                return;
            };
            let (left, right) = (Fed { binding: left, node: giver }, Fed { binding: right, node: other_giver });
            let message = format!("{} compares {left} {} {right}: {why}", Named(node), by.sign());
            let mut problem = Problem::new(ProblemKind::Condition, message).at(at.cloned());
            for giver in [giver, other_giver].into_iter().flatten() {
                problem = problem.end(made(giver), giver.at.clone());
            }
            checks.report(problem);
        }
    }
}

/// The plain type of a side of a comparison, and the node that gives it; [`None`] where it is not known or is not one, which is told already.
fn side<'g>(
    checks: &mut Checks<'g>,
    workflow: &mut Workflow<'g>,
    node: &'g Node,
    arm: &'g Arm,
    binding: &'g Binding,
) -> Option<(SimpleType, Option<&'g Node>)> {
    let at = arm.at.as_ref().or(node.at.as_ref());
    let (shown, found, giver) = match binding {
        Binding::Fault => return None,
        Binding::Literal(literal) => {
            let literal_type = scalar_type(&literal.value);
            (literal_type.as_ref().map(type_text), literal_type.map(|found| found.kind), None)
        }
        Binding::Input { .. } | Binding::Output { .. } => {
            let (literal_type, giver) = given(checks, workflow, binding, Target::Test(node), at)?;
            (Some(type_text(literal_type)), Some(literal_type.kind.clone()), giver)
        }
        Binding::List(_) | Binding::Map(_) | Binding::Failure => (None, None, None),
    };
    if let Some(TypeKind::Simple(simple)) = found
        && is_plain(simple)
    {
        return Some((simple, giver));
    }
    let shown = shown.map(|shown| format!(", a `{shown}`")).unwrap_or_default();
    let message = format!("{} compares {}{shown}", Named(node), Fed { binding, node: giver });
    let hint = "numbers, text, bool, points in time and durations can be compared; make other tests in a task that returns `bool`";
    let mut problem = Problem::new(ProblemKind::Condition, message).at(at.cloned()).hint(hint);
    if let Some(giver) = giver {
        problem = problem.end(made(giver), giver.at.clone());
    }
    checks.report(problem);
    None
}

fn is_plain(simple: SimpleType) -> bool {
    use SimpleType::{Boolean, Datetime, Duration, Float, Integer, String};
    matches!(simple, Integer | Float | String | Boolean | Datetime | Duration)
}
