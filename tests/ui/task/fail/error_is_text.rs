use nebulakit::task;

#[task]
fn fail() -> Result<i64, String> {
    Err("no".to_owned())
}

fn main() {}
