//! Work goes from thread to thread.

use std::rc::Rc;

use nebulakit::coordinator::{JobContext, Work};

fn main() {
    drop(Work::new(|_| async {
        let shared = Rc::new(1);
        std::future::ready(()).await;
        anyhow::Ok(*shared)
    }));
    let shared = Rc::new(1);
    drop(Work::blocking(move |_: JobContext| anyhow::Ok(*shared)));
}
