//! Webhooks of the simulator that stands in for Meta.

use acd_core::Result;
use acd_meta::webhooks::{WebhookField, WebhookObject};
use acd_meta::{AppId, MetaClient, PageId};

use super::service::Webhooks;

const PAGE: [WebhookField; 2] = [WebhookField::Leadgen, WebhookField::Feed];
const INSTAGRAM: [WebhookField; 2] = [WebhookField::Comments, WebhookField::Mentions];
const AD_ACCOUNT: [WebhookField; 3] =
    [WebhookField::EffectiveStatus, WebhookField::InProcessAdObjects, WebhookField::WithIssuesAdObjects];

impl Webhooks {
    /// Has the simulator in this process tell this server, at this URL, of its page, Instagram account and ad account.
    /// Nothing where calls go to Meta: there an operator subscribes the app.
    ///
    /// # Errors
    /// When the simulator cannot reach the server, which has to be listening.
    pub async fn hear_simulator(&self, server_url: &str) -> Result<()> {
        let Some(meta) = self.connection() else { return Ok(()) };
        let (Some(simulator), Some(inbound)) = (meta.simulator(), meta.inbound()) else { return Ok(()) };
        let (world, callback) = (simulator.world(), format!("{server_url}/v1/webhooks/meta"));
        let (app, page_id) = (AppId::from(world.app_id.as_str()), PageId::from(world.page.as_str()));
        let client = MetaClient::builder(world.access_token.as_str())
            .app_secret(world.app_secret.as_str())
            .base_url(simulator.url())
            .build()?;
        let as_app = client.as_app(&app)?;
        for (object, fields) in [
            (WebhookObject::Page, &PAGE[..]),
            (WebhookObject::Instagram, &INSTAGRAM),
            (WebhookObject::AdAccount, &AD_ACCOUNT),
        ] {
            as_app.webhooks().subscribe(&app, &object, &callback, &inbound.verify_token, fields).await?;
        }
        let page = client.with_token(client.pages().token(&page_id).await?)?;
        page.webhooks().add_page(&page_id, &PAGE).await?;
        client.webhooks().add_account(&world.ad_account.as_str().into(), &app).await?;
        Ok(())
    }
}
