//! What was ordered.

use rusqlite::{OptionalExtension, Row};

use crate::{
    cart::{Cart, Line},
    catalogue::Price,
    database::Database,
    error::Error,
    moment::Moment,
    users::UserId,
};

/// The table of orders.
#[derive(Debug, Clone)]
pub struct Orders {
    database: Database,
}

/// An order that was placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its number.
    pub number: i64,
    /// How many things.
    pub items: u32,
    /// For how much.
    pub total: Price,
    /// When.
    pub placed_at: Moment,
}

impl Orders {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Places an order for what is in `cart` and returns its number.
    ///
    /// `ticket` names this order-to-be: the form carries it, so a button pressed twice places one order.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn place(&self, ticket: String, user: UserId, cart: &Cart) -> Result<i64, Error> {
        let lines: Vec<Line> = cart.lines().collect();
        let (items, total, now) = (cart.count(), cart.total(), Moment::now());
        self.database
            .run(move |connection| {
                let transaction = connection.transaction()?;
                let number = transaction
                    .query_row(
                        "INSERT INTO orders (ticket, user, items, total, placed_at) VALUES (?1, ?2, ?3, ?4, ?5)
                         ON CONFLICT DO NOTHING RETURNING id",
                        (&ticket, user.0, items, total.0, now.millis()),
                        |row| row.get(0),
                    )
                    .optional()?;
                let Some(number) = number else {
                    let sql = "SELECT id FROM orders WHERE ticket = ?1 AND user = ?2";
                    return transaction.query_row(sql, (&ticket, user.0), |row| row.get(0));
                };
                for line in lines {
                    transaction.execute(
                        "INSERT INTO order_lines (\"order\", product, quantity, price) VALUES (?1, ?2, ?3, ?4)",
                        (number, line.product.slug, line.quantity, line.product.price.0),
                    )?;
                }
                transaction.commit()?;
                Ok(number)
            })
            .await
    }

    /// Returns a user's orders, newest first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn of(&self, user: UserId) -> Result<Vec<Order>, Error> {
        const SQL: &str =
            "SELECT id, items, total, placed_at FROM orders WHERE user = ?1 ORDER BY id DESC";
        self.database
            .run(move |connection| connection.prepare(SQL)?.query_map([user.0], order)?.collect())
            .await
    }
}

fn order(row: &Row<'_>) -> rusqlite::Result<Order> {
    Ok(Order {
        number: row.get("id")?,
        items: row.get("items")?,
        total: Price(row.get("total")?),
        placed_at: Moment::from_millis(row.get("placed_at")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        catalogue::PRODUCTS,
        passwords::PasswordHash,
        users::{Email, Users},
    };

    #[tokio::test]
    async fn one_ticket_places_one_order_however_often_it_comes() {
        let database = Database::in_memory().expect("a database");
        let email = Email::parse("ada@example.org").expect("an address");
        let users = Users::new(database.clone());
        let added = users.add("Ada".into(), email, PasswordHash::new("not a real hash".into()));
        let user = added.await.expect("added").expect("new");

        let orders = Orders::new(database);
        let mut cart = Cart::default();
        cart.add(&PRODUCTS[0], 2);
        let first = orders.place("ticket".into(), user, &cart).await.expect("placed");
        let again = orders.place("ticket".into(), user, &cart).await.expect("placed");
        let other = orders.place("another ticket".into(), user, &cart).await.expect("placed");
        assert_eq!(first, again);
        assert_ne!(first, other);
        assert_eq!(orders.of(user).await.expect("orders").len(), 2);
    }
}
