//! What real clusters print besides what they should, by programs that stand in for Slurm's.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::reach::Slurm;
use super::settings::Rules;
use crate::backend::engine::{Ending, Engine as _, EngineEnd, EngineId, EngineJob, NotSubmitted, Seen};
use crate::run::NodePath;
use crate::services::env::Environment;

/// Slurm's programs, of which each is such a script.
struct Fake(tempfile::TempDir);

impl Fake {
    fn new(programs: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, script) in programs {
            let path = dir.path().join(name);
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self(dir)
    }

    fn slurm(&self) -> Slurm {
        let path = format!("{}:/usr/bin:/bin", self.0.path().display());
        let own = Environment::empty()
            .with("PATH", path)
            .with("SBATCH_PARTITION", "elsewhere")
            .with("SLURM_JOB_ID", "7")
            .with("SLURM_CONF", "/c");
        let slurm = Slurm::new("slurm", &own, None, Rules::default());
        slurm.drives(self.path());
        slurm
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn job(&self, node: &str) -> EngineJob {
        let folder = self.path().join("nodes").join(node).join("0");
        fs::create_dir_all(&folder).unwrap();
        EngineJob {
            name: format!("nk-{node}.0"),
            plan: self.path().to_owned(),
            node: NodePath::from(node),
            attempt: 0,
            task: "t",
            workflow: "w".into(),
            argv: ["/p", "node-execute", "--node", node].map(str::to_owned).into(),
            folder,
            variables: Vec::new(),
            cores: 1.0,
            memory: None,
            tokens: Vec::new(),
            gpus: 0,
            time: None,
            image: None,
        }
    }
}

const QUEUE: &str = "JOBID|STATE|EXIT_CODE|EXEC_HOST|REASON|NAME|";
const ACCOUNTS: &str = "JobID|State|ExitCode|JobName";

/// Says rows behind a header.
fn rows(header: &str, rows: &str) -> String {
    format!("printf '%s\\n' '{header}' '{rows}'").replace('|', "\u{1f}")
}

#[tokio::test]
async fn what_an_outer_job_left_in_the_environment_does_not_reach_the_programs() {
    let fake = Fake::new(&[("sbatch", r#"env > "$(dirname "$0")/seen"; cat > "$(dirname "$0")/script"; echo 5"#)]);
    assert_eq!(fake.slurm().submit(&[fake.job("n0")]).await, [Ok(EngineId::from("5"))]);
    let seen = fs::read_to_string(fake.path().join("seen")).unwrap();
    assert!(!seen.contains("SBATCH_") && !seen.contains("SLURM_JOB_ID") && seen.contains("SLURM_CONF=/c"), "{seen}");
    assert_eq!(fs::read_to_string(fake.path().join("script")).unwrap(), "#!/bin/sh\nexec '/p' 'node-execute' '--node' 'n0'\n");
}

#[tokio::test]
async fn a_limit_holds_all_that_would_come_behind() {
    let fake = Fake::new(&[
        ("scontrol", "echo 'MaxArraySize = 1'"),
        (
            "sbatch",
            r#"echo x >> "$(dirname "$0")/calls"; echo 'sbatch: error: AssocMaxSubmitJobLimit' >&2; echo 'sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit)' >&2; exit 1"#,
        ),
    ]);
    let jobs = [fake.job("n0"), fake.job("n1"), fake.job("n2")];
    let answers = fake.slurm().submit(&jobs).await;
    assert!(
        answers.iter().all(|answer| matches!(answer, Err(NotSubmitted::Held(why)) if why.contains("AssocMaxSubmitJobLimit"))),
        "{answers:?}"
    );
    assert_eq!(fs::read_to_string(fake.path().join("calls")).unwrap(), "x\n");
}

#[tokio::test]
async fn an_array_whose_answer_was_lost_is_found_again_by_each_of_its_jobs() {
    let fake = Fake::new(&[
        ("scontrol", "echo 'MaxArraySize = 100'"),
        (
            "sbatch",
            r#"for w; do case $w in --job-name=*) printf '%s' "${w#*=}" > "$(dirname "$0")/name";; esac; done; echo 'sbatch: error: Socket timed out on send/recv operation' >&2; exit 1"#,
        ),
        (
            "squeue",
            "printf 'JOBID\u{1f}A\u{1f}B\u{1f}C\u{1f}D\u{1f}E\u{1f}\\n'; n=$(cat \"$(dirname \"$0\")/name\"); for i in 0 1; do printf '31_%s\u{1f}RUNNING\u{1f}0\u{1f}n1\u{1f}None\u{1f}%s\u{1f}\\n' $i \"$n\"; done",
        ),
        ("sacct", &rows(ACCOUNTS, "")),
    ]);
    let slurm = fake.slurm();
    let jobs = [fake.job("n0"), fake.job("n1")];
    let answers = slurm.submit(&jobs).await;
    assert!(answers.iter().all(|answer| matches!(answer, Err(NotSubmitted::Unclear(_)))), "{answers:?}");
    assert_eq!(slurm.find("nk-n1.0").await, Ok(Some("31_1".into())));
    assert_eq!(slurm.find("nk-n7.0").await, Ok(None));
}

#[tokio::test]
async fn a_job_that_the_controller_forgot_is_looked_for_in_the_accounts() {
    let fake =
        Fake::new(&[("squeue", &rows(QUEUE, "8|RUNNING|0|n1|None|x|")), ("sacct", &rows(ACCOUNTS, "7|FAILED|3:0|x\n9|RUNNING|0:0|y"))]);
    let seen = fake.slurm().look(&["7".into(), "8".into(), "9".into()]).await.unwrap();
    assert_eq!(seen[&EngineId::from("7")], Seen::Ended(EngineEnd::new(Ending::Exited(3)).because("FAILED")));
    assert_eq!(seen[&EngineId::from("8")], Seen::Running { host: Some("n1".to_owned()) });
    assert_eq!(seen.get(&EngineId::from("9")), None);
}

#[tokio::test]
async fn without_accounts_a_forgotten_job_is_unknown() {
    let fake = Fake::new(&[("squeue", &rows(QUEUE, "")), ("sacct", "echo 'Slurm accounting storage is disabled' >&2; exit 1")]);
    assert_eq!(fake.slurm().look(&["7".into()]).await.unwrap().len(), 0);
    assert_eq!(fake.slurm().find("nk-n0.0").await, Ok(None));
}

#[tokio::test]
async fn an_error_behind_a_code_of_success_is_no_empty_queue() {
    let fake = Fake::new(&[("squeue", "echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 0")]);
    let error = fake.slurm().look(&["7".into()]).await.unwrap_err();
    assert!(error.0.contains("Unable to contact slurm controller"), "{error}");
    let fake = Fake::new(&[("squeue", &rows(QUEUE, "")), ("sacct", "echo 'sacct: error: slurm_persist_conn_open: failed' >&2; exit 0")]);
    let error = fake.slurm().look(&["7".into()]).await.unwrap_err();
    assert!(error.0.contains("slurm_persist_conn_open"), "{error}");
}

#[tokio::test]
async fn a_queue_that_is_only_a_banner_is_shown() {
    let fake = Fake::new(&[("squeue", "echo 'Your session has expired, please log in again'")]);
    let error = fake.slurm().look(&["7".into()]).await.unwrap_err();
    assert!(error.0.contains("Your session has expired"), "{error}");
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let fake = Fake::new(&[]);
    let own = Environment::empty().with("PATH", fake.path().as_os_str());
    let slurm = Slurm::new("slurm", &own, None, Rules::default());
    let [Err(NotSubmitted::Refused(why))] = &slurm.submit(&[fake.job("n0")]).await[..] else { panic!() };
    assert!(why.contains("`sbatch` cannot be started") && why.contains("hint:"), "{why}");
}

#[tokio::test]
async fn jobs_that_are_over_are_cancelled_without_an_error() {
    let over = "scancel: error: Kill job error on job id 1: Invalid job id specified";
    let fake = Fake::new(&[("scancel", &format!("echo '{over}' >&2; exit 1"))]);
    assert_eq!(fake.slurm().cancel(&["1".into()]).await, Ok(()));
    let fake = Fake::new(&[("scancel", "echo 'scancel: error: Unable to contact slurm controller' >&2; exit 1")]);
    assert!(fake.slurm().cancel(&["1".into()]).await.unwrap_err().0.contains("Unable to contact"));
}
