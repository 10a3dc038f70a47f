//! The OpenAPI 3.1 document, collected route by route from the SDK's operations and wire types.
//!
//! JSON Schema 2020-12, which schemars writes, is what OpenAPI 3.1 embeds, so the wire types need no second derive.

use http::StatusCode;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::route::Route;

/// The document while it grows.
#[derive(Debug)]
pub struct Document {
    schemas: SchemaGenerator,
    paths: Map<String, Value>,
    tags: Vec<Value>,
}

impl Default for Document {
    fn default() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self { schemas: settings.into_generator(), paths: Map::new(), tags: Vec::new() }
    }
}

/// Makes the schema of a type in a document's generator.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// The schema of `T`, named among the components.
pub fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// The schema of `T` in place: for query parameters, which are its properties.
pub fn inline_schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    T::json_schema(generator)
}

impl Document {
    /// Describes a group of routes.
    pub fn tag(&mut self, name: &str, description: &str) {
        self.tags.push(json!({ "name": name, "description": description }));
    }

    /// Adds a route.
    pub fn add(&mut self, route: &Route) {
        let operation = route.operation();
        let mut described = Map::new();
        described.insert("operationId".into(), operation.name().replace('.', "_").into());
        described.insert("tags".into(), json!([route.tag]));
        described.insert("summary".into(), route.summary.into());
        if !route.description.is_empty() {
            described.insert("description".into(), route.description.into());
        }
        described.insert("security".into(), route.access.security());
        let parameters = self.parameters(route);
        if !parameters.is_empty() {
            described.insert("parameters".into(), parameters.into());
        }
        if let Some(body) = route.body {
            let schema = body(&mut self.schemas);
            described.insert(
                "requestBody".into(),
                json!({ "required": true, "content": { "application/json": { "schema": schema } } }),
            );
        }
        described.insert("responses".into(), self.responses(route));
        let path = self.paths.entry(operation.path()).or_insert_with(|| json!({}));
        path[operation.method().as_str().to_ascii_lowercase()] = described.into();
    }

    fn parameters(&mut self, route: &Route) -> Vec<Value> {
        let mut parameters: Vec<Value> = Vec::new();
        if let Some(id) = route.path_id {
            let schema = id(&mut self.schemas);
            parameters.push(json!({ "name": "id", "in": "path", "required": true, "schema": schema }));
        }
        if let Some(query) = route.query {
            let schema = query(&mut self.schemas);
            let properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
            for (name, mut schema) in properties {
                let description = schema.as_object_mut().and_then(|fields| fields.remove("description"));
                make_required_type(&mut schema);
                parameters.push(json!({
                    "name": name, "in": "query", "required": false,
                    "description": description.unwrap_or_default(), "schema": schema,
                }));
            }
        }
        if route.takes_idempotency_key {
            parameters.push(json!({
                "name": "Idempotency-Key", "in": "header", "required": false,
                "description": "Makes a repeat of the request harmless: the same key gives the same result.",
                "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" },
            }));
        }
        if route.revalidates {
            parameters.push(json!({
                "name": "If-None-Match", "in": "header", "required": false,
                "description": "The `ETag` of an answer that the caller has: when it still holds, 304 comes instead of it.",
                "schema": { "type": "string" },
            }));
        }
        parameters
    }

    fn responses(&mut self, route: &Route) -> Value {
        let request_id =
            json!({ "X-Request-Id": { "description": "Id of the request.", "schema": { "type": "string" } } });
        let mut responses = Map::new();
        let content = route.reply.map(|(media, schema)| json!({ media: { "schema": schema(&mut self.schemas) } }));
        for (status, description) in
            std::iter::once((route.reply_status, route.reply_description)).chain(route.or_reply)
        {
            let mut reply = json!({ "description": description, "headers": request_id });
            if let Some(content) = &content {
                reply["content"] = content.clone();
            }
            responses.insert(status.as_str().to_owned(), reply);
        }
        if route.revalidates {
            let not_modified = json!({ "description": "What the caller has still holds.", "headers": request_id });
            responses.insert(StatusCode::NOT_MODIFIED.as_str().to_owned(), not_modified);
        }
        let problem = schema_of::<acd_platform::Problem>(&mut self.schemas);
        responses.insert(
            "default".into(),
            json!({
                "description": "An error: what was wrong and how to mend it.",
                "headers": request_id,
                "content": { "application/problem+json": { "schema": problem } },
            }),
        );
        responses.into()
    }

    /// The finished document.
    pub fn finish(mut self) -> Value {
        let schemas = self.schemas.take_definitions(true);
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": "ACD platform",
                "version": env!("CARGO_PKG_VERSION"),
                "description": include_str!("openapi.md"),
                "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            },
            "servers": [{ "url": "/" }],
            "tags": self.tags,
            "paths": self.paths,
            "components": {
                "schemas": schemas,
                "securitySchemes": {
                    "bearer": { "type": "http", "scheme": "bearer",
                        "description": "An API key, or a JWT of the platform or of a Supabase project. A service may sign the request with a service key instead (RFC 9421); the header `Accept-Signature` of a 401 tells how." },
                    "write_key": { "type": "http", "scheme": "basic",
                        "description": "The write key as user name, with an empty password, as Segment's clients send it." },
                },
            },
        })
    }
}

/// A parameter is left out or has a value; unlike a JSON field it cannot be null.
fn make_required_type(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = fields.get("type") {
        let kept: Vec<Value> = types.iter().filter(|kind| *kind != "null").cloned().collect();
        if let [only] = kept.as_slice() {
            fields.insert("type".into(), only.clone());
        }
    }
    if let Some(Value::Array(options)) = fields.get("anyOf") {
        let kept: Vec<Value> = options.iter().filter(|option| option["type"] != "null").cloned().collect();
        if let [only] = kept.as_slice() {
            *schema = only.clone();
        }
    }
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("default");
    }
}
