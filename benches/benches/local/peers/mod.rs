//! CPU of a node beside one of dagx and of apalis-workflow, in the same graphs where they have them.
//!
//! | engine | scheduler |
//! |---|---|
//! | ours | a driver that submits jobs to a coordinator, each a task of tokio's |
//! | dagx | layer after layer, each node a task of tokio's; the runner itself runs a layer of one node |
//! | apalis-workflow | one worker that takes jobs from a queue in memory, with values and results as JSON |
//!
//! All of it is done on one thread, and each side makes its graph too. Where a side takes no part the table says why.

mod apalis;
mod dagx;

use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use nebulakit_benches::median;

use crate::cost::{each, recorded, unrecorded};
use crate::flows::{Shape, asked_for, rounds, set_nodes};

/// A run of one graph, or why there is none.
type Run = Result<LocalBoxFuture<'static, ()>, &'static str>;

/// A side by its name, with what runs a graph of a shape.
type Side = (&'static str, fn(&'static Shape) -> Run);

const SIDES: [Side; 4] = [
    ("ours", |shape| Ok(unrecorded(shape).boxed_local())),
    ("ours, recorded", |shape| Ok(async { recorded(&(shape.graph)().unwrap()).await }.boxed_local())),
    ("dagx", |shape| dagx::run(shape.name)),
    ("apalis-workflow", |shape| apalis::run(shape.name)),
];

/// All shapes and sizes, or those that are `asked` for; the sides take turns.
pub(crate) async fn all(asked: &[String]) {
    println!("CPU in us for each node (ours without a record / this side)");
    print!("{:>8} {:>8}", "shape", "nodes");
    SIDES.iter().for_each(|(name, _)| print!(" {name:>18}"));
    println!();
    for (count, shape) in asked_for(asked) {
        set_nodes(count);
        let mut times = SIDES.map(|_| Vec::new());
        for _ in 0..rounds(count) {
            for ((_, run), times) in SIDES.iter().zip(&mut times) {
                if let Ok(run) = run(shape) {
                    times.push(each(run).await);
                }
            }
        }
        print!("{:>8} {count:>8}", shape.name);
        for ((_, run), side) in SIDES.iter().zip(&times) {
            let cell = run(shape).map_or_else(str::to_owned, |_| {
                let ratios = times[0].iter().zip(side).map(|(ours, this)| ours / this).collect();
                format!("{:.2} ({:.2})", median(side.clone()), median(ratios))
            });
            print!(" {cell:>18}");
        }
        println!();
    }
}
