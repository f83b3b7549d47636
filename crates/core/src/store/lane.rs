//! Natural batching: while a call is under way, others gather and leave together as one.
//!
//! While little is under way a call goes straight out, on its caller's own task: no queue, no task, no timer.
//! Once more is under way, calls gather, and whoever finishes sends them. A batch is driven by the first of its callers, who hands each of the
//! others its answer: each is woken once. A driver that goes away hands the wheel to the next, so one caller takes
//! nobody with it. A caller must go on polling its call, as every runtime does: like a lock's guard, a call that is
//! held and not polled holds up those behind it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use futures_channel::oneshot;

use crate::StoreError;

/// How a lane reaches its store.
pub(super) trait Trip: Send + Sync + 'static {
    type Request: Send + 'static;
    type Answer: Send + 'static;

    fn one(
        &self,
        request: &Self::Request,
    ) -> impl Future<Output = Result<Self::Answer, StoreError>> + Send;

    fn many(
        &self,
        requests: &[Self::Request],
    ) -> impl Future<Output = Result<Vec<Self::Answer>, StoreError>> + Send;
}

/// Most calls that leave together.
const LARGEST_BATCH: usize = 256;

pub(super) struct Lane<T: Trip> {
    trip: T,
    /// With so many calls under way the next ones gather.
    enough: usize,
    state: Mutex<State<T>>,
}

struct State<T: Trip> {
    /// Calls, alone or in batches.
    under_way: usize,
    gathered: Vec<Waiting<T>>,
}

struct Waiting<T: Trip> {
    request: T::Request,
    seat: oneshot::Sender<Seat<T>>,
}

/// What a caller that waits is told.
enum Seat<T: Trip> {
    Answer(Result<T::Answer, StoreError>),
    /// It drives the batch.
    Wheel(Ride<T>),
}

type Batch<T> = Pin<Box<dyn Future<Output = Answers<T>> + Send>>;
type Answers<T> = Result<Vec<<T as Trip>::Answer>, StoreError>;

/// The call went away before it was sent: its batch was dropped.
#[derive(Debug, thiserror::Error)]
#[error("the store call was dropped before it was answered")]
struct Dropped;

impl<T: Trip> Lane<T> {
    pub(super) fn new(trip: T, enough: usize) -> Arc<Self> {
        let state = Mutex::new(State { under_way: 0, gathered: Vec::new() });
        Arc::new(Self { trip, enough, state })
    }

    pub(super) async fn call(
        self: &Arc<Self>,
        request: T::Request,
    ) -> Result<T::Answer, StoreError> {
        match self.enter(request) {
            Entered::First(request) => {
                let _turn = Turn { lane: self.clone(), calls: 1 };
                self.trip.one(&request).await
            }
            Entered::Later(seat) => match seat.await.map_err(|_| StoreError::new(Dropped))? {
                Seat::Answer(answer) => answer,
                Seat::Wheel(ride) => ride.await,
            },
        }
    }

    fn enter(&self, request: T::Request) -> Entered<T> {
        let mut state = self.lock();
        // Who has gathered goes first.
        if state.under_way < self.enough && state.gathered.is_empty() {
            state.under_way += 1;
            Entered::First(request)
        } else {
            let (sender, seat) = oneshot::channel();
            state.gathered.push(Waiting { request, seat: sender });
            Entered::Later(seat)
        }
    }

    /// Notes that so many calls have come back, and sends what has gathered.
    fn send_next(self: &Arc<Self>, back: usize) {
        let gathered: Vec<_> = {
            let mut state = self.lock();
            state.under_way -= back;
            if state.under_way >= self.enough {
                return;
            }
            state.gathered.retain(|waiting| !waiting.seat.is_canceled());
            let most = state.gathered.len().min(LARGEST_BATCH);
            state.under_way += most;
            state.gathered.drain(..most).collect()
        };
        if gathered.is_empty() {
            return;
        }
        let (requests, seats): (Vec<_>, Vec<_>) =
            gathered.into_iter().map(|waiting| (waiting.request, waiting.seat)).unzip();
        let turn = Turn { lane: self.clone(), calls: requests.len() };
        let batch: Batch<T> = Box::pin(async move {
            let answers = match &requests[..] {
                [request] => turn.lane.trip.one(request).await.map(|answer| vec![answer]),
                requests => turn.lane.trip.many(requests).await,
            };
            drop(turn);
            answers
        });
        Ride { batch: Some(batch), driver: 0, seats: seats.into_iter().map(Some).collect() }
            .pass_on();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Entered<T: Trip> {
    First(T::Request),
    Later(oneshot::Receiver<Seat<T>>),
}

/// A batch on its way. Whoever holds it drives it.
struct Ride<T: Trip> {
    /// Some until it has arrived or nobody is left.
    batch: Option<Batch<T>>,
    /// The place of the caller that drives.
    driver: usize,
    /// The others, by place; those before the driver have gone.
    seats: Vec<Option<oneshot::Sender<Seat<T>>>>,
}

impl<T: Trip> Ride<T> {
    /// Gives the wheel to the next caller who is still there. Without one the batch is dropped.
    fn pass_on(mut self) {
        while let Some(place) = self.seats.iter().position(Option::is_some) {
            let Some(seat) = self.seats[place].take() else { return };
            self.driver = place;
            match seat.send(Seat::Wheel(self)) {
                Err(Seat::Wheel(ride)) => self = ride,
                _ => return,
            }
        }
        self.batch = None;
    }
}

impl<T: Trip> Future for Ride<T> {
    type Output = Result<T::Answer, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(batch) = &mut self.batch else {
            return Poll::Ready(Err(StoreError::new(Dropped)));
        };
        let answers = ready!(batch.as_mut().poll(context));
        self.batch = None;
        let driver = self.driver;
        let seats = std::mem::take(&mut self.seats).into_iter();
        let mut own = None;
        match answers {
            Ok(answers) => {
                for ((place, seat), answer) in seats.enumerate().zip(answers) {
                    match seat {
                        // A caller that has gone leaves its place empty.
                        Some(seat) => drop(seat.send(Seat::Answer(Ok(answer)))),
                        None if place == driver => own = Some(Ok(answer)),
                        None => {}
                    }
                }
            }
            Err(error) => {
                for seat in seats.flatten() {
                    drop(seat.send(Seat::Answer(Err(error.clone()))));
                }
                own = Some(Err(error));
            }
        }
        Poll::Ready(own.unwrap_or_else(|| Err(StoreError::new(Dropped))))
    }
}

impl<T: Trip> Drop for Ride<T> {
    fn drop(&mut self) {
        if self.batch.is_some() {
            let (batch, seats) = (self.batch.take(), std::mem::take(&mut self.seats));
            Self { batch, driver: self.driver, seats }.pass_on();
        }
    }
}

/// The right to be under way. Passes on when dropped: after the call, or with a caller that went away.
struct Turn<T: Trip> {
    lane: Arc<Lane<T>>,
    calls: usize,
}

impl<T: Trip> Drop for Turn<T> {
    fn drop(&mut self) {
        self.lane.send_next(self.calls);
    }
}

impl<T: Trip> fmt::Debug for Lane<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
