//! One container, from its start to its end.

use std::os::unix::process::ExitStatusExt as _;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::coordinator::context::JobContext;
use crate::coordinator::error::{JobError, Limit};
use crate::coordinator::event::EventKind;
use crate::coordinator::strategy::containers::client::Client;
use crate::coordinator::strategy::containers::driver::{Launch, Record, Whose};
use crate::coordinator::strategy::containers::ends::{ContainerError, refused};
use crate::coordinator::strategy::containers::engine::Engine;
use crate::coordinator::strategy::containers::folder::Folder;
use crate::coordinator::strategy::containers::keeper::{Keeper, Watched};
use crate::coordinator::strategy::containers::watcher::First;
use crate::coordinator::strategy::containers::words::Trouble;
use crate::coordinator::strategy::workers::output::Output;
use crate::coordinator::strategy::workers::process::End;
use crate::process::fate::SignalName;
use crate::process::memory::Exceeded;
use crate::process::worker::message::Used;

/// How long an engine may take to tell of the end of a container whose program is gone: many may end at once, and engines clean up after one at a time.
const TELLING: Duration = Duration::from_secs(600);

/// The exit code of a program that was ended by SIGKILL.
const KILLED: i32 = 128 + 9;

/// A container that runs. It is ended and removed with this, unless it came to its end.
#[derive(Debug)]
pub(super) struct Running<'a> {
    engine: &'a Engine,
    keeper: &'a Arc<Keeper>,
    pub(super) launch: Launch,
    since: SystemTime,
    pub(super) client: Client,
    watched: Option<Watched>,
    first: Option<First>,
    exceeded: Option<Exceeded>,
    /// What it took, where that could be read when it ended.
    pub(super) used: Option<Used>,
    /// Its program is gone, and the engine does not say so.
    is_silent: bool,
    /// Removed last.
    _folder: Folder,
}

impl<'a> Running<'a> {
    /// Starts it.
    ///
    /// # Errors
    /// When it is refused, or the engine's program cannot be started.
    pub(super) async fn start(
        engine: &'a Engine,
        keeper: &'a Arc<Keeper>,
        mut launch: Launch,
        folder: Folder,
        context: &JobContext,
    ) -> Result<Self, JobError> {
        let limits = engine.driver.limits();
        launch.cpus = launch.cpus.filter(|_| limits.cpus);
        if let Some(memory) = launch.memory.take_if(|_| !limits.memory) {
            let said = format!("`{}` keeps no limit on memory here: the container may take more than {memory} bytes", engine.driver.name());
            context.log(tracing::Level::WARN, said);
        }
        let line = engine.driver.run(&launch).map_err(|refusal| refused(&refusal.to_string()))?;
        let said = |said: String| ContainerError::new(Trouble::Other, engine.driver.name(), &launch.image.name, said);
        // Before it begins, so that there is no moment in which nobody would end it.
        let watched = keeper.watch(&launch.name, engine.driver.remove().as_ref(), Some(&launch.scratch)).map_err(said)?;
        let since = SystemTime::now();
        context.tell(|| EventKind::Container {
            engine: engine.driver.name().to_owned(),
            name: launch.name.clone(),
            image: launch.image.name.clone(),
            id: launch.image.id.clone(),
            digest: launch.image.digest.clone(),
        });
        let client = Client::start(&line, Some(&launch.scratch), &engine.kept).await.map_err(|error| engine.unstarted(&line, &error))?;
        watched.began(client.process.pid());
        Ok(Self {
            engine,
            keeper,
            launch,
            since,
            client,
            watched: Some(watched),
            first: None,
            exceeded: None,
            used: None,
            is_silent: false,
            _folder: folder,
        })
    }

    /// Waits for its end, and hands over what it prints. A job that is cancelled meanwhile has its program told so, where it `is_told`.
    pub(super) async fn wait(&mut self, context: &JobContext, output: &mut Output<'_>, is_told: bool) -> End {
        let (engine, launch) = (self.engine, &self.launch);
        let (Client { process, pipes }, first) = (&mut self.client, &mut self.first);
        let mut finding = pin!(First::find(engine, launch));
        let (mut is_told, mut is_over) = (is_told, false);
        let mut telling = pin!(tokio::time::sleep(TELLING));
        let publisher = &context.home.core().publisher;
        let end = loop {
            if publisher.is_holding() && !is_told {
                // What it prints becomes events, for which there has to be room.
                tokio::select! {
                    biased;
                    () = publisher.room() => {}
                    _ = process.gone() => {}
                    () = context.cancelled() => {}
                }
            }
            tokio::select! {
                biased;
                end = process.gone() => break end,
                () = context.cancelled(), if !is_told => {
                    is_told = true;
                    match engine.driver.signal(&launch.name, "TERM") {
                        Some(line) => self.keeper.run(&line),
                        None => process.terminate(),
                    }
                }
                found = &mut finding, if first.is_none() => *first = Some(found),
                exceeded = ended(first.as_ref()), if first.is_some() && !is_over => {
                    is_over = true;
                    telling.set(tokio::time::sleep(TELLING));
                    self.exceeded = exceeded;
                    self.used = first.as_ref().and_then(First::used);
                }
                () = left_alone(first.as_ref()), if first.is_some() && !is_over => {
                    self.is_silent = true;
                    process.kill();
                    break process.gone().await;
                }
                () = &mut telling, if is_over => {
                    self.is_silent = true;
                    process.kill();
                    break process.gone().await;
                }
                () = pipes.read(|stream, piece| output.add(stream, piece)) => {}
            }
        };
        output.drain(pipes);
        if !is_over && let Some(first) = first {
            self.exceeded = first.exceeded();
            self.used = first.used();
        }
        end
    }

    /// Hands over what it prints until it ends.
    pub(super) async fn printing(&mut self, output: &mut Output<'_>) {
        let Client { process, pipes } = &mut self.client;
        loop {
            tokio::select! {
                biased;
                _ = process.gone() => return,
                () = output.take(pipes) => {}
            }
        }
    }

    /// The exit code of its program, which has come to its `end`; `said` is the last that was printed.
    ///
    /// # Errors
    /// When that is not how it ended.
    pub(super) async fn code(&mut self, end: End, said: &str) -> Result<i32, JobError> {
        let gone =
            |said: String| JobError::from(ContainerError::new(Trouble::Gone, self.engine.driver.name(), &self.launch.image.name, said));
        if self.is_silent {
            return Err(gone("what looks after the container is gone, or does not say how it ended".to_owned()));
        }
        let Some(status) = end.status else {
            return Err(gone(
                "the program did not hear how its client ended: it ignores SIGCHLD, or waits for children that are not its own".to_owned(),
            ));
        };
        let Some(code) = status.code() else {
            let signal = SignalName(status.signal().unwrap_or_default());
            return Err(gone(format!("the process that waits for the container was ended by {signal}")));
        };
        let whose = self.engine.driver.whose(&self.launch, code, said);
        let (mut is_out_of_memory, mut is_programs) = (false, whose == Whose::Program);
        if code == 0 {
            self.over();
            return Ok(0);
        }
        if whose == Whose::Unknown {
            let record = self.record().await.map_err(|error| {
                // Nobody else can end it now.
                if let Some(first) = &self.first {
                    first.kill();
                }
                let said = if said.is_empty() { error.said.to_string() } else { format!("{said}\n{}", error.said) };
                gone(said)
            })?;
            // Where neither the kernel nor the engine can be asked any more, nothing else ends a program so.
            let is_unheard = !record.is_there && self.first.is_none() && code == KILLED;
            is_out_of_memory = record.out_of_memory || is_unheard && self.launch.memory.is_some();
            // The daemon remembers its last events alone: with many containers at once, its words have to do.
            is_programs = record.code == Some(code)
                || !record.is_there && (!(125..=127).contains(&code) || self.engine.driver.trouble(said) == Trouble::Other);
            if record.began && !is_programs {
                return Err(gone(said.to_owned()));
            }
        }
        if !is_programs {
            let error = self.engine.error(said, &self.launch.image.name);
            if error.trouble != Trouble::Gone {
                self.over();
            }
            return Err(error.into());
        }
        self.over();
        // Podman's process that looks after a container leaves its word where it was started.
        is_out_of_memory |= self.launch.scratch.join("oom").exists();
        if is_out_of_memory || self.exceeded.is_some() {
            let Exceeded { limit, peak } = self.exceeded.unwrap_or(Exceeded { limit: None, peak: None });
            return Err(JobError::Limit { limit: Limit::Memory { limit: limit.or(self.launch.memory), peak }, tail: said.into() });
        }
        Ok(code)
    }

    async fn record(&self) -> Result<Record, ContainerError> {
        let Some(line) = self.engine.driver.record(&self.launch.name, self.since) else { return Ok(Record::default()) };
        let called = self.engine.call(&line).await?;
        if called.is_success() { Ok(self.engine.driver.recorded(&called.stdout)) } else { Err(self.engine.error(&called.said(), "")) }
    }

    /// Nothing is left of it: its engine has removed it.
    fn over(&mut self) {
        if let Some(watched) = self.watched.take() {
            watched.forget();
        }
    }
}

async fn left_alone(first: Option<&First>) {
    match first {
        Some(first) => first.left_alone().await,
        None => std::future::pending().await,
    }
}

async fn ended(first: Option<&First>) -> Option<Exceeded> {
    match first {
        Some(first) => first.ended().await,
        None => std::future::pending().await,
    }
}
