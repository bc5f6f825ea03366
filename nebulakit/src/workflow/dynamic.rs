//! Dynamic tasks: what their functions return becomes a graph, as JSON, in place of values.

use nebulakit_types::LiteralType;

use crate::task::error::TaskError;
use crate::task::failure::code;
use crate::task::returns::{Given, ReturnsAs};
use crate::workflow::build::promised;
use crate::workflow::returns::DynamicReturn;

/// What a dynamic task returned: a graph instead of values.
#[derive(Debug)]
pub struct Dynamic<R>(pub R);

impl<R: DynamicReturn> ReturnsAs<R::Outputs> for Dynamic<R> {
    const IS_DYNAMIC: bool = true;

    fn outputs(self, declared: &dyn Fn() -> Vec<(&'static str, LiteralType)>) -> anyhow::Result<Given<R::Outputs>> {
        let source = self.0.__into_source()?;
        let json = promised(&source, declared()).and_then(|graph| graph.to_json());
        // What is wrong with the graph is wrong at every attempt.
        Ok(Given::Graph(json.map_err(|problems| TaskError::permanent(problems).with_code(code::NO_GRAPH))?))
    }
}

/// What an async dynamic task returns; for expansions alone.
pub async fn dynamic<F: Future>(returned: F) -> Dynamic<F::Output> {
    Dynamic(returned.await)
}
