//! What this process was told: its environment, settings and identity, and the stores that they lead to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use nebulakit_types::convert::reader::Bounds;
use nebulakit_types::storage::StoreSet;
use nebulakit_types::workspace::Workspace;
use nebulakit_types::{Dialect, Error};

use crate::process::logs::TaskLines;
use crate::process::stores::{OwnStore, of_process};
use crate::services::config::LazyConfig;
use crate::services::devices::Gpus;
use crate::services::env::{self, Environment};
use crate::services::identity::Identity;
use crate::services::secrets::Secrets;
use crate::services::stats::Stats;
use crate::services::stores::Stores;
use crate::task::cancellation::Cancellation;
use crate::task::mock::Mocks;
use crate::task::sinks::{LogSink, ProgressSink};
use crate::task::surroundings::{Places, Surroundings};

/// Where this process runs. Settings are read, and stores made, when the first is needed.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) environment: Environment,
    pub(crate) config: LazyConfig,
    pub(crate) identity: Arc<Identity>,
    /// Those that the program names are missing where they cannot be served side by side.
    pub(crate) stores: Stores,
    /// Why they cannot.
    pub(crate) fault: Option<Arc<Error>>,
    /// Whether the process is an attempt at a node of a plan, so that what its task says of itself is read from standard error.
    pub(crate) is_node: bool,
}

impl Host {
    pub(crate) fn new(environment: Environment) -> Self {
        let config = LazyConfig::new(&environment);
        let identity = Arc::new(Identity::new(&environment));
        let (own, fault) = match OwnStore::all() {
            Ok(own) => (own, None),
            Err(error) => (StoreSet::default(), Some(Arc::new(error))),
        };
        let stores = of_process(own, &config, &environment, &identity);
        Self { environment, config, identity, stores, fault, is_node: false }
    }

    /// Makes the stores those of values that are made outside of the task's own code: this process has one run, and no other can be meant.
    pub(crate) fn serve_all(&self) {
        let stores = self.stores.clone();
        // Where a program has set a default, that stays.
        let _ = Workspace::new(move || stores.all().clone(), None, self.environment.temporary_folder()).set_default();
    }

    /// What a run in this process is given, but for what is asked of that run alone.
    pub(crate) fn surroundings(&self, output_prefix: &str, dialect: &'static Dialect) -> Surroundings {
        let (config, identity) = (self.config.clone(), Arc::clone(&self.identity));
        let lines = self.is_node.then(|| Arc::new(TaskLines::new(self.environment.raw(env::TZ))));
        Surroundings {
            identity: Arc::clone(&self.identity),
            child: None,
            stores: self.stores.clone(),
            secrets: self.secrets(),
            stats: Arc::new(move || Stats::new(&config, &identity)),
            cancellation: Cancellation::new(),
            started: SystemTime::now(),
            custom: BTreeMap::new(),
            deadline: None,
            output_prefix: output_prefix.into(),
            raw_output_prefix: None,
            temporary: self.environment.temporary_folder().into(),
            checkpoint: Places::default(),
            dialect,
            offloaded: Bounds::default(),
            gpus: Gpus::OfMachine(self.environment.clone()),
            progress: lines.clone().map(|lines| lines as Arc<dyn ProgressSink>),
            logs: lines.map(|lines| lines as Arc<dyn LogSink>),
            traced: None,
            cpu: None,
            caller: None,
            stands_in: false,
            takes_graphs: false,
            mocks: Mocks::default(),
        }
    }

    /// What stores are told here, for other services of the same clouds.
    #[cfg(feature = "aws-batch")]
    pub(crate) fn storage_config(&self) -> nebulakit_types::storage::StorageConfig {
        self.config.get_or_environment().storage_config(&self.environment, &self.identity)
    }

    /// The secrets that the platform handed over.
    pub(crate) fn secrets(&self) -> Secrets {
        Secrets::new(&self.environment, &self.config, self.identity.is_local)
    }
}
