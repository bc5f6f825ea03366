use std::path::PathBuf;

#[nebulakit::task]
fn size(path: PathBuf) -> String {
    path.display().to_string()
}

fn main() {}
