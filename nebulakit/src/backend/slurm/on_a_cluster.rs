//! The engine on a real cluster, that of tests/slurm/with-slurm.sh, which sets NEBULAKIT_TEST_SLURM. Its nodes have four cores and 4000 MB.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::reach::Slurm;
use super::settings::{Licenses, Rules, Settings};
use crate::backend::engine::{Ending, Engine as _, EngineId, EngineJob, NotSubmitted, Seen};
use crate::run::NodePath;
use crate::services::env::Environment;

/// A plan's folder, and the cluster.
struct Cluster {
    dir: tempfile::TempDir,
    own: Environment,
}

impl Cluster {
    fn new() -> Self {
        let own = Environment::from_process();
        assert!(own.get("NEBULAKIT_TEST_SLURM").is_some(), "run by tests/slurm/with-slurm.sh");
        Self { dir: tempfile::tempdir().unwrap(), own }
    }

    fn plan(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    fn slurm(&self, settings: Settings) -> Slurm {
        driving(&self.plan(), Slurm::new("slurm", &self.own, None, Rules::all(settings)))
    }

    /// A job that runs a script of this shell.
    fn job(&self, node: &str, script: &str) -> EngineJob {
        job_in(&self.plan(), node, &["/bin/sh", "-c", script, "node-execute", "--node", node, "--attempt", "0"])
    }
}

fn driving(plan: &Path, slurm: Slurm) -> Slurm {
    slurm.drives(plan);
    slurm
}

fn job_in(plan: &Path, node: &str, argv: &[&str]) -> EngineJob {
    let folder = plan.join("nodes").join(node).join("0");
    fs::create_dir_all(&folder).unwrap();
    EngineJob {
        name: format!("nk-{}-{node}.0", plan.file_name().unwrap().to_str().unwrap().trim_start_matches('.').to_lowercase()),
        plan: plan.to_owned(),
        node: NodePath::from(node),
        attempt: 0,
        task: "t",
        workflow: "w".into(),
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        folder,
        variables: Vec::new(),
        cores: 1.0,
        memory: Some(50 << 20),
        tokens: Vec::new(),
        gpus: 0,
        time: None,
        image: None,
    }
}

/// Asks until it is as wanted.
async fn until<T>(slurm: &Slurm, ids: &[EngineId], wanted: impl Fn(&HashMap<EngineId, Seen>) -> Option<T>) -> T {
    let mut seen = HashMap::new();
    for _ in 0..400 {
        seen = slurm.look(ids).await.unwrap();
        if let Some(wanted) = wanted(&seen) {
            return wanted;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{seen:?}");
}

async fn ends(slurm: &Slurm, ids: &[EngineId]) -> Vec<Ending> {
    let ended = |seen: Option<&Seen>| match seen {
        Some(Seen::Ended(end)) => Some(end.how),
        _ => None,
    };
    until(slurm, ids, |seen| ids.iter().map(|id| ended(seen.get(id))).collect()).await
}

async fn submitted(slurm: &Slurm, jobs: &[EngineJob]) -> Vec<EngineId> {
    slurm.submit(jobs).await.into_iter().map(Result::unwrap).collect()
}

fn said(job: &EngineJob) -> String {
    fs::read_to_string(job.folder.join("stdout")).unwrap()
}

#[tokio::test]
#[ignore = "needs a Slurm cluster"]
async fn nothing_that_a_user_names_is_interpreted() {
    let cluster = Cluster::new();
    let slurm = cluster.slurm(Settings::default());
    let words =
        ["it's", "$(touch /tmp/x) `x` $HOME", "a\\b \"c\"", "%j;&|<>*?[a]~#!", "", "é\u{1f980}", "two\nlines", "#SBATCH --mem=1", "-x"];
    let mut jobs = Vec::new();
    for (at, folder) in ["100%j/%%a", "it's \"$HOME\";é", r"back\slash%j", "two\nlines", "#x"].into_iter().enumerate() {
        let plan = cluster.plan().join(folder);
        let mut argv = vec!["/usr/bin/printf", "<%s>"];
        argv.extend(words);
        let mut job = job_in(&plan, "n0", &argv);
        job.name = format!("nk-hostile-{at}-{}", std::process::id());
        jobs.push(job);
    }
    let ids = submitted(&slurm, &jobs).await;
    assert_eq!(ends(&slurm, &ids).await, [Ending::Exited(0); 5]);
    let expected: String = words.iter().map(|word| format!("<{word}>")).collect();
    for job in &jobs {
        assert_eq!(said(job), expected, "{}", job.folder.display());
    }
}

#[tokio::test]
#[ignore = "needs a Slurm cluster"]
async fn a_job_gets_its_variables_and_not_those_of_the_submitter() {
    let mut cluster = Cluster::new();
    cluster.own =
        cluster.own.clone().with("SECRET_MARKER", "marker-7261").with("SBATCH_PARTITION", "nosuch").with("SLURM_ARRAY_TASK_ID", "3");
    let slurm = cluster.slurm(Settings::default());
    let value = "a b,c=\"$x\"'\n%j\\";
    let mut job = cluster.job("n0", "printf '<%s>' \"$MINE\"; env >&2");
    job.variables = vec![("MINE".to_owned(), value.to_owned()), ("OTHER".to_owned(), String::new())];
    let ids = submitted(&slurm, std::slice::from_ref(&job)).await;
    assert_eq!(ends(&slurm, &ids).await, [Ending::Exited(0)]);
    assert_eq!(said(&job), format!("<{value}>"));
    let environment = fs::read_to_string(job.folder.join("stderr")).unwrap();
    assert!(
        !environment.contains("marker-7261") && !environment.contains("SBATCH_PARTITION") && !environment.contains("SLURM_ARRAY_TASK_ID"),
        "{environment}"
    );
    let record = slurm.client.ask("scontrol", &["show".to_owned(), "job".to_owned(), ids[0].as_str().to_owned()]).await.unwrap();
    assert!(!record.stdout.contains("marker-7261") && !record.stdout.contains("a b,c"), "{}", record.stdout);
}

#[tokio::test]
#[ignore = "needs a Slurm cluster"]
async fn equal_jobs_are_arrays_each_element_of_which_knows_its_node() {
    let cluster = Cluster::new();
    let slurm = cluster.slurm(Settings::default());
    // The limit of that cluster is 21.
    let script = "for w; do list=$w; done; sed -n \"$((SLURM_ARRAY_TASK_ID + 1))p\" \"$list\"";
    let jobs: Vec<_> = (0..25).map(|at| cluster.job(&format!("n3[{at}]"), script)).collect();
    let ids = submitted(&slurm, &jobs).await;
    let arrays: std::collections::BTreeSet<_> = ids.iter().map(|id| id.as_str().split_once('_').unwrap().0).collect();
    assert_eq!(arrays.len(), 2, "{ids:?}");
    assert_eq!(ends(&slurm, &ids).await, vec![Ending::Exited(0); 25]);
    for (at, job) in jobs.iter().enumerate() {
        assert_eq!(said(job), format!("n3[{at}] 0\n"));
    }
    assert_eq!(slurm.find(&jobs[24].name).await.unwrap(), Some(ids[24].clone()));
    assert_eq!(slurm.find(&jobs[3].name).await.unwrap(), Some(ids[3].clone()));
    assert_eq!(slurm.find("nk-nobody").await.unwrap(), None);
}

#[tokio::test]
#[ignore = "needs a Slurm cluster"]
async fn each_end_is_told() {
    let cluster = Cluster::new();
    let slurm = cluster.slurm(Settings::default());
    let jobs = [
        cluster.job("n0", "exit 0"),
        cluster.job("n1", "exit 3"),
        cluster.job("n2", "kill -KILL $$"),
        cluster.job("n3", "x=$(head -c 300000000 /dev/zero | tr '\\0' a); echo ${#x}"),
        cluster.job("n4", "exec sleep 300"),
    ];
    let ids = submitted(&slurm, &jobs).await;
    until(&slurm, &ids, |seen| matches!(seen.get(&ids[4]), Some(Seen::Running { host: Some(_) })).then_some(())).await;
    slurm.cancel(&ids[..]).await.unwrap();
    slurm.cancel(&["99999999".into()]).await.unwrap();
    let found = ends(&slurm, &ids).await;
    assert_eq!(found[4], Ending::Cancelled);
    let again = submitted(&slurm, &jobs[..4].iter().cloned().map(renamed).collect::<Vec<_>>()).await;
    assert_eq!(ends(&slurm, &again).await, [Ending::Exited(0), Ending::Exited(3), Ending::Signalled(9), Ending::OutOfMemory]);
    assert_eq!(slurm.look(&["99999999".into()]).await.unwrap().len(), 0);
}

fn renamed(job: EngineJob) -> EngineJob {
    EngineJob { name: format!("{}.again", job.name), ..job }
}

#[tokio::test]
#[ignore = "needs a Slurm cluster"]
async fn what_a_job_waits_for_is_told() {
    let cluster = Cluster::new();
    let slurm = cluster.slurm(Settings { flags: Some(vec!["--hold".to_owned()]), ..Settings::default() });
    let ids = submitted(&slurm, &[cluster.job("n0", "exit 0")]).await;
    let reason = until(&slurm, &ids, |seen| match seen.get(&ids[0]) {
        Some(Seen::Queued { reason: Some(reason) }) => Some(reason.clone()),
        _ => None,
    });
    assert_eq!(reason.await, "JobHeldUser");
    slurm.cancel(&ids).await.unwrap();
    assert_eq!(ends(&slurm, &ids).await, [Ending::Cancelled]);
}

#[tokio::test]
#[ignore = "needs a Slurm cluster"]
async fn mistakes_are_refused_with_slurms_words() {
    let cluster = Cluster::new();
    for (settings, words) in [
        (Settings { partition: Some("no such; $(x)".to_owned()), ..Settings::default() }, "invalid partition"),
        (Settings { constraint: Some("nosuch".to_owned()), ..Settings::default() }, "Invalid feature"),
        (Settings { licenses: Some(Licenses::These("nosuch:1".to_owned())), ..Settings::default() }, "Invalid license"),
        (Settings { flags: Some(vec!["--no-such-flag".to_owned()]), ..Settings::default() }, "unrecognized option"),
    ] {
        let answers = cluster.slurm(settings).submit(&[cluster.job("n0", "exit 0")]).await;
        let [Err(NotSubmitted::Refused(why))] = &answers[..] else { panic!("{answers:?}") };
        assert!(why.contains(words), "{why}");
    }
    let mut large = cluster.job("n0", "exit 0");
    large.memory = Some(1 << 40);
    let answers = cluster.slurm(Settings::default()).submit(&[large]).await;
    assert!(matches!(&answers[0], Err(NotSubmitted::Refused(why)) if why.contains("Memory specification")), "{answers:?}");
}

#[tokio::test]
#[ignore = "needs a Slurm cluster with accounting"]
async fn a_limit_of_submitted_jobs_holds_with_accounts() {
    let cluster = Cluster::new();
    let slurm = cluster.slurm(Settings { qos: Some("narrow".to_owned()), ..Settings::default() });
    // Not equal, so no array.
    let jobs: Vec<_> =
        (0..4).map(|at| EngineJob { memory: Some((50 + at) << 20), ..cluster.job(&format!("n{at}"), "exec sleep 300") }).collect();
    let answers = slurm.submit(&jobs).await;
    let (submitted, held): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    let ids: Vec<_> = submitted.into_iter().map(Result::unwrap).collect();
    slurm.cancel(&ids).await.unwrap();
    assert_eq!((ids.len(), held.len()), (2, 2));
    assert!(
        held.iter().all(|answer| matches!(answer, Err(NotSubmitted::Held(why)) if why.contains("QOSMaxSubmitJobPerUserLimit"))),
        "{held:?}"
    );
}

#[tokio::test]
#[ignore = "needs a Slurm cluster"]
async fn what_is_asked_for_is_what_slurm_is_asked_for() {
    let cluster = Cluster::new();
    let settings = Settings {
        partition: Some("first".to_owned()),
        constraint: Some("large".to_owned()),
        licenses: Some(Licenses::These("seat:1".to_owned())),
        prologue: Some(vec!["export READY='it is'".to_owned()]),
        ..Settings::default()
    };
    let slurm = cluster.slurm(settings);
    let job = EngineJob { cores: 1.5, gpus: 1, time: Some(Duration::from_secs(90)), ..cluster.job("n0", "echo \"$READY $SLURM_CPUS_PER_TASK $SLURM_MEM_PER_NODE $SLURM_JOB_PARTITION $CUDA_VISIBLE_DEVICES\"; scontrol show job $SLURM_JOB_ID >&2") };
    let ids = submitted(&slurm, std::slice::from_ref(&job)).await;
    assert_eq!(ends(&slurm, &ids).await, [Ending::Exited(0)]);
    assert_eq!(said(&job), "it is 2 50 first 0\n");
    let record = fs::read_to_string(job.folder.join("stderr")).unwrap();
    assert!(record.contains("TimeLimit=00:05:00") && record.contains("Requeue=0") && record.contains("Licenses=seat:1"), "{record}");
}
