//! Container tasks: their inputs as files, the program in its image, their outputs from files.

use std::path::Path;

use crate::coordinator::context::Attempt;
use crate::coordinator::error::{JobError, Lost};
use crate::coordinator::strategy::containers::asked::Mount;
use crate::coordinator::strategy::containers::bare::command;
use crate::coordinator::strategy::containers::base::Base;
use crate::coordinator::strategy::containers::copilot::{Collected, collect, command as rendered, complete, lay_out, said};
use crate::coordinator::strategy::containers::ends::CommandError;
use crate::coordinator::strategy::containers::secrets;
use crate::coordinator::strategy::containers::work::Container;
use crate::coordinator::tasks::{failed, of_attempt};
use crate::task::call::failed as of_failure;
use crate::task::container::ContainerSpec;
use crate::task::def::TaskDef;
use crate::task::error::TaskError;
use crate::task::failure::{Failure, code};

/// Runs a container task. What its program and this process share is in a folder of the job's own.
///
/// # Errors
/// Those of the inputs, of the program and of the outputs.
pub(super) async fn run(base: &Base, attempt: Attempt, (task, spec): (&'static TaskDef, &'static ContainerSpec)) -> Result<(), JobError> {
    let folder = base.folder()?;
    let job = attempt.context().clone();
    let context = of_attempt(&job, task)?;
    let of_inputs = |error| failed(of_failure(Failure::of_input(task.name, &error)));
    let shared = |name: &str| {
        let made = folder.shared(name, base.is_open());
        made.map_err(|error| JobError::lost(Lost::Strategy(format!("the folder of the {name} cannot be made: {error}"))))
    };
    let inputs = attempt.task().map(|call| call.inputs.to_vec()).unwrap_or_default();
    let inputs = complete(task, &inputs, context.storage()).await.map_err(of_inputs)?;
    let asked = &job.live().settings;
    let image = asked.image.as_deref().unwrap_or(spec.image);
    let mut container = Container::new(image).command(rendered(spec.command, &inputs).map_err(of_inputs)?);
    for (name, value) in task.options.env {
        container = container.variable_with(*name, *value);
    }
    // As the work says, else as the task does, else as the strategy.
    if let Some(network) = asked.network.or(task.options.network.then_some(true)) {
        container = container.network(network);
    }
    container = secrets::handed_over(task, &context, &folder, container)?;
    // As on a platform, where both folders are the program's own, and are there only if there is something to put into them.
    if !task.params.is_empty() {
        let host = shared("inputs")?;
        lay_out(inputs, &host, spec.input_path, spec.format, context.storage()).await.map_err(of_inputs)?;
        container = container.mount(Mount::read_write(host).at(spec.input_path));
    }
    if task.outputs.is_empty() {
        command(base, &container, &job).await?;
        return attempt.give(&[]);
    }
    let host = shared("outputs")?;
    container = container.mount(Mount::read_write(&host).at(spec.output_path));
    match command(base, &container, &job).await {
        Ok(_) => {}
        Err(error) if error.downcast_ref::<CommandError>().is_some() => return Err(with_its_words(error, &host)),
        Err(error) => return Err(error),
    }
    let types = task.output_types(context.surroundings().dialect);
    let outputs = match collect(types, &host, spec.output_path, context.workspace()).await {
        Ok(Collected::Outputs(outputs, surplus)) => {
            if !surplus.is_empty() {
                job.log(tracing::Level::WARN, format!("the program left files that are no outputs: `{}`", surplus.join("`, `")));
            }
            outputs
        }
        Ok(Collected::Failed(said)) => {
            let error = anyhow::anyhow!("the program in the image `{image}` said that it failed: {said}");
            return Err(failed(TaskError::permanent(error).with_code(code::USER)));
        }
        Err(error) => return Err(failed(of_failure(of_collected(&error)))),
    };
    attempt.give(&outputs)
}

/// The failure of outputs that are not what the task declares, or whose data cannot be stored.
fn of_collected(error: &nebulakit_types::Error) -> Failure {
    use nebulakit_types::ErrorKind::{Denied, Io, Unavailable};
    match error.kind() {
        Denied | Io | Unavailable => Failure::of_store("cannot collect the outputs", error),
        _ => Failure::of_outputs(error),
    }
}

/// The error of a program that failed, with what it says of it in the folder of its outputs.
fn with_its_words(error: JobError, outputs: &Path) -> JobError {
    let Ok(Some(said)) = said(outputs) else { return error };
    let JobError::Failed(cause) = &error else { return error };
    let (recoverable, code) = (cause.is_recoverable() == Some(true), cause.code().unwrap_or(code::USER).to_owned());
    let told = anyhow::anyhow!("{said}\n{error}");
    failed(if recoverable { TaskError::recoverable(told) } else { TaskError::permanent(told) }.with_code(code))
}
