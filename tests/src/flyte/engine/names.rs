//! The ids that the platform makes out of others, and where documents stand.

use nebulakit_types::wire::flyteidl::core::WorkflowExecutionIdentifier;

/// The longest id of a node and name of an execution that is kept.
pub(crate) const MAX_ID: usize = 20;
/// The longest name of a pod that is kept.
const MAX_POD: usize = 50;

const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz123456";

fn fnv_32a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn fnv_64a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn base32(bytes: &[u8]) -> String {
    let bits: Vec<bool> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1 == 1)).collect();
    let letter = |bits: &[bool]| (0..5).fold(0, |number, at| number << 1 | usize::from(bits.get(at).copied().unwrap_or(false)));
    bits.chunks(5).map(|bits| char::from(LETTERS[letter(bits)])).collect()
}

/// A text, or its digest where it is too long.
pub(crate) fn shortened(text: String, longest: usize) -> String {
    if text.len() <= longest { text } else { format!("f{}", base32(&fnv_32a(&text).to_be_bytes())) }
}

/// The name of the execution that a node starts.
pub(crate) fn child_execution(execution: &str, node: &str, attempt: u32) -> String {
    let name = format!("{execution}-{node}-{attempt}");
    if name.len() <= MAX_ID { name } else { format!("f{}", base32(&fnv_64a(&name).to_be_bytes())) }
}

/// The name of the pod of an attempt.
pub(crate) fn pod(execution: &str, node: &str, attempt: &str) -> String {
    shortened(format!("{execution}-{node}-{attempt}"), MAX_POD)
}

/// The two characters by which outputs are spread.
pub(crate) fn shard(pod: &str) -> String {
    let characters = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let number = (fnv_32a(pod) % 1296) as usize;
    [characters[number / 36], characters[number % 36]].map(char::from).iter().collect()
}

/// The folder of an execution's documents.
pub(crate) fn folder(bucket: &str, id: &WorkflowExecutionIdentifier) -> String {
    format!("{bucket}/metadata/propeller/{}-{}-{}", id.project, id.domain, id.name)
}

/// The id of the one node of a task's own execution: what letters, digits and dashes the end of its name has.
pub(crate) fn of_task(name: &str) -> String {
    let end = name.len().saturating_sub(63);
    name.bytes().skip(end).filter(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_as_recorded() {
        for (id, digest) in [
            ("n0-0-n0-n0-0-n0-n0-n0", "falhbjca"),
            ("n0-0-dn3-0-start-node", "f3mqif3y"),
            ("taskmetadatainterruptiblefalse", "fqsdp2ny"),
            ("dynamicwffan-0-dn1-0-start-node", "fbd26ura"),
            ("n0-0-dn3-0-end-node", "n0-0-dn3-0-end-node"),
        ] {
            assert_eq!(shortened(id.to_owned(), MAX_ID), digest);
        }
        assert_eq!(shard("e1a1fcf14d761-n0-0"), "lh");
        assert_eq!(of_task("dynamic_wf.no_nodes"), "dynamicwfnonodes");
        assert_eq!(child_execution("par", "n0", 0), "par-n0-0");
    }
}
