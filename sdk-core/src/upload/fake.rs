//! A server in memory that fails as told, for the tests of the engine.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

use bytes::Bytes;
use futures_util::future::poll_fn;
use serde::{Deserialize, Serialize};

use super::checksum::{Checksum, Sha256};
use super::{
    Begun, ChunkPlan, ChunkRule, Ending, Layout, Order, Part, PartAnswer, Position, SessionStore, Standing, StoredPart,
    UploadSession, UploadTarget,
};
use crate::Result;
use crate::error::{Error, ErrorKind};

/// What goes wrong with one part, or with the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// It took effect, but the answer is lost.
    LoseAnswer,
    /// The connection breaks before anything took effect.
    Cut,
    /// The server stores only this many bytes and says so.
    Partial(usize),
    /// The server claims to be elsewhere.
    Elsewhere,
    /// The server forgets the session.
    Forget,
    /// The server refuses for good.
    Refuse,
    /// A byte is flipped on the way.
    Damage,
    /// The server says that it is complete.
    EndEarly,
}

#[derive(Default)]
pub(super) struct Server {
    pub(super) faults: VecDeque<Fault>,
    pub(super) sessions: u32,
    pub(super) known: bool,
    pub(super) stored: Vec<u8>,
    pub(super) parts: BTreeMap<u64, Bytes>,
    pub(super) complete: bool,
    pub(super) aborted: u32,
    /// Every part as it was sent: its offset and length.
    pub(super) sent: Vec<(u64, u64)>,
}

#[derive(Clone)]
pub(super) struct Fake {
    server: Arc<Mutex<Server>>,
    order: Order,
    rule: ChunkRule,
    window: Option<u64>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct State {
    pub(super) url: String,
}

impl Fake {
    pub(super) fn sequential(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self::new(Order::Sequential, Layout::FromOffset, faults)
    }

    pub(super) fn numbered(at_once: usize, faults: impl IntoIterator<Item = Fault>) -> Self {
        let at_once = NonZeroUsize::new(at_once).unwrap();
        Self::new(Order::Numbered { at_once }, Layout::ShortLast, faults)
    }

    fn new(order: Order, layout: Layout, faults: impl IntoIterator<Item = Fault>) -> Self {
        let server = Server { faults: faults.into_iter().collect(), ..Server::default() };
        Self { server: Arc::new(Mutex::new(server)), order, rule: ChunkRule::new(layout, 10), window: None }
    }

    /// A server that itself says how much it wants next, as Meta's does for videos.
    pub(super) fn windowed(window: u64, faults: impl IntoIterator<Item = Fault>) -> Self {
        Self { window: Some(window), ..Self::sequential(faults) }
    }

    fn position(&self, offset: usize) -> Position {
        let position = Position::at(offset as u64);
        self.window.map_or(position, |window| position.until(offset as u64 + window))
    }

    pub(super) fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap()
    }

    fn next_fault(&self) -> Fault {
        self.server().faults.pop_front().unwrap_or(Fault::None)
    }

    fn open(&self) -> Begun<State> {
        let mut server = self.server();
        server.sessions += 1;
        (server.known, server.stored, server.parts) = (true, Vec::new(), BTreeMap::new());
        let begun = Begun::new(State { url: format!("https://hunter2.test/{}", server.sessions) });
        Begun { position: self.position(0), ..begun }
    }

    fn take(&self, part: &Part, content: Bytes) -> Result<PartAnswer<u64>> {
        let fault = self.next_fault();
        let mut server = self.server();
        server.sent.push((part.offset(), part.length()));
        match fault {
            Fault::Cut => return Err(lost()),
            Fault::Elsewhere => return Ok(PartAnswer::Elsewhere),
            Fault::Refuse => return Err(Error::new(ErrorKind::Rejected, "no")),
            Fault::EndEarly => return Ok(PartAnswer::Done(0)),
            Fault::Damage => part.verify(&sha256(b"something else"))?,
            Fault::Forget => server.known = false,
            Fault::None | Fault::LoseAnswer | Fault::Partial(_) => {}
        }
        if !server.known {
            return Ok(PartAnswer::Gone);
        }
        if self.order != Order::Sequential {
            server.parts.insert(part.number(), content);
            return if fault == Fault::LoseAnswer {
                Err(lost())
            } else {
                Ok(PartAnswer::Stored(part.number().to_string()))
            };
        }
        assert_eq!(part.offset(), server.stored.len() as u64, "sent blindly");
        let taken = if let Fault::Partial(taken) = fault { taken.min(content.len()) } else { content.len() };
        server.stored.extend_from_slice(&content[..taken]);
        let position = self.position(server.stored.len());
        if fault == Fault::LoseAnswer { Err(lost()) } else { Ok(PartAnswer::Next(position)) }
    }

    fn end(&self, ending: &Ending<'_>) -> Result<u64> {
        let fault = self.next_fault();
        let mut server = self.server();
        assert!(!server.complete, "ended twice");
        if fault == Fault::Cut {
            return Err(lost());
        }
        if self.order != Order::Sequential {
            let numbers: Vec<_> = ending.parts().iter().map(|part| part.number).collect();
            assert_eq!(numbers, (1..=ending.plan().count()).collect::<Vec<_>>());
            assert!(ending.parts().iter().all(|part| part.receipt == part.number.to_string()));
            server.stored = server.parts.values().flatten().copied().collect();
        }
        ending.verify(&sha256(&server.stored))?;
        server.complete = true;
        if fault == Fault::LoseAnswer { Err(lost()) } else { Ok(ending.plan().size()) }
    }
}

/// Gives way once, as the network does: a future can be dropped here.
async fn pause() {
    let mut paused = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn lost() -> Error {
    Error::new(ErrorKind::Interrupted, "the answer was lost")
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    let mut sum = Sha256::default();
    sum.update(bytes);
    sum.finish()
}

impl UploadTarget for Fake {
    type State = State;
    type Output = u64;

    fn kind(&self) -> &'static str {
        "test.fake"
    }

    fn rule(&self) -> ChunkRule {
        self.rule
    }

    fn order(&self) -> Order {
        self.order
    }

    fn part_checksum(&self) -> Option<Box<dyn Checksum>> {
        Some(Box::new(Sha256::default()))
    }

    fn source_checksum(&self) -> Option<Box<dyn Checksum>> {
        Some(Box::new(Sha256::default()))
    }

    async fn begin(&self, _plan: &ChunkPlan) -> Result<Begun<State>> {
        pause().await;
        let begun = self.open();
        pause().await;
        Ok(begun)
    }

    async fn locate(&self, state: &State, plan: &ChunkPlan) -> Result<Standing<u64>> {
        let server = self.server();
        assert_eq!(state.url, format!("https://hunter2.test/{}", server.sessions));
        Ok(match self.order {
            _ if server.complete => Standing::Done(plan.size()),
            _ if !server.known => Standing::Gone,
            Order::Sequential => Standing::At(self.position(server.stored.len())),
            Order::Numbered { .. } => Standing::Parts(
                server.parts.keys().map(|number| StoredPart { number: *number, receipt: number.to_string() }).collect(),
            ),
        })
    }

    async fn send(&self, _state: &State, part: &Part) -> Result<PartAnswer<u64>> {
        let content = part.body().collect(1000).await?;
        assert_eq!(content.len() as u64, part.length());
        assert_eq!(part.checksum(), Some(&sha256(&content)[..]));
        pause().await;
        let answer = self.take(part, content);
        pause().await;
        answer
    }

    async fn finish(&self, _state: &State, ending: &Ending<'_>) -> Result<u64> {
        pause().await;
        let answer = self.end(ending);
        pause().await;
        answer
    }

    async fn abort(&self, _state: &State) -> Result<()> {
        self.server().aborted += 1;
        Ok(())
    }
}

/// A store whose content tests look at and keep, as text.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelf(pub(super) Arc<Mutex<Option<String>>>);

impl SessionStore for Shelf {
    async fn load(&self) -> Result<Option<UploadSession>> {
        Ok(self.0.lock().unwrap().as_ref().map(|text| serde_json::from_str(text).unwrap()))
    }

    async fn save(&self, session: &UploadSession) -> Result<()> {
        pause().await;
        *self.0.lock().unwrap() = Some(serde_json::to_string(session).unwrap());
        pause().await;
        Ok(())
    }

    async fn clear(&self) -> Result<()> {
        *self.0.lock().unwrap() = None;
        Ok(())
    }
}
