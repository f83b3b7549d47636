//! What the shop sells. It changes when the shop is built anew, so it needs no table.

use std::fmt;

use serde::Deserialize;

/// A price in pence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(pub u32);

impl Price {
    /// Returns the price of so many pounds.
    #[must_use]
    pub const fn pounds(pounds: u32) -> Self {
        Self(pounds * 100)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "£{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// Which part of the shop a product hangs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Coats, jackets and cloaks.
    Coats,
    /// Hats for most heads.
    Hats,
    /// Umbrellas.
    Umbrellas,
    /// Scarves, mittens, hangers.
    Trimmings,
}

impl Kind {
    /// Every kind, in the order of the shop.
    pub const ALL: [Self; 4] = [Self::Coats, Self::Hats, Self::Umbrellas, Self::Trimmings];

    /// Its name in addresses.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Coats => "coats",
            Self::Hats => "hats",
            Self::Umbrellas => "umbrellas",
            Self::Trimmings => "trimmings",
        }
    }

    /// Its name on the page.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Coats => "Coats & cloaks",
            Self::Hats => "Hats",
            Self::Umbrellas => "Umbrellas",
            Self::Trimmings => "Scarves & trimmings",
        }
    }
}

/// Something that the shop sells.
#[derive(Debug)]
pub struct Product {
    /// Its name in addresses, carts and orders.
    pub slug: &'static str,
    /// The number on its tag.
    pub number: u16,
    /// Which part of the shop it hangs in.
    pub kind: Kind,
    /// Its name on the page.
    pub name: &'static str,
    /// What it costs.
    pub price: Price,
    /// One line about it.
    pub summary: &'static str,
    /// A paragraph about it.
    pub description: &'static str,
    /// What it is made of.
    pub material: &'static str,
    /// How to look after it.
    pub care: &'static str,
    /// What the picture shows, in words.
    pub picture: &'static str,
    /// The picture, as SVG.
    pub art: &'static str,
}

/// Returns the product with this slug.
#[must_use]
pub fn find(slug: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.slug == slug)
}

/// Returns the products of one kind, or all of them.
pub fn of(kind: Option<Kind>) -> impl Iterator<Item = &'static Product> {
    PRODUCTS.iter().filter(move |product| kind.is_none_or(|kind| product.kind == kind))
}

/// Returns `count` products that hang beside this one, coming round to the front at the end of the rail.
#[must_use]
pub fn beside(product: &Product, count: usize) -> Vec<&'static Product> {
    let place = PRODUCTS.iter().position(|other| other.slug == product.slug).unwrap_or(0);
    PRODUCTS.iter().cycle().skip(place + 1).take(count).collect()
}

/// Everything that the shop sells, in the order it hangs.
pub static PRODUCTS: [Product; 12] = [
    Product {
        slug: "harbour-duffle",
        number: 14,
        kind: Kind::Coats,
        name: "Harbour duffle",
        price: Price::pounds(189),
        summary: "Heavy wool, horn toggles, a hood that means it.",
        description: "Cut long and square for standing on quays. The toggles open with gloves on, and the pockets \
                      take a paperback, a sandwich and both hands.",
        material: "Boiled wool, 780 g; horn toggles on leather loops",
        care: "Brush when dry. It will outlast the brush.",
        picture: "A blue duffle coat with three horn toggles, on a brass hook",
        art: include_str!("../assets/art/duffle.svg"),
    },
    Product {
        slug: "weekday-bowler",
        number: 3,
        kind: Kind::Hats,
        name: "Weekday bowler",
        price: Price::pounds(84),
        summary: "Hard felt, soft manners.",
        description: "Made to be lifted. Steamed over one of four wooden blocks, stiffened with shellac, and lined in \
                      silk that only you and the cloakroom will ever see.",
        material: "Fur felt, grosgrain ribbon, silk lining",
        care: "Hold it by the brim. Never leave it on a bed.",
        picture: "A charcoal bowler hat with a black ribbon, on a wooden stand",
        art: include_str!("../assets/art/bowler.svg"),
    },
    Product {
        slug: "platform-trench",
        number: 21,
        kind: Kind::Coats,
        name: "Platform trench",
        price: Price::pounds(215),
        summary: "For tearful farewells and ordinary drizzle.",
        description: "Double-breasted, belted, and lined to the cuff. The collar turns up at exactly the angle that \
                      keeps rain out and mystery in.",
        material: "Cotton gabardine, proofed; leather buckle",
        care: "Reproof every second autumn.",
        picture: "A camel trench coat with a belt and wide lapels, on a brass hook",
        art: include_str!("../assets/art/trench.svg"),
    },
    Product {
        slug: "matinee-umbrella",
        number: 40,
        kind: Kind::Umbrellas,
        name: "Matinée umbrella",
        price: Price::pounds(62),
        summary: "Eight ribs and room for two.",
        description: "Opens with a sound like applause. The canopy is cut in eight panels and sewn by hand, so it \
                      sheds rain evenly on everyone who is not under it.",
        material: "Waxed cotton on a steel frame, cherry handle",
        care: "Dry it open. Superstition is no excuse.",
        picture: "An open umbrella in red and cream, with rain falling around it",
        art: include_str!("../assets/art/umbrella.svg"),
    },
    Product {
        slug: "understudy-cloak",
        number: 7,
        kind: Kind::Coats,
        name: "Understudy cloak",
        price: Price::pounds(240),
        summary: "Burgundy wool with a gold lining, in case you are called on.",
        description: "A full half-circle of cloth from one shoulder to the other. It makes any doorway an entrance \
                      and any bus stop a stage.",
        material: "Wool broadcloth, satin lining, gilt clasp",
        care: "Hang it. It hates to be folded.",
        picture: "A burgundy cloak with a gold lining and a gilt clasp, on a brass hook",
        art: include_str!("../assets/art/cloak.svg"),
    },
    Product {
        slug: "away-day-scarf",
        number: 55,
        kind: Kind::Trimmings,
        name: "Away-day scarf",
        price: Price::pounds(36),
        summary: "Two metres of lambswool, no particular team.",
        description: "Knitted round so that it has no wrong side, in a red that goes with cold noses. Long enough to \
                      share, which you may be asked to.",
        material: "Lambswool",
        care: "Cool hand wash; dry it flat.",
        picture: "A red and cream striped scarf with a fringe, on a brass hook",
        art: include_str!("../assets/art/scarf.svg"),
    },
    Product {
        slug: "garden-gate-jacket",
        number: 18,
        kind: Kind::Coats,
        name: "Garden gate jacket",
        price: Price::pounds(164),
        summary: "Waxed cotton, corduroy collar, pockets for string.",
        description: "Gets better with every bramble. Two bellows pockets, two to warm your hands, and one inside for \
                      the seed packets you did not mean to buy.",
        material: "Waxed cotton, corduroy collar, brass studs",
        care: "Sponge with cold water. Wax it once a year.",
        picture: "A green waxed jacket with a brown corduroy collar, on a brass hook",
        art: include_str!("../assets/art/waxed.svg"),
    },
    Product {
        slug: "correspondent-fedora",
        number: 5,
        kind: Kind::Hats,
        name: "Correspondent fedora",
        price: Price::pounds(92),
        summary: "Rust felt with room in the ribbon for a press card.",
        description: "A wide brim that snaps down in front. The feather is found, not plucked, and comes out if your \
                      editor objects.",
        material: "Rabbit felt, grosgrain ribbon, one feather",
        care: "Steam over a kettle and push back into shape.",
        picture: "A rust-coloured fedora with a dark ribbon and a green feather, on a wooden stand",
        art: include_str!("../assets/art/fedora.svg"),
    },
    Product {
        slug: "just-in-case",
        number: 41,
        kind: Kind::Umbrellas,
        name: "Just-in-case",
        price: Price::pounds(48),
        summary: "Carry it and it will not rain.",
        description: "Rolled thin as a walking stick, with a crook that hooks over rails, arms and the backs of \
                      chairs. In eleven years of testing it has hardly been opened.",
        material: "Polyester taffeta, ash crook, brass collar",
        care: "None so far.",
        picture: "A rolled green umbrella, hanging by its wooden crook",
        art: include_str!("../assets/art/folded.svg"),
    },
    Product {
        slug: "first-frost-bobble",
        number: 9,
        kind: Kind::Hats,
        name: "First frost bobble",
        price: Price::pounds(28),
        summary: "One hat, one bobble, no regrets.",
        description: "Thick ribbing that folds down over ears, and a bobble that has been tested on children. Knitted \
                      two villages away.",
        material: "Merino and alpaca",
        care: "Cool hand wash. Fluff the bobble.",
        picture: "A mustard bobble hat with a green band, a cream brim and a red bobble",
        art: include_str!("../assets/art/bobble.svg"),
    },
    Product {
        slug: "lost-property-mittens",
        number: 58,
        kind: Kind::Trimmings,
        name: "Lost property mittens",
        price: Price::pounds(24),
        summary: "On a string, so they will not be.",
        description: "A pair in the strict sense: a cord runs through both sleeves and joins them for life. We have \
                      never had one handed in.",
        material: "Felted wool, ribbed cuffs, cotton cord",
        care: "Dry on a radiator, together.",
        picture: "A pair of blue mittens with snowflakes, joined by a red cord",
        art: include_str!("../assets/art/mittens.svg"),
    },
    Product {
        slug: "cloakroom-hanger",
        number: 60,
        kind: Kind::Trimmings,
        name: "Cloakroom hanger",
        price: Price::pounds(12),
        summary: "Beech, brass, and a tag with your number.",
        description: "The very hanger that your coat spent the concert on. Shaped shoulders, a hook that turns, and a \
                      plate on which we will engrave nothing rude.",
        material: "Steamed beech, solid brass",
        care: "Hang something on it.",
        picture: "A wooden coat hanger with a brass plate and a paper tag",
        art: include_str!("../assets/art/hanger.svg"),
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_product_has_a_slug_and_a_number_of_its_own() {
        let slugs: HashSet<_> = PRODUCTS.iter().map(|product| product.slug).collect();
        let numbers: HashSet<_> = PRODUCTS.iter().map(|product| product.number).collect();
        assert_eq!((slugs.len(), numbers.len()), (PRODUCTS.len(), PRODUCTS.len()));
    }

    #[test]
    fn every_kind_has_products() {
        for kind in Kind::ALL {
            assert!(of(Some(kind)).count() > 0, "{kind:?}");
        }
    }

    #[test]
    fn a_price_shows_its_pence() {
        assert_eq!(Price(1205).to_string(), "£12.05");
    }
}
