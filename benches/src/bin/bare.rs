//! The floor: reads the same inputs, adds the same numbers, writes the same outputs, and knows nothing else. It takes where they are, or the command
//! line of a container of ours; what a dynamic task would make is ready-made, in the file `futures.pb` beside the program.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a floor has no error handling, and no module for its environment")]

use nebulakit_types::wire::flyteidl::core::{Literal, LiteralMap, Primitive, Scalar, literal, primitive, scalar};
use prost::Message as _;

#[cfg(feature = "s3")]
#[path = "bare/s3.rs"]
mod s3;

/// The same allocator as on the other side: this program names nothing of `nebulakit`, so that its allocator is not linked.
#[cfg(feature = "image")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn integer(literal: &Literal) -> i64 {
    if let Some(literal::Value::Collection(list)) = &literal.value {
        // The child of a map task gets the whole list.
        let index: usize = std::env::var("FLYTE_K8S_ARRAY_INDEX").unwrap().parse().unwrap();
        return integer(&list.literals[index]);
    }
    let Some(literal::Value::Scalar(scalar)) = &literal.value else { panic!("no scalar") };
    let Some(scalar::Value::Primitive(primitive)) = &scalar.value else { panic!("no primitive") };
    let Some(primitive::Value::Integer(value)) = primitive.value else { panic!("no integer") };
    value
}

/// The bytes of the outputs for the bytes of the inputs.
fn answer(inputs: &[u8]) -> Vec<u8> {
    let inputs = LiteralMap::decode(inputs).unwrap();
    let sum = integer(&inputs.literals["a"]) + integer(&inputs.literals["b"]);
    let scalar = Scalar { value: Some(scalar::Value::Primitive(Primitive { value: Some(primitive::Value::Integer(sum)) })) };
    let literal = Literal { value: Some(literal::Value::Scalar(scalar.into())), ..Literal::default() };
    LiteralMap { literals: [("o0".to_owned(), literal)].into() }.encode_to_vec()
}

/// What stands behind an option of a container's command line.
fn option<'a>(arguments: &'a [String], name: &str) -> Option<&'a str> {
    let index = arguments.iter().position(|argument| argument == name)?;
    Some(&arguments[index + 1])
}

/// The job of a dynamic task, whose container is told where its own template is.
#[cfg(feature = "s3")]
fn grown(arguments: &[String]) -> Option<Vec<u8>> {
    option(arguments, "--task-template")?;
    Some(std::fs::read(std::env::current_exe().unwrap().with_file_name("futures.pb")).unwrap())
}

#[cfg(feature = "s3")]
fn over_s3(inputs: &str, outputs: &str, grown: Option<Vec<u8>>) {
    use object_store::ObjectStoreExt as _;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (bucket, inputs) = s3::split(inputs);
        let (_, outputs) = s3::split(outputs);
        let store = s3::bucket(bucket);
        if let Some(job) = grown {
            store.put(&format!("{outputs}/futures.pb").into(), job.into()).await.unwrap();
            return;
        }
        let inputs = store.get(&inputs.into()).await.unwrap().bytes().await.unwrap();
        store.put(&format!("{outputs}/outputs.pb").into(), answer(&inputs).into()).await.unwrap();
    });
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments[1] == "again" {
        // The floor of a process that is started by itself.
        let status = std::process::Command::new("/proc/self/exe").args(&arguments[2..]).status().unwrap();
        std::process::exit(status.code().unwrap());
    }
    let inputs = option(&arguments, "--inputs").unwrap_or(&arguments[1]);
    let outputs = option(&arguments, "--output-prefix").unwrap_or(&arguments[2]);
    #[cfg(feature = "s3")]
    if inputs.starts_with("s3://") {
        return over_s3(inputs, outputs, grown(&arguments));
    }
    std::fs::create_dir_all(outputs).unwrap();
    std::fs::write(format!("{outputs}/outputs.pb"), answer(&std::fs::read(inputs).unwrap())).unwrap();
}
