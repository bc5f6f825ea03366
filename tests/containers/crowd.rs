//! Two hundred containers at once: a test by itself, as it leaves no time to others.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stderr, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "the other tests use the rest")]
mod engines;

use std::time::Duration;

use nebulakit::coordinator::{Container, ContainerStrategy, Coordinator, Strategy};

use crate::engines::{engines, image};

#[tokio::test]
async fn two_hundred_at_once_come_to_their_ends() {
    for engine in engines() {
        let containers = ContainerStrategy::with_slots(200).engine(&*engine).program(env!("CARGO_BIN_EXE_contained")).offline().cpus(0.01);
        let coordinator = Coordinator::builder().strategy(Strategy::Container, containers).build();
        let mut jobs = Vec::new();
        for number in 0..200 {
            let echo = Container::new(image(&engine)).command(["/bin/echo".to_owned(), number.to_string()]);
            jobs.push(coordinator.submit(echo, Strategy::Container).await.unwrap());
        }
        for (number, job) in jobs.into_iter().enumerate() {
            let ended = tokio::time::timeout(Duration::from_secs(600), job.join()).await.unwrap();
            assert_eq!(&*ended.unwrap_or_else(|error| panic!("{engine}: {error}")).tail, number.to_string(), "{engine}");
        }
        let left = coordinator.shutdown(Duration::from_secs(100)).await;
        assert_eq!(left.abandoned, 0, "{engine}");
    }
}
