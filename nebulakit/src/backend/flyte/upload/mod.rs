//! Files and directories of this machine, brought to the store of the control plane by addresses that it signs: this machine needs no credentials of the store.
//!
//! | module | holds |
//! |---|---|
//! | `file` | one file: its address, the transfer, and its retries |
//! | `tree` | the files of a directory |
//! | `uploads` | what uploads share |

mod file;
mod tree;
mod uploads;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use nebulakit_types::LiteralType;
use nebulakit_types::convert::relocate::{local_paths, relocated};

use self::uploads::{AT_A_TIME, Uploads, neither, unreadable};
use super::client::FlyteClient;
use super::error::{ClientError, ClientErrorKind};
use crate::task::failure::chain;

impl FlyteClient {
    /// Uploads a file or a directory of this machine to the store of the control plane; its URL there, such as `s3://bucket/../data.csv`.
    ///
    /// The place depends on the contents, so the same file is stored once. Of a directory the URL is the prefix of all files below it; an empty one is a
    /// prefix with nothing below it. Symbolic links are followed.
    ///
    /// ```no_run
    /// # async fn example(client: nebulakit::backend::flyte::FlyteClient) -> anyhow::Result<()> {
    /// let url = client.upload("measurements.csv".as_ref()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// With [`ClientErrorKind::Upload`] when the file cannot be read or the store does not take it, those of calls, and with
    /// [`ClientErrorKind::Settings`] when the client has no project.
    pub async fn upload(&self, path: &Path) -> Result<String, ClientError> {
        Uploads::of(self)?.upload(path).await
    }

    /// Uploads all files and directories of this machine that `inputs` name, the bytes of an `inputs.pb`, at any depth; the inputs with their URLs. What is in
    /// a store already stays there. `type_of` says which type an input has: files within structs are found by it.
    ///
    /// # Errors
    /// As of [`FlyteClient::upload`].
    pub async fn upload_inputs<'t>(
        &self,
        inputs: &[u8],
        type_of: impl Fn(&str) -> Option<&'t LiteralType>,
    ) -> Result<Vec<u8>, ClientError> {
        let unreadable = |error: nebulakit_types::Error| ClientError::new(ClientErrorKind::Upload, chain(&error));
        let paths = local_paths(inputs, &type_of).map_err(unreadable)?;
        if paths.is_empty() {
            return Ok(inputs.to_owned());
        }
        let urls = self.upload_all(paths).await?;
        relocated(inputs, type_of, |path| urls.get(path).cloned()).map_err(unreadable)
    }

    /// Uploads files and directories of this machine, each once; their URLs.
    pub(crate) async fn upload_all(&self, paths: impl IntoIterator<Item = PathBuf>) -> Result<BTreeMap<PathBuf, String>, ClientError> {
        let uploads = &Uploads::of(self)?;
        let sent = paths.into_iter().map(|path| async move {
            let url = uploads.upload(&path).await?;
            Ok::<_, ClientError>((path, url))
        });
        stream::iter(sent).buffer_unordered(AT_A_TIME).try_collect().await
    }
}

impl Uploads<'_> {
    async fn upload(&self, path: &Path) -> Result<String, ClientError> {
        match fs::metadata(path) {
            Ok(about) if about.is_dir() => self.upload_tree(path).await,
            Ok(about) if about.is_file() => self.upload_file(path).await,
            Ok(_) => Err(neither(path)),
            Err(error) => Err(unreadable(path, &error)),
        }
    }
}

/// What a file or a directory of this machine holds, as text: other contents have another one. It is read once.
///
/// # Errors
/// It cannot be read.
pub(crate) async fn digest(path: &Path) -> Result<String, ClientError> {
    match fs::metadata(path) {
        Ok(about) if about.is_dir() => tree::digest(path).await,
        Ok(about) if about.is_file() => Ok(file::content(path.to_owned()).await?.md5.iter().map(|byte| format!("{byte:02x}")).collect()),
        Ok(_) => Err(neither(path)),
        Err(error) => Err(unreadable(path, &error)),
    }
}
