//! Light or dark: the visitor's choice, kept in the session under [`THEME`].

use cloakroom::Key;
use serde::{Deserialize, Serialize};

/// The theme that the visitor chose.
pub const THEME: Key<Theme> = Key::new("theme");

/// How the shop looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the device does.
    #[default]
    Auto,
    /// By day.
    Light,
    /// By night.
    Dark,
}

impl Theme {
    /// Every theme, in the order of the buttons.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// Its name in forms and in the style sheet.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Its name on the page.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "Auto",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }
}
