use nebulakit::NebulaType;

#[derive(NebulaType)]
enum Shape {
    Point,
    Circle(f64),
    Rectangle(f64, f64),
    Polygon { corners: Vec<f64> },
}

#[derive(NebulaType)]
#[nebula(rename = "Form")]
enum Form {
    Empty(),
    #[nebula(value = "round")]
    Circle {
        radius: f64,
    },
    #[default(1)]
    Square(f64),
    Within {
        form: Box<Form>,
    },
}

fn main() {}
