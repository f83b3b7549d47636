//! The applications under test, as each framework serves them. The tests speak HTTP and know none of them.
//!
//! What an application is asked for stands here once, at [`App`]; what its routes do to the session stands once too, in
//! `deeds`. So a module of a framework holds what is the framework's: extractors, layers and their order, and how it
//! serves. A route that a framework's module forgets or does differently is a test that fails there and only there.

mod actix;
pub(crate) mod axum;
mod backstage;
mod deeds;
mod framework;

use cloakroom::{CrossOrigin, Csrf, Sessions, TrustedProxies};

pub(crate) use self::backstage::Backstage;
pub(crate) use self::framework::{Framework, Server};

/// An application, by what it is there for. Where nothing else is said a route answers GET, and 200 with a text.
///
/// Every route takes `linger`, a gate to wait at once the session is saved, before the answer goes out. Those that tests
/// hold while others are faster take `hold`, a gate to wait at once the session is loaded.
#[derive(Clone, Debug)]
pub(crate) enum App {
    /// Every route does one thing to the session: [`deeds::MAIN`], and those that are about extractors.
    ///
    /// | Path | |
    /// |---|---|
    /// | `/plain` | does not use the session |
    /// | `/typed/save` | `theme` and `item`, through `Typed<Shop>` |
    /// | `/lazy` | through `Lazy`, loaded and counted `times` times: the last count |
    /// | `/shared` | written by the first extractor of three, read by the others |
    /// | `/debug` | writes `v` and renews; what `Debug` shows of session and lazy session |
    Main,
    /// The same behind these proxies.
    Behind(TrustedProxies),
    /// Code without a request in its hand: an ambient layer within one that is not.
    ///
    /// | Path | |
    /// |---|---|
    /// | `/in` | signs `user` in, counts and flashes, with no extractor |
    /// | `/who` | greets, before and after `hold` |
    /// | `/spawned` | greets from a task, which is in scope only if told so |
    /// | `/unloaded` | greets without having loaded: the error as text |
    /// | `/outside` | the same, where the layer is not ambient |
    Ambient,
    /// [`deeds::CROSS_ORIGIN`] behind a `CrossOriginLayer` that trusts `https://trusted.example` and leaves
    /// `/hook/{*rest}` alone.
    CrossOrigin,
    /// [`deeds::CSRF`] behind a `CsrfLayer` with forms of 2000 bytes at most, that leaves `/hook` alone.
    ///
    /// | Path | |
    /// |---|---|
    /// | `POST /add` | counts: the count, and how many fields the form has |
    /// | `/add`, `/put` | `shown`, without the session |
    /// | `/hook` | `shown`; by POST `hooked` |
    Csrf,
    /// [`deeds::USERS`], and the application's own [`User`](backstage::User).
    ///
    /// | Path | |
    /// |---|---|
    /// | `/me` | the user's name, extracted three times |
    /// | `/maybe` | the name or `nobody`, and whether the session is signed in |
    /// | `/plain` | does not use the session |
    Users,
    /// Guards, and beside them [`deeds::GUARDS`].
    ///
    /// | Path | who may pass | where the others go |
    /// |---|---|---|
    /// | `/orders`, `POST` too | a user | `/sign-in` |
    /// | `/group/inner` | a user; the guard stands on the group | `/sign-in` |
    /// | `/api` | a user | |
    /// | `/handler` | a user, by `SignedIn` | |
    /// | `/grave` | who signed in within ten minutes | `/confirm` |
    /// | `/welcome` | a guest | `/home` |
    /// | `/sign-in` | all; signs `ann` in and goes on to `next` | |
    Guards,
    /// Guard, `CsrfLayer` and `CrossOriginLayer`, all as they are by default, and outside of the layer of the sessions one
    /// that draws pages for those who are refused: `drawn: ` and what `Debug` shows of the refusal. [`deeds::DRAWN`], and
    /// `/orders` for users.
    Drawn,
    /// `/` behind a `require_user`, and no layer of the sessions.
    GuardAlone,
    /// Where the layer stands. `/…/count` counts; without a layer that is the answer of the extractor.
    ///
    /// | Path | the layer |
    /// |---|---|
    /// | `/route/with`, `/route/without` | on the first route alone |
    /// | `/group/with`, `/without` | on the group alone |
    /// | `/nested/count` | on the route, its group, and twice round both; between them counts another layer |
    /// | `/lazy`, `/maybe` | none: `Lazy`, and whether `Option<Session>` is there |
    /// | `/both/count`, `/both/admin` | on both, and on the second one that of the other sessions, inside |
    Places(Sessions),
    /// The layer round everything, what no route is there for too: that counts, `/maybe` is as above.
    Everything,
}

/// What other sites may do in [`App::CrossOrigin`].
fn cross_origin_policy() -> CrossOrigin {
    let policy = CrossOrigin::new().trust_origin("https://trusted.example").unwrap();
    policy.exempt("/hook/{*rest}").unwrap()
}

/// What needs a token in [`App::Csrf`].
fn csrf_policy() -> Csrf {
    Csrf::new().exempt("/hook").unwrap().largest_form(2_000)
}
