//! The engine of a strategy: chosen once, with the images that it was asked for.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Mutex as AsyncMutex;

use crate::coordinator::lock::{Mutex, locked};
use crate::coordinator::strategy::containers::apptainer::Apptainer;
use crate::coordinator::strategy::containers::asked::Pull;
use crate::coordinator::strategy::containers::client::{Called, Client};
use crate::coordinator::strategy::containers::docker::Docker;
use crate::coordinator::strategy::containers::driver::{CommandLine, Driver, Image};
use crate::coordinator::strategy::containers::ends::ContainerError;
use crate::coordinator::strategy::containers::keeper::Keeper;
use crate::coordinator::strategy::containers::podman::Podman;
use crate::coordinator::strategy::containers::words::Trouble;
use crate::coordinator::strategy::workers::limits::{Asked, Kept};

/// The engines that are looked for where none is named, in this order.
const KNOWN: [&str; 4] = ["docker", "podman", "apptainer", "singularity"];

/// An image, once it is known. Whoever asks meanwhile waits.
type Known = Arc<AsyncMutex<Option<Arc<Image>>>>;

/// An engine that answers.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) driver: Arc<dyn Driver>,
    /// Its clients have no limits.
    pub(super) kept: Kept,
    images: Mutex<HashMap<String, Known>>,
}

/// The driver of an engine by its name, or by the path of its program.
///
/// # Errors
/// When there is none.
fn driver(name: &str, images: &Path) -> Result<Arc<dyn Driver>, ContainerError> {
    let file = Path::new(name).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    // It is started from other folders.
    let program = if name.contains('/') { std::path::absolute(name).unwrap_or_else(|_| name.into()) } else { name.into() };
    Ok(match file {
        "docker" => Arc::new(Docker::new(program)),
        "podman" => Arc::new(Podman::new(program)),
        "apptainer" | "singularity" => Arc::new(Apptainer::new(program, images)),
        _ => {
            let said = format!("there is no driver for it\nhint: name one of {}, or the path of its program", KNOWN.join(", "));
            return Err(ContainerError::new(Trouble::Other, name, "", said));
        }
    })
}

impl Engine {
    /// The one that is named, else the first that is there and answers.
    ///
    /// # Errors
    /// When there is none.
    pub(super) async fn choose(own: Option<Arc<dyn Driver>>, name: Option<&str>, images: &Path) -> Result<Self, ContainerError> {
        let kept = Kept::new(&Asked::default());
        if let Some(driver) = own {
            return Self::of(driver, kept).await;
        }
        if let Some(name) = name {
            return Self::of(driver(name, images)?, kept).await;
        }
        let mut first = None;
        for name in KNOWN {
            match Self::of(driver(name, images)?, kept.clone()).await {
                Ok(engine) => return Ok(engine),
                // One that is there and does not answer tells more than one that is not there.
                Err(error) if error.trouble != Trouble::NotInstalled => drop(first.get_or_insert(error)),
                Err(_) => {}
            }
        }
        Err(first.unwrap_or_else(|| {
            let said = format!(
                "none of {} is there\nhint: install one of them, or name the path of its program by `ContainerStrategy::engine`",
                KNOWN.join(", ")
            );
            ContainerError::new(Trouble::NotInstalled, "a container engine", "", said)
        }))
    }

    async fn of(driver: Arc<dyn Driver>, kept: Kept) -> Result<Self, ContainerError> {
        let engine = Self { driver, kept, images: Mutex::default() };
        let called = engine.call(&engine.driver.ask()).await?;
        if !called.is_success() {
            let said = engine.driver.answered(&called.stdout).err().filter(|said| !said.is_empty());
            let said = said.unwrap_or_else(|| called.said());
            return Err(engine.error(&said, ""));
        }
        engine.driver.answered(&called.stdout).map_err(|said| engine.error(&said, ""))?;
        Ok(engine)
    }

    /// What is wrong, by what the engine said.
    pub(super) fn error(&self, said: &str, image: &str) -> ContainerError {
        ContainerError::new(self.driver.trouble(said), self.driver.name(), image, said.to_owned())
    }

    /// Why its program cannot be started.
    pub(super) fn unstarted(&self, line: &CommandLine, error: &io::Error) -> ContainerError {
        let trouble = match error.kind() {
            io::ErrorKind::NotFound => Trouble::NotInstalled,
            io::ErrorKind::PermissionDenied => Trouble::NoPermission,
            io::ErrorKind::StorageFull => Trouble::NoSpace,
            _ => Trouble::Other,
        };
        let said = format!("`{}` cannot be started: {error}", line.program.display());
        ContainerError::new(trouble, self.driver.name(), "", said)
    }

    /// Runs its program to the end.
    pub(super) async fn call(&self, line: &CommandLine) -> Result<Called, ContainerError> {
        let client = Client::start(line, None, &self.kept).await.map_err(|error| self.unstarted(line, &error))?;
        Ok(client.finish().await)
    }

    /// The image of that name, as it was when it was first asked for: all containers of a strategy have the same.
    ///
    /// # Errors
    /// When the engine does not have it and may not, or cannot, fetch it.
    pub(super) async fn image(&self, name: &str, pull: Pull, keeper: &Arc<Keeper>) -> Result<Arc<Image>, ContainerError> {
        if name.is_empty() || name.starts_with('-') || name.contains(['\0', '\n', '\r', ' ']) && self.driver.find(name).is_some() {
            return Err(ContainerError::new(Trouble::NoImage, self.driver.name(), name, "that is not the name of an image".to_owned()));
        }
        let place = Arc::clone(locked(&self.images).entry(name.to_owned()).or_default());
        // Whoever else asks waits for the same answer.
        let mut known = place.lock().await;
        if let Some(image) = &*known {
            return Ok(Arc::clone(image));
        }
        let image = Arc::new(self.resolved(name, pull, keeper).await?);
        *known = Some(Arc::clone(&image));
        Ok(image)
    }

    /// The image is not what it was, and is asked for again. It says whether it was known.
    pub(super) fn forget(&self, name: &str) -> bool {
        let place = locked(&self.images).remove(name);
        place.is_some_and(|place| place.try_lock().is_ok_and(|known| known.is_some()))
    }

    async fn resolved(&self, name: &str, pull: Pull, keeper: &Arc<Keeper>) -> Result<Image, ContainerError> {
        if matches!(pull, Pull::Missing | Pull::Never) {
            match self.find(name).await {
                Err(error) if error.trouble == Trouble::NoImage && pull == Pull::Missing => {}
                found => return found,
            }
        }
        let pulled = self.pull(name, keeper).await;
        match pulled {
            Err(_) if pull == Pull::Newer => self.find(name).await,
            Err(error) => Err(error),
            Ok(()) => self.find(name).await,
        }
    }

    async fn find(&self, name: &str) -> Result<Image, ContainerError> {
        let missing = |said: String| ContainerError::new(Trouble::NoImage, self.driver.name(), name, said);
        let Some(line) = self.driver.find(name) else {
            // It may be a file of some gigabytes.
            let (driver, own) = (Arc::clone(&self.driver), name.to_owned());
            let found = tokio::task::spawn_blocking(move || driver.local_image(&own)).await;
            let found = found.map_err(|_| missing("the runtime was shut down".to_owned()))?;
            return found.map_err(|error| missing(error.to_string()))?.ok_or_else(|| missing("there is no such file".to_owned()));
        };
        let called = self.call(&line).await?;
        if !called.is_success() {
            return Err(self.error(&called.said(), name));
        }
        self.driver.found(name, &called.stdout).ok_or_else(|| missing(format!("its answer cannot be read: {}", called.stdout.trim())))
    }

    async fn pull(&self, name: &str, keeper: &Arc<Keeper>) -> Result<(), ContainerError> {
        let line = self.driver.pull(name);
        let watched = keeper.watch(name, None, None).map_err(|said| ContainerError::new(Trouble::Other, self.driver.name(), name, said))?;
        let client = Client::start(&line, None, &self.kept).await.map_err(|error| self.unstarted(&line, &error))?;
        watched.began(client.process.pid());
        let called = client.finish().await;
        watched.forget();
        if called.is_success() { Ok(()) } else { Err(self.error(&called.said(), name).while_pulling()) }
    }
}
