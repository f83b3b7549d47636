//! Which address leads where, and what stands between the door and the handlers.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware::map_response,
    routing::{get, post},
};
use cloakroom::tower::SessionLayer;
use tower_http::{csrf::CsrfLayer, trace::TraceLayer};

use crate::{
    assets,
    error::{self, Error},
    handlers::{account, cart, checkout, live, products, sign_in, sign_up, theme},
    headers,
    state::Shop,
};

/// The largest form anyone has to send here, with room to spare.
const LARGEST_FORM: usize = 16 * 1024;

/// Returns the whole shop as one service.
pub fn router(shop: Shop) -> Router {
    // Forms of other sites are turned away by what browsers say about where a request comes from.
    // `SameSite=Lax`, the default of the session cookie, stands behind it.
    let same_site_only = CsrfLayer::new().with_rejection_response(|_| {
        error::page(
            StatusCode::FORBIDDEN,
            "Not through this door",
            "That form came from another site. Please use the forms of the shop itself.",
        )
    });
    let sessions = SessionLayer::new(shop.sessions.clone());
    let https = shop.https;

    let router = Router::new()
        .route("/", get(products::list))
        .route("/products/{slug}", get(products::show))
        .route("/cart", get(cart::show))
        .route("/cart/add", post(cart::add))
        .route("/cart/change", post(cart::change))
        .route("/cart/remove", post(cart::remove))
        .route("/checkout", get(checkout::show))
        .route("/orders", post(checkout::place))
        .route("/sign-up", get(sign_up::show).post(sign_up::submit))
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/signed-out", get(sign_in::signed_out))
        .route("/account", get(account::show))
        .route("/theme", post(theme::choose))
        .route("/live", get(live::listen))
        .route(assets::style_sheet(), get(assets::serve_style_sheet))
        .route(assets::script(), get(assets::serve_script))
        .route("/favicon.svg", get(assets::serve_icon))
        .fallback(async || Error::NotFound)
        .layer(same_site_only)
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(map_response(headers::always))
        .layer(sessions)
        .layer(TraceLayer::new_for_http())
        .with_state(shop);
    if https { router.layer(map_response(headers::https)) } else { router }
}
