use nebulakit::task;

struct Divider;

impl Divider {
    #[task]
    fn divide(&self, a: f64, b: f64) -> f64 {
        a / b
    }
}

fn main() {
    Divider.divide(1.0, 2.0);
}
