//! What a job asks for, rounded up to what Batch hands out.

/// Where jobs run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Platform {
    /// On machines of the account: whole CPUs, any memory.
    #[default]
    Ec2,
    /// On machines that nobody sees: pairs of CPU and memory of a table.
    Fargate,
}

/// The memory of a job that names none, in MiB. Batch takes no job without.
const USUAL_MIB: u64 = 2_048;

/// The least memory of a container on EC2, in MiB.
const LEAST_MIB: u64 = 4;

/// Of Fargate, for each size of CPU in quarters of one: the least and the most memory in MiB, and the step between.
const FARGATE: [(u64, u64, u64, u64); 7] = [
    (1, 512, 2_048, 1_024),
    (2, 1_024, 4_096, 1_024),
    (4, 2_048, 8_192, 1_024),
    (8, 4_096, 16_384, 1_024),
    (16, 8_192, 30_720, 1_024),
    (32, 16_384, 61_440, 4_096),
    (64, 32_768, 122_880, 8_192),
];

/// CPUs as Batch writes them, memory in MiB, and GPUs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    pub(super) vcpus: String,
    pub(super) mib: u64,
    pub(super) gpus: u32,
}

/// The shape of a job.
///
/// # Errors
/// When there is none that large.
pub(super) fn of(platform: Platform, cores: f64, memory: Option<u64>, gpus: u32) -> Result<Shape, String> {
    let mib = memory.map(|bytes| bytes.div_ceil(1 << 20));
    match platform {
        Platform::Ec2 => Ok(Shape { vcpus: format!("{:.0}", cores.ceil().max(1.0)), mib: mib.unwrap_or(USUAL_MIB).max(LEAST_MIB), gpus }),
        Platform::Fargate if gpus > 0 => Err("Fargate has no GPUs: `platform = \"ec2\"` has them".to_owned()),
        Platform::Fargate => fargate(cores, mib),
    }
}

fn fargate(cores: f64, mib: Option<u64>) -> Result<Shape, String> {
    for (quarters, least, most, step) in FARGATE {
        #[expect(clippy::cast_precision_loss, reason = "there are 64 at most")]
        let has = quarters as f64 / 4.0;
        let wanted = mib.unwrap_or(least);
        if has < cores || wanted > most {
            continue;
        }
        let mib = if wanted <= least { least } else { wanted.div_ceil(step).saturating_mul(step).min(most) };
        let vcpus = match quarters {
            1 => "0.25".to_owned(),
            2 => "0.5".to_owned(),
            quarters => (quarters / 4).to_string(),
        };
        return Ok(Shape { vcpus, mib, gpus: 0 });
    }
    Err(format!("Fargate has no {cores} CPUs with {} MiB: it ends at 16 CPUs with 122880 MiB", mib.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(vcpus: &str, mib: u64, gpus: u32) -> Shape {
        Shape { vcpus: vcpus.to_owned(), mib, gpus }
    }

    #[test]
    fn machines_of_the_account_have_whole_cpus() {
        assert_eq!(of(Platform::Ec2, 0.25, Some((100 << 20) + 1), 0), Ok(shape("1", 101, 0)));
        assert_eq!(of(Platform::Ec2, 3.5, Some(1), 2), Ok(shape("4", 4, 2)));
        assert_eq!(of(Platform::Ec2, 1.0, None, 0), Ok(shape("1", 2048, 0)));
    }

    #[test]
    fn fargate_has_a_table() {
        assert_eq!(of(Platform::Fargate, 0.1, None, 0), Ok(shape("0.25", 512, 0)));
        assert_eq!(of(Platform::Fargate, 0.25, Some(3 << 30), 0), Ok(shape("0.5", 3072, 0)));
        assert_eq!(of(Platform::Fargate, 1.0, Some((2 << 30) + 1), 0), Ok(shape("1", 3072, 0)));
        assert_eq!(of(Platform::Fargate, 5.0, Some(17 << 30), 0), Ok(shape("8", 20_480, 0)));
        assert!(of(Platform::Fargate, 1.0, None, 1).unwrap_err().contains("no GPUs"));
        assert!(of(Platform::Fargate, 17.0, None, 0).unwrap_err().contains("ends at 16 CPUs"));
    }
}
