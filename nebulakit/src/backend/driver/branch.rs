//! A condition: which of its arms runs.

use super::fault::{End, code};
use super::step::Step;
use crate::backend::values::test::{Undecided, holds};
use crate::graph::{Branch, Otherwise, Scope, Test};
use crate::run::Arm;

impl<'g> Step<'g> {
    /// Which arm a condition takes, and the scope of that arm.
    pub(super) fn decide(&self, branch: &'g Branch) -> Result<(Arm, &'g Scope), End> {
        for (arm, number) in branch.arms.iter().zip(0..) {
            if self.holds(&arm.test)? {
                return Ok((Arm::Taken(number), &arm.body));
            }
        }
        match &branch.otherwise {
            Otherwise::Run(body) => Ok((Arm::Otherwise, body)),
            Otherwise::Fail(message) => Err(self.fault(code::NO_ARM, message)),
        }
    }

    fn holds(&self, test: &Test) -> Result<bool, End> {
        holds(test, &|side| self.frame.value(side)).map_err(|undecided| match undecided {
            Undecided::Unbound(error) => self.unbound("a value that it compares", &error),
            Undecided::Malformed(what) => self.fault(code::BRANCH, what),
        })
    }
}
