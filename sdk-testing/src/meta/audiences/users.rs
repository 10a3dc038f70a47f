//! Adding, removing and replacing people:
//! <https://developers.facebook.com/docs/marketing-api/reference/custom-audience/users>.

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{GraphError, refusal};
use super::super::kind::{self, Kind};
use super::super::nodes::Node;
use super::super::read;
use super::super::state::State;
use super::payload::Payload;
use super::people::People;
use super::session::{Action, Part, Session};
use super::{Audiences, SMALLEST, is_flagged, refresh};

/// `/users` and `/usersreplace`: one call of an upload.
pub(super) fn receive(state: &mut State, call: &Call, node: &Node, action: Action) -> Result<Value, GraphError> {
    if node.text("subtype") != "CUSTOM" {
        let message =
            "(#2650) Failed to update the custom audience: people are uploaded to those of a customer file only";
        return Err(GraphError::new(2650, message));
    }
    if is_flagged(node) {
        let explanation = "Resolve the restrictions on this audience before its people are changed.";
        return Err(GraphError::refused(&refusal::AUDIENCE_FLAGGED, explanation));
    }
    let payload = Payload::read(&call.params)?;
    let part = Part::read(call)?;
    if action == Action::Replace && part.is_none() {
        return Err(GraphError::missing("session"));
    }
    let audiences = &mut state.audiences;
    check_idle(audiences, node.id, action, part)?;
    if action == Action::Remove {
        check_remainder(audiences, node.id, &payload)?;
    }
    let session = match part {
        Some(part) => Some((part, enter(audiences, call, node.owner, Some(node.id), action, &payload, part)?)),
        None => None,
    };
    let answer = json!({
        "audience_id": node.public_id(), "session_id": session_id(call, part), "num_received": payload.received,
        "num_invalid_entries": payload.invalid(), "invalid_entry_samples": payload.samples,
    });
    let (received, invalid) = (payload.received, payload.invalid());
    match (action, &session) {
        (Action::Replace, Some((_, at))) => {
            if let Some(session) = audiences.sessions.get_mut(*at) {
                payload.rows.into_iter().for_each(|row| session.replacement.add(row));
            }
        }
        (Action::Remove, _) => {
            let people = audiences.people.entry(node.id).or_default();
            payload.rows.iter().for_each(|row| people.remove(row));
        }
        _ => {
            let people = audiences.people.entry(node.id).or_default();
            payload.rows.into_iter().for_each(|row| people.add(row));
        }
    }
    if let Some((part, at)) = session
        && let Some(session) = audiences.sessions.get_mut(at)
    {
        session.count(part, received, invalid, call.now);
        if action == Action::Replace && part.is_last {
            audiences.people.insert(node.id, std::mem::take(&mut session.replacement));
        }
    }
    if let Some(node) = state.nodes.get_mut(node.id) {
        node.fields.insert("time_content_updated".to_owned(), json!(call.now.timestamp()));
    }
    refresh(state, node.id);
    Ok(answer)
}

/// `DELETE /act_{account}/usersofanyaudience`.
pub(in super::super) fn remove_from_all(state: &mut State, call: &Call, account: &Node) -> Result<Value, GraphError> {
    let payload = Payload::read(&call.params)?;
    let part = Part::read(call)?;
    let audiences = &mut state.audiences;
    if let Some(part) = part {
        let at = enter(audiences, call, account.id, None, Action::Remove, &payload, part)?;
        if let Some(session) = audiences.sessions.get_mut(at) {
            session.count(part, payload.received, payload.invalid(), call.now);
        }
    }
    let is_own = |node: &&Node| node.kind == Kind::CustomAudience && node.owner == account.id;
    let own: Vec<u64> = state.nodes.iter().filter(is_own).map(|node| node.id).collect();
    for audience in own {
        let people = state.audiences.people.entry(audience).or_default();
        let before = people.len();
        payload.rows.iter().for_each(|row| people.remove(row));
        if people.len() < before {
            refresh(state, audience);
        }
    }
    Ok(json!({
        "session_id": session_id(call, part), "num_received": payload.received,
        "num_invalid_entries": payload.invalid(), "invalid_entry_samples": payload.samples,
    }))
}

/// A call without a session is given one of its own.
fn session_id(call: &Call, part: Option<Part>) -> String {
    part.map_or(call.now.timestamp_micros().unsigned_abs(), |part| part.session).to_string()
}

/// While an audience is replaced nothing else changes it, and while it is changed it is not replaced.
fn check_idle(audiences: &Audiences, audience: u64, action: Action, part: Option<Part>) -> Result<(), GraphError> {
    let is_other = |session: &&Session| part.is_none_or(|part| part.session != session.id);
    let is_in_the_way = |session: &Session| session.action == Action::Replace || action == Action::Replace;
    if audiences.open(audience).filter(is_other).any(is_in_the_way) {
        let explanation = "The audience is being updated. Wait until its operation_status is normal.";
        return Err(GraphError::refused(&refusal::AUDIENCE_BUSY, explanation));
    }
    Ok(())
}

/// People are not removed until an audience is too small for ads.
fn check_remainder(audiences: &Audiences, audience: u64, payload: &Payload) -> Result<(), GraphError> {
    let people = audiences.people.get(&audience);
    let remainder = people.map_or(0, |people| people.len_without(&payload.rows));
    if people.map_or(0, People::len) >= SMALLEST && remainder < SMALLEST {
        let explanation = format!("The audience would be too small with {remainder} people.");
        return Err(GraphError::refused(&refusal::AUDIENCE_TOO_SMALL, explanation));
    }
    Ok(())
}

/// The place of the session that a part belongs to. Its first call opens it.
fn enter(
    audiences: &mut Audiences,
    call: &Call,
    account: u64,
    audience: Option<u64>,
    action: Action,
    payload: &Payload,
    part: Part,
) -> Result<usize, GraphError> {
    let is_it = |session: &Session| session.account == account && session.id == part.session;
    match audiences.sessions.iter().position(is_it) {
        Some(at) => {
            if let Some(session) = audiences.sessions.get(at) {
                session.check(audience, action, &payload.schema, part)?;
            }
            Ok(at)
        }
        None if action == Action::Replace && part.batch != 1 => {
            let explanation = "The first batch of a replacement has to arrive before the others.";
            Err(GraphError::refused(&refusal::FIRST_BATCH_MISSING, explanation))
        }
        None => {
            let session = Session::new(account, audience, part.session, action, payload.schema.clone(), call.now);
            audiences.sessions.push(session);
            Ok(audiences.sessions.len() - 1)
        }
    }
}

/// `GET /{audience}/sessions`, newest first.
pub(super) fn sessions(state: &State, call: &Call, node: &Node) -> Result<Value, GraphError> {
    let selected = read::selection(&call.params)?;
    let heading = "CustomAudienceSession";
    if let Some(field) = selected.iter().find(|field| !kind::has_field(heading, &field.name)) {
        let message = format!("(#100) Tried accessing nonexisting field ({}) on node type ({heading})", field.name);
        return Err(GraphError::new(100, message));
    }
    let wanted = call.params.text("session_id");
    let rows: Vec<(u64, &Session)> = (1..)
        .zip(&state.audiences.sessions)
        .filter(|(_, session)| session.audience == Some(node.id))
        .filter(|(_, session)| wanted.as_ref().is_none_or(|wanted| *wanted == session.id.to_string()))
        .collect();
    let rows: Vec<_> = rows.into_iter().rev().collect();
    let url = read::edge_url(&call.base, node, "sessions");
    read::page(
        &rows,
        &call.params,
        &url,
        |(number, _)| *number,
        |(_, session)| {
            let mut shown = session.shown();
            shown.retain(|name, _| selected.is_empty() || selected.iter().any(|field| field.name == *name));
            Ok(Value::Object(shown))
        },
    )
}
