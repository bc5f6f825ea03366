//! The document that tells the platform why a task did not succeed.

use std::time::SystemTime;

use nebulakit_types::wire::flyteidl::core::{ContainerError, ErrorDocument, container_error, execution_error};
use nebulakit_types::wire::google::protobuf::Timestamp;
use prost::Message as _;

use crate::process::platform::{ErrorOrigin, Platform, Recoverability};
use crate::task::failure::{Failure, Origin};

/// The longest code in a document, in bytes. The platform fails the whole execution over a document above its download limit (2 MB unless it
/// is set otherwise), and authors make codes too.
const LONGEST_CODE: usize = 256;

/// The bytes of the document, as `platform` wants them. `worker` names this worker of a distributed task.
pub(super) fn document(failure: &Failure, platform: &Platform, worker: &str, now: SystemTime) -> Vec<u8> {
    let plain = platform.plain_errors == Recoverability::Recoverable;
    let kind =
        if failure.recoverable.unwrap_or(plain) { container_error::Kind::Recoverable } else { container_error::Kind::NonRecoverable };
    let origin = match (platform.error_origin, failure.origin) {
        (ErrorOrigin::AlwaysUser, _) | (_, Origin::User) => execution_error::ErrorKind::User,
        (_, Origin::System) => execution_error::ErrorKind::System,
    };
    let mut error = ContainerError {
        code: shortened(&failure.code),
        message: cut(&failure.message, platform.longest_message),
        kind: kind.into(),
        origin: origin.into(),
        ..ContainerError::default()
    };
    if platform.error_has_timestamp_and_worker {
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since.as_secs()).unwrap_or_default();
        error.timestamp = Some(Timestamp { seconds, nanos: since.subsec_nanos().cast_signed() });
        worker.clone_into(&mut error.worker);
    }
    ErrorDocument { error: Some(error) }.encode_to_vec()
}

/// What a document tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) recoverable: bool,
}

/// Reads a document; [`None`] where it is none.
pub(crate) fn read(document: &[u8]) -> Option<Told> {
    let ContainerError { code, message, kind, .. } = ErrorDocument::decode(document).ok()?.error?;
    Some(Told { code, message, recoverable: kind == i32::from(container_error::Kind::Recoverable) })
}

/// `message`, with its middle left out where it is too long: the head names the error, the tail often holds the cause.
pub(crate) fn cut(message: &str, longest: usize) -> String {
    if message.len() <= longest {
        return message.to_owned();
    }
    let half = longest / 2 - 64;
    let head = message.floor_char_boundary(half);
    let tail = message.ceil_char_boundary(message.len() - half);
    format!("{}\n... {} bytes left out ...\n{}", &message[..head], tail - head, &message[tail..])
}

/// `code`, with its end left out where it is too long.
fn shortened(code: &str) -> String {
    if code.len() <= LONGEST_CODE {
        return code.to_owned();
    }
    format!("{}…", &code[..code.floor_char_boundary(LONGEST_CODE - '…'.len_utf8())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ResultExt as _;
    use crate::task::failure::Unsuccessful;

    fn failed(error: anyhow::Error) -> Failure {
        match Failure::of_task(error) {
            Unsuccessful::Failed(failure) => failure,
            other => panic!("{other:?}"),
        }
    }

    fn written(failure: &Failure, platform: &Platform) -> ContainerError {
        ErrorDocument::decode(&*document(failure, platform, "w", SystemTime::UNIX_EPOCH)).unwrap().error.unwrap()
    }

    #[test]
    fn a_plain_error_is_the_users_and_as_recoverable_as_the_platform_says() {
        let failure = failed(anyhow::anyhow!("bad"));
        let first = written(&failure, &Platform::FLYTE_1);
        assert_eq!((first.code.as_str(), first.kind, first.origin), ("USER:RuntimeError", 0, 1));
        assert_eq!(written(&failure, &Platform::FLYTE_2).kind, 1);
    }

    #[test]
    fn system_errors_blame_the_user_where_the_platform_would_loop() {
        let failure = Failure::system("store down", true);
        assert_eq!(written(&failure, &Platform::FLYTE_1).origin, 2);
        let second = written(&failure, &Platform::FLYTE_2);
        assert_eq!((second.origin, second.kind, second.timestamp.is_none()), (1, 1, true));
    }

    #[test]
    fn a_long_message_keeps_its_head_and_tail() {
        let failure = Failure::system(format!("head{}ä tail", "ü".repeat(100_000)), true);
        for (platform, longest) in [(&Platform::FLYTE_1, 65_536), (&Platform::FLYTE_2, 24_576)] {
            let short = written(&failure, platform).message;
            assert!(short.len() <= longest && short.len() > longest - 200, "{}", short.len());
            assert!(short.starts_with("head") && short.ends_with("ä tail") && short.contains("bytes left out"));
        }
    }

    #[test]
    fn a_long_code_does_not_make_a_long_document() {
        let error = Err::<(), _>(anyhow::anyhow!("bad")).code("ä".repeat(1_000_000)).unwrap_err();
        let code = written(&failed(error), &Platform::FLYTE_1).code;
        assert_eq!((code.len(), code.chars().last()), (255, Some('…')));
    }

    #[test]
    fn what_is_written_is_read() {
        let failure = Failure { recoverable: Some(true), ..Failure::user("X", "said") };
        let told = read(&document(&failure, &Platform::FLYTE_1, "", SystemTime::UNIX_EPOCH));
        assert_eq!(told, Some(Told { code: "X".to_owned(), message: "said".to_owned(), recoverable: true }));
        assert_eq!((read(b"\xff"), read(b"")), (None, None));
    }
}
