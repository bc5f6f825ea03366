//! A command in a container of its own.

use crate::coordinator::context::{Attempt, JobContext};
use crate::coordinator::error::{JobError, Lost};
use crate::coordinator::strategy::containers::base::Base;
use crate::coordinator::strategy::containers::ends::CommandError;
use crate::coordinator::strategy::containers::running::Running;
use crate::coordinator::strategy::containers::work::{Container, ContainerOutput, OfContainer};
use crate::coordinator::strategy::workers::output::Output;

/// Runs the command that is the work.
///
/// # Errors
/// As [`command`].
pub(super) async fn run(base: &Base, attempt: Attempt) -> Result<(), JobError> {
    let context = attempt.context().clone();
    let Some(work) = context.piece.container().and_then(|container| container.downcast_ref::<OfContainer>()) else {
        return Err(JobError::lost(Lost::Strategy("the work is not a container".to_owned())));
    };
    let ended = command(base, &work.asked, &context).await?;
    work.end(ended);
    attempt.run_blocking()
}

/// Runs a command in a container, for the job of `context`.
///
/// # Errors
/// When it cannot be started, or does not end with one of the codes that are a success.
pub(super) async fn command(base: &Base, asked: &Container, context: &JobContext) -> Result<ContainerOutput, JobError> {
    match once(base, asked, context).await {
        Err(error) if base.was_removed(&error) => once(base, asked, context).await,
        ended => ended,
    }
}

async fn once(base: &Base, asked: &Container, context: &JobContext) -> Result<ContainerOutput, JobError> {
    let engine = base.engine().await?;
    let image = engine.image(&asked.image, base.settings.pull, &base.keeper).await?;
    let folder = base.folder()?;
    let mut launch = base.launch(&image, asked.command.clone(), &folder, context);
    launch.mounts.extend(asked.mounts.iter().cloned());
    launch.variables.extend(asked.variables.with_values(&base.environment));
    launch.network = asked.network.unwrap_or(launch.network);
    launch.user = asked.user.unwrap_or(launch.user);
    launch.read_only = asked.read_only.unwrap_or(launch.read_only);
    launch.folder.clone_from(&asked.folder);
    let mut output = Output::of(context);
    let mut running = Running::start(engine, &base.keeper, launch, folder, context).await?;
    let end = running.wait(context, &mut output, false).await;
    context.took_by(running.used);
    let exit = running.code(end, &output.tail()).await?;
    if asked.accepted.contains(&exit) {
        Ok(ContainerOutput::new(exit, output.tail(), image))
    } else {
        Err(CommandError::new(exit, &asked.image, output.tail()).into())
    }
}
