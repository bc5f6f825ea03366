//! The built-in task that gives on what it takes, as the platform starts it.

use std::process::Command;

use nebulakit::prelude::*;
use nebulakit::types::Literal;
use nebulakit_types::Dialect;
use nebulakit_types::literal::Primitive;
use nebulakit_types::wire::flyteidl::core::{ErrorDocument, LiteralMap, literal, primitive, scalar, task_template};
use prost::Message as _;
use tempfile::TempDir;

use crate::{compiled, task};

#[derive(NebulaType, Debug, Clone)]
struct Limits {
    most: i64,
    share: f64,
}

#[task]
fn limits() -> Limits {
    Limits { most: 3, share: 2.0 }
}

/// Compares parts of a structure, and gives on what may be none.
#[workflow]
fn compared(y: Promise<Option<i64>>) -> Promise<Option<i64>> {
    let limits = limits::node();
    when(limits.most.eq(3) & limits.share.gt(1.5), &y).otherwise(y)
}

/// Runs the task of [`compared`] that gives on one value of that type, as the platform starts it.
fn given_on<T: NebulaType>(inputs: &[(&str, Literal)]) -> TempDir {
    let compiled = compiled(compared::graph());
    let mut passes = compiled.entities.iter().map(|entity| &*entity.id().name).filter(|name| name.contains(".pass-"));
    let literal_type = T::literal_type(&Dialect::FLYTE_1).to_wire();
    let takes = |pass: &&str| {
        let interface = task(&compiled, pass).template.as_ref().unwrap().interface.clone().unwrap();
        interface.outputs.unwrap().variables.values().next().unwrap().r#type.as_ref() == Some(&literal_type)
    };
    let template = task(&compiled, passes.find(takes).unwrap()).template.clone().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let inputs = inputs.iter().map(|(name, literal)| ((*name).to_owned(), literal.clone())).collect();
    std::fs::write(at("inputs.pb"), Literal::encode_map(&inputs)).unwrap();
    std::fs::write(at("task.pb"), template.encode_to_vec()).unwrap();
    let Some(task_template::Target::Container(container)) = template.target else { panic!("no container") };
    let (from, to) = (["{{.input}}", "{{.outputPrefix}}", "{{.taskTemplatePath}}"], [at("inputs.pb"), at("out"), at("task.pb")]);
    let filled = |argument: &String| match from.iter().position(|template| template == argument) {
        Some(index) => to[index].clone(),
        None if argument.starts_with("{{") => at("rest"),
        None => argument.clone(),
    };
    let ended = Command::new(env!("CARGO_BIN_EXE_grower")).args(container.args.iter().map(filled)).output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    folder
}

fn read<M: prost::Message + std::default::Default>(folder: &TempDir, file: &str) -> M {
    M::decode(&*std::fs::read(folder.path().join("out").join(file)).unwrap()).unwrap()
}

/// The platform takes a part of a structure as it is written there, and compares only values of one type.
#[test]
fn a_number_of_a_structure_is_given_on_as_its_field_declares_it() {
    let value = |folder: TempDir| match read::<LiteralMap>(&folder, "outputs.pb").literals["value"].value.clone() {
        Some(literal::Value::Scalar(scalar)) => match scalar.value {
            Some(scalar::Value::Primitive(primitive)) => primitive.value.unwrap(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(value(given_on::<i64>(&[("value", Primitive::Float(3.0).into())])), primitive::Value::Integer(3));
    assert_eq!(value(given_on::<f64>(&[("value", Primitive::Integer(2).into())])), primitive::Value::FloatValue(2.0));
    let same = given_on::<i64>(&[("value", Primitive::Integer(7).into())]);
    assert_eq!(std::fs::read(same.path().join("out/outputs.pb")).unwrap(), std::fs::read(same.path().join("inputs.pb")).unwrap());
}

#[test]
fn nothing_is_rounded() {
    let document: ErrorDocument = read(&given_on::<i64>(&[("value", Primitive::Float(3.5).into())]), "error.pb");
    let message = document.error.unwrap().message;
    assert!(message.contains("`value`: expected an integer, found the float 3.5; nothing is rounded"), "{message}");
}

/// The platform hands over nothing for an optional input without a value, and fails where an output is missing.
#[test]
fn an_optional_value_that_is_not_there_is_given_on_as_none() {
    let outputs: LiteralMap = read(&given_on::<Option<i64>>(&[]), "outputs.pb");
    assert_eq!(Literal::decode(&outputs.literals["o0"].encode_to_vec()).unwrap(), Literal::none());
}
