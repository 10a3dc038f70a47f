//! Calls by their operation, with values in the place of types.

use std::future::ready;

use acd_core::{Operation, Response};

use crate::{AdAccountId, Error, ErrorKind, MetaCall, MetaClient, media};

impl MetaClient {
    /// A call by its operation, for whoever has values in the place of types: a binding, a script. What a typed call is
    /// given holds here too: the token and its proof, retries, the host for videos, and the limits of the account, page or
    /// Instagram account that the path names. Query and body are set by [`MetaCall::http`]; the answer is as it came.
    ///
    /// `path` has the values for the placeholders of the operation's path in their order, without the version. With too many
    /// or too few of them the call fails before it is sent, with [`ErrorKind::Request`](crate::ErrorKind::Request).
    ///
    /// ```
    /// use acd_meta::{MetaClient, ads::campaigns};
    ///
    /// let meta = MetaClient::new("token")?;
    /// let call = meta.call(&campaigns::LIST, ["17"]).http(|call| call.query("fields", "name"));
    /// assert_eq!(call.build()?.uri().path(), "/v26.0/act_17/campaigns");
    /// # Ok::<(), acd_meta::Error>(())
    /// ```
    pub fn call<V: AsRef<str>>(
        &self,
        operation: &'static Operation,
        path: impl IntoIterator<Item = V>,
    ) -> MetaCall<'_, Response> {
        let call = MetaCall::reading(self, operation, |response| Box::pin(ready(Ok(response))));
        let in_chunks = [media::VIDEO_CHUNKED, media::VIDEO_CHUNK].contains(operation);
        let mut path = path.into_iter();
        let names = placeholders(operation.path()).filter(|name| *name != "version");
        // The path is asked last: a value that is taken is used.
        let call = names.zip(&mut path).fold(call, |call, (name, value)| match name {
            "account" => {
                let account = AdAccountId::new(value);
                let call = call.account(&account);
                if in_chunks { media::at_video_host(call, self, &account) } else { call }
            }
            _ => call.path(name, value.as_ref()),
        });
        match path.next() {
            Some(_) => {
                let problem = format!("`{}` has fewer values in its path than it was given", operation.name());
                call.refused(Error::new(ErrorKind::Request, problem))
            }
            None => call,
        }
    }
}

/// The names in the braces of a path template.
fn placeholders(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use std::future::IntoFuture as _;

    use acd_core::RetryConfig;
    use acd_core::limits::OnLimit;
    use acd_core::testing::{Harness, answer};

    use crate::ads::campaigns::{self, CampaignFields, ListCampaigns};
    use crate::error::MetaErrors;
    use crate::limits::MetaLimits;
    use crate::{ErrorKind, MetaClient, accounts, insights, instagram, leads, media};

    #[test]
    fn a_call_by_its_operation_is_the_typed_one() {
        let meta = MetaClient::builder("token-example").app_secret("app-secret-example").build().unwrap();
        let typed = meta.campaigns().list(&"17".into(), &ListCampaigns::default()).build().unwrap();
        for account in ["17", "act_17"] {
            let fields = CampaignFields::default();
            let call = meta.call(&campaigns::LIST, [account]).http(|call| call.query("fields", fields));
            assert_eq!(call.build().unwrap().uri(), typed.uri());
        }
        let missing = meta.call(&campaigns::GET, [""; 0]).build().unwrap_err();
        let surplus = meta.call(&campaigns::LIST, ["17", "18"]).build().unwrap_err();
        assert_eq!((missing.kind(), surplus.kind()), (ErrorKind::Request, ErrorKind::Request));
    }

    #[test]
    fn a_call_by_its_operation_goes_to_the_host_of_the_typed_one() {
        let meta = MetaClient::new("token-example").unwrap();
        for (operation, url) in [
            (&media::VIDEO_CHUNKED, "https://graph-video.facebook.com/v26.0/act_17/advideos"),
            (&media::VIDEO_CHUNK, "https://graph-video.facebook.com/v26.0/act_17/advideos"),
            (&media::CREATE_VIDEO, "https://graph.facebook.com/v26.0/act_17/advideos"),
        ] {
            assert_eq!(meta.call(operation, ["17"]).build().unwrap().uri(), url);
        }
    }

    #[test]
    fn a_call_counts_for_whom_its_path_names() {
        let throttled = r#"{"error":{"message":"m","code":17,"error_subcode":2446079}}"#;
        for (operation, owner, other) in [
            (&campaigns::LIST, "17", "18"),
            (&insights::GET, "act_17", "act_18"),
            (&instagram::LIMIT, "9", "8"),
            (&leads::FORMS, "9", "8"),
            (&accounts::PAGES_GET, "9", "8"),
        ] {
            let harness = Harness::new([answer(400).body(throttled), answer(200).body("{}")]);
            let limits = MetaLimits::default().pools().on_limit(OnLimit::Fail);
            let http = harness.client().classify(MetaErrors).limits(limits).retry(RetryConfig::disabled());
            let meta = MetaClient::builder("t").http(move |_| http).build().unwrap();
            let call = |of: &str| harness.run(meta.call(operation, [of]).into_future()).map_err(|error| error.kind());
            assert_eq!(call(owner).unwrap_err(), ErrorKind::Throttled, "{operation:?}");
            assert_eq!(call(owner).unwrap_err(), ErrorKind::RateLimited, "{operation:?}");
            assert!(call(other).is_ok(), "{operation:?}");
        }
    }
}
