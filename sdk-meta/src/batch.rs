//! Batches: up to 50 calls in one, each with an answer of its own.

mod sessions;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use acd_core::json::Json;
use acd_core::{CallBuilder, Error, ErrorKind, Operation, Request, TimeoutClass};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{ApiError, Result};
use crate::limits::{AD_ACCOUNT, AD_ACCOUNT_WRITES, ADS_INSIGHTS, ADS_MANAGEMENT};
use crate::{AdAccountId, MetaCall, MetaClient, Usage, limits};

pub use sessions::{AsyncSession, AsyncSessionFields, SESSION, START, SessionStarted, SessionStatus, SessionsStarted};

/// `POST /`: a batch ([page](https://developers.facebook.com/docs/graph-api/batch-requests), read 2026-11). What it holds
/// may act twice, so that it is not repeated.
pub const SEND: Operation = Operation::new("meta.batch.send", Method::POST, "/{version}/")
    .pool(AD_ACCOUNT)
    .pool(AD_ACCOUNT_WRITES)
    .pool(ADS_MANAGEMENT)
    .pool(ADS_INSIGHTS)
    .timeout(TimeoutClass::Long);

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[SEND, START, SESSION];

/// The most calls in one batch.
pub const MOST: usize = 50;

const UNANSWERED: &str = "Meta did not answer this call of the batch: look up whether it was made";

/// As in queries: everything but RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One call as it stands in a batch.
#[derive(Clone, Debug, Serialize)]
struct Item {
    method: &'static str,
    relative_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    depends_on: Option<String>,
    /// A named item answers nothing unless it is told to.
    #[serde(skip_serializing_if = "Option::is_none")]
    omit_response_on_success: Option<bool>,
}

/// Calls that are sent together. They are neither one transaction nor in order, unless one depends on another. Each
/// counts towards the limits as if it were sent alone, so that a batch saves time and no quota.
///
/// ```
/// # async fn example(meta: acd_meta::MetaClient) -> acd_core::Result<()> {
/// use acd_meta::ads::campaigns::CampaignFields;
/// use acd_meta::batch::Batch;
///
/// let mut batch = Batch::of("17".into());
/// let slots = ["1", "2"].map(|id| batch.add(meta.campaigns().get(&id.into(), &CampaignFields::new().name())));
/// let mut answers = meta.batch(&batch).await?;
/// for slot in slots {
///     match answers.take(slot?) {
///         Ok(campaign) => println!("{:?}", campaign.name),
///         Err(error) => println!("{error}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Batch {
    account: AdAccountId,
    items: Vec<Item>,
    operations: Vec<&'static Operation>,
    /// What they take from each pool.
    costs: Vec<(&'static str, u32)>,
}

/// Where the answer of a call is found.
#[derive(Debug)]
pub struct Slot<T> {
    place: usize,
    answer: PhantomData<fn() -> T>,
}

impl Batch {
    /// A batch of calls about one ad account, whose limits they count towards.
    pub fn of(account: AdAccountId) -> Self {
        Self { account, items: Vec::new(), operations: Vec::new(), costs: Vec::new() }
    }

    /// Adds a call.
    ///
    /// # Errors
    /// [`ErrorKind::Request`] for a call that cannot be sent, is the 51st, or carries a file.
    pub fn add<T>(&mut self, call: MetaCall<'_, T>) -> Result<Slot<T>> {
        self.push(call, None, None)
    }

    /// Adds a call under a name, which is called before those that depend on it. Its answer can be put into their
    /// parameters as `{result=name:$.id}`.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_named<T>(&mut self, name: &str, call: MetaCall<'_, T>) -> Result<Slot<T>> {
        self.push(call, Some(name), None)
    }

    /// Adds a call that waits for the one of this name, and fails when that fails.
    ///
    /// # Errors
    /// As [`add`](Self::add), and for a name that no call has.
    pub fn add_after<T>(&mut self, name: &str, call: MetaCall<'_, T>) -> Result<Slot<T>> {
        if !self.items.iter().any(|item| item.name.as_deref() == Some(name)) {
            return Err(refused("depends on a call that is not in the batch"));
        }
        self.push(call, None, Some(name))
    }

    /// How many calls it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether it holds no call.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The form in which Meta takes the calls, under this name.
    fn form(&self, name: &str, more: &str) -> Result<String> {
        let items = serde_json::to_string(&self.items).map_err(|cause| {
            Error::new(ErrorKind::Request, "the batch cannot be written as JSON").with_source(cause)
        })?;
        Ok(format!("{name}={}{more}", encode(&items)))
    }

    /// Takes from the limits what all the calls cost, and sends this form.
    fn charged<'c>(&self, operation: &Operation, call: CallBuilder<'c>, form: String) -> CallBuilder<'c> {
        let pools = operation.limit_pools().iter();
        let call = pools.fold(call, |call, pool| call.pool_cost(pool, self.cost(pool)));
        call.body(form).header(CONTENT_TYPE, "application/x-www-form-urlencoded")
    }

    fn cost(&self, pool: &str) -> u32 {
        self.costs.iter().find(|(name, _)| *name == pool).map_or(0, |(_, cost)| *cost)
    }

    fn push<T>(&mut self, call: MetaCall<'_, T>, name: Option<&str>, after: Option<&str>) -> Result<Slot<T>> {
        if self.len() >= MOST {
            return Err(refused("is the 51st, and Meta takes 50: send another batch"));
        }
        let operation = call.operation();
        let mut item = Item::of(&call.build()?)?;
        item.name = name.map(str::to_owned);
        item.depends_on = after.map(str::to_owned);
        item.omit_response_on_success = name.map(|_| false);
        for pool in operation.limit_pools() {
            let more = limits::cost(operation, pool);
            match self.costs.iter_mut().find(|(name, _)| name == pool) {
                Some((_, cost)) => *cost = cost.saturating_add(more),
                None => self.costs.push((pool, more)),
            }
        }
        self.items.push(item);
        self.operations.push(operation);
        Ok(Slot { place: self.len() - 1, answer: PhantomData })
    }
}

fn refused(problem: &str) -> Error {
    Error::new(ErrorKind::Request, format!("a call of the batch {problem}"))
}

impl Item {
    fn of(request: &Request) -> Result<Self> {
        let method = match *request.method() {
            Method::GET => "GET",
            Method::POST => "POST",
            Method::DELETE => "DELETE",
            _ => return Err(refused("has a method other than GET, POST and DELETE")),
        };
        let target = request.uri().path_and_query().map_or("", |target| target.as_str());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        // The batch itself carries the proof.
        let query: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("appsecret_proof=")).collect();
        let query = query.join("&");
        let separator = if query.is_empty() { "" } else { "?" };
        let relative_url = format!("{}{separator}{query}", path.trim_start_matches('/'));
        let body = match (request.body().as_bytes(), request.body().length()) {
            (Some(bytes), _) => Some(form(bytes)?),
            (None, Some(0)) => None,
            _ => return Err(refused("carries a file: send it alone")),
        };
        Ok(Self { method, relative_url, body, name: None, depends_on: None, omit_response_on_success: None })
    }
}

/// A JSON body as the form that a batch takes, each value encoded once and structure as JSON text.
fn form(body: &[u8]) -> Result<String> {
    let fields = Json::read(body).and_then(Json::members);
    let fields = fields.ok_or_else(|| refused("has a body that is not an object: send it alone"))?;
    let pairs = fields.iter().map(|(name, value)| {
        let value = value.text().unwrap_or(Cow::Borrowed(value.as_str()));
        format!("{}={}", encode(name), encode(&value))
    });
    Ok(pairs.collect::<Vec<_>>().join("&"))
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// Why a call of a batch has no answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum BatchError {
    /// Meta answered nothing: it timed out or was not called. What is not safe to repeat has to be looked up.
    NoAnswer,
    /// Meta answered with an error.
    Api(Box<ApiError>),
    /// Meta answered with something else than a success.
    Status(StatusCode),
    /// The answer was not understood.
    Decode(String),
}

impl BatchError {
    /// Reads an answer. serde's messages quote the offending value; the place tells as much.
    fn decode<T: DeserializeOwned>(body: &str) -> std::result::Result<T, Self> {
        serde_json::from_str(body)
            .map_err(|error| Self::Decode(format!("line {} column {}", error.line(), error.column())))
    }
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer => f.write_str(UNANSWERED),
            Self::Api(error) => error.fmt(f),
            Self::Status(status) => write!(f, "Meta answered this call of the batch with {status}"),
            Self::Decode(problem) => write!(f, "the answer to this call of the batch was not understood: {problem}"),
        }
    }
}

impl std::error::Error for BatchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Api(error) => Some(error),
            _ => None,
        }
    }
}

/// The answers to a batch.
pub struct BatchAnswers {
    answers: Vec<Option<Answer>>,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
    /// What the call would have failed with alone.
    failure: Option<Error>,
}

impl BatchAnswers {
    /// The answer to a call, once.
    ///
    /// # Errors
    /// A [`BatchError`]: each call fails by itself.
    pub fn take<T: DeserializeOwned>(&mut self, slot: Slot<T>) -> std::result::Result<T, BatchError> {
        let answer = self.answers.get_mut(slot.place).ok_or(BatchError::NoAnswer)?;
        let answer = answer.take().ok_or(BatchError::NoAnswer)?;
        if let Some(error) = ApiError::read(answer.body.as_bytes()) {
            return Err(BatchError::Api(Box::new(error)));
        }
        if !answer.status.is_success() {
            return Err(BatchError::Status(answer.status));
        }
        BatchError::decode(&answer.body)
    }

    /// The answer to the call at this place, from 0 in the order in which they were added, as Meta wrote it; once. For bindings,
    /// whose types are elsewhere.
    ///
    /// # Errors
    /// What the call would have failed with alone; [`ErrorKind::Interrupted`] where Meta answered nothing.
    pub fn take_text(&mut self, place: usize) -> Result<String> {
        match self.answers.get_mut(place).and_then(Option::take) {
            Some(Answer { failure: Some(failure), .. }) => Err(failure),
            Some(answer) => Ok(answer.body),
            None => Err(Error::new(ErrorKind::Interrupted, UNANSWERED)),
        }
    }

    /// What the headers of the answers say about limits: the worst of them.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        let usages = self.answers.iter().flatten().map(|answer| Usage::read(&answer.headers));
        usages.max_by(|a, b| a.largest().unwrap_or(0.0).total_cmp(&b.largest().unwrap_or(0.0)))
    }
}

impl fmt::Debug for BatchAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let statuses: Vec<_> = self.answers.iter().map(|answer| answer.as_ref().map(|answer| answer.status)).collect();
        f.debug_struct("BatchAnswers").field("statuses", &statuses).finish_non_exhaustive()
    }
}

impl MetaClient {
    /// Sends a batch. Not repeated when its outcome is unknown, except when nothing of it can have been done. What the
    /// answer to each call says of the ad account's limits, the client keeps to from then on.
    ///
    /// # Errors
    /// Those of the batch as a whole; a call that fails says so in its own answer. [`ErrorKind::Request`] also for a batch
    /// that costs more than the ad account's score ever holds: with limited access that is 20 writes.
    pub async fn batch(&self, batch: &Batch) -> Result<BatchAnswers> {
        self.batch_with(batch, |call| call).await
    }

    /// Sends a batch with other timeouts, headers or retries than the client's.
    ///
    /// # Errors
    /// As [`batch`](Self::batch).
    pub async fn batch_with<'c>(
        &'c self,
        batch: &Batch,
        customise: impl FnOnce(CallBuilder<'c>) -> CallBuilder<'c>,
    ) -> Result<BatchAnswers> {
        let form = batch.form("batch", "&include_headers=true")?;
        let call = self.call(&SEND, [""; 0]).counted_for(&batch.account);
        let response = call.http(|call| customise(batch.charged(&SEND, call, form))).await?;
        let mut answers = BatchAnswers { answers: response.look(answers).await? };
        self.learn(batch, &mut answers);
        Ok(answers)
    }

    /// Meta says in the answer to each item, and not to the batch, what is used of the limits.
    fn learn(&self, batch: &Batch, answers: &mut BatchAnswers) {
        let scope = batch.account.to_string();
        let access = self.access();
        let hidden: Vec<_> = access.proof.iter().chain([&access.token]).collect();
        for (operation, answer) in batch.operations.iter().zip(&mut answers.answers) {
            if let Some(Answer { status, headers, body, failure }) = answer {
                let inner = acd_core::Answer::new(*status, headers, body.as_bytes());
                self.http().learn(operation, &scope, &inner);
                *failure = self.http().judge(operation, &inner, &hidden);
            }
        }
    }
}

/// Reads what Meta answers to a batch.
fn answers(batch: Json<'_>) -> Option<Vec<Option<Answer>>> {
    batch.elements()?.into_iter().map(|answer| if answer.is_null() { Some(None) } else { Answer::of(answer) }).collect()
}

impl Answer {
    /// None for what is no answer; none in it for one without a body.
    fn of(answer: Json<'_>) -> Option<Option<Self>> {
        let status = StatusCode::from_u16(answer.get("code")?.number()?.parse().ok()?).ok()?;
        let mut headers = HeaderMap::new();
        for header in answer.get("headers").and_then(Json::elements).unwrap_or_default() {
            let text = |name| header.get(name).and_then(Json::text).unwrap_or_default();
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(&*text("name")), HeaderValue::try_from(&*text("value")))
            {
                headers.append(name, value);
            }
        }
        let body = answer.get("body").and_then(Json::text);
        Some(body.map(|body| Self { status, headers, body: body.into_owned(), failure: None }))
    }
}

#[cfg(test)]
mod tests {
    use std::future::IntoFuture as _;

    use acd_core::OnLimit;
    use acd_core::testing::{Harness, answer};
    use serde_json::{Value, json};

    use super::*;
    use crate::ErrorClass;
    use crate::ads::ads::CreateAd;
    use crate::ads::campaigns::{CampaignFields, CreateCampaign, ListCampaigns, Objective};
    use crate::testing::scripted;

    #[test]
    fn calls_are_sent_together_and_answered_one_by_one() {
        let usage = json!({ "name": "X-Ad-Account-Usage", "value": "{\"acc_id_util_pct\":42}" });
        let answers = json!([
            { "code": 200, "headers": [usage], "body": "{\"id\":\"1\",\"name\":\"A\"}" },
            { "code": 400, "headers": [], "body": "{\"error\":{\"message\":\"m\",\"code\":17,\"error_subcode\":2446079}}" },
            null,
            { "code": 200, "headers": [], "body": "{\"id\":\"9\"}" }
        ]);
        let (harness, meta) = scripted([answer(200).body(answers.to_string())]);
        let mut batch = Batch::of("17".into());
        let fields = CampaignFields::new().name();
        let read = batch.add(meta.campaigns().get(&"1".into(), &fields)).unwrap();
        let throttled = batch.add(meta.campaigns().get(&"2".into(), &fields)).unwrap();
        let unanswered = batch.add(meta.campaigns().delete(&"3".into())).unwrap();
        let wanted = CreateCampaign::new("A & B", Objective::Sales, []);
        let created = batch.add(meta.campaigns().create(&"17".into(), &wanted)).unwrap();
        let mut answers = harness.run(meta.batch(&batch)).unwrap();
        assert_eq!(answers.usage().unwrap().largest(), Some(42.0));
        assert_eq!(answers.take(read).unwrap().name.as_deref(), Some("A"));
        let Err(BatchError::Api(error)) = answers.take(throttled) else { panic!("not refused") };
        assert_eq!(error.class(), ErrorClass::Throttle);
        assert_eq!(answers.take(unanswered), Err(BatchError::NoAnswer));
        assert_eq!(answers.take(created).unwrap().id.as_str(), "9");

        let request = &harness.requests()[0];
        assert_eq!(request.uri.path(), "/v26.0/");
        let body = String::from_utf8(request.body.to_vec()).unwrap();
        let items = body.split('&').find_map(|pair| pair.strip_prefix("batch=")).unwrap();
        let items = percent_encoding::percent_decode_str(items).decode_utf8().unwrap();
        let items: Value = serde_json::from_str(&items).unwrap();
        assert_eq!(items[0], json!({ "method": "GET", "relative_url": "v26.0/1?fields=id%2Cname" }));
        assert_eq!(items[2], json!({ "method": "DELETE", "relative_url": "v26.0/3" }));
        let form = "name=A%20%26%20B&objective=OUTCOME_SALES&special_ad_categories=%5B%5D";
        assert_eq!(items[3], json!({ "method": "POST", "relative_url": "v26.0/act_17/campaigns", "body": form }));
    }

    #[test]
    fn as_text_a_call_fails_as_it_would_alone() {
        let refusal = r#"{"error":{"message":"t-hunter2 is gone","code":100,"error_subcode":33,"fbtrace_id":"A1"}}"#;
        let answers = json!([
            { "code": 200, "headers": [], "body": "{\"id\":\"1\"}" },
            { "code": 400, "headers": [{ "name": "x-fb-rev", "value": "7" }], "body": refusal },
            null,
            { "code": 200, "headers": [] }
        ]);
        let (harness, meta) = scripted([answer(200).body(answers.to_string()), answer(400).body(refusal)]);
        let meta = meta.with_token("t-hunter2").unwrap();
        let fields = CampaignFields::new();
        let get = || meta.campaigns().get(&"1".into(), &fields);
        let mut batch = Batch::of("17".into());
        for _ in 0..5 {
            batch.add(get()).unwrap();
        }
        let mut answers = harness.run(meta.batch(&batch)).unwrap();
        assert_eq!(answers.take_text(0).unwrap(), "{\"id\":\"1\"}");
        let alone = harness.run(get().into_future()).unwrap_err();
        let inner = answers.take_text(1).unwrap_err();
        let said = |error: &Error| {
            let text = |text: Option<&str>| text.map(str::to_owned);
            let parts = [text(error.code()), text(error.detail()), text(error.request_id()), text(error.operation())];
            (error.kind(), error.status(), parts, error.is_retryable(), error.may_have_been_sent())
        };
        assert_eq!(said(&inner), said(&alone));
        assert!(!format!("{inner} {inner:?} {:?}", inner.view()).contains("hunter2"));
        for unanswered in [0, 1, 2, 3, 4, 5] {
            let error = answers.take_text(unanswered).unwrap_err();
            assert!(error.kind() == ErrorKind::Interrupted && error.may_have_been_sent(), "{unanswered}: {error}");
        }
    }

    #[test]
    fn what_is_no_list_of_answers_is_not_understood() {
        for body in ["{}", "[{}]", r#"[{"code":"x"}]"#, r#"[{"code":99}]"#, "[1]"] {
            let (harness, meta) = scripted([answer(200).body(body)]);
            let error = harness.run(meta.batch(&Batch::of("17".into()))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode, "{body}");
        }
    }

    #[test]
    fn what_the_answers_say_of_limits_is_kept_to() {
        let answered = |code: u16, header: &str, value: &str, body: &str| {
            json!([{ "code": code, "headers": [{ "name": header, "value": value }], "body": body }]).to_string()
        };
        let account = |percent: u32| {
            answered(200, "X-Ad-Account-Usage", &format!(r#"{{"acc_id_util_pct":{percent}}}"#), "{\"id\":\"1\"}")
        };
        let blocked = r#"{"9":[{"type":"ads_management","call_count":50,"estimated_time_to_regain_access":2}]}"#;
        let throttled = r#"{"error":{"message":"m","code":17,"error_subcode":2446079}}"#;
        for (body, seconds) in [
            (account(10), None),
            // The window, and how long a call may be under way.
            (account(99), Some(305)),
            (answered(200, "x-business-use-case-usage", blocked, "{\"id\":\"1\"}"), Some(120)),
            (answered(400, "x-fb-trace-id", "A", throttled), Some(300)),
        ] {
            let harness = Harness::new([answer(200).body(body.clone()), answer(200).body("{\"data\":[]}")]);
            let http = harness.client().classify(crate::error::MetaErrors);
            let limits = crate::MetaLimits::default().pools().on_limit(OnLimit::Fail);
            let meta = MetaClient::builder("t").http(move |_| http.limits(limits)).build().unwrap();
            let mut batch = Batch::of("17".into());
            batch.add(meta.campaigns().get(&"1".into(), &CampaignFields::new())).unwrap();
            harness.run(meta.batch(&batch)).unwrap();
            let list = |account: &str| {
                let campaigns = meta.campaigns().list(&account.into(), &ListCampaigns::default());
                harness.run(campaigns.into_future()).err().and_then(|error| error.retry_after())
            };
            assert_eq!(list("17").map(|wait| wait.as_secs()), seconds, "{body}");
        }
    }

    #[test]
    fn one_call_may_wait_for_another() {
        let (_, meta) = scripted([]);
        let mut batch = Batch::of("17".into());
        let ad = CreateAd::new("One", "2", "{result=creative:$.id}");
        assert!(batch.add_after("creative", meta.ads().create(&"17".into(), &ad)).is_err(), "there is no such call");
        let creative = crate::ads::creatives::CreateCreative::new();
        batch.add_named("creative", meta.creatives().create(&"17".into(), &creative)).unwrap();
        batch.add_after("creative", meta.ads().create(&"17".into(), &ad)).unwrap();
        let items = serde_json::to_value(&batch.items).unwrap();
        assert_eq!((&items[0]["name"], &items[0]["omit_response_on_success"]), (&json!("creative"), &json!(false)));
        assert_eq!(items[1]["depends_on"], "creative");
        assert!(items[1]["body"].as_str().unwrap().contains("creative_id%22%3A%22%7Bresult%3Dcreative%3A%24.id%7D"));
    }

    #[test]
    fn what_meta_would_refuse_is_found_before_and_every_call_counts() {
        let (_, meta) = scripted([]);
        let mut batch = Batch::of("17".into());
        let image = meta.ad_images().upload(&"17".into(), "a.png", &b"x"[..]);
        assert_eq!(batch.add(image).unwrap_err().kind(), ErrorKind::Request);
        for _ in 0..25 {
            batch.add(meta.campaigns().get(&"1".into(), &CampaignFields::new())).unwrap();
            batch.add(meta.campaigns().delete(&"1".into())).unwrap();
        }
        assert_eq!((batch.cost(AD_ACCOUNT), batch.cost(ADS_MANAGEMENT)), (100, 50));
        assert!(batch.add(meta.campaigns().delete(&"1".into())).is_err());
    }
}
