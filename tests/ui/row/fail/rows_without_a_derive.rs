use nebulakit::schema::Schema;

struct Sale {
    price: f64,
}

fn read(table: Schema<Sale>) {
    drop(table.read());
}

fn main() {}
