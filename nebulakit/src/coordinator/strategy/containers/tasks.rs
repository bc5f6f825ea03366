//! A task of the registry in a container: a worker there runs it.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use bytes::Bytes;

use crate::coordinator::context::{Attempt, JobContext};
use crate::coordinator::error::{JobError, Lost};
use crate::coordinator::strategy::containers::asked::Mount;
use crate::coordinator::strategy::containers::base::Base;
use crate::coordinator::strategy::containers::client::Client;
use crate::coordinator::strategy::containers::data;
use crate::coordinator::strategy::containers::ends::{ContainerError, refused};
use crate::coordinator::strategy::containers::running::Running;
use crate::coordinator::strategy::containers::settings::Settings;
use crate::coordinator::strategy::containers::words::Trouble;
use crate::coordinator::strategy::containers::worker::{Binary, Came, Door, SHARED};
use crate::coordinator::strategy::workers::output::Output;
use crate::coordinator::strategy::workers::talk::{self, Talked};
use crate::coordinator::strategy::workers::{fate, order};
use crate::coordinator::tasks::failed;
use crate::process::worker::message::{Job, Order, Over};
use crate::process::worker::{Marker, contained};
use crate::services::env;

/// How long a container may take to be gone whose task is over, or whose worker says nothing more.
const FAREWELL: Duration = Duration::from_secs(30);

/// Runs the task that is the work, and gives its outputs.
///
/// # Errors
/// Those of the task, and when no container can run it.
pub(super) async fn run(base: &Base, attempt: Attempt) -> Result<(), JobError> {
    let context = attempt.context().clone();
    let outputs = match once(base, &context).await {
        Err(error) if base.was_removed(&error) => once(base, &context).await?,
        outputs => outputs?,
    };
    attempt.give(&outputs)
}

/// Runs the task of `context` by a worker in a container, and gives its outputs.
async fn once(base: &Base, context: &JobContext) -> Result<Bytes, JobError> {
    let Some((task, inputs)) = context.piece.task() else {
        return Err(JobError::lost(Lost::Strategy("only tasks and bare commands run in containers".to_owned())));
    };
    let settings = &context.live().settings;
    let name = settings.image.as_deref().or(task.options().image).or(base.settings.image.as_deref());
    let Some(name) = name else {
        let hint = "hint: name one with `#[task(image = \"..\")]`, `ContainerStrategy::image` or `--container-image`";
        return Err(refused(&format!("the task `{}` has no image to run in a container\n{hint}", task.name())));
    };
    let Settings { network, mounts, .. } = &base.settings;
    let network = settings.network.unwrap_or(task.options().network || *network);
    let mut order = Box::new(order::of(context, None)?);
    let data = data::of_task(task.name(), inputs, &order.raw_output_prefix, mounts, network).map_err(|said| refused(&said))?;
    order.raw_output_prefix.clone_from(&data.raw_output_prefix);
    let checkpoints = checkpoints(&order).map_err(|said| refused(&said))?;
    let binary = base.binary().await?;
    let engine = base.engine().await?;
    let image = engine.image(name, base.settings.pull, &base.keeper).await?;

    let folder = base.folder()?;
    let made = |error: std::io::Error| JobError::lost(Lost::Strategy(format!("the folder of the container cannot be made: {error}")));
    let is_open = base.is_open();
    let shared = folder.shared("shared", is_open).map_err(made)?;
    folder.shared("shared/tmp", is_open).map_err(made)?;
    // What is mounted there takes its place.
    std::fs::write(shared.join("program"), []).map_err(made)?;
    let door = Door::make(&shared, is_open).map_err(made)?;

    let mut launch = base.launch(&image, vec![binary.path.clone().into_os_string(), contained::ARGUMENT.into()], &folder, context);
    launch.network = network;
    launch.init = false;
    launch.folder = data.folder;
    launch.mounts.push(Mount::read_write(&shared).at(SHARED));
    launch.mounts.extend(binary.mounted.as_ref().map(|file| Mount::read_only(file).at(&binary.path)));
    launch.mounts.extend(data.mounts.into_iter().chain(checkpoints));
    launch.variables.extend(task.options().env.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))));
    let depth = Marker::below(&base.environment).depth;
    launch.variables.insert(env::WORKER.to_owned(), contained::marker(depth, &format!("{SHARED}/socket")).into());
    launch.variables.insert(env::TMPDIR.to_owned(), format!("{SHARED}/tmp").into());

    let mut output = Output::of(context);
    let mut running = Running::start(engine, &base.keeper, launch, folder, context).await?;
    let talked = match running.worker(&door, binary, &mut output).await? {
        Came::Ended => Ok(Talked::Silent { heard_the_job: false }),
        Came::Worker(mut talk) => {
            let Client { process, pipes } = &mut running.client;
            talk::talk(&mut talk, pipes, process, Order::Job(order), context, &mut output, false).await
        }
    };
    // The worker ends with its socket, and the container with the worker.
    let end = tokio::time::timeout(FAREWELL, running.wait(context, &mut output, true)).await;
    match talked {
        Ok(Talked::Over(Over { ended, used, .. })) => {
            // The group of the container has more in it than the worker alone.
            context.took_by(Some(running.used.unwrap_or_default().or(used.unwrap_or_default())));
            if let Ok(end) = end {
                // How the worker ended does not matter any more.
                let _ = running.code(end, &output.tail()).await;
            }
            ended.into_result().map_err(failed)
        }
        Err(error) => Err(JobError::Lost { how: Lost::Strategy(error.to_string()), tail: output.tail().into() }),
        Ok(Talked::Silent { .. }) => {
            let Ok(end) = end else {
                let said = "the worker in the container closed its connection, and was ended";
                return Err(JobError::Lost { how: Lost::Strategy(said.to_owned()), tail: output.tail().into() });
            };
            let tail = output.tail();
            match running.code(end, &tail).await {
                Ok(code) => Err(fate::of(ExitStatus::from_raw(raw(code)), None, tail, None, &engine.kept)),
                Err(error) => Err(about_the_binary(error, binary)),
            }
        }
    }
}

/// What the container sees of its task's checkpoints: the folder of all attempts, and the one that it goes on from.
fn checkpoints(order: &Job) -> Result<Vec<Mount>, String> {
    let Some(own) = order.checkpoint.as_deref().map(Path::new).and_then(Path::parent) else { return Ok(Vec::new()) };
    std::fs::create_dir_all(own).map_err(|error| format!("the folder `{}` for its checkpoints cannot be made: {error}", own.display()))?;
    let former = order.previous_checkpoint.as_deref().filter(|former| !Path::new(former).starts_with(own));
    Ok(std::iter::once(Mount::read_write(own)).chain(former.map(Mount::read_only)).collect())
}

/// An exit code as `wait` gives it, or a signal, which engines tell by a code.
fn raw(code: i32) -> i32 {
    if (129..=128 + 64).contains(&code) { code - 128 } else { code << 8 }
}

/// An image that does not have this program is told what it is to have.
fn about_the_binary(error: JobError, binary: &Binary) -> JobError {
    match error.downcast_ref::<ContainerError>() {
        Some(own) if own.trouble == Trouble::NoCommand && binary.mounted.is_none() => own.clone().with_hint(&binary.hint()).into(),
        _ => error,
    }
}
