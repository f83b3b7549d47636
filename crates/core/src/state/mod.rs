//! One request's work on its session: where it stands, and what was changed and asked.
//!
//! Everything here is decided from values; [`commit`](crate::commit) carries the steps out. `step` decides the next one,
//! `outcome` what its outcome means.

mod outcome;
mod step;

pub(crate) use self::outcome::Next;
pub(crate) use self::step::Step;
use crate::change::Change;
use crate::draft::Draft;
use crate::payload::{Extras, Payload};
use crate::plan::{Asked, Content, Due, Ending, Origin, Plan, plan};
use crate::sessions::Settings;
use crate::sign_in::{AuthHash, SignIn};
use crate::token::{KeyRing, Signer, Token};
use crate::{Error, Id, Operation, Record, Timestamp, UserId};

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
}
