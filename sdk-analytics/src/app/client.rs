use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use acd_core::Runtime;
use serde::Serialize;
use serde_json::{Map, Value};

use super::device::{Advertising, Device, Network};
use super::error::AppError;
use super::memory::{Memory, MemoryFile, Release};
use super::surroundings::{Surroundings, beyond};
use crate::builder::AnalyticsClientBuilder;
use crate::client::AnalyticsClient;
use crate::context::Context;
use crate::error::EnqueueError;
use crate::event::{Defaults, Group, Identify, JsonEvent, MessageId, Page, Screen, Track};
use crate::journal::DurableQueue;
use crate::wire::MessageType;

/// The folder of the queue, beside the file with the ids.
const QUEUE: &str = "queue";

/// Tells the platform what the person who uses an app does. Make one for the life of the process.
///
/// It is an [`AnalyticsClient`] with a durable queue that knows whose events it sends. A file remembers a random id of the
/// installation (`context.device.id`), a random id of the visitor (`anonymousId`) and, from [`identify`](Self::identify) to
/// [`reset`](Self::reset), the user's (`userId`); events carry them where they have none of their own. Nothing is stored
/// before the person agrees to be tracked, and the ids are forgotten when they no longer do.
///
/// Each call that changes what is remembered writes a small file before it returns.
pub struct AppClient {
    client: AnalyticsClient,
    runtime: Runtime,
    /// What the context of each batch says of the surroundings: what they were when the client was built.
    batch: Map<String, Value>,
    pub(super) release: Release,
    state: Mutex<State>,
    /// What goes into each event, made anew when the state changes.
    current: RwLock<Arc<Current>>,
}

struct State {
    file: MemoryFile,
    surroundings: Surroundings,
}

#[derive(Default)]
struct Current {
    anonymous_id: Option<String>,
    user_id: Option<String>,
    context: Option<Context>,
    /// The same as JSON.
    context_json: Option<String>,
}

/// Whose events an [`AppClient`] sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppIds {
    /// The random id of the installation; absent before the person agrees to be tracked.
    pub device_id: Option<String>,
    /// The random id of the visitor; absent before the person agrees to be tracked.
    pub anonymous_id: Option<String>,
    /// The product's id of the user who was identified last.
    pub user_id: Option<String>,
}

impl AppClient {
    /// Reads what the installation remembers in `folder`, and builds the client with its queue there too. `advertising` may
    /// become known later, by [`set_advertising`](Self::set_advertising).
    ///
    /// The builder's context is where the app's version, the operating system, the screen, locale and time zone are said.
    ///
    /// # Errors
    /// [`AppError::Build`], or [`AppError::Memory`] when the folder cannot be used.
    pub fn open(
        builder: AnalyticsClientBuilder,
        folder: impl Into<PathBuf>,
        device: Device,
        advertising: Option<Advertising>,
    ) -> Result<Self, AppError> {
        Self::open_with(builder, DurableQueue::new(""), folder.into(), device, advertising)
    }

    /// The same with settings of the queue, whose own folder is not looked at.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(
        builder: AnalyticsClientBuilder,
        queue: DurableQueue,
        folder: PathBuf,
        device: Device,
        advertising: Option<Advertising>,
    ) -> Result<Self, AppError> {
        let mut file = MemoryFile::open(folder.clone())?;
        let (runtime, has_consent) = (builder.settings.runtime.clone(), builder.settings.consent);
        if has_consent {
            let memory = with_ids(&file.memory, &runtime)?;
            file.replace(memory)?;
        }
        let surroundings = Surroundings { device, network: None, advertising };
        let batch = surroundings.fields(file.memory.device_id.as_deref());
        let mut context = builder.way.context.clone();
        let app = context.app.clone().unwrap_or_default();
        let release = Release { version: app.version, build: app.build };
        context.other.extend(batch.clone());
        let client = builder.context(context).durable(queue.at(folder.join(QUEUE))).build()?;
        let state = State { file, surroundings };
        let app = Self { client, runtime, batch, release, state: Mutex::new(state), current: RwLock::default() };
        app.publish(&app.state());
        Ok(app)
    }

    /// The client underneath, for `flush`, `persist`, `stats` and `shutdown`.
    pub fn client(&self) -> &AnalyticsClient {
        &self.client
    }

    /// Whose events are sent at present.
    pub fn ids(&self) -> AppIds {
        let memory = self.state().file.memory.clone();
        AppIds { device_id: memory.device_id, anonymous_id: memory.anonymous_id, user_id: memory.user_id }
    }

    /// Queues something the person did.
    ///
    /// # Errors
    /// As [`AnalyticsClient::track`].
    pub fn track<P: Serialize>(&self, event: Track<'_, P>) -> Result<MessageId, EnqueueError> {
        let current = self.current();
        self.client.track(event.or(current.defaults()))
    }

    /// Queues a screen that was shown.
    ///
    /// # Errors
    /// As [`AnalyticsClient::track`].
    pub fn screen<P: Serialize>(&self, event: Screen<'_, P>) -> Result<MessageId, EnqueueError> {
        let current = self.current();
        self.client.screen(event.or(current.defaults()))
    }

    /// Queues a web page that was shown inside the app.
    ///
    /// # Errors
    /// As [`AnalyticsClient::track`].
    pub fn page<P: Serialize>(&self, event: Page<'_, P>) -> Result<MessageId, EnqueueError> {
        let current = self.current();
        self.client.page(event.or(current.defaults()))
    }

    /// Queues the group that the person belongs to.
    ///
    /// # Errors
    /// As [`AnalyticsClient::track`].
    pub fn group<T: Serialize>(&self, event: Group<'_, T>) -> Result<MessageId, EnqueueError> {
        let current = self.current();
        self.client.group(event.or(current.defaults()))
    }

    /// Queues an event of any kind whose free-form parts are JSON texts.
    ///
    /// # Errors
    /// As [`AnalyticsClient::enqueue_json`].
    pub fn enqueue_json(&self, event: JsonEvent<'_>) -> Result<MessageId, EnqueueError> {
        let current = self.current();
        self.client.enqueue_json(&JsonEvent {
            user_id: event.user_id.or(current.user_id.as_deref()),
            anonymous_id: event.anonymous_id.or(current.anonymous_id.as_deref()),
            context: event.context.or(current.context_json.as_deref()),
            ..event
        })
    }

    /// Queues who the user is, ties to them what this visitor did before, and remembers them for the events to come.
    ///
    /// # Errors
    /// [`AppError::Event`]: nobody is remembered then. [`AppError::Memory`]: the event was queued.
    pub fn identify<T: Serialize>(&self, user_id: &str, traits: T) -> Result<MessageId, AppError> {
        let event = Identify::new().user_id(user_id).traits(traits);
        let current = self.current();
        // Before the lock: what is serialised may call back into this client.
        let id = self.client.identify(event.or(current.defaults()))?;
        self.remember_user(user_id)?;
        Ok(id)
    }

    /// The same with traits that are JSON text.
    ///
    /// # Errors
    /// As [`identify`](Self::identify).
    pub fn identify_json(&self, user_id: &str, traits: Option<&str>) -> Result<MessageId, AppError> {
        let mut event = JsonEvent::new(MessageType::Identify);
        (event.user_id, event.facts) = (Some(user_id), traits);
        let id = self.enqueue_json(event)?;
        self.remember_user(user_id)?;
        Ok(id)
    }

    /// Forgets the user, and begins a new visitor: whoever uses the app next is somebody else. Call it when they sign out.
    ///
    /// # Errors
    /// [`AppError::Memory`]: the user is still remembered then.
    pub fn reset(&self) -> Result<(), AppError> {
        let mut state = self.state();
        let nobody = Memory { user_id: None, anonymous_id: None, ..state.file.memory.clone() };
        let memory = if self.client.has_consent() { with_ids(&nobody, &self.runtime)? } else { nobody };
        self.remember(&mut state, memory)
    }

    /// Says whether the person agrees to be tracked. When they no longer do, the queue and all ids are forgotten; when they do
    /// again, they are somebody new.
    ///
    /// # Errors
    /// [`AppError::Memory`] when the file cannot be written. What was decided holds all the same.
    pub fn set_consent(&self, granted: bool) -> Result<(), AppError> {
        let mut state = self.state();
        let memory = if granted {
            with_ids(&state.file.memory, &self.runtime)?
        } else {
            Memory { release: state.file.memory.release.clone(), ..Memory::default() }
        };
        // The refusal before the file, the ids before the first event that needs them.
        if !granted {
            self.client.set_consent(false);
        }
        let remembered = self.remember(&mut state, memory);
        if granted && remembered.is_ok() {
            self.client.set_consent(true);
        }
        remembered
    }

    /// Says what the person decided about advertising, for the events to come.
    pub fn set_advertising(&self, advertising: Option<Advertising>) {
        let mut state = self.state();
        state.surroundings.advertising = advertising;
        self.publish(&state);
    }

    /// Says how the device is connected, for the events to come.
    pub fn set_network(&self, network: Option<Network>) {
        let mut state = self.state();
        state.surroundings.network = network;
        self.publish(&state);
    }

    /// The release that ran last, before this one.
    pub(super) fn previous_release(&self) -> Option<Release> {
        self.state().file.memory.release.clone()
    }

    /// Remembers that this release ran.
    pub(super) fn remember_release(&self) -> Result<(), AppError> {
        let mut state = self.state();
        let memory = Memory { release: Some(self.release.clone()), ..state.file.memory.clone() };
        self.remember(&mut state, memory)
    }

    fn remember_user(&self, user_id: &str) -> Result<(), AppError> {
        let mut state = self.state();
        let memory = Memory { user_id: Some(user_id.to_owned()), ..state.file.memory.clone() };
        self.remember(&mut state, memory)
    }

    fn remember(&self, state: &mut State, memory: Memory) -> Result<(), AppError> {
        state.file.replace(memory)?;
        self.publish(state);
        Ok(())
    }

    fn publish(&self, state: &State) {
        let memory = &state.file.memory;
        let context = beyond(&self.batch, state.surroundings.fields(memory.device_id.as_deref()));
        // Texts, numbers and flags, which can always be written.
        let context_json = context.as_ref().and_then(|context| serde_json::to_string(context).ok());
        let (anonymous_id, user_id) = (memory.anonymous_id.clone(), memory.user_id.clone());
        let current = Current { anonymous_id, user_id, context, context_json };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(current);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self) -> Arc<Current> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Current {
    fn defaults(&self) -> Defaults<'_> {
        Defaults {
            user_id: self.user_id.as_deref(),
            anonymous_id: self.anonymous_id.as_deref(),
            context: self.context.as_ref(),
        }
    }
}

impl fmt::Debug for AppClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppClient")
            .field("client", &self.client)
            .field("release", &self.release)
            .finish_non_exhaustive()
    }
}

/// The same with random ids where there are none.
fn with_ids(memory: &Memory, runtime: &Runtime) -> Result<Memory, AppError> {
    let made = |known: &Option<String>| -> Result<Option<String>, AppError> {
        if known.is_some() {
            return Ok(known.clone());
        }
        let mut bytes = [0; 16];
        runtime.fill_random(&mut bytes).map_err(AppError::Randomness)?;
        Ok(Some(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()))
    };
    Ok(Memory {
        device_id: made(&memory.device_id)?,
        anonymous_id: made(&memory.anonymous_id)?,
        user_id: memory.user_id.clone(),
        release: memory.release.clone(),
    })
}
