use std::collections::HashMap;

use nebulakit::prelude::*;
use nebulakit::schema::Schema;

#[task(container(image = "area:1"))]
fn no_command(a: f64) -> f64;

#[task(container(command = ["/bin/area"]))]
fn no_image(a: f64) -> f64;

#[task(container(network = true))]
fn no_program(a: f64) -> f64;

#[task(container(image = "area:1", command = ["/bin/area", "{{.inputs.c}}", "{{inputs.a}}", "{{.outputPrefix}}", "{{.Names}}"]))]
fn templates(a: f64) -> f64;

#[task(container(image = "area:1", command = [], format = xml, input_path = "in", output_path = "/var/inputs/x"), image = "area:1", deck)]
fn options(ctx: Context, a: f64) -> f64;

#[task(container(image = "area:1", command = ["/bin/area", "{{.inputs.m}}", "{{.inputs.o}}"]))]
fn no_text(m: HashMap<String, f64>, o: Option<f64>) -> f64;

#[task(container(image = "area:1", command = ["/bin/area"]))]
fn takes_a_table(t: Schema) -> f64;

#[task(container(image = "area:1", command = ["/bin/area"]))]
fn gives_a_list() -> (f64, Vec<f64>);

#[task(container(image = "area:1", command = ["/bin/area"]))]
fn gives_a_union() -> anyhow::Result<Option<f64>>;

fn main() {}
