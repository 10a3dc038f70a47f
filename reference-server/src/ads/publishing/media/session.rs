//! How far the upload of a video came, in its row, and that one process alone goes on with it.

use std::time::Duration;

use acd_core::upload::{SessionStore, UploadSession};
use acd_core::{Error, ErrorKind, Result, Runtime};
use uuid::Uuid;

use crate::ads::publishing::store::videos::{self, Uploaded, VideoKey};
use crate::kernel::db::Db;
use crate::kernel::principal::Principal;
use crate::kernel::problem::Problem;
use crate::kernel::request_id::RequestId;

/// For how long whoever uploads holds the row without being heard of.
const LEASE: Duration = Duration::from_secs(20);
/// How often it is heard of.
const BEAT: Duration = Duration::from_secs(5);

/// The hold of one process on the upload of one video.
#[derive(Clone)]
pub(super) struct Hold {
    db: Db,
    key: VideoKey,
    holder: Uuid,
}

impl Hold {
    /// Takes the upload; nothing while another has it, or when it has ended meanwhile.
    pub(super) async fn take(db: &Db, key: VideoKey) -> std::result::Result<Option<Self>, Problem> {
        let hold = Self { db: db.clone(), key, holder: Uuid::new_v4() };
        let mut tx = hold.db.scoped(&service()).await?;
        let is_ours = videos::hold(&mut tx, &hold.key, hold.holder, LEASE).await?;
        tx.commit().await?;
        Ok(is_ours.then_some(hold))
    }

    /// Holds on until it is lost.
    pub(super) async fn beat(&self, runtime: &Runtime) -> Problem {
        loop {
            runtime.sleep(BEAT).await;
            match self.keep(None).await {
                Ok(true) => {}
                Ok(false) => return lost(),
                Err(problem) => {
                    tracing::warn!(cause = problem.cause_chain(), "an upload cannot be held on to: {problem}");
                    return problem;
                }
            }
        }
    }

    async fn keep(&self, session: Option<&UploadSession>) -> std::result::Result<bool, Problem> {
        let mut tx = self.db.scoped(&service()).await?;
        let is_kept = videos::keep(&mut tx, &self.key, self.holder, LEASE, session).await?;
        tx.commit().await?;
        Ok(is_kept)
    }

    /// The upload has ended.
    pub(super) async fn end(&self, uploaded: &Uploaded) -> std::result::Result<(), Problem> {
        let mut tx = self.db.scoped(&service()).await?;
        let is_ours = videos::end(&mut tx, &self.key, self.holder, uploaded).await?;
        tx.commit().await?;
        if is_ours { Ok(()) } else { Err(lost()) }
    }

    /// Lets others go on with it, or begin anew when it is of no use.
    pub(super) async fn release(&self, keeps_session: bool) -> std::result::Result<(), Problem> {
        let mut tx = self.db.scoped(&service()).await?;
        videos::release(&mut tx, &self.key, self.holder, keeps_session).await?;
        tx.commit().await
    }

    async fn session(&self) -> std::result::Result<Option<UploadSession>, Problem> {
        let mut tx = self.db.scoped(&service()).await?;
        let session = videos::session(&mut tx, &self.key, self.holder).await?;
        tx.commit().await?;
        Ok(session)
    }
}

impl SessionStore for Hold {
    async fn load(&self) -> Result<Option<UploadSession>> {
        self.session().await.map_err(unsaved)
    }

    async fn save(&self, session: &UploadSession) -> Result<()> {
        match self.keep(Some(session)).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(unsaved(lost())),
            Err(problem) => Err(unsaved(problem)),
        }
    }

    /// It goes when the video's id is written down: a process that dies between the two would upload the video again.
    async fn clear(&self) -> Result<()> {
        Ok(())
    }
}

fn service() -> Principal {
    Principal::service(RequestId::new())
}

fn lost() -> Problem {
    Problem::unavailable("upload_lost", "another process uploads the video by now")
}

fn unsaved(problem: Problem) -> Error {
    Error::new(ErrorKind::Environment, "how far the upload came cannot be kept").with_source(problem)
}
