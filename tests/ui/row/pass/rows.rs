use nebulakit::schema::{Row, Schema};
use nebulakit::{NebulaType, task};

// One struct may be a row of tables and a value of its own.
#[derive(Row, NebulaType)]
#[nebula(rename_all = "camelCase")]
struct Sale {
    city_name: String,
    #[nebula(rename = "price in kr")]
    price: Option<f64>,
    lines: Vec<Line>,
    #[nebula(skip)]
    seen: bool,
}

#[derive(Row, NebulaType)]
struct Line {
    r#type: String,
    count: u32,
}

#[task]
async fn keep(sales: Schema<Sale>, any: Option<Schema>) -> (Schema<Sale>, Vec<Schema>) {
    (sales, any.into_iter().collect())
}

pub fn main() {}
