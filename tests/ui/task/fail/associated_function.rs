use nebulakit::task;

struct Divider;

impl Divider {
    #[task]
    fn divide(a: f64, b: f64) -> f64 {
        a / b
    }
}

fn main() {}
