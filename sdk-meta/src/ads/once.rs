//! Creating exactly one object, although Meta has no idempotency keys.

use std::time::Duration;

use acd_core::Runtime;
use acd_core::runtime::BoxFuture;

use crate::error::Result;

/// How often an object is created whose outcome is unknown and that is not found afterwards.
const MOST: u32 = 4;

/// How long Meta is given to show what it did, doubled with each further time.
const SETTLE: Duration = Duration::from_secs(2);

/// Looks for the object, creates it if there is none, and looks again when the outcome of that is unknown.
pub(crate) async fn once<'a, I>(
    runtime: &Runtime,
    find: impl Fn() -> BoxFuture<'a, Result<Option<I>>>,
    create: impl Fn() -> BoxFuture<'a, Result<I>>,
) -> Result<I> {
    if let Some(found) = find().await? {
        return Ok(found);
    }
    let mut tries = 1;
    loop {
        let error = match create().await {
            Ok(created) => return Ok(created),
            Err(error) => error,
        };
        if !error.may_have_been_sent() {
            return Err(error);
        }
        runtime.sleep(SETTLE * (1 << (tries - 1))).await;
        if let Some(found) = find().await? {
            return Ok(found);
        }
        if !error.is_retryable() || tries >= MOST {
            return Err(error);
        }
        tries += 1;
    }
}

/// Methods that create an object once, and find it again, by a label.
macro_rules! labelled {
    ($client:ident, $request:ty, $id:ty, $create:ident, $find:ident) => {
        impl $client<'_> {
            /// Creates the object unless one with this label is there, so that repeating the same intent, after a lost
            /// answer or a crash, leads to one object. The label is the caller's own name of the intent: keep it with
            /// the intent, and use it for no other object of this kind in the account.
            ///
            /// Meta has no idempotency keys. So the label is made if need be, objects with it are looked up, and a
            /// creation whose outcome is unknown is followed by a wait and another look: at least two calls more than a
            /// plain creation. Not for two callers at the same time with the same label, which nothing at Meta keeps
            /// apart.
            ///
            /// # Errors
            /// Those of the calls. After one that [may have been sent](crate::Error::may_have_been_sent) the same call
            /// settles what happened.
            pub async fn create_once(
                &self,
                account: &AdAccountId,
                label: &str,
                request: &$request,
            ) -> crate::Result<$id> {
                let label = self.meta.ad_labels().ensure(account, label).await?;
                let mut request = request.clone();
                request.adlabels.get_or_insert_default().push(AdLabelRef::from(label.clone()));
                let (client, label, request) = (*self, &label, &request);
                let create = || -> acd_core::runtime::BoxFuture<'_, crate::Result<$id>> {
                    Box::pin(async move { client.create(account, request).await.map(|created| created.id) })
                };
                let find = || -> acd_core::runtime::BoxFuture<'_, crate::Result<Option<$id>>> {
                    Box::pin(async move {
                        let page = client.meta.ad_labels().$find(account, label).await?;
                        Ok(page.data.into_iter().next().map(|found| found.id))
                    })
                };
                crate::ads::once::once(self.meta.http().runtime(), find, create).await
            }
        }
    };
}

pub(crate) use labelled;
