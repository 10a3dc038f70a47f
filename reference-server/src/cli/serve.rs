//! `acd serve` and `acd openapi`.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::output::say;
use super::{CliResult, Context};
use crate::kernel::db::Db;
use crate::kernel::migrate::Migrator;

/// How long requests under way may take once the process is asked to stop.
const DRAIN: Duration = Duration::from_secs(25);

/// Serves until asked to stop, then finishes what is under way.
pub(super) async fn run(context: Context) -> CliResult {
    let listener = TcpListener::bind(context.config.listen).await.map_err(|error| {
        format!("cannot listen on {}: {error}; free it or set ACD_LISTEN to another address", context.config.listen)
    })?;
    let session = context.connect().await?;
    let applied = Migrator::new(context.config.migrations_dir.as_deref())?.up(session.db.pool(), None).await?;
    let meta = context.meta(session.db.clone()).await?;
    if let Some(simulator) = meta.simulator() {
        tracing::info!("Meta is simulated, as META_ACCESS_TOKEN is not set; its page is {}/__sim/", simulator.url());
    }
    let app = context.app(session.db.clone(), Some(meta))?;
    app.ensure_partitions().await.map_err(|problem| format!("the partitions of events cannot be made: {problem:?}"))?;
    let stopping = app.stopping.clone();
    let maintenance = tokio::spawn(app.clone().maintain(stopping.clone()));
    let drained = CancellationToken::new();
    let limits = tokio::spawn(app.clone().keep_limits(drained.clone()));
    let jobs = tokio::spawn(crate::jobs::run(app.clone(), context.job_settings()?, stopping.clone()));
    let conversions = tokio::spawn(app.conversions.clone().run(stopping.clone()));
    let (router, _) = app.router();
    let webhooks = app.webhooks.clone();
    drop(app);
    let address = listener.local_addr()?;
    tracing::info!(%address, migrations_applied = applied.len(), "serving; docs at http://{address}/docs");

    let signalled = stopping.clone();
    tokio::spawn(async move {
        asked_to_stop().await;
        tracing::info!("asked to stop: finishing what is under way");
        signalled.cancel();
    });
    let mut server = tokio::spawn(
        axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(stopping.clone().cancelled_owned())
            .into_future(),
    );
    let own_url = match address.ip() {
        ip if ip.is_unspecified() => format!("http://127.0.0.1:{}", address.port()),
        _ => format!("http://{address}"),
    };
    if let Err(error) = webhooks.hear_simulator(&own_url).await {
        tracing::warn!(%error, "the simulated Meta sends no webhooks");
    }
    drop(webhooks);
    tokio::select! {
        ended = &mut server => ended??,
        () = drain_time(stopping) => {
            tracing::warn!("requests still under way after {} s are cut", DRAIN.as_secs());
            server.abort();
        }
    }
    jobs.await?;
    conversions.await?;
    drained.cancel();
    limits.await?;
    maintenance.await?;
    session.close().await?;
    tracing::info!("stopped");
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "load balancers need real time to notice")]
async fn drain_time(stopping: CancellationToken) {
    stopping.cancelled().await;
    tokio::time::sleep(DRAIN).await;
}

/// Waits for SIGTERM or Ctrl-C, which from then on end nothing by themselves.
pub(crate) async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// Prints the OpenAPI document. Needs no database.
pub(super) async fn print_openapi(context: &Context) -> CliResult {
    let db = Db::new(sqlx::postgres::PgConnectOptions::new_without_pgpass(), context.config.pool.clone());
    let (_, document) = crate::app::App::new(crate::app::Parts {
        db,
        clock: crate::kernel::clock::Clock::system(),
        hasher: crate::gateway::KeyHasher::throwaway(),
        jwt: None,
        writer: crate::kernel::group::GroupSettings::default(),
        meta: None,
        fetcher: crate::kernel::fetch::Fetcher::new(false)?,
        proxies: crate::kernel::client::TrustedProxies::default(),
    })
    .router();
    say!("{}", serde_json::to_string_pretty(&document)?);
    Ok(())
}
