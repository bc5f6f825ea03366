#[task(
    name = "app.every",
    outputs(quotient, remainder),
    retries = 2,
    timeout = "1h30m",
    cache(version = 1, serialize, ignore(verbose)),
    interruptible = false,
    requests(cpu = 0.5, memory = "1Gi", gpu = 1, ephemeral_storage = "1Gi", storage = "1Gi"),
    limits(cpu = "2", memory = "2Gi"),
    requests_with = sizes::ask,
    tokens(licences = 1, seats = 2),
    on_oom(factor = 2, limit = "16Gi"),
    accelerator = "nvidia-tesla-a100:2g.10gb",
    shared_memory = "1Gi",
    env(THREADS = 4, RUST_LOG = "info", http_proxy = "http://proxy:3128"),
    secrets("db/password", (group = "api", key = "token", version = "2", mount = env, env_var = "API_TOKEN")),
    image = "ghcr.io/me/app:1",
    pod_template = "with-disk",
    labels("team" = "data"),
    annotations("example.com/contact" = "the data team"),
    deck,
    supervised,
    deprecated = "use `other` instead",
    crate = renamed::library
)]
fn every(verbose: bool) -> (i64, i64) {
    (7, i64::from(verbose))
}
