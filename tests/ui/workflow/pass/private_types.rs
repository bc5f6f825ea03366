// Types and fields of every visibility.
use nebulakit::prelude::*;

#[derive(NebulaType)]
struct Outer {
    inner: Inner,
}
#[derive(NebulaType)]
struct Inner {
    x: i64,
}
#[derive(TaskOutputs)]
struct Outs {
    a: Inner,
    b: i64,
}
#[task]
fn make() -> Outer {
    Outer { inner: Inner { x: 1 } }
}
#[task]
fn take(inner: Inner, xs: Vec<Inner>) -> Outs {
    Outs { b: inner.x + xs.len() as i64, a: inner }
}
#[workflow]
fn wf() -> Promise<i64> {
    let outer = make::node();
    let taken = take::map([&outer.inner, &outer.inner], list![&outer.inner]);
    when(take::node(&outer.inner, taken.a.clone()).b.gt(&outer.inner.x), 1).otherwise(taken.b.at(0))
}
mod inside {
    use super::*;
    #[derive(NebulaType)]
    pub(super) struct Deep {
        pub(super) shown: i64,
        hidden: i64,
    }
    #[task]
    pub(super) fn deep() -> Deep {
        Deep { shown: 1, hidden: 2 }
    }
    #[workflow]
    pub(super) fn uses() -> Promise<i64> {
        deep::node().hidden.clone()
    }
}
#[workflow]
fn outside() -> Promise<i64> {
    let _ = inside::uses::node();
    inside::deep::node().shown.clone()
}
pub fn main() {
    assert_eq!(wf::graph().unwrap().body.nodes.len(), 4);
    outside::graph().unwrap();
}
