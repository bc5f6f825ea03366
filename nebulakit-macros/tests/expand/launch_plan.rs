/// Every night at two.
#[launch_plan(cron = "0 2 * * *", kickoff = time, labels("team" = "data"), active)]
fn nightly(time: Promise<SystemTime>) -> Promise<i64> {
    daily::node(time, "eu")
}
