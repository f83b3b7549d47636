//! Looking round: the list of products and one product.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Html,
};
use serde::Deserialize;

use crate::{
    cart::MOST,
    catalogue::{self, Kind, Product},
    error::Error,
    page::Page,
};

/// The list's query.
#[derive(Debug, Deserialize)]
pub struct Choice {
    kind: Option<Kind>,
}

#[derive(Template)]
#[template(path = "products.html")]
struct List {
    page: Page,
    chosen: Option<Kind>,
    products: Vec<&'static Product>,
}

/// Shows the products, all or of one kind.
///
/// # Errors
///
/// If the session cannot be loaded.
pub async fn list(page: Page, Query(choice): Query<Choice>) -> Result<Html<String>, Error> {
    let list = List { page, chosen: choice.kind, products: catalogue::of(choice.kind).collect() };
    Ok(Html(list.render()?))
}

#[derive(Template)]
#[template(path = "product.html")]
struct Show {
    page: Page,
    product: &'static Product,
    beside: Vec<&'static Product>,
    most: u32,
}

/// Shows one product.
///
/// # Errors
///
/// If there is no such product, or the session cannot be loaded.
pub async fn show(Path(slug): Path<String>, page: Page) -> Result<Html<String>, Error> {
    let product = catalogue::find(&slug).ok_or(Error::NotFound)?;
    let beside = catalogue::beside(product, 4);
    let show = Show { page, product, beside, most: MOST };
    Ok(Html(show.render()?))
}
