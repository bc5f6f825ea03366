//! Which arm of a condition is taken.

use std::cmp::Ordering;

use nebulakit_types::wire::flyteidl::core::{
    BooleanExpression, ComparisonExpression, IfElseBlock, LiteralMap, Node, Operand, boolean_expression, comparison_expression::Operator,
    conjunction_expression::LogicalOperator, if_else_block, literal, operand, primitive, scalar,
};

use super::failure::{Failure, system, user};

/// The node of the arm whose test holds, or that of the rest.
pub(crate) fn taken<'b>(block: &'b IfElseBlock, inputs: &LiteralMap) -> Result<&'b Node, Failure> {
    for arm in block.case.as_deref().into_iter().chain(&block.other) {
        let (Some(condition), Some(node)) = (&arm.condition, arm.then_node.as_deref()) else { continue };
        if holds(condition, inputs)? {
            return Ok(node);
        }
    }
    match &block.default {
        Some(if_else_block::Default::ElseNode(node)) => Ok(node),
        Some(if_else_block::Default::Error(error)) => Err(user("UserProvidedError", format!("[UserProvidedError] {}", error.message))),
        None => Err(malformed("no branch satisfied")),
    }
}

/// All nodes that an arm may run.
pub(crate) fn arms(block: &IfElseBlock) -> impl Iterator<Item = &Node> {
    let rest = match &block.default {
        Some(if_else_block::Default::ElseNode(node)) => Some(&**node),
        _ => None,
    };
    block.case.as_deref().into_iter().chain(&block.other).filter_map(|arm| arm.then_node.as_deref()).chain(rest)
}

fn malformed(why: &str) -> Failure {
    user("MalformedBranchUserError", why)
}

fn holds(expression: &BooleanExpression, inputs: &LiteralMap) -> Result<bool, Failure> {
    match expression.expr.as_ref().ok_or_else(|| malformed("an empty expression"))? {
        boolean_expression::Expr::Comparison(comparison) => compares(comparison, inputs),
        boolean_expression::Expr::Conjunction(conjunction) => {
            let side = |side: &Option<Box<BooleanExpression>>| {
                holds(side.as_deref().ok_or_else(|| malformed("an expression without a side"))?, inputs)
            };
            // Both, as the platform does: either may be malformed.
            let (left, right) = (side(&conjunction.left_expression)?, side(&conjunction.right_expression)?);
            Ok(match conjunction.operator() {
                LogicalOperator::And => left && right,
                LogicalOperator::Or => left || right,
            })
        }
    }
}

fn operand(operand: Option<&Operand>, inputs: &LiteralMap) -> Result<primitive::Value, Failure> {
    let missing = || malformed("an operand without a value");
    match operand.and_then(|operand| operand.val.as_ref()).ok_or_else(missing)? {
        operand::Val::Primitive(primitive) => primitive.value.clone().ok_or_else(missing),
        operand::Val::Scalar(_) => Err(missing()),
        operand::Val::Var(name) => {
            let literal = inputs.literals.get(name).ok_or_else(|| system("BindingResolutionFailure", format!("no input [{name}]")))?;
            let not_one = || malformed(&format!("[{name}] is not a primitive"));
            let Some(literal::Value::Scalar(scalar)) = &literal.value else { return Err(not_one()) };
            let Some(scalar::Value::Primitive(primitive)) = &scalar.value else { return Err(not_one()) };
            primitive.value.clone().ok_or_else(not_one)
        }
    }
}

fn compares(comparison: &ComparisonExpression, inputs: &LiteralMap) -> Result<bool, Failure> {
    use primitive::Value;
    let left = operand(comparison.left_value.as_ref(), inputs)?;
    let right = operand(comparison.right_value.as_ref(), inputs)?;
    let operator = comparison.operator();
    let ordering = match (&left, &right) {
        (Value::Integer(left), Value::Integer(right)) => Some(left.cmp(right)),
        (Value::FloatValue(left), Value::FloatValue(right)) => left.partial_cmp(right),
        (Value::StringValue(left), Value::StringValue(right)) => Some(left.cmp(right)),
        (Value::Boolean(left), Value::Boolean(right)) if matches!(operator, Operator::Eq | Operator::Neq) => Some(left.cmp(right)),
        // On whole seconds.
        (Value::Datetime(left), Value::Datetime(right)) => Some(left.seconds.cmp(&right.seconds)),
        (Value::Duration(left), Value::Duration(right)) => Some(left.seconds.cmp(&right.seconds)),
        _ => return Err(malformed(&format!("[{left:?}] and [{right:?}] are not comparable by [{}]", operator.as_str_name()))),
    };
    Ok(match operator {
        Operator::Eq => ordering == Some(Ordering::Equal),
        Operator::Neq => ordering != Some(Ordering::Equal),
        Operator::Gt => ordering == Some(Ordering::Greater),
        Operator::Gte => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
        Operator::Lt => ordering == Some(Ordering::Less),
        Operator::Lte => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
    })
}
