//! Which address leads where, and what stands between the door and the handlers.

use std::net::{IpAddr, SocketAddr};

use axum::{
    Router,
    extract::{ConnectInfo, DefaultBodyLimit},
    http::{Extensions, StatusCode},
    middleware::map_response,
    response::Response,
    routing::{get, post},
};
use cloakroom::{
    CrossOriginRefusal, CsrfRefusal,
    tower::{CrossOriginLayer, CsrfLayer, SessionLayer, guest, require_user},
};
use tower_http::trace::TraceLayer;

use crate::{
    assets,
    error::{self, Error},
    handlers::{account, cart, checkout, devices, live, products, sign_in, sign_up, theme},
    headers,
    state::Shop,
};

/// The largest form anyone has to send here, with room to spare.
const LARGEST_FORM: usize = 16 * 1024;

const LOCAL: &str = "the shop's own paths are local ones";

/// Draws the shop's own page where a form was turned away.
async fn refusals(response: Response) -> Response {
    let extensions = response.extensions();
    if extensions.get::<CrossOriginRefusal>().is_some() {
        return error::page(
            StatusCode::FORBIDDEN,
            "Not through this door",
            "That form came from another site. Please use the forms of the shop itself.",
        );
    }
    if extensions.get::<CsrfRefusal>().is_some() {
        return error::page(
            StatusCode::FORBIDDEN,
            "That ticket has run out",
            "The form is from before you signed in or out. Please go back, load its page again, and send it once more.",
        );
    }
    response
}

/// The other end of the connection.
fn peer(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip())
}

/// Returns the whole shop as one service.
pub fn router(shop: Shop) -> Router {
    let mut sessions = SessionLayer::new(shop.sessions.clone()).address(peer);
    if let Some(proxies) = shop.proxies.clone() {
        sessions = sessions.trusted_proxies(proxies);
    }
    let (https, csrf_tokens) = (shop.https, shop.csrf_tokens);

    let members = Router::new()
        .route("/checkout", get(checkout::show))
        .route("/orders", post(checkout::place))
        .route("/account", get(account::show))
        .route("/devices", get(devices::show))
        .route("/devices/end", post(devices::end))
        .route("/devices/end-others", post(devices::end_others))
        .route_layer(require_user().or_sign_in_at("/sign-in").expect(LOCAL));
    let strangers = || guest("/account").expect(LOCAL);

    let mut router = Router::new()
        .route("/", get(products::list))
        .route("/products/{slug}", get(products::show))
        .route("/cart", get(cart::show))
        .route("/cart/add", post(cart::add))
        .route("/cart/change", post(cart::change))
        .route("/cart/remove", post(cart::remove))
        .route("/sign-up", get(sign_up::show).layer(strangers()).post(sign_up::submit))
        .route("/sign-in", get(sign_in::show).layer(strangers()).post(sign_in::submit))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/signed-out", get(sign_in::signed_out))
        .route("/theme", post(theme::choose))
        .route("/live", get(live::listen))
        .route(assets::style_sheet(), get(assets::serve_style_sheet))
        .route(assets::script(), get(assets::serve_script))
        .route("/favicon.svg", get(assets::serve_icon))
        .merge(members)
        .fallback(async || Error::NotFound);
    if csrf_tokens {
        router = router.layer(CsrfLayer::default());
    }
    let router = router
        // Forms of other sites are turned away by what browsers say about where a request comes from. `SameSite=Lax`, the
        // default of the session cookie, stands behind it.
        .layer(CrossOriginLayer::default())
        .layer(map_response(refusals))
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(map_response(headers::always))
        .layer(sessions)
        .layer(TraceLayer::new_for_http())
        .with_state(shop);
    if https { router.layer(map_response(headers::https)) } else { router }
}
