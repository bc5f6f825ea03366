// Every option in every form that it takes.
#![deny(warnings)]

use nebulakit::task;

#[task()]
fn none() {}

#[task(
    name = "app.every-option",
    outputs(quotient, remainder),
    retries = 3,
    timeout = "1h30m",
    cache(version = "1", serialize, ignore(verbose)),
    interruptible,
    requests(cpu = "500m", memory = "256Mi", gpu = "1", ephemeral_storage = "10Gi", storage = "10Gi"),
    limits(cpu = "1", memory = "0.5Gi"),
    tokens(licences = 1, r#type = 2),
    on_oom(factor = 1.5, limit = "16Gi"),
    accelerator = "nvidia-tesla-a100",
    shared_memory,
    env(RUST_LOG = "info", lower_case = ""),
    secrets((group = "db", key = "password"), (group = "api", key = "token", version = "2", mount = file, env_var = "API_TOKEN")),
    image = "ghcr.io/me/app:1",
    pod_template = "with-disk",
    labels("team" = "data", "example.com/kind" = ""),
    annotations("contact" = "any text at all"),
    deck,
    supervised,
    deprecated = "use `other` instead",
    crate = nebulakit,
)]
fn every(a: i64, b: i64, verbose: bool) -> (i64, i64) {
    let _ = verbose;
    (a / b, a % b)
}

#[task(
    cache(version = "v2", serialize = false),
    interruptible = false,
    deck = false,
    supervised = false,
    shared_memory = "1Gi",
    on_oom(limit = "2G"),
    accelerator = "nvidia-tesla-a100:2g.10gb",
    timeout = "1d 2h 3m 4s 5ms"
)]
fn other_forms() -> i64 {
    1
}

#[task(on_oom(factor = 3))]
fn any_memory() {}

#[task(outputs(only))]
fn one() -> anyhow::Result<i64> {
    Ok(1)
}

mod sizes {
    pub fn ask(_: &nebulakit::Ask) -> nebulakit::Requests {
        nebulakit::Requests::new().cores(2.0)
    }
}

#[task(
    requests(cpu = 4, gpu = 1, memory = "1Gi"),
    limits(cpu = 4.5, gpu = 1),
    requests_with = sizes::ask,
    cache(version = 1),
    env(THREADS = 4, VERBOSE = true),
    labels("tier" = 2),
    secrets("wandb/api_key", (group = "db", key = "password", version = 3))
)]
fn numbers() {}

pub fn main() {
    numbers();
    assert_eq!(every::NAME, "app.every-option");
    none();
    assert_eq!(every(7, 2, false), (3, 1));
    assert_eq!(other_forms() + one().unwrap(), 2);
}
