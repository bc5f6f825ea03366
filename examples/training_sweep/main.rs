//! Trains a model with several sets of parameters and keeps the best: a sub-workflow for each set, mapped over all of them, of which half may
//! fail; when the whole sweep fails, a handler removes what the trials left behind. Look at it with
//! `cargo run -p nebulakit-examples --bin training_sweep -- graph sweep`.

use std::path::Path;

use anyhow::Context as _;
use nebulakit::file::Csv;
use nebulakit::prelude::*;

/// What a trial is made with.
#[derive(Debug, Clone, PartialEq, NebulaType)]
struct Parameters {
    /// How far each step of the descent goes.
    rate: f64,
    epochs: i64,
}

/// The line `y = slope * x + intercept`.
#[derive(Debug, Clone, NebulaType)]
struct Model {
    slope: f64,
    intercept: f64,
}

/// A trained model, and how far it is from points that it was not trained with.
#[derive(Debug, Clone, NebulaType)]
struct Trial {
    model: Model,
    loss: f64,
}

/// Fits a line to points with each rate and each number of epochs, and gives the best one.
#[workflow(keep_going, on_failure = clean_up::node(scratch, Failure))]
fn sweep(
    /// Points `x,y`, one on a line, that the models are trained with.
    training: Promise<File<Csv>>,
    /// Points that they are judged by.
    validation: Promise<File<Csv>>,
    rates: Promise<Vec<f64>>,
    epochs: Promise<Vec<i64>>,
    /// A folder that all tasks reach, for the models of all trials.
    scratch: Promise<String>,
) -> Promise<Trial> {
    let grid = grid::node(rates, epochs);
    let trials = trial::map(training, validation, grid, scratch).concurrency(4).min_success_ratio(0.5);
    best::node(trials)
}

/// One set of parameters: a model, and its loss.
#[workflow]
fn trial(
    training: Promise<File<Csv>>,
    validation: Promise<File<Csv>>,
    parameters: Promise<Parameters>,
    scratch: Promise<String>,
) -> Promise<Trial> {
    let model = train::node(training, parameters, scratch).retries(2).timeout("10m").resources(Resources::new().cpu("1").memory("512Mi"));
    judge::node(validation, model)
}

/// Every rate with every number of epochs.
#[task]
fn grid(rates: Vec<f64>, epochs: Vec<i64>) -> Vec<Parameters> {
    rates.iter().flat_map(|&rate| epochs.iter().map(move |&epochs| Parameters { rate, epochs })).collect()
}

/// Fits a line by gradient descent. It looks whether it is to stop, so that nothing is left behind the handler's back.
#[task]
fn train(ctx: Context, training: File<Csv>, parameters: Parameters, scratch: String) -> anyhow::Result<Model> {
    let Parameters { rate, epochs } = parameters;
    let points = points(&training.blocking().read_to_string().recoverable()?)?;
    let scale = 2.0 * rate / points.len() as f64;
    let mut model = Model { slope: 0.0, intercept: 0.0 };
    for _ in 0..epochs {
        anyhow::ensure!(!ctx.is_cancelled(), "stopped before the last epoch");
        let (by_slope, by_intercept) = points.iter().fold((0.0, 0.0), |(by_slope, by_intercept), (x, y)| {
            let error = model.slope * x + model.intercept - y;
            (by_slope + error * x, by_intercept + error)
        });
        model.slope -= scale * by_slope;
        model.intercept -= scale * by_intercept;
    }
    if !(model.slope.is_finite() && model.intercept.is_finite()) {
        return Err(anyhow::anyhow!("the descent never ends with steps of {rate}")).permanent();
    }
    std::fs::create_dir_all(&scratch).recoverable()?;
    std::fs::write(Path::new(&scratch).join(format!("{rate}-{epochs}.txt")), format!("{model:?}\n")).recoverable()?;
    Ok(model)
}

/// The mean square of what a model is wrong by.
#[task]
fn judge(validation: File<Csv>, model: Model) -> anyhow::Result<Trial> {
    let points = points(&validation.blocking().read_to_string().recoverable()?)?;
    let squares = points.iter().map(|(x, y)| (model.slope * x + model.intercept - y).powi(2));
    Ok(Trial { loss: squares.sum::<f64>() / points.len() as f64, model })
}

/// The trial of the least loss, of those that succeeded.
#[task]
fn best(trials: Vec<Option<Trial>>) -> anyhow::Result<Trial> {
    trials.into_iter().flatten().min_by(|left, right| left.loss.total_cmp(&right.loss)).context("there was no trial")
}

/// Removes what the trials left behind.
#[task]
fn clean_up(scratch: String, err: Option<FlyteError>) -> anyhow::Result<()> {
    let why = err.map(|err| err.message).unwrap_or_default();
    match std::fs::remove_dir_all(&scratch) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed.with_context(|| format!("`{scratch}` is left behind by a sweep that failed: {why}")),
    }
}

/// The points of a table without a header.
fn points(table: &str) -> anyhow::Result<Vec<(f64, f64)>> {
    let point = |line: &str| {
        let (x, y) = line.split_once(',').with_context(|| format!("`{line}` is not a point"))?;
        Ok((x.trim().parse()?, y.trim().parse()?))
    };
    let points: Vec<_> = table.lines().map(point).collect::<anyhow::Result<_>>()?;
    anyhow::ensure!(!points.is_empty(), "there are no points");
    Ok(points)
}

nebulakit::main!();

#[cfg(test)]
mod tests {
    use super::*;
    use nebulakit::testing;

    /// Points of `y = 2x + 1`.
    fn line() -> File<Csv> {
        File::from_bytes("points.csv", "0,1\n1,3\n2,5\n3,7\n")
    }

    #[test]
    fn the_grid_has_every_pair() {
        let grid = grid(vec![0.1, 0.2], vec![10, 20, 30]);
        assert_eq!((grid.len(), &grid[5]), (6, &Parameters { rate: 0.2, epochs: 30 }));
    }

    #[test]
    fn the_best_trial_finds_the_line_and_a_failure_leaves_nothing() {
        let [folder, own] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let ctx = Context::local(own.path());
        let scratch = folder.path().join("scratch").to_str().unwrap().to_owned();
        let train = |epochs| train(ctx.clone(), line(), Parameters { rate: 0.1, epochs }, scratch.clone()).unwrap();
        let trial = |epochs| judge(line(), train(epochs)).unwrap();
        let best = best(vec![Some(trial(5)), None, Some(trial(1000))]).unwrap();
        assert!((best.model.slope - 2.0).abs() < 1e-6 && (best.model.intercept - 1.0).abs() < 1e-6, "{best:?}");
        clean_up(scratch, None).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn steps_that_are_too_long_fail_for_good() {
        let parameters = Parameters { rate: 100.0, epochs: 1000 };
        let error = testing::run_blocking(train::with(line(), parameters, "unused")).unwrap_err();
        assert_eq!(error.is_recoverable(), Some(false), "{error:?}");
    }
}
