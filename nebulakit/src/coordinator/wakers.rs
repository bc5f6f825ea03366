//! Those who wait for one thing, each at a place of its own, which it leaves when it waits no more.

use std::task::Waker;

/// The wakers of those who wait.
#[derive(Default)]
pub(super) struct Wakers {
    /// Most things have one who waits. Its place is 0; the others' begin at 1.
    first: Option<Waker>,
    others: Option<Box<Others>>,
}

/// More who wait.
#[derive(Default)]
struct Others {
    wakers: Vec<Option<Waker>>,
    free: Vec<u32>,
}

impl Wakers {
    /// Keeps `waker` at its place, which it gets when it is first kept.
    pub(super) fn keep(&mut self, place: &mut Option<u32>, waker: &Waker) {
        let at = *place.get_or_insert_with(|| if self.first.is_none() { 0 } else { self.others.get_or_insert_default().place() });
        let own = match at.checked_sub(1) {
            None => &mut self.first,
            Some(other) => &mut self.others.get_or_insert_default().wakers[other as usize],
        };
        match own {
            Some(own) => own.clone_from(waker),
            None => *own = Some(waker.clone()),
        }
    }

    /// Gives back what is kept at a place, which is free then.
    pub(super) fn leave(&mut self, place: u32) -> Option<Waker> {
        let Some(other) = place.checked_sub(1) else { return self.first.take() };
        let others = self.others.as_mut()?;
        others.free.push(other);
        others.wakers.get_mut(other as usize)?.take()
    }

    /// All of them. No place is anybody's any more.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Waker> + use<> {
        let others = self.others.take().map(|others| others.wakers).into_iter().flatten().flatten();
        self.first.take().into_iter().chain(others)
    }
}

impl Others {
    /// A place that nobody has.
    fn place(&mut self) -> u32 {
        let free = self.free.pop().unwrap_or_else(|| {
            self.wakers.push(None);
            // Four thousand million wakers do not fit into memory.
            (self.wakers.len() - 1) as u32
        });
        free + 1
    }
}
