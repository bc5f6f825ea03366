//! Jobs on their way to `sbatch`: one by one, or equal ones together as an array.

use super::arrays;
use super::file_names;
use super::flags::{self, Output};
use super::reach::Slurm;
use super::script::script;
use super::settings::Settings;
use super::submitted;
use crate::backend::engine::{EngineId, EngineJob, NotSubmitted};

type Answer = Result<EngineId, NotSubmitted>;

/// Submits jobs, and gives an answer for each in their order.
pub(super) async fn submit(slurm: &Slurm, jobs: &[EngineJob]) -> Vec<Answer> {
    let settings: Vec<_> = jobs.iter().map(|job| slurm.rules.of(job)).collect();
    let most = if jobs.len() > 1 { slurm.limits().await.array } else { 1 };
    let mut answers: Vec<Option<Answer>> = jobs.iter().map(|_| None).collect();
    let mut held: Option<NotSubmitted> = None;
    // Jobs of one workflow and one task have the same settings.
    for group in arrays::groups(jobs, most, arrays::are_equal) {
        let members: Vec<_> = group.iter().map(|&place| &jobs[place]).collect();
        let said = match &held {
            // What held one back would hold the next.
            Some(held) => members.iter().map(|_| Err(held.clone())).collect(),
            None => several(slurm, &members, &settings[group[0]]).await,
        };
        held = held
            .or_else(|| said.iter().find_map(|answer| answer.as_ref().err().filter(|why| matches!(why, NotSubmitted::Held(_))).cloned()));
        for (place, answer) in group.into_iter().zip(said) {
            answers[place] = Some(answer);
        }
    }
    answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(NotSubmitted::Refused("it was in no group".to_owned())))).collect()
}

async fn several(slurm: &Slurm, jobs: &[&EngineJob], settings: &Settings) -> Vec<Answer> {
    let is_array = jobs.len() > 1 && array_output("", &jobs[0].plan).is_some();
    if is_array {
        return array(slurm, jobs, settings).await;
    }
    let mut answers = Vec::with_capacity(jobs.len());
    for job in jobs {
        answers.push(single(slurm, job, settings).await);
    }
    answers
}

pub(super) async fn single(slurm: &Slurm, job: &EngineJob, settings: &Settings) -> Answer {
    let file = |name: &str| job.folder.join(name).to_str().map(file_names::file);
    let (Some(stdout), Some(stderr)) = (file("stdout"), file("stderr")) else { return Err(not_text(job)) };
    let mut words = flags::words(job, &job.name, settings, &Output { stdout, stderr }, None).map_err(NotSubmitted::Refused)?;
    words.extend(slurm.of_cluster());
    let script = script(settings.prologue.as_deref().unwrap_or_default(), &job.argv);
    submitted::job(slurm.client.submit(&words, &job.variables, &script).await).map(EngineId::from)
}

async fn array(slurm: &Slurm, jobs: &[&EngineJob], settings: &Settings) -> Vec<Answer> {
    let first = jobs[0];
    let all = |why: NotSubmitted| jobs.iter().map(|_| Err(why.clone())).collect();
    // One whose answer is lost may be submitted again, with other elements.
    let name = format!("{}.x{}-{:08x}", first.name, jobs.len(), uuid::Uuid::new_v4().as_fields().0);
    let Some(output) = array_output(&name, &first.plan) else { return all(not_text(first)) };
    let mut words = match flags::words(first, &name, settings, &output, Some(jobs.len())) {
        Ok(words) => words,
        Err(why) => return all(NotSubmitted::Refused(why)),
    };
    words.extend(slurm.of_cluster());
    let argv = match arrays::make(&name, jobs) {
        Ok(argv) => argv,
        Err(error) => return all(NotSubmitted::Refused(format!("the list of the array cannot be written into the plan: {error}"))),
    };
    let said = slurm.client.submit(&words, &first.variables, &script(settings.prologue.as_deref().unwrap_or_default(), &argv)).await;
    match submitted::job(said) {
        Ok(number) => (0..jobs.len()).map(|index| Ok(format!("{number}_{index}").into())).collect(),
        Err(why) => {
            // Nothing of it stands for a job that there is, unless the answer alone was lost.
            if !matches!(why, NotSubmitted::Unclear(_)) {
                let _ = std::fs::remove_dir_all(arrays::folder(&first.plan).join(&name));
            }
            all(why)
        }
    }
}

/// Through the links of the array's folder; `None` where the name of the folder leaves no way to say so.
fn array_output(name: &str, plan: &std::path::Path) -> Option<Output> {
    let folder = arrays::folder(plan).join(name);
    let before = format!("{}/", folder.to_str()?);
    Some(Output { stdout: file_names::element_file(&before, "/stdout")?, stderr: file_names::element_file(&before, "/stderr")? })
}

fn not_text(job: &EngineJob) -> NotSubmitted {
    NotSubmitted::Refused(format!("the name of the folder {} is not UTF-8", job.folder.display()))
}
