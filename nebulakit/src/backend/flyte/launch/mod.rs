//! Launching what is registered.
//!
//! | module | holds |
//! |---|---|
//! | `options` | how an execution is to run, and what the platform would not take of it |
//! | `target` | which version is launched, and what it takes |
//! | `create` | the call that creates an execution, once whatever happens on the way |
//! | `ended` | its outputs, or why it has none |
//! | `typed` | `task::with(..).launch(&client)`, whose result has the type of the task |

mod create;
mod ended;
mod options;
mod target;
mod typed;

use nebulakit_types::visible;

pub use self::options::LaunchOptions;
pub use self::target::Launchable;
pub use self::typed::LaunchedTask;
pub(crate) use self::typed::with_defaults;
use super::client::FlyteClient;
use super::error::{ClientError, ClientErrorKind};
use super::execution::{Execution, ExecutionPhase};
use super::register::EntityKind;

/// The platform keeps the inputs in the object of an execution in Kubernetes, which holds no more.
const LARGEST_INPUTS: usize = 2 * 1024 * 1024;

impl FlyteClient {
    /// Launches what is registered, in the client's project and domain, with `inputs`, the bytes of an `inputs.pb`. Files and directories of this machine in
    /// them are uploaded first.
    ///
    /// It always has a name before it is sent, so it is created once though calls are repeated. When this returns, the platform has it; whether it
    /// runs is another matter, so ask the [`Execution`].
    ///
    /// ```no_run
    /// # async fn example(client: nebulakit::backend::flyte::FlyteClient) -> anyhow::Result<()> {
    /// use nebulakit::backend::flyte::{EntityKind, LaunchOptions};
    ///
    /// let options = LaunchOptions::new().version("v1").label("team", "ml");
    /// let execution = client.launch(EntityKind::Workflow, "app.quadruple", &[], &options).await?;
    /// println!("{}", execution.console_url());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ClientErrorKind::NotFound`] when nothing of that name is registered, [`ClientErrorKind::AlreadyExists`] when another execution has the name or a
    /// launch plan runs as often as it may, [`ClientErrorKind::Settings`] when options or the size of the inputs cannot be right,
    /// [`ClientErrorKind::Upload`] when a file cannot be uploaded, [`ClientErrorKind::Invalid`] with the platform's words when it refuses the inputs, and
    /// those of calls.
    pub async fn launch(&self, kind: EntityKind, name: &str, inputs: &[u8], options: &LaunchOptions) -> Result<Execution, ClientError> {
        options.check()?;
        let target = self.find(kind, name, options.version_given()).await?;
        self.launch_found(&target, inputs, options).await
    }

    /// Launches what was [found](FlyteClient::find).
    ///
    /// # Errors
    /// Those of [`FlyteClient::launch`].
    pub async fn launch_found(&self, target: &Launchable, inputs: &[u8], options: &LaunchOptions) -> Result<Execution, ClientError> {
        options.check()?;
        let inputs = self.upload_inputs(inputs, |name| target.inputs().get(name)).await?;
        let execution = self.execution(target.project(), target.domain(), options.name_or_new())?;
        self.launch_as(target, &inputs, options, &execution).await?;
        Ok(execution)
    }

    /// Launches `target` as `execution`, with inputs whose data is in a store.
    pub(super) async fn launch_as(
        &self,
        target: &Launchable,
        inputs: &[u8],
        options: &LaunchOptions,
        execution: &Execution,
    ) -> Result<(), ClientError> {
        options.check()?;
        fits(inputs)?;
        self.create_execution(target, inputs, options, execution).await?;
        // An execution that Kubernetes does not take is created all the same, and has failed at once.
        match execution.details().await {
            Ok(details) if details.phase == ExecutionPhase::Failed => {
                let why = details.failure.map_or_else(|| "the platform does not say why".to_owned(), |failure| failure.to_string());
                let message = format!("the execution `{}` failed at once: {why}", execution.id().name);
                Err(ClientError::new(ClientErrorKind::Invalid, message))
            }
            // It is launched; waiting for it asks again.
            _ => Ok(()),
        }
    }
}

/// Whether the platform can hold these inputs; if not, which of them are large.
fn fits(inputs: &[u8]) -> Result<(), ClientError> {
    use nebulakit_types::convert::reader::{Entries, References};
    if inputs.len() <= LARGEST_INPUTS {
        return Ok(());
    }
    let unreadable =
        |error: nebulakit_types::Error| ClientError::new(ClientErrorKind::Settings, format!("the inputs cannot be read: {error}"));
    let (mut sizes, mut entries) = (Vec::new(), Entries::of_map(inputs, References::none()));
    while let Some((name, literal)) = entries.next().map_err(unreadable)? {
        sizes.push((literal.bytes().len(), visible::line(name).into_owned()));
    }
    sizes.sort_unstable_by(|one, other| other.cmp(one));
    let (size, name) = sizes.first().cloned().unwrap_or_default();
    let message = format!(
        "the inputs have {} bytes, of which `{name}` has {size}, and the platform takes {LARGEST_INPUTS} of an execution",
        inputs.len()
    );
    Err(ClientError::new(ClientErrorKind::Settings, message)
        .with_hint("give large data as a `File`, a `Directory` or a table, which are uploaded"))
}
