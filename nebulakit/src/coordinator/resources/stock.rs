//! What is free of each resource.

use std::sync::Arc;

use crate::coordinator::resources::asked::in_cores;
use crate::coordinator::resources::granted::Granted;
use crate::coordinator::resources::kind::Resource;
use crate::coordinator::resources::limits::{Demand, Limits};
use crate::coordinator::resources::shared::Amounts;

/// What there is, and what of it is free.
#[derive(Debug)]
pub(crate) struct Stock {
    limits: Arc<Limits>,
    /// What this coordinator has: all, or what it was given of what processes share.
    leased: Free,
    free: Free,
}

/// Amounts that can be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Free {
    /// Below 0 where work goes on that could not wait for its cores.
    millicores: i64,
    memory: u64,
    /// By the places of the ids among the limits.
    gpus: Vec<bool>,
    tokens: Vec<u32>,
}

/// What a job holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held {
    /// Whether it has a slot of its strategy.
    pub(crate) has_slot: bool,
    /// Cores, which are lent together with the slot.
    pub(crate) millicores: u64,
    /// The rest, where it asked for something in particular.
    pub(crate) rest: Option<(Arc<Demand>, Arc<Granted>)>,
}

impl Held {
    pub(crate) const NOTHING: Self = Self { has_slot: false, millicores: 0, rest: None };

    pub(crate) fn is_nothing(&self) -> bool {
        !self.has_slot && self.millicores == 0 && self.rest.is_none()
    }
}

impl Free {
    /// Whether there is as much.
    pub(crate) fn has(&self, demand: &Demand) -> bool {
        self.has_cores(demand.millicores)
            && self.memory >= demand.memory.unwrap_or(0)
            && self.gpus.iter().filter(|is_free| **is_free).count() >= demand.gpus as usize
            && demand.tokens.iter().all(|(place, tokens)| self.tokens.get(*place).is_some_and(|free| free >= tokens))
    }

    /// Whether there are as many cores. What asks for none has them, whatever others took.
    pub(crate) fn has_cores(&self, millicores: u64) -> bool {
        millicores == 0 || self.millicores >= i64::try_from(millicores).unwrap_or(i64::MAX)
    }

    /// Keeps what there is of `demand` for the one who asks for it.
    pub(crate) fn keep(&mut self, demand: &Demand) {
        self.millicores = self.millicores.saturating_sub_unsigned(demand.millicores);
        self.memory = self.memory.saturating_sub(demand.memory.unwrap_or(0));
        self.gpus.iter_mut().filter(|is_free| **is_free).take(demand.gpus as usize).for_each(|is_free| *is_free = false);
        for (place, tokens) in &demand.tokens {
            if let Some(free) = self.tokens.get_mut(*place) {
                *free = free.saturating_sub(*tokens);
            }
        }
    }
}

impl Stock {
    /// All of it.
    pub(crate) fn full(limits: Arc<Limits>) -> Self {
        let free = Free {
            millicores: i64::try_from(limits.millicores).unwrap_or(i64::MAX),
            memory: limits.memory.unwrap_or(u64::MAX),
            gpus: vec![true; limits.gpus.len()],
            tokens: limits.tokens.iter().map(|(_, tokens)| *tokens).collect(),
        };
        Self { limits, leased: free.clone(), free }
    }

    /// Nothing yet of what processes share.
    pub(crate) fn shared(limits: Arc<Limits>) -> Self {
        let free = Free {
            millicores: 0,
            // Where it has no limit, it is not shared.
            memory: if limits.memory.is_some() { 0 } else { u64::MAX },
            gpus: vec![false; limits.gpus.len()],
            tokens: vec![0; limits.tokens.len()],
        };
        Self { limits, leased: free.clone(), free }
    }

    /// Whether anything is free that could be given back to other processes.
    pub(crate) fn has_free(&self) -> bool {
        let Free { millicores, memory, gpus, tokens } = &self.free;
        *millicores > 0 || (self.limits.memory.is_some() && *memory > 0) || gpus.contains(&true) || tokens.iter().any(|tokens| *tokens > 0)
    }

    /// Takes away what is free: what is held is left.
    pub(crate) fn withdraw(&mut self) -> Amounts {
        let Free { millicores, memory, gpus, tokens } = &mut self.free;
        let surplus = (*millicores).max(0);
        *millicores -= surplus;
        self.leased.millicores -= surplus;
        if self.limits.memory.is_some() {
            self.leased.memory -= std::mem::take(memory);
        }
        for (is_leased, is_free) in self.leased.gpus.iter_mut().zip(gpus) {
            *is_leased &= !std::mem::take(is_free);
        }
        for (leased, free) in self.leased.tokens.iter_mut().zip(tokens) {
            *leased -= std::mem::take(free);
        }
        let names = self.limits.tokens.iter().map(|(name, _)| Arc::clone(name));
        let gpus = self.limits.gpus.iter().zip(&self.leased.gpus).filter(|(_, is_leased)| **is_leased);
        Amounts {
            millicores: u64::try_from(self.leased.millicores.saturating_sub(self.free.millicores)).unwrap_or(0),
            memory: if self.limits.memory.is_some() { self.leased.memory } else { 0 },
            gpus: gpus.map(|(id, _)| Arc::clone(id)).collect(),
            tokens: names.zip(self.leased.tokens.iter().copied()).filter(|(_, tokens)| *tokens > 0).collect(),
        }
    }

    /// Has been given more of what processes share.
    pub(crate) fn lease(&mut self, given: &Amounts) {
        for amounts in [&mut self.leased, &mut self.free] {
            amounts.millicores = amounts.millicores.saturating_add_unsigned(given.millicores);
            if self.limits.memory.is_some() {
                amounts.memory = amounts.memory.saturating_add(given.memory);
            }
            for (place, id) in self.limits.gpus.iter().enumerate() {
                amounts.gpus[place] |= given.gpus.contains(id);
            }
            for (place, (name, _)) in self.limits.tokens.iter().enumerate() {
                amounts.tokens[place] += given.tokens.iter().find(|(one, _)| one == name).map_or(0, |(_, tokens)| *tokens);
            }
        }
    }

    pub(crate) fn free(&self) -> &Free {
        &self.free
    }

    /// Of what there is less than `demand` asks for.
    pub(crate) fn missing(&self, demand: &Demand) -> Vec<Resource> {
        let Free { memory, gpus, tokens, .. } = &self.free;
        let of = |is_missing: bool, resource: Resource| is_missing.then_some(resource);
        let has_gpus = gpus.iter().filter(|is_free| **is_free).count() >= demand.gpus as usize;
        let own = [
            of(!self.free.has_cores(demand.millicores), Resource::Cores),
            of(*memory < demand.memory.unwrap_or(0), Resource::Memory),
            of(!has_gpus, Resource::Gpus),
        ];
        let tokens = demand.tokens.iter().filter(|(place, asked)| tokens.get(*place).is_none_or(|free| free < asked));
        let tokens = tokens.filter_map(|(place, _)| Some(Resource::Tokens(Arc::clone(&self.limits.tokens.get(*place)?.0))));
        own.into_iter().flatten().chain(tokens).collect()
    }

    /// Takes what is asked for, of which there is enough.
    pub(crate) fn take(&mut self, demand: &Arc<Demand>) -> Arc<Granted> {
        self.take_cores(demand.millicores);
        self.free.memory -= demand.memory.unwrap_or(0);
        let mut gpus = Vec::new();
        for (id, is_free) in self.limits.gpus.iter().zip(&mut self.free.gpus).filter(|(_, is_free)| **is_free).take(demand.gpus as usize) {
            *is_free = false;
            gpus.push(Arc::clone(id));
        }
        let mut tokens = Vec::new();
        for (place, number) in &demand.tokens {
            if let (Some(free), Some((name, _))) = (self.free.tokens.get_mut(*place), self.limits.tokens.get(*place)) {
                *free -= number;
                tokens.push((Arc::clone(name), *number));
            }
        }
        let millicores = Some(demand.millicores).filter(|cores| *cores > 0);
        Arc::new(Granted { millicores, memory: demand.memory, gpus, tokens })
    }

    /// Takes cores, even where there are not enough.
    pub(crate) fn take_cores(&mut self, millicores: u64) {
        self.free.millicores = self.free.millicores.saturating_sub_unsigned(millicores);
    }

    pub(crate) fn give_cores_back(&mut self, millicores: u64) {
        self.free.millicores = self.free.millicores.saturating_add_unsigned(millicores);
    }

    /// What a job held is free again.
    pub(crate) fn give_back(&mut self, held: &Held) {
        self.give_cores_back(held.millicores);
        let Some((demand, granted)) = &held.rest else { return };
        self.free.memory = self.free.memory.saturating_add(demand.memory.unwrap_or(0));
        for id in &granted.gpus {
            if let Some(place) = self.limits.gpus.iter().position(|one| one == id) {
                self.free.gpus[place] = true;
            }
        }
        for (place, tokens) in &demand.tokens {
            if let Some(free) = self.free.tokens.get_mut(*place) {
                *free += tokens;
            }
        }
    }

    /// Each resource with how much there is, where that is known, and how much is taken.
    pub(crate) fn detail(&self) -> Vec<(Resource, Option<f64>, f64)> {
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let of = |number: u64| number as f64;
        let Limits { millicores, memory, gpus, tokens, .. } = &*self.limits;
        let cores = u64::try_from(self.leased.millicores.saturating_sub(self.free.millicores)).unwrap_or(0);
        let bytes = self.leased.memory.saturating_sub(self.free.memory);
        let busy = self.leased.gpus.iter().zip(&self.free.gpus).filter(|(is_leased, is_free)| **is_leased && !**is_free).count() as u64;
        let mut all = vec![
            (Resource::Cores, Some(in_cores(*millicores)), in_cores(cores)),
            (Resource::Memory, memory.map(of), of(bytes)),
            (Resource::Gpus, Some(of(gpus.len() as u64)), of(busy)),
        ];
        let of_tokens = tokens
            .iter()
            .zip(self.leased.tokens.iter().zip(&self.free.tokens))
            .map(|((name, limit), (leased, free))| (Resource::Tokens(Arc::clone(name)), Some(f64::from(*limit)), f64::from(leased - free)));
        all.extend(of_tokens);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stock() -> Stock {
        let (gpus, tokens) = (["a", "b", "c"].map(Arc::from).to_vec(), vec![("t".into(), 2)]);
        let limits = Limits { millicores: 4_000, memory: Some(100), gpus, tokens, ..Limits::default() };
        Stock::full(Arc::new(limits))
    }

    #[test]
    fn what_is_taken_comes_back() {
        let mut stock = stock();
        let before = stock.free().clone();
        let demand = Arc::new(Demand { millicores: 500, memory: Some(60), gpus: 2, tokens: vec![(0, 2)] });
        let granted = stock.take(&demand);
        assert_eq!(granted.gpus().iter().map(|id| &**id).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((granted.cores(), granted.memory(), granted.tokens().collect::<Vec<_>>()), (Some(0.5), Some(60), vec![("t", 2)]));
        assert!(!stock.free().has(&demand));
        let one = Arc::new(Demand { gpus: 1, ..Demand::default() });
        let other = stock.take(&one);
        assert_eq!(&*other.gpus()[0], "c");
        stock.give_back(&Held { has_slot: true, millicores: 500, rest: Some((demand, granted)) });
        assert_eq!(stock.take(&one).gpus(), [Arc::from("a")]);
        stock.give_back(&Held { rest: Some((Arc::clone(&one), other)), ..Held::default() });
        let again = Granted { gpus: vec!["a".into()], ..Granted::default() };
        stock.give_back(&Held { rest: Some((one, Arc::new(again))), ..Held::default() });
        assert_eq!(*stock.free(), before);
    }

    #[test]
    fn what_is_kept_for_one_is_not_there_for_others() {
        let stock = stock();
        let mut free = stock.free().clone();
        free.keep(&Demand { millicores: 3_500, memory: Some(1_000), gpus: 2, tokens: Vec::new() });
        assert!(free.has(&Demand { millicores: 500, gpus: 1, tokens: vec![(0, 2)], ..Demand::default() }));
        assert!(!free.has(&Demand { millicores: 501, ..Demand::default() }));
        assert!(!free.has(&Demand { memory: Some(1), ..Demand::default() }));
    }
}
