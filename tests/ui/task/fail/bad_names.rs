use nebulakit::task;

#[task(name = "app::divider")]
fn colons() {}

#[task(pod_template = "My_Template")]
fn template() {}

#[task(image = "two words")]
fn image() {}

#[task(accelerator = "nvidia-tesla-a100:9g.90gb")]
fn part() {}

#[task(labels("team name" = "data", "team" = "data science"))]
fn label() {}

#[task(env(FLYTE_INTERNAL_IMAGE = "x", "KEY" = "v", EMPTY))]
fn variables() {}

fn main() {}
