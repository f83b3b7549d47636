//! What routes do to a session, once for all frameworks.
//!
//! A framework's module makes a [`Call`] of each request, and of the [`Reply`], or the error, a response of its own.

mod ambient;
mod content;
mod endings;
mod identity;
mod streams;
mod tokens;

use cloakroom::{Error, Session};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use serde::Deserialize;

pub(crate) use self::ambient::{greet_as_text, sign_in_without_a_session};
pub(crate) use self::content::Shop;
use super::Backstage;

/// What routes without a value of their own answer.
pub(crate) const DONE: &str = "done";

/// What a request asks for in its query.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    pub(crate) k: String,
    pub(crate) v: String,
    pub(crate) user: String,
    pub(crate) done: String,
    pub(crate) status: u16,
    pub(crate) times: u32,
    pub(crate) theme: Option<String>,
    pub(crate) item: Option<String>,
    /// Signs in without the password's hash.
    pub(crate) bare: bool,
    /// Keeps the data of whoever was signed in before.
    pub(crate) keep: bool,
    pub(crate) hold: Option<String>,
    pub(crate) linger: Option<String>,
}

/// A request whose session the framework's extractor has loaded.
pub(crate) struct Call {
    pub(crate) session: Session,
    pub(crate) asked: Asked,
    pub(crate) backstage: Backstage,
}

/// What a deed answers.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) body: Body,
}

/// A text, or one piece after the other.
pub(crate) enum Body {
    Text(String),
    Stream(BoxStream<'static, String>),
}

/// What a route does.
pub(crate) type Deed = fn(Call) -> BoxFuture<'static, Answer>;

type Answer = Result<Reply, Error>;

/// Method, path and deed of each route of the main application.
pub(crate) const MAIN: [(&str, &str, Deed); 29] = [
    ("GET", "/read", |call| content::read(call).boxed()),
    ("GET", "/write", |call| content::write(call).boxed()),
    ("GET", "/update", |call| content::update(call).boxed()),
    ("GET", "/count", |call| content::count(call).boxed()),
    ("GET", "/set", |call| content::set(call).boxed()),
    ("GET", "/typed/modify", |call| content::modify(call).boxed()),
    ("GET", "/dump", |call| content::dump(call).boxed()),
    ("GET", "/say", |call| content::say(call).boxed()),
    ("GET", "/heard", |call| content::heard(call).boxed()),
    ("GET", "/own-head", |call| content::own_head(call).boxed()),
    ("GET", "/login", |call| identity::login(call).boxed()),
    ("GET", "/renew", |call| identity::renew(call).boxed()),
    ("GET", "/logout", |call| identity::logout(call).boxed()),
    ("GET", "/sign-in", |call| identity::sign_in(call).boxed()),
    ("GET", "/sign-in-now", |call| identity::sign_in_now(call).boxed()),
    ("GET", "/sign-out", |call| identity::sign_out(call).boxed()),
    ("GET", "/remember", |call| identity::remember(call).boxed()),
    ("GET", "/who", |call| identity::who(call).boxed()),
    ("GET", "/whose", |call| identity::whose(call).boxed()),
    ("GET", "/events", |call| streams::events(call).boxed()),
    ("GET", "/lines", |call| streams::lines(call).boxed()),
    ("GET", "/keep", |call| streams::keep(call).boxed()),
    ("GET", "/broken", |call| endings::broken(call).boxed()),
    ("GET", "/answer", |call| endings::answer(call).boxed()),
    ("GET", "/end", |call| endings::end(call).boxed()),
    ("GET", "/mistyped", |call| endings::mistyped(call).boxed()),
    ("GET", "/too-large", |call| endings::too_large(call).boxed()),
    ("GET", "/panic/set", |call| endings::panic_after_set(call).boxed()),
    ("GET", "/panic/logout", |call| endings::panic_after_logout(call).boxed()),
];

/// Those of the application whose code has no request in its hand.
pub(crate) const AMBIENT: [(&str, &str, Deed); 2] = [
    ("GET", "/who", |call| ambient::greet(call).boxed()),
    ("GET", "/spawned", |call| ambient::greet_from_a_task(call).boxed()),
];

/// Those of the application that other sites may not use.
pub(crate) const CROSS_ORIGIN: [(&str, &str, Deed); 4] = [
    ("POST", "/sign-in", |call| identity::sign_in(call).boxed()),
    ("POST", "/add", |call| content::count(call).boxed()),
    ("POST", "/hook/add", |call| content::count(call).boxed()),
    ("GET", "/whose", |call| identity::whose(call).boxed()),
];

/// Those of the application whose forms need a token.
pub(crate) const CSRF: [(&str, &str, Deed); 6] = [
    ("GET", "/token", |call| tokens::token(call).boxed()),
    ("GET", "/after", |call| tokens::after(call).boxed()),
    ("PUT", "/put", |call| content::count(call).boxed()),
    ("POST", "/put", |call| content::count(call).boxed()),
    ("DELETE", "/put", |call| content::count(call).boxed()),
    ("GET", "/whose", |call| identity::whose(call).boxed()),
];

/// Those of the application that has users of its own.
pub(crate) const USERS: [(&str, &str, Deed); 3] = [
    ("GET", "/sign-in", |call| identity::sign_in_with_password(call).boxed()),
    ("GET", "/set", |call| content::set(call).boxed()),
    ("GET", "/whose", |call| identity::whose(call).boxed()),
];

/// Those of the application with guards.
pub(crate) const GUARDS: [(&str, &str, Deed); 2] = [
    ("GET", "/say", |call| content::say(call).boxed()),
    ("GET", "/heard", |call| content::heard(call).boxed()),
];

/// Those of the application that draws pages for those who are refused.
pub(crate) const DRAWN: [(&str, &str, Deed); 2] = [
    ("GET", "/token", |call| tokens::token(call).boxed()),
    ("POST", "/add", |call| content::count(call).boxed()),
];

impl Call {
    /// Waits at the gate that the request gave as `hold`, if it gave one.
    async fn hold(&self) {
        self.backstage.gates.hold(self.asked.hold.as_deref()).await;
    }
}

impl From<String> for Reply {
    fn from(text: String) -> Self {
        Self { status: 200, headers: Vec::new(), body: Body::Text(text) }
    }
}

impl From<&str> for Reply {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}
