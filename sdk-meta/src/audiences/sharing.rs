//! Audiences that several ad accounts use.

use serde_json::json;

use super::{AudiencesClient, LIST_SHARED, SHARE, UNSHARE};
use crate::accounts::{AdAccount, ListAdAccounts};
use crate::page::list_all;
use crate::{AdAccountId, AudienceId, Done, MetaCall, Page};

impl<'c> AudiencesClient<'c> {
    /// Lets other ad accounts use an audience. Safe to repeat.
    pub fn share(&self, id: &AudienceId, accounts: &[AdAccountId]) -> MetaCall<'c, Done> {
        MetaCall::json(self.meta, &SHARE).path("id", id).body(&json!({ "adaccounts": numbers(accounts) }))
    }

    /// Ends that. Safe to repeat.
    pub fn unshare(&self, id: &AudienceId, accounts: &[AdAccountId]) -> MetaCall<'c, Done> {
        MetaCall::json(self.meta, &UNSHARE).path("id", id).body(&json!({ "adaccounts": numbers(accounts) }))
    }

    /// Lists the other ad accounts that use an audience. Safe to repeat.
    pub fn shared_with(&self, id: &AudienceId, query: &ListAdAccounts) -> MetaCall<'c, Page<AdAccount>> {
        MetaCall::json(self.meta, &LIST_SHARED).path("id", id).query(query)
    }

    list_all! {
        /// Every other ad account that uses an audience.
        AudiencesClient: all_shared_with, shared_with(id: AudienceId), ListAdAccounts => AdAccount
    }
}

fn numbers(accounts: &[AdAccountId]) -> Vec<&str> {
    accounts.iter().map(AdAccountId::number).collect()
}

#[cfg(test)]
mod tests {
    use acd_core::testing::answer;
    use serde_json::json;

    use crate::testing::{scripted, sent};

    #[test]
    fn accounts_are_named_by_their_numbers() {
        let done = || answer(200).body(r#"{"success":true}"#);
        let (harness, meta) = scripted([done(), done()]);
        harness.run(meta.audiences().share(&"5".into(), &["act_17".into(), "18".into()]).into_future()).unwrap();
        harness.run(meta.audiences().unshare(&"5".into(), &["act_17".into()]).into_future()).unwrap();
        let sent = sent(&harness);
        assert_eq!(sent[0], ("POST /v26.0/5/adaccounts".to_owned(), json!({ "adaccounts": ["17", "18"] })));
        assert_eq!(sent[1], ("DELETE /v26.0/5/adaccounts".to_owned(), json!({ "adaccounts": ["17"] })));
    }
}
