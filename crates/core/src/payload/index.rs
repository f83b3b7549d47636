//! Where the values stand in a payload's text.

use std::ops::Range;

use super::Extras;

/// Where the values stand in the text, sorted by key.
pub(super) type Places = Vec<Place>;

#[derive(Debug)]
pub(super) struct Place {
    pub(super) key: Name,
    pub(super) value: Range<usize>,
}

/// A key; mostly it stands in the text as it is.
#[derive(Debug)]
pub(super) enum Name {
    Plain(Range<usize>),
    Escaped(Box<str>),
}

impl Place {
    pub(super) fn key<'a>(&'a self, text: &'a str) -> &'a str {
        self.key.text(text)
    }

    /// The key, and its value's JSON text.
    pub(super) fn entry<'a>(&'a self, text: &'a str) -> (&'a str, &'a str) {
        (self.key(text), &text[self.value.clone()])
    }
}

impl Name {
    pub(super) fn text<'a>(&'a self, text: &'a str) -> &'a str {
        match self {
            Self::Plain(place) => &text[place.clone()],
            Self::Escaped(key) => key,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) data: Places,
    pub(super) flash: Places,
    pub(super) extras: Extras,
}
