use nebulakit::task;

#[task]
fn join(words: Vec<&'static str>) -> String {
    words.concat()
}

fn main() {}
