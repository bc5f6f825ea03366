//! Slurm as an engine.

use std::collections::HashMap;
use std::path::Path;

use futures_util::future::BoxFuture;

use super::reach::Slurm;
use super::{accounts, arrays, submitting};
use crate::backend::engine::{Engine, EngineError, EngineId, EngineJob, NotSubmitted, Seen};

/// How many jobs one `scancel` ends.
const CANCELLED_AT_ONCE: usize = 500;

impl Engine for Slurm {
    fn name(&self) -> &str {
        &self.name
    }

    fn drives(&self, plan: &Path) {
        self.plans().insert(plan.to_owned());
    }

    fn submit<'a>(&'a self, jobs: &'a [EngineJob]) -> BoxFuture<'a, Vec<Result<EngineId, NotSubmitted>>> {
        Box::pin(submitting::submit(self, jobs))
    }

    fn look<'a>(&'a self, ids: &'a [EngineId]) -> BoxFuture<'a, Result<HashMap<EngineId, Seen>, EngineError>> {
        Box::pin(async move {
            let queue = self.queue().await?;
            let (mut seen, mut forgotten) = (HashMap::with_capacity(ids.len()), Vec::new());
            for id in ids {
                match queue.look(id)? {
                    Some(state) => drop(seen.insert(id.clone(), state)),
                    None => forgotten.push(id),
                }
            }
            if !forgotten.is_empty()
                && let Some(ends) = accounts::ends(&self.client, &forgotten, self.of_cluster()).await?
            {
                seen.extend(ends.into_iter().filter(|(id, _)| forgotten.contains(&id)));
            }
            Ok(seen)
        })
    }

    fn cancel<'a>(&'a self, ids: &'a [EngineId]) -> BoxFuture<'a, Result<(), EngineError>> {
        Box::pin(async move {
            for some in ids.chunks(CANCELLED_AT_ONCE) {
                // One that is over, or unknown, is no failure with `--quiet`.
                let mut words = vec!["--quiet".to_owned()];
                words.extend(self.of_cluster());
                words.extend(some.iter().map(|id| id.as_str().to_owned()));
                let said = self.client.ask("scancel", &words).await.map_err(|error| EngineError(error.to_string()))?;
                if said.code != Some(0) && !said.stderr.contains("Invalid job id specified") {
                    return Err(EngineError(format!("`scancel` failed, with {}", said.shown())));
                }
            }
            Ok(())
        })
    }

    fn find<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<EngineId>, EngineError>> {
        Box::pin(async move {
            let queue = self.queue().await?;
            if let Some(number) = self.number(&queue, name).await? {
                return Ok(Some(number.into()));
            }
            let plans: Vec<_> = self.plans().iter().cloned().collect();
            for plan in plans {
                let arrays = arrays::find(&plan, name);
                let arrays =
                    arrays.map_err(|error| EngineError(format!("cannot read the arrays of the plan {}: {error}", plan.display())))?;
                for (array, index) in arrays {
                    if let Some(number) = self.number(&queue, &array).await? {
                        return Ok(Some(format!("{number}_{index}").into()));
                    }
                }
            }
            Ok(None)
        })
    }
}
