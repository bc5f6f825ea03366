//! How much there is of each resource, and what work may ask for.

use std::sync::Arc;

use crate::coordinator::resources::asked::{Resources, in_cores, to_millicores};
use crate::coordinator::resources::kind::Resource;

/// Why an amount cannot be asked for.
#[derive(Debug, Clone)]
pub(crate) enum Refused {
    NeverFits { resource: Resource, asked: f64, kept: f64, limit: f64 },
    UnknownToken { token: Arc<str>, known: Vec<Arc<str>> },
    Amount(String),
}

/// How much there is in all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits {
    pub(crate) millicores: u64,
    /// [`None`] where it is not known.
    pub(crate) memory: Option<u64>,
    pub(crate) gpus: Vec<Arc<str>>,
    pub(crate) tokens: Vec<(Arc<str>, u32)>,
    /// Work that asks for more of these than there is gets what there is.
    pub(crate) cut: Vec<Resource>,
}

/// What a piece of work asks for, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Demand {
    pub(crate) millicores: u64,
    /// In bytes.
    pub(crate) memory: Option<u64>,
    pub(crate) gpus: u32,
    /// By their places among the limits.
    pub(crate) tokens: Vec<(usize, u32)>,
}

impl Demand {
    /// Whether it asks for anything that is kept while a job waits for its children: all but cores.
    pub(crate) fn keeps(&self) -> bool {
        self.memory.is_some() || self.gpus > 0 || !self.tokens.is_empty()
    }

    /// What a job keeps that asks for this, besides what those above it keep.
    pub(crate) fn kept_beside(&self, above: Option<&Self>) -> Self {
        let mut all = Self { millicores: 0, ..self.clone() };
        if let Some(above) = above {
            all.memory = [all.memory, above.memory].into_iter().flatten().reduce(u64::saturating_add);
            all.gpus = all.gpus.saturating_add(above.gpus);
            for (place, tokens) in &above.tokens {
                match all.tokens.iter_mut().find(|(one, _)| one == place) {
                    Some((_, sum)) => *sum = sum.saturating_add(*tokens),
                    None => all.tokens.push((*place, *tokens)),
                }
            }
        }
        all
    }

    fn of_token(&self, place: usize) -> u32 {
        self.tokens.iter().find(|(one, _)| *one == place).map_or(0, |(_, tokens)| *tokens)
    }
}

impl Limits {
    /// What work asks for of a strategy that counts `own` thousandths of a core for each attempt.
    ///
    /// # Errors
    /// When it asks for more than there is, for an amount that is none, or for tokens without a limit.
    pub(crate) fn demand(&self, asked: &Resources, own: u64) -> Result<Demand, Refused> {
        let millicores = match asked.cores {
            None => own,
            Some(cores) => to_millicores(cores).ok_or_else(|| Refused::Amount(format!("work cannot ask for {cores} cores")))?,
        };
        let tokens = self.demand_of_tokens(asked.tokens.iter().map(|(name, number)| (&**name, *number)))?.tokens;
        let demand = Demand { millicores, memory: asked.memory.filter(|bytes| *bytes > 0), gpus: asked.gpus.unwrap_or(0), tokens };
        let demand = self.cut(demand);
        self.fits(&demand, None)?;
        Ok(demand)
    }

    /// Why work that asks for this never gets it: every reason.
    #[cfg(feature = "run")]
    pub(crate) fn refusals(&self, asked: &Resources) -> Vec<Refused> {
        asked.parts().filter_map(|part| self.demand(&part, 0).err()).collect()
    }

    /// The demand with no more than there is of what is [cut](Self::cut).
    fn cut(&self, mut demand: Demand) -> Demand {
        for resource in &self.cut {
            match resource {
                Resource::Cores => demand.millicores = demand.millicores.min(self.millicores),
                Resource::Memory => demand.memory = demand.memory.map(|asked| self.memory.map_or(asked, |all| asked.min(all))),
                Resource::Gpus => demand.gpus = demand.gpus.min(u32::try_from(self.gpus.len()).unwrap_or(u32::MAX)),
                Resource::Tokens(_) => {}
            }
        }
        demand
    }

    /// What work that asks for tokens alone asks for.
    ///
    /// # Errors
    /// When it asks for more than there are, or for some without a limit.
    pub(crate) fn demand_of_tokens<'a>(&self, asked: impl Iterator<Item = (&'a str, u32)>) -> Result<Demand, Refused> {
        let mut tokens = Vec::new();
        for (name, number) in asked.filter(|(_, number)| *number > 0) {
            let place = self.tokens.iter().position(|(one, _)| **one == *name).ok_or_else(|| Refused::UnknownToken {
                token: name.into(),
                known: self.tokens.iter().map(|(name, _)| Arc::clone(name)).collect(),
            })?;
            tokens.push((place, number));
        }
        tokens.sort_unstable();
        let demand = Demand { tokens, ..Demand::default() };
        self.fits(&demand, None)?;
        Ok(demand)
    }

    /// Whether `demand` can ever be met while jobs that wait for it keep `kept`.
    ///
    /// # Errors
    /// When it cannot.
    pub(crate) fn fits(&self, demand: &Demand, kept: Option<&Demand>) -> Result<(), Refused> {
        let nothing = Demand::default();
        let kept = kept.unwrap_or(&nothing);
        let check = |resource: Resource, asked: f64, kept: f64, limit: f64| {
            // What asks for none of it waits for none of it.
            if asked > 0.0 && asked + kept > limit { Err(Refused::NeverFits { resource, asked, kept, limit }) } else { Ok(()) }
        };
        check(Resource::Cores, in_cores(demand.millicores), 0.0, in_cores(self.millicores))?;
        if let (Some(asked), Some(limit)) = (demand.memory, self.memory) {
            check(Resource::Memory, of_bytes(asked), of_bytes(kept.memory.unwrap_or(0)), of_bytes(limit))?;
        }
        check(Resource::Gpus, demand.gpus.into(), kept.gpus.into(), of_bytes(self.gpus.len() as u64))?;
        demand.tokens.iter().try_for_each(|(place, asked)| {
            let Some((name, limit)) = self.tokens.get(*place) else { return Ok(()) };
            check(Resource::Tokens(Arc::clone(name)), (*asked).into(), kept.of_token(*place).into(), (*limit).into())
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "for people, and of less than nine petabytes exact")]
fn of_bytes(bytes: u64) -> f64 {
    bytes as f64
}
