//! The other side: graphile-worker in a Node.js of its own.

use std::process::Stdio;

use serde::Deserialize;
use sqlx::PgConnection;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::{Mode, Result, median, now};

#[derive(Deserialize)]
struct Ended {
    end: f64,
}

#[derive(Deserialize)]
struct Waits {
    waits: Vec<f64>,
}

fn start(url: &str, mode: &str, jobs: usize) -> Result<(Child, Lines<BufReader<ChildStdout>>)> {
    let node =
        std::env::var_os("ACD_BENCH_NODE").ok_or("ACD_BENCH_NODE names no node; run `cargo xtask bench jobs`")?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/jobs-node/worker.js");
    let mut command = Command::new(node);
    command.args([script, url, mode, &jobs.to_string()]).env("NODE_ENV", "production").kill_on_drop(true);
    let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let lines = BufReader::new(process.stdout.take().ok_or("node has no output")?).lines();
    Ok((process, lines))
}

async fn line(lines: &mut Lines<BufReader<ChildStdout>>) -> Result<String> {
    Ok(lines.next_line().await?.ok_or("node ended without telling its result")?)
}

/// Jobs a second, from the commit that puts them in until the last end is written.
pub(super) async fn rate(url: &str, sql: &mut PgConnection, mode: Mode) -> Result<f64> {
    let name = match mode {
        Mode::Unbatched | Mode::Unset => "unbatched",
        Mode::Batched => "batched",
    };
    let (mut process, mut lines) = start(url, name, mode.jobs())?;
    line(&mut lines).await?;
    sqlx::raw_sql("checkpoint; begin").execute(&mut *sql).await?;
    sqlx::query(
        "select graphile_worker.add_jobs((
            select array_agg(job) from json_populate_recordset(null::graphile_worker.job_spec, (
                select json_agg(json_build_object('identifier', 'bench.nothing', 'payload', json_build_object()))
                from generate_series(1, $1))) as job))",
    )
    .bind(i32::try_from(mode.jobs())?)
    .execute(&mut *sql)
    .await?;
    let begin = now();
    sqlx::raw_sql("commit").execute(&mut *sql).await?;
    let ended: Ended = serde_json::from_str(&line(&mut lines).await?)?;
    process.wait().await?;
    let left: i64 =
        sqlx::query_scalar("select count(*) from graphile_worker._private_jobs").fetch_one(&mut *sql).await?;
    if left != 0 {
        return Err(format!("graphile-worker left {left} jobs").into());
    }
    Ok(mode.jobs() as f64 / (ended.end - begin) * 1_000.0)
}

/// The median of the milliseconds from the call that puts a job in until its task starts.
pub(super) async fn latency(url: &str, jobs: usize) -> Result<f64> {
    let (mut process, mut lines) = start(url, "latency", jobs)?;
    let Waits { waits } = serde_json::from_str(&line(&mut lines).await?)?;
    process.wait().await?;
    Ok(median(waits))
}
