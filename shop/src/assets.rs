//! The files beside the pages: one style sheet, one script, one icon. Compiled in, so the shop is one program.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::LazyLock,
};

use axum::{
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::IntoResponse,
};

const STYLE_SHEET: &str = include_str!("../assets/style.css");
const SCRIPT: &str = include_str!("../assets/leave.js");
const ICON: &str = include_str!("../assets/favicon.svg");

/// A year: the address changes when the content does.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
const FOR_A_DAY: &str = "public, max-age=86400";

/// Returns the address of the style sheet, which names its content.
pub(crate) fn style_sheet() -> &'static str {
    static ADDRESS: LazyLock<String> = LazyLock::new(|| address(STYLE_SHEET, "css"));
    &ADDRESS
}

/// Returns the address of the script, which names its content.
pub(crate) fn script() -> &'static str {
    static ADDRESS: LazyLock<String> = LazyLock::new(|| address(SCRIPT, "js"));
    &ADDRESS
}

fn address(content: &str, kind: &str) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("/assets/{:016x}.{kind}", hasher.finish())
}

/// Answers with the style sheet.
pub async fn serve_style_sheet() -> impl IntoResponse {
    let headers = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, FOR_GOOD)];
    (headers, STYLE_SHEET)
}

/// Answers with the script.
pub async fn serve_script() -> impl IntoResponse {
    let headers = [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, FOR_GOOD)];
    (headers, SCRIPT)
}

/// Answers with the icon.
pub async fn serve_icon() -> impl IntoResponse {
    let headers = [(CONTENT_TYPE, "image/svg+xml"), (CACHE_CONTROL, FOR_A_DAY)];
    (headers, ICON)
}
