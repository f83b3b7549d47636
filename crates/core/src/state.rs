//! One request's work on its session: where it stands, what was changed and asked, and the steps that save it.
//!
//! Everything here is decided from values; [`commit`](crate::commit) carries the steps out.

use crate::change::Change;
use crate::draft::Draft;
use crate::payload::{Extras, Moved, Payload};
use crate::plan::{Asked, Content, Due, Ending, Origin, Plan, plan};
use crate::sessions::{Inner, Settings};
use crate::sign_in::{AuthHash, SignIn};
use crate::token::{KeyRing, Signer, Token};
use crate::{Error, Id, Operation, Outcome, Record, Timestamp, UserId, Version};

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) standing: Standing,
    pub(crate) draft: Draft,
    pub(crate) log: Vec<Change>,
    pub(crate) asked: Asked,
    /// The token that the session gets when it begins or is renewed, where a CSRF token needed to know it before.
    pub(crate) next: Option<Box<Token>>,
    /// A session must begin, although nothing is in it: a CSRF token belongs to it.
    pub(crate) wanted: bool,
    /// Who signs in; takes effect with the new id.
    pub(crate) sign_in: Option<Box<SignIn>>,
    pub(crate) phase: Phase,
    /// What the browser must be told, once something was saved.
    pub(crate) cookie: Option<Box<CookieChange>>,
    /// A token that is on its way: its record was sent to the store, which has not answered yet.
    pub(crate) issued: Option<Box<(Token, Record)>>,
    /// The session came in a cookie that a retiring key had sealed.
    pub(crate) reseal: bool,
    /// The copy that the browser holds is older than what this request knows, or not there.
    pub(crate) copy_due: bool,
    /// A second unit of work on the same session, without a response to carry a cookie.
    pub(crate) detached: bool,
}

/// Where the session stands in the store, as far as this request knows.
#[derive(Clone, Debug)]
pub(crate) enum Standing {
    /// Nowhere: a new visitor, a forged token, or a session that is gone.
    Nowhere,
    /// In the store; `token` is the one of this very record, if the request came with it.
    Live { record: Record, token: Option<Token> },
    /// Renewed a moment ago by a request whose answer may still be on its way: a cookie now could replace the one
    /// that it brings.
    Moved,
    /// Ended by somebody else while this request ran. Nothing of it may be saved.
    Ended,
    /// Unknown: the store was down, and the policy lets the request go on.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Open,
    Saving,
    /// A save was dropped or not answered: making the changes again could make them twice.
    Unsure,
    /// The response has gone.
    Closed,
}

#[derive(Clone, Debug)]
pub(crate) enum CookieChange {
    Set {
        token: Token,
        created_at: Timestamp,
        extras: Extras,
    },
    /// What one or several cookies must hold, where sessions travel in the cookie.
    Carry {
        parts: Vec<String>,
        created_at: Timestamp,
        extras: Extras,
    },
    Remove,
}

/// The next thing to do about a session.
#[derive(Debug)]
pub(crate) enum Step {
    Done,
    /// By what is known the session is over; but another request may have been active since it was loaded.
    LookAgain {
        id: Id,
    },
    Write {
        operation: Operation,
        token: Option<Token>,
    },
}

/// What an outcome means for the commit.
#[derive(Debug)]
pub(crate) enum Next {
    /// Take the next step.
    Again,
    Done,
    /// Somebody else was first; find the present record, starting from this one.
    Overtaken(Option<Record>),
}

impl State {
    pub(crate) fn new(standing: Standing) -> Self {
        let base = match &standing {
            Standing::Live { record, .. } => record.payload.clone(),
            _ => Payload::default(),
        };
        Self {
            standing,
            draft: Draft::load(base),
            log: Vec::new(),
            asked: Asked::Nothing,
            next: None,
            wanted: false,
            sign_in: None,
            phase: Phase::Open,
            cookie: None,
            issued: None,
            reseal: false,
            copy_due: false,
            detached: false,
        }
    }

    /// Starts a second unit of work on the same session.
    pub(crate) fn detach(&self) -> Result<Self, Error> {
        let Standing::Live { record, .. } = &self.standing else {
            return Err(Error::no_cookie());
        };
        let mut draft = Draft::load(record.payload.clone());
        draft.saved(record.payload.clone());
        let standing = Standing::Live { record: record.clone(), token: None };
        Ok(Self { draft, detached: true, ..Self::new(standing) })
    }

    pub(crate) fn record(&self) -> Option<&Record> {
        match &self.standing {
            Standing::Live { record, .. } if self.asked != Asked::Destroy => Some(record),
            _ => None,
        }
    }

    /// Returns what is known of the session's record, also when its end was asked for.
    pub(crate) fn present(&self) -> Option<&Record> {
        match &self.standing {
            Standing::Live { record, .. } => Some(record),
            _ => None,
        }
    }

    /// Notes what the cookie must hold, where sessions travel in it.
    pub(crate) fn carry(&mut self, parts: Vec<String>) {
        self.reseal = false;
        if let Some(record) = self.present() {
            let extras = record.payload.extras().clone();
            let change = CookieChange::Carry { parts, created_at: record.created_at, extras };
            self.cookie = Some(Box::new(change));
        }
    }

    /// Refuses what could not be saved.
    pub(crate) fn check_open(&self) -> Result<(), Error> {
        match (self.phase, &self.standing) {
            (Phase::Closed, _) => Err(Error::closed()),
            (Phase::Saving, _) => Err(Error::saving()),
            (Phase::Unsure, _) => Err(Error::unsure()),
            (Phase::Open, Standing::Unknown) => Err(Error::anonymous_while_down()),
            (Phase::Open, _) => Ok(()),
        }
    }

    /// Makes one change.
    pub(crate) fn change(&mut self, change: Change) -> Result<(), Error> {
        self.check_open()?;
        self.draft.apply(&change)?;
        self.log.push(change);
        Ok(())
    }

    /// Asks for a new id.
    pub(crate) fn renew(&mut self) -> Result<(), Error> {
        self.check_open()?;
        if self.detached {
            return Err(Error::no_cookie());
        }
        if self.asked == Asked::Nothing {
            self.asked = Asked::Renew;
        }
        Ok(())
    }

    /// Signs a user in, under a new id. What somebody else did before in this session is not for them to see.
    pub(crate) fn sign_in(&mut self, sign_in: SignIn, keep_data: bool) -> Result<(), Error> {
        self.renew()?;
        if !keep_data && self.user().is_some_and(|before| *before != sign_in.user) {
            self.destroy();
        }
        self.sign_in = Some(Box::new(sign_in));
        Ok(())
    }

    /// Returns who is signed in.
    pub(crate) fn user(&self) -> Option<&UserId> {
        match &self.sign_in {
            Some(sign_in) => Some(&sign_in.user),
            None => self.record()?.user.as_ref(),
        }
    }

    /// Returns what the user who is signed in signed in with.
    pub(crate) fn auth(&self) -> Option<&AuthHash> {
        match &self.sign_in {
            Some(sign_in) => sign_in.auth.as_ref(),
            None => self.draft.extras.signed_in.as_ref()?.auth.as_ref(),
        }
    }

    /// Ends the session. What is changed after this starts another one.
    pub(crate) fn destroy(&mut self) {
        self.asked = Asked::Destroy;
        self.sign_in = None;
        self.wanted = false;
        self.draft = Draft::load(Payload::default());
        self.log.clear();
    }

    /// Returns the id of the session that a CSRF token given now belongs to: the present one, or the one to come, whose
    /// token is drawn for it.
    pub(crate) fn csrf_subject(&mut self, keys: &KeyRing) -> Result<Id, Error> {
        if let (Standing::Live { record, .. }, Asked::Nothing) = (&self.standing, self.asked) {
            // Also if a periodic renewal is due: see `csrf_subjects`.
            return Ok(record.id);
        }
        self.check_open()?;
        if self.detached {
            return Err(Error::no_cookie());
        }
        self.wanted = true;
        let next = match self.next.take() {
            Some(next) => next,
            None => Box::new(keys.issue()?),
        };
        Ok(self.next.insert(next).id())
    }

    /// Returns the ids that a CSRF token of this session may belong to: the present one, and the one from before the last
    /// periodic renewal.
    pub(crate) fn csrf_subjects(&self) -> [Option<Id>; 2] {
        let record = self.present();
        let before = record.and_then(|record| record.payload.extras().renewed_from);
        [record.map(|record| record.id), before]
    }

    /// Returns the token of the session that begins or is renewed now.
    fn next_token(&self, keys: &KeyRing) -> Result<Token, Error> {
        match &self.next {
            Some(next) => Ok((**next).clone()),
            None => keys.issue(),
        }
    }

    /// Tells whether the handler left the session as it was, so that saving is up to the clock.
    pub(crate) fn is_untouched(&self) -> bool {
        self.log.is_empty() && self.asked == Asked::Nothing
    }

    pub(crate) fn plan(&self, settings: &Settings, ending: Ending, now: Timestamp) -> Plan {
        let (origin, due) = match &self.standing {
            Standing::Ended | Standing::Unknown => return Plan::Nothing,
            Standing::Moved if self.asked != Asked::Renew => return Plan::Nothing,
            // A sign-in that is tried again still works.
            Standing::Nowhere | Standing::Moved => (Origin::Nowhere, Due::Nothing),
            Standing::Live { record, token } => {
                (Origin::Store, self.due(settings, record, token.as_ref(), now))
            }
        };
        let changed = match self.record() {
            Some(_) => self.draft.differs(),
            None => self.wanted || self.sign_in.is_some() || !self.draft.is_blank(),
        };
        let content = if changed { Content::Changed } else { Content::Same };
        plan(origin, self.asked, content, due, ending)
    }

    fn due(
        &self,
        settings: &Settings,
        record: &Record,
        token: Option<&Token>,
        now: Timestamp,
    ) -> Due {
        let extras = &self.draft.extras;
        let renewed = extras.renewed.unwrap_or(record.created_at);
        // A secret that is about to go takes its tokens along, so they are replaced while it is there.
        let retiring = token.is_some_and(|token| token.signer() == Signer::Retiring);
        if !self.detached && (retiring || settings.limits.renewal_due(renewed, now)) {
            Due::Renewal
        } else if self.reseal || settings.limits.touch_due(record, extras.lifetime, now) {
            Due::Touch
        } else {
            Due::Nothing
        }
    }

    /// Notes that a token is on its way.
    pub(crate) fn issue(&mut self, operation: &Operation, token: Option<&Token>) {
        let record = match operation {
            Operation::Create(record) | Operation::Renew { next: record, .. } => Some(record),
            _ => None,
        };
        self.issued =
            token.zip(record).map(|(token, record)| Box::new((token.clone(), record.clone())));
    }

    /// The record of the token that was on its way is there after all.
    pub(crate) fn arrived(&mut self) {
        if let Some(issued) = self.issued.take() {
            let (token, record) = *issued;
            self.cookie = Some(CookieChange::set(token.clone(), &record));
            self.saved(record, Some(token));
        }
    }

    /// Turns the plan into one operation on the store.
    pub(crate) fn step(
        &self,
        sessions: &Inner,
        ending: Ending,
        now: Timestamp,
    ) -> Result<Step, Error> {
        let settings = &sessions.settings;
        let plan = self.plan(settings, ending, now);
        let Standing::Live { record, .. } = &self.standing else {
            return match plan {
                Plan::Create if self.detached => Err(Error::no_cookie()),
                Plan::Create => self.create(sessions, now),
                _ => Ok(Step::Done),
            };
        };
        // An end cannot be overtaken by the clock; everything else can.
        let over = settings.limits.is_over(record, record.payload.extras().lifetime, now);
        if over && !matches!(plan, Plan::Delete | Plan::Nothing) {
            return Ok(Step::LookAgain { id: record.id });
        }
        let write = |operation| Ok(Step::Write { operation, token: None });
        match plan {
            Plan::Nothing | Plan::Create => Ok(Step::Done),
            Plan::Delete => write(Operation::Delete(record.id)),
            Plan::Touch => {
                let lifetime = self.draft.extras.lifetime;
                let expires_at = settings.limits.deadline(record.created_at, now, lifetime);
                let (id, version) = (record.id, record.version);
                write(Operation::Touch { id, version, active_at: now, expires_at })
            }
            Plan::Replace => {
                let next = self.next(settings, record, self.draft.extras.clone(), now)?;
                write(Operation::Replace { version: record.version, next })
            }
            Plan::Renew { .. } if self.detached => Err(Error::no_cookie()),
            Plan::Renew { grace } => self.renewal(sessions, record, grace, now),
        }
    }

    fn create(&self, sessions: &Inner, now: Timestamp) -> Result<Step, Error> {
        let (settings, token) = (&sessions.settings, self.next_token(&sessions.keys)?);
        let user = self.sign_in.as_ref().map(|sign_in| sign_in.user.clone());
        let signed_in = self.sign_in.as_ref().map(|sign_in| sign_in.at(now));
        let record = Record {
            id: token.id(),
            version: Version::FIRST,
            user,
            created_at: now,
            active_at: now,
            expires_at: settings.limits.deadline(now, now, self.draft.extras.lifetime),
            payload: self.payload(settings, Extras { signed_in, ..self.draft.extras.clone() })?,
        };
        Ok(Step::Write { operation: Operation::Create(record), token: Some(token) })
    }

    fn renewal(
        &self,
        sessions: &Inner,
        record: &Record,
        grace: bool,
        now: Timestamp,
    ) -> Result<Step, Error> {
        let (settings, token) = (&sessions.settings, self.next_token(&sessions.keys)?);
        // Whoever asks for a new id wants nothing of before to be good any more.
        let renewed_from = grace.then_some(record.id);
        let mut extras = Extras { renewed: Some(now), renewed_from, ..self.draft.extras.clone() };
        let mut begun = record.clone();
        if let Some(sign_in) = &self.sign_in {
            // Who signs in begins a session (ASVS 7.3.2), whatever visitor's data it takes over.
            begun.user = Some(sign_in.user.clone());
            begun.created_at = now;
            extras.signed_in = Some(sign_in.at(now));
        }
        let next = Record { id: token.id(), ..self.next(settings, &begun, extras, now)? };
        let grace_end = now.plus(settings.limits.renewal_grace);
        // Long past by any process's clock.
        let until = if grace { grace_end } else { Timestamp::default() };
        // Also without a grace the pointer stays a while: a sign-out that is under way must find the session. With one
        // it stays as long as the session would, for work that began before and outlives its response.
        let least = grace_end.max(now.plus(POINTER_LIFE));
        let moved = Record {
            version: record.version.next(),
            user: None,
            active_at: now,
            expires_at: if grace { least.max(next.expires_at) } else { least },
            payload: Payload::moved(Moved { to: next.id, until }),
            ..record.clone()
        };
        let operation = Operation::Renew { version: record.version, next, moved };
        Ok(Step::Write { operation, token: Some(token) })
    }

    fn next(
        &self,
        settings: &Settings,
        record: &Record,
        extras: Extras,
        now: Timestamp,
    ) -> Result<Record, Error> {
        let active_at = record.active_at.max(now);
        let lifetime = extras.lifetime;
        Ok(Record {
            version: record.version.next(),
            active_at,
            expires_at: settings.limits.deadline(record.created_at, active_at, lifetime),
            payload: self.payload(settings, extras)?,
            ..record.clone()
        })
    }

    fn payload(&self, settings: &Settings, extras: Extras) -> Result<Payload, Error> {
        let payload = self.draft.to_payload(extras);
        let size = payload.as_str().len();
        // What was larger before the limit came down may still shrink and age.
        if size > settings.max_payload.max(self.draft.base_len()) {
            let largest = self.draft.data().into_iter().max_by_key(|(_, value)| value.len());
            let largest = largest.map_or("", |(key, _)| key);
            return Err(Error::too_large(size, settings.max_payload, largest));
        }
        Ok(payload)
    }

    /// Notes what became of a step.
    pub(crate) fn absorb(
        &mut self,
        sessions: &Inner,
        operation: Operation,
        token: Option<Token>,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<Next, Error> {
        self.issued = None;
        match (operation, outcome) {
            (Operation::Create(record), Outcome::Applied)
            | (Operation::Renew { next: record, .. }, Outcome::Applied) => {
                self.cookie = token.clone().map(|token| CookieChange::set(token, &record));
                self.saved(record, token);
                Ok(Next::Done)
            }
            (Operation::Replace { next, .. }, Outcome::Applied) => {
                let Standing::Live { record, token } = &self.standing else {
                    return Ok(Next::Done);
                };
                let longer = next.payload.extras().lifetime != record.payload.extras().lifetime;
                let token = token.clone();
                if let Some(token) = token.clone().filter(|_| longer) {
                    self.cookie = Some(CookieChange::set(token, &next));
                }
                self.saved(next, token);
                Ok(Next::Done)
            }
            (Operation::Touch { active_at, expires_at, .. }, Outcome::Applied) => {
                if let Standing::Live { record, .. } = &mut self.standing {
                    record.active_at = active_at;
                    record.expires_at = expires_at;
                    self.copy_due = true;
                }
                Ok(Next::Done)
            }
            (Operation::Delete(_), Outcome::Removed(removed)) => {
                Ok(self.removed(&sessions.settings, &removed, now))
            }
            (Operation::Delete(_), Outcome::Applied | Outcome::Stale(_)) => {
                self.ended();
                Ok(Next::Done)
            }
            // 122 random bits met twice; the next step draws again.
            (Operation::Create(_), _) => {
                self.next = None;
                Ok(Next::Again)
            }
            // Whoever was first was active too.
            (Operation::Touch { .. }, _) => Ok(Next::Done),
            (_, Outcome::Stale(current)) => Ok(Next::Overtaken(current)),
            (_, Outcome::Removed(_)) => Ok(Next::Overtaken(None)),
        }
    }

    /// An end follows the session to wherever it has moved. Of what was over already there is no end.
    fn removed(&mut self, settings: &Settings, removed: &Record, now: Timestamp) -> Next {
        let extras = removed.payload.extras();
        match (extras.moved, &mut self.standing) {
            // A pointer has no activity of its own.
            (Some(moved), Standing::Live { record, .. }) if now < removed.expires_at => {
                record.id = moved.to;
                Next::Again
            }
            (None, _) if !settings.limits.is_over(removed, extras.lifetime, now) => {
                self.standing = Standing::Nowhere;
                self.asked = Asked::Nothing;
                self.cookie = Some(Box::new(CookieChange::Remove));
                Next::Again
            }
            _ => {
                self.ended();
                Next::Done
            }
        }
    }

    fn saved(&mut self, record: Record, token: Option<Token>) {
        self.draft.saved(record.payload.clone());
        self.log.clear();
        self.asked = Asked::Nothing;
        (self.next, self.wanted) = (None, false);
        self.sign_in = None;
        self.copy_due = true;
        self.standing = Standing::Live { record, token };
    }

    /// Takes a fresher record, and the draft that was made on it.
    pub(crate) fn rebased(&mut self, fresh: Record, draft: Draft) {
        self.draft = draft;
        let token = match &self.standing {
            Standing::Live { record, token } if record.id == fresh.id => token.clone(),
            _ => None,
        };
        self.standing = Standing::Live { record: fresh, token };
    }

    /// Notes that somebody else ended the session; nothing of it may be saved.
    pub(crate) fn ended(&mut self) {
        self.standing = Standing::Ended;
        (self.next, self.wanted) = (None, false);
        self.sign_in = None;
        self.draft = Draft::load(Payload::default());
        self.log.clear();
        self.asked = Asked::Nothing;
    }
}

/// How long a renewed session can be found from its old id by a sign-out that was under way.
const POINTER_LIFE: std::time::Duration = std::time::Duration::from_secs(60);

impl CookieChange {
    fn set(token: Token, record: &Record) -> Box<Self> {
        let extras = record.payload.extras().clone();
        Box::new(Self::Set { token, created_at: record.created_at, extras })
    }
}
