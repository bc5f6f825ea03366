use nebulakit::task;

#[task(retry = 3, timeout = "ten minutes", requests(cpu = "much"))]
const fn several(text: &str, (a, b): (i64, i64)) -> impl Sized {
    (text.len(), a, b)
}

fn main() {}
