//! A future that is not `Send` cannot be work: it goes from thread to thread.

use std::rc::Rc;

use nebulakit::coordinator::Work;

fn main() {
    drop(Work::new(|_| async {
        let shared = Rc::new(1);
        std::future::ready(()).await;
        anyhow::Ok(*shared)
    }));
}
