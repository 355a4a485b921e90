//! The example order service, asked as the flow asks it.

use std::collections::BTreeMap;

use warmline::{
    call::{
        action::{LookUp, LookUpRules, Method},
        event::{Event, Found},
        ids::RequestId,
    },
    lookup::LookUps,
    order_service::OrderService,
};

/// 2026-11-22.
const TODAY_S: i64 = 1_795_344_360;

#[tokio::test]
async fn the_examples_orders_are_found_by_a_look_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.db");
    let service = OrderService::open(&file, ([127, 0, 0, 1], 0).into(), TODAY_S).await.unwrap();
    let address = service.address().unwrap();
    tokio::spawn(service.run());
    let lookups = LookUps::new().unwrap();
    let ask = async |number: &str| {
        let take = ["status", "item", "expected"].map(|name| (name.to_owned(), name.to_owned())).into();
        let url = format!("http://{address}/orders/{number}");
        let request = LookUp {
            name: "order".to_owned(),
            method: Method::Get,
            url,
            body: BTreeMap::new(),
            take,
            timeout_ms: 3_000,
            private: false,
            rules: LookUpRules::default(),
        };
        match lookups.ask(RequestId(1), &request).await {
            Event::LookedUp { found, .. } => found,
            other => panic!("{other:?}"),
        }
    };
    let fields = |pairs: &[(&str, &str)]| Found::Fields {
        fields: pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    };
    assert_eq!(ask("457129").await, fields(&[("status", "shipped"), ("item", "desk lamp and two bulbs"), ("expected", "2026-11-24")]));
    // A date that is not known is no field.
    assert_eq!(ask("457130").await, fields(&[("status", "preparing"), ("item", "coffee grinder")]));
    for unknown in ["000000", "457129%27%20OR%201=1--", "..%2f..", "%00"] {
        assert_eq!(ask(unknown).await, Found::Nothing, "{unknown}");
    }
    // A second start finds the orders as they are.
    let again = OrderService::open(&file, ([127, 0, 0, 1], 0).into(), TODAY_S + 86_400 * 30).await.unwrap();
    drop(again);
    assert_eq!(ask("457129").await, fields(&[("status", "shipped"), ("item", "desk lamp and two bulbs"), ("expected", "2026-11-24")]));
}
