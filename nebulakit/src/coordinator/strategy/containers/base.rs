//! What every container of a strategy is made of: its settings, its engine, its keeper, and a folder.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::coordinator::context::JobContext;
use crate::coordinator::error::{JobError, Lost};
use crate::coordinator::strategy::containers::asked::User;
use crate::coordinator::strategy::containers::driver::{Image, Launch};
use crate::coordinator::strategy::containers::ends::{ContainerError, refused};
use crate::coordinator::strategy::containers::engine::Engine;
use crate::coordinator::strategy::containers::folder::Folder;
use crate::coordinator::strategy::containers::keeper::Keeper;
use crate::coordinator::strategy::containers::settings::Settings;
use crate::coordinator::strategy::containers::words::Trouble;
use crate::coordinator::strategy::containers::worker::Binary;
use crate::process::worker::{HINT, is_entered};
use crate::services::env::Environment;

pub(super) struct Base {
    pub(super) settings: Settings,
    pub(super) keeper: Arc<Keeper>,
    pub(super) environment: Environment,
    engine: OnceCell<Engine>,
    /// This program.
    own: OnceCell<Binary>,
}

impl Base {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            keeper: Keeper::new(None),
            environment: Environment::from_process(),
            engine: OnceCell::new(),
            own: OnceCell::new(),
        }
    }

    /// The engine, chosen when it is first needed.
    ///
    /// # Errors
    /// When there is none.
    pub(super) async fn engine(&self) -> Result<&Engine, ContainerError> {
        let Settings { driver, engine, .. } = &self.settings;
        let images = self.images();
        self.engine.get_or_try_init(|| Engine::choose(driver.clone(), engine.as_deref(), &images)).await
    }

    /// Where engines without a store of their own keep images.
    fn images(&self) -> PathBuf {
        let own = |name: &str| self.environment.raw(name).filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let caches = own("XDG_CACHE_HOME").or_else(|| Some(own("HOME")?.join(".cache")));
        caches.unwrap_or_else(|| self.environment.temporary_folder()).join("nebulakit").join("images")
    }

    /// This program, as containers have it: read once.
    ///
    /// # Errors
    /// When it has no workers, or cannot be read.
    pub(super) async fn binary(&self) -> Result<&Binary, JobError> {
        let Settings { program, binary, .. } = &self.settings;
        if program.is_none() && !is_entered() {
            return Err(refused(&format!("this program has no workers: {HINT}")));
        }
        let found = self.own.get_or_try_init(|| async {
            let (program, binary) = (program.clone(), binary.clone());
            let found = tokio::task::spawn_blocking(move || Binary::find(program.as_deref(), binary.as_deref())).await;
            found.unwrap_or_else(|_| Err("the runtime was shut down".to_owned()))
        });
        found.await.map_err(|said| refused(&said))
    }

    /// Whether programs in containers may run as another user than the caller.
    pub(super) fn is_open(&self) -> bool {
        self.settings.user != User::Caller
    }

    /// Whether the image was there when it was looked up, and is not any more: it is looked up again then.
    pub(super) fn was_removed(&self, error: &JobError) -> bool {
        let error = error.downcast_ref::<ContainerError>().filter(|error| error.trouble == Trouble::NoImage);
        error.is_some_and(|error| self.engine.get().is_some_and(|engine| engine.forget(&error.image)))
    }

    /// A folder for one container.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn folder(&self) -> Result<Folder, JobError> {
        let made = Folder::make(&self.environment.temporary_folder());
        made.map_err(|error| JobError::lost(Lost::Strategy(error.to_string())))
    }

    /// What is the same for all containers of this strategy.
    pub(super) fn launch(&self, image: &Image, command: Vec<OsString>, folder: &Folder, context: &JobContext) -> Launch {
        let Settings { mounts, variables, network, user, read_only, init, memory, .. } = &self.settings;
        let granted = context.granted();
        let label = |name: &str, value: String| (format!("nebulakit.{name}"), value);
        Launch {
            name: format!("nebulakit-{}", Uuid::new_v4().simple()),
            image: image.clone(),
            command,
            mounts: mounts.clone(),
            variables: variables.with_values(&self.environment).collect(),
            network: *network,
            user: *user,
            cpus: granted.cores().filter(|cores| *cores > 0.0),
            memory: granted.memory().or(*memory),
            gpus: granted.gpus().iter().map(ToString::to_string).collect(),
            read_only: *read_only,
            init: *init,
            folder: None,
            labels: BTreeMap::from([
                label("job", context.id().to_string()),
                label("run", context.run().to_string()),
                label("process", std::process::id().to_string()),
            ]),
            scratch: folder.path().to_owned(),
        }
    }
}
