use nebulakit::task;

#[task(cache)]
fn bare() {}

#[task(cache(serialize))]
fn no_version() {}

#[task(cache(version = ""))]
fn empty_version() {}

#[task(cache(version = "1", ignore(thread, context, threads, threads)))]
fn ignores_what_is_not_there(context: nebulakit::Context, threads: i64) -> i64 {
    let _ = context;
    threads
}

fn main() {}
