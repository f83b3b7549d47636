//! The cart: what it is and how it changes. Kept in the session under [`CART`].

use cloakroom::Key;
use serde::{Deserialize, Serialize};

use crate::catalogue::{self, Price, Product};

/// The visitor's cart. Absent until something is put in.
pub const CART: Key<Cart> = Key::new("cart");

/// The most of one product in one cart.
pub const MOST: u32 = 20;

/// Products and how many of each, in the order they were put in.
///
/// Its methods are what [`cloakroom::Session::update`] runs: they may run again on a fresher cart, if
/// another tab was first, and say what to change, not what the outcome is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cart {
    entries: Vec<Entry>,
}

/// A product by its slug, for products come and go while sessions last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    product: String,
    quantity: u32,
}

/// One line of the cart, as it is shown and ordered.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// What.
    pub product: &'static Product,
    /// How many.
    pub quantity: u32,
}

impl Line {
    /// What the line costs.
    #[must_use]
    pub fn total(&self) -> Price {
        Price(self.product.price.0 * self.quantity)
    }
}

impl Cart {
    /// Puts `quantity` more of a product in, up to [`MOST`].
    pub fn add(&mut self, product: &Product, quantity: u32) {
        match self.entry(product) {
            Some(entry) => entry.quantity = entry.quantity.saturating_add(quantity).min(MOST),
            None if quantity > 0 => self
                .entries
                .push(Entry { product: product.slug.to_owned(), quantity: quantity.min(MOST) }),
            None => {}
        }
    }

    /// Sets how many of a product are in; none takes it out. Does nothing if it is not in.
    pub fn change(&mut self, product: &Product, quantity: u32) {
        if quantity == 0 {
            self.remove(product);
        } else if let Some(entry) = self.entry(product) {
            entry.quantity = quantity.min(MOST);
        }
    }

    /// Takes a product out.
    pub fn remove(&mut self, product: &Product) {
        self.entries.retain(|entry| entry.product != product.slug);
    }

    /// Returns the lines, without products that the shop has stopped selling.
    pub fn lines(&self) -> impl Iterator<Item = Line> {
        self.entries.iter().filter_map(|entry| {
            let product = catalogue::find(&entry.product)?;
            let quantity = entry.quantity.min(MOST);
            Some(Line { product, quantity })
        })
    }

    /// How many things are in.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.lines().map(|line| line.quantity).sum()
    }

    /// What everything costs.
    #[must_use]
    pub fn total(&self) -> Price {
        Price(self.lines().map(|line| line.total().0).sum())
    }

    fn entry(&mut self, product: &Product) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.product == product.slug)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::PRODUCTS;

    #[test]
    fn adding_the_same_product_again_makes_more_of_it() {
        let mut cart = Cart::default();
        cart.add(&PRODUCTS[0], 1);
        cart.add(&PRODUCTS[1], 1);
        cart.add(&PRODUCTS[0], 2);
        assert_eq!(cart.lines().map(|line| line.quantity).collect::<Vec<_>>(), [3, 1]);
        assert_eq!(cart.total(), Price(PRODUCTS[0].price.0 * 3 + PRODUCTS[1].price.0));
    }

    #[test]
    fn nobody_gets_more_than_the_most() {
        let mut cart = Cart::default();
        cart.add(&PRODUCTS[0], u32::MAX);
        cart.add(&PRODUCTS[0], u32::MAX);
        assert_eq!(cart.count(), MOST);
        cart.change(&PRODUCTS[0], u32::MAX);
        assert_eq!(cart.count(), MOST);
    }

    #[test]
    fn changing_to_none_takes_out_and_changing_what_is_not_in_does_nothing() {
        let mut cart = Cart::default();
        cart.add(&PRODUCTS[0], 2);
        cart.change(&PRODUCTS[0], 0);
        cart.change(&PRODUCTS[1], 5);
        assert_eq!(cart, Cart::default());
    }

    #[test]
    fn a_product_that_is_no_longer_sold_is_left_out() {
        let entries = vec![Entry { product: "ruff".into(), quantity: 2 }];
        assert_eq!(Cart { entries }.count(), 0);
    }
}
