//! The tests of a condition.
//!
//! The platform compares constants and whole values that feed the condition, by the names of its inputs. A part of a value comes out of a node of
//! its own, which stands before the condition.

use std::collections::BTreeMap;

use nebulakit_types::LiteralType;
use nebulakit_types::wire::flyteidl::core::{
    Binding as WireBinding, BooleanExpression, ComparisonExpression, ConjunctionExpression, Operand, OutputReference, boolean_expression,
    comparison_expression, conjunction_expression, literal, operand, scalar,
};

use super::bindings;
use super::frame::{Frame, promised};
use crate::graph::{Binding, Bound, Branch, Comparison, Kind, Node, Test};

/// What the tests of a condition compare.
#[derive(Default)]
pub(super) struct Operands<'p> {
    /// The inputs of the condition, by their names.
    inputs: BTreeMap<String, OutputReference>,
    /// The parts of values, and the nodes that they come from.
    pub(super) parts: Vec<Part<'p>>,
}

/// A part of a value that is compared.
pub(super) struct Part<'p> {
    pub(super) of: &'p Binding,
    /// The node that gives it.
    pub(super) node: String,
    pub(super) literal_type: LiteralType,
}

/// The output of a node that gives a part of a value.
pub(super) const PART: &str = "value";

impl<'p> Operands<'p> {
    /// The inputs of the condition, by their names.
    pub(super) fn into_inputs(self) -> Vec<WireBinding> {
        bindings::promises(self.inputs)
    }

    /// A test of the condition `condition`.
    pub(super) fn test(&mut self, frame: &mut Frame<'_, 'p>, condition: &str, test: &'p Test) -> BooleanExpression {
        use conjunction_expression::LogicalOperator;
        let (tests, operator) = match test {
            Test::Compare { left, by, right } => {
                let comparison = ComparisonExpression {
                    operator: sign(*by).into(),
                    left_value: Some(self.operand(frame, condition, left)),
                    right_value: Some(self.operand(frame, condition, right)),
                };
                return BooleanExpression { expr: Some(boolean_expression::Expr::Comparison(comparison)) };
            }
            Test::All(tests) => (tests, LogicalOperator::And),
            Test::Any(tests) => (tests, LogicalOperator::Or),
        };
        let tests = tests.iter().map(|test| self.test(frame, condition, test)).collect::<Vec<_>>();
        let joined = tests.into_iter().reduce(|left, right| {
            let conjunction = ConjunctionExpression {
                operator: operator.into(),
                left_expression: Some(Box::new(left)),
                right_expression: Some(Box::new(right)),
            };
            BooleanExpression { expr: Some(boolean_expression::Expr::Conjunction(Box::new(conjunction))) }
        });
        joined.unwrap_or_default()
    }

    fn operand(&mut self, frame: &mut Frame<'_, 'p>, condition: &str, side: &'p Binding) -> Operand {
        let Some((value, path)) = promised(side) else { return Operand { val: constant(side) } };
        let reference = if path.is_empty() { frame.promise(value, path) } else { self.part(frame, condition, side) };
        // As flytekit calls it.
        let name = format!("{}.{}", reference.node_id, reference.var);
        self.inputs.insert(name.clone(), reference);
        Operand { val: Some(operand::Val::Var(name)) }
    }

    /// The output of a node that gives a part of a value: one node for each part.
    fn part(&mut self, frame: &Frame<'_, 'p>, condition: &str, of: &'p Binding) -> OutputReference {
        let known = self.parts.iter().find(|part| part.of == of);
        let node = known.map(|part| part.node.clone()).unwrap_or_else(|| {
            let node = frame.id(&frame.source.free_id(&format!("{condition}-part{}", self.parts.len())));
            self.parts.push(Part { of, node: node.clone(), literal_type: frame.source.part_type(of) });
            node
        });
        OutputReference { node_id: node, var: PART.to_owned(), attr_path: Vec::new() }
    }
}

/// How many parts of values the tests of a condition compare: each is a node of its own.
pub(super) fn parts(branch: &Branch) -> usize {
    let mut found: Vec<&Binding> = Vec::new();
    let mut left: Vec<&Test> = branch.arms.iter().map(|arm| &arm.test).collect();
    while let Some(test) = left.pop() {
        match test {
            Test::Compare { left, right, .. } => {
                let is_part = |side: &&Binding| promised(side).is_some_and(|(_, path)| !path.is_empty());
                for side in [left, right].into_iter().filter(is_part) {
                    if !found.contains(&side) {
                        found.push(side);
                    }
                }
            }
            Test::All(tests) | Test::Any(tests) => left.extend(tests),
        }
    }
    found.len()
}

/// What an approval is given, if that is a part of a value: it comes out of a node of its own too.
pub(super) fn approved_part(node: &Node) -> Option<&Bound> {
    let is_part = |binding| promised(binding).is_some_and(|(_, path)| !path.is_empty());
    node.inputs.iter().find(|bound| matches!(node.kind, Kind::Approve(_)) && is_part(&bound.binding))
}

fn sign(by: Comparison) -> comparison_expression::Operator {
    use comparison_expression::Operator;
    match by {
        Comparison::Eq => Operator::Eq,
        Comparison::Ne => Operator::Neq,
        Comparison::Gt => Operator::Gt,
        Comparison::Ge => Operator::Gte,
        Comparison::Lt => Operator::Lt,
        Comparison::Le => Operator::Lte,
    }
}

/// A constant, which is a plain value in a graph without problems.
fn constant(side: &Binding) -> Option<operand::Val> {
    let Binding::Literal(literal) = side else { return None };
    match literal.to_wire().value {
        Some(literal::Value::Scalar(scalar)) => match scalar.value {
            Some(scalar::Value::Primitive(primitive)) => Some(operand::Val::Primitive(primitive)),
            _ => None,
        },
        _ => None,
    }
}
