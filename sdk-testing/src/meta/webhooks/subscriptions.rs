//! Who hears of what: `/{app}/subscriptions` names the callback, `/{page}/subscribed_apps` and
//! `/act_{account}/subscribed_apps` say whose changes it is told.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::GraphError;
use super::super::kind::Kind;
use super::super::nodes::Node;
use super::super::state::State;
use super::{Subscription, fields_of, has_field};

/// `/{app}/subscriptions`; none for another method.
pub(in super::super) fn of_app(state: &mut State, call: &Call) -> Result<Option<Value>, GraphError> {
    if call.token != state.world.app_token() {
        return Err(GraphError::new(15, "(#15) This method must be called with an app access_token."));
    }
    match call.method.as_str() {
        "GET" => Ok(Some(json!({ "data": listed(state, call) }))),
        "POST" => {
            let subscription = subscription(call)?;
            match &call.handshake {
                Some(handshake) => handshake.check(&subscription.callback_url)?,
                None => {
                    let message = "(#2200) Callback verification failed: a subscription is no item of a batch";
                    return Err(GraphError::new(2200, message));
                }
            }
            let subscriptions = &mut state.hooks.subscriptions;
            subscriptions.retain(|known| known.object != subscription.object);
            subscriptions.push(subscription);
            Ok(Some(json!({ "success": true })))
        }
        "DELETE" => {
            let (object, fields) = (call.params.text("object"), call.params.texts("fields"));
            for to in &mut state.hooks.subscriptions {
                if object.as_ref().is_none_or(|object| *object == to.object) {
                    to.fields.retain(|field| !fields.is_empty() && !fields.contains(field));
                }
            }
            state.hooks.subscriptions.retain(|to| !to.fields.is_empty());
            Ok(Some(json!({ "success": true })))
        }
        _ => Ok(None),
    }
}

fn listed(state: &State, call: &Call) -> Vec<Value> {
    let version = format!("v{}.0", call.version);
    let show = |to: &Subscription| {
        let fields: Vec<_> = to.fields.iter().map(|name| json!({ "name": name, "version": version })).collect();
        json!({ "object": to.object, "callback_url": to.callback_url, "active": true, "fields": fields })
    };
    state.hooks.subscriptions.iter().map(show).collect()
}

fn subscription(call: &Call) -> Result<Subscription, GraphError> {
    let text = |name: &str| call.params.text(name).ok_or_else(|| GraphError::missing(name));
    let object = text("object")?;
    if fields_of(&object).is_none() {
        return Err(GraphError::invalid("object", "must be one of {page, instagram, ad_account}"));
    }
    let (callback_url, _) = (text("callback_url")?, text("verify_token")?);
    let fields = call.params.texts("fields");
    Ok(Subscription { fields: checked(&object, "fields", fields)?, object, callback_url })
}

fn checked(object: &str, parameter: &str, fields: Vec<String>) -> Result<BTreeSet<String>, GraphError> {
    if fields.is_empty() {
        return Err(GraphError::missing(parameter));
    }
    match fields.iter().find(|field| !has_field(object, field)) {
        Some(unknown) => {
            Err(GraphError::invalid(parameter, format!("must be fields of {object} webhooks - got \"{unknown}\".")))
        }
        None => Ok(fields.into_iter().collect()),
    }
}

/// `/{page}/subscribed_apps` and `/act_{account}/subscribed_apps`; none for other nodes and methods.
pub(in super::super) fn of_node(state: &mut State, call: &Call, node: &Node) -> Result<Option<Value>, GraphError> {
    let app_id = state.world.app_id.clone();
    let names = match node.kind {
        Kind::Page if call.token != node.text("access_token") => {
            let message = "(#210) A page access token is required to request this resource.";
            return Err(GraphError::new(210, message));
        }
        Kind::Page => ["id", "name"],
        Kind::AdAccount => ["app_id", "app_name"],
        _ => return Ok(None),
    };
    let hooks = &mut state.hooks;
    match call.method.as_str() {
        "GET" => {
            let shown = hooks.installed.get(&node.id).map(|fields| {
                let mut app = json!({ names[0]: app_id, names[1]: "Simulated app" });
                if node.kind == Kind::Page {
                    app["subscribed_fields"] = json!(fields);
                }
                app
            });
            return Ok(Some(json!({ "data": shown.into_iter().collect::<Vec<_>>() })));
        }
        "POST" => {
            let fields = match node.kind {
                Kind::Page => checked("page", "subscribed_fields", call.params.texts("subscribed_fields"))?,
                _ => {
                    its_app(call, &app_id)?;
                    BTreeSet::new()
                }
            };
            hooks.installed.insert(node.id, fields);
        }
        "DELETE" => {
            if node.kind == Kind::AdAccount {
                its_app(call, &app_id)?;
            }
            hooks.installed.remove(&node.id);
        }
        _ => return Ok(None),
    }
    Ok(Some(json!({ "success": true })))
}

/// The app that a call names has to be the only one that there is.
fn its_app(call: &Call, app_id: &str) -> Result<(), GraphError> {
    match call.params.text("app_id") {
        Some(named) if named == app_id => Ok(()),
        Some(_) => Err(GraphError::invalid("app_id", "must be the id of the app that the token belongs to")),
        None => Err(GraphError::missing("app_id")),
    }
}
