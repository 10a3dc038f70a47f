//! The four kinds of objects that products make.

use acd_meta::ads::ad_sets::{AdSet, CreateAdSet, ListAdSets, UpdateAdSet};
use acd_meta::ads::ads::{Ad, CreateAd, ListAds, UpdateAd};
use acd_meta::ads::campaigns::{Campaign, CreateCampaign, ListCampaigns, UpdateCampaign};
use acd_meta::ads::creatives::{CreateCreative, Creative, ListCreatives, UpdateCreative};
use acd_meta::ads::url_tags::Utm;
use acd_meta::{AdAccountId, AdId, AdLabelId, AdSetId, CampaignId, CreativeId, Done, Error, MetaClient, Page};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A kind of object, and its calls at Meta.
pub(super) trait Kind: Send + 'static {
    /// Its name in the store and in problems.
    const NAME: &'static str;
    /// What is announced when one is made, changed or deleted.
    const TOPICS: [&'static str; 3];
    type Id: From<String> + Serialize + JsonSchema + Send + 'static;
    type Create: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static;
    type Update: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static;
    type Object: Serialize + JsonSchema + Send + 'static;

    /// What is made in the place of what was asked for.
    fn complete(_: &mut Self::Create) {}

    fn create_once(
        meta: &MetaClient,
        account: &AdAccountId,
        label: &str,
        new: &Self::Create,
    ) -> impl Future<Output = Result<String, Error>> + Send;

    /// Makes one with this label, by which it is found when nobody hears the answer.
    fn create_labelled(
        meta: &MetaClient,
        account: &AdAccountId,
        label: &AdLabelId,
        new: Self::Create,
    ) -> impl Future<Output = Result<String, Error>> + Send;

    /// Those with this label, at most 500.
    fn labelled(
        meta: &MetaClient,
        account: &AdAccountId,
        label: &AdLabelId,
    ) -> impl Future<Output = Result<Vec<String>, Error>> + Send;

    fn get(meta: &MetaClient, id: &str) -> impl Future<Output = Result<Self::Object, Error>> + Send;

    fn update(meta: &MetaClient, id: &str, change: &Self::Update) -> impl Future<Output = Result<Done, Error>> + Send;

    fn delete(meta: &MetaClient, id: &str) -> impl Future<Output = Result<Done, Error>> + Send;

    fn list(
        meta: &MetaClient,
        account: &AdAccountId,
        limit: u32,
        after: Option<String>,
    ) -> impl Future<Output = Result<Page<Self::Object>, Error>> + Send;

    fn id_of(object: &Self::Object) -> &str;
}

macro_rules! kind {
    ($kind:ident, $name:literal, $client:ident, $id:ty, $object:ty, $create:ty, $update:ty, $list:ty $(, $complete:item)?) => {
        pub(super) enum $kind {}

        impl Kind for $kind {
            const NAME: &'static str = $name;
            const TOPICS: [&'static str; 3] =
                [concat!("ads.", $name, "_created"), concat!("ads.", $name, "_updated"), concat!("ads.", $name, "_deleted")];
            type Id = $id;
            type Create = $create;
            type Update = $update;
            type Object = $object;

            $($complete)?

            async fn create_once(
                meta: &MetaClient,
                account: &AdAccountId,
                label: &str,
                new: &$create,
            ) -> Result<String, Error> {
                meta.$client().create_once(account, label, new).await.map(|id| id.to_string())
            }

            async fn create_labelled(
                meta: &MetaClient,
                account: &AdAccountId,
                label: &AdLabelId,
                mut new: $create,
            ) -> Result<String, Error> {
                new.adlabels.get_or_insert_default().push(label.clone().into());
                meta.$client().create(account, &new).await.map(|created| created.id.to_string())
            }

            async fn labelled(
                meta: &MetaClient,
                account: &AdAccountId,
                label: &AdLabelId,
            ) -> Result<Vec<String>, Error> {
                let page = meta.ad_labels().$client(account, label).await?;
                Ok(page.data.into_iter().map(|found| found.id.to_string()).collect())
            }

            async fn get(meta: &MetaClient, id: &str) -> Result<$object, Error> {
                meta.$client().get(&<$id>::from(id), &Default::default()).await
            }

            async fn update(meta: &MetaClient, id: &str, change: &$update) -> Result<Done, Error> {
                meta.$client().update(&<$id>::from(id), change).await
            }

            async fn delete(meta: &MetaClient, id: &str) -> Result<Done, Error> {
                meta.$client().delete(&<$id>::from(id)).await
            }

            async fn list(
                meta: &MetaClient,
                account: &AdAccountId,
                limit: u32,
                after: Option<String>,
            ) -> Result<Page<$object>, Error> {
                let mut query = <$list>::default().limit(limit);
                query.after = after;
                meta.$client().list(account, &query).await
            }

            fn id_of(object: &$object) -> &str {
                object.id.as_str()
            }
        }
    };
}

kind!(CampaignKind, "campaign", campaigns, CampaignId, Campaign, CreateCampaign, UpdateCampaign, ListCampaigns);
kind!(AdSetKind, "ad_set", ad_sets, AdSetId, AdSet, CreateAdSet, UpdateAdSet, ListAdSets);
kind!(
    CreativeKind,
    "creative",
    creatives,
    CreativeId,
    Creative,
    CreateCreative,
    UpdateCreative,
    ListCreatives,
    /// A visit whose source nobody can tell is lost to attribution.
    fn complete(new: &mut CreateCreative) {
        new.url_tags = Some(Utm::default().added_to(new.url_tags.as_deref().unwrap_or_default()));
    }
);
kind!(AdKind, "ad", ads, AdId, Ad, CreateAd, UpdateAd, ListAds);
