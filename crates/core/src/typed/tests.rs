use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::*;

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Shop {
    n: u32,
    name: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cart: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Strict {
    n: u32,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Flat {
    n: u32,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct Wrapped(Shop);

fn edits<T: Serialize + DeserializeOwned>(
    data: &[(&str, &str)],
    change: impl FnOnce(&mut T),
) -> String {
    let edits = edits_of(data, change).unwrap();
    let text = |(key, value): &Edit| match value {
        Some(value) => format!("{key}={value}"),
        None => format!("-{key}"),
    };
    edits.iter().map(text).collect::<Vec<_>>().join(" ")
}

#[test]
fn fields_are_the_values_of_their_names_and_others_are_left_alone() {
    let data = [("cart", r#"["hat"]"#), ("n", "7"), ("other", "true")];
    let shop: Shop = read(&data).unwrap();
    assert_eq!(shop, Shop { n: 7, name: None, cart: vec!["hat".to_owned()] });
    assert_eq!(read::<Wrapped>(&data).unwrap().0, shop);
    assert_eq!(read::<Shop>(&[]).unwrap(), Shop::default());
}

#[test]
fn only_what_was_changed_is_written() {
    let data = [("cart", r#"["hat"]"#), ("other", "true")];
    assert_eq!(edits::<Shop>(&data, |_| ()), "");
    assert_eq!(edits::<Shop>(&data, |shop| shop.n = 1), "n=1");
    assert_eq!(edits::<Shop>(&data, |shop| shop.cart.clear()), "-cart");
    assert_eq!(edits::<Wrapped>(&data, |shop| shop.0.name = Some("é".into())), "name=\"é\"");
}

#[test]
fn a_map_holds_all_values() {
    let data = [("a", "1"), ("n", "2")];
    assert_eq!(edits::<BTreeMap<String, Value>>(&data, |map| drop(map.remove("a"))), "-a");
    let change = |flat: &mut Flat| drop(flat.rest.insert("b".into(), "x".into()));
    assert_eq!(edits::<Flat>(&data, change), "b=\"x\"");
}

#[test]
fn mistakes_name_the_field_or_the_type_and_no_value() {
    let message = |error: Error| format!("{error} {error:?}");
    let wrong = message(read::<Shop>(&[("n", "\"hunter2\"")]).unwrap_err());
    assert!(wrong.contains("\"n\"") && !wrong.contains("hunter2"), "{wrong}");
    let missing = message(read::<Strict>(&[]).err().unwrap());
    assert!(missing.contains("`n`") && missing.contains("serde(default)"), "{missing}");
    for error in [
        read::<u32>(&[("n", "1")]).err(),
        read::<Vec<u32>>(&[("n", "1")]).err(),
        Written::of(&7_u32).err(),
        Written::of(&Some(vec![1])).err(),
    ] {
        let message = message(error.unwrap());
        assert!(message.contains("a struct with named fields, or a map"), "{message}");
    }
}
