//! The same requests by both ways: read from the file, and asked of the engine's port.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemOutput;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use serde_json::{Value, json};

use super::super::dynamodb_direct::DirectHttpClient;
use super::Rows;
use crate::{Local, Options};

type Item = HashMap<String, AttributeValue>;

/// Both ways to one file, which is gone at the end.
struct Ways {
    local: Local,
    file: Client,
    port: Client,
    _folder: tempfile::TempDir,
}

impl Ways {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let local = Local::start(&Options::in_folder(folder.path())).unwrap();
        let wire = Builder::new().build_http();
        let direct = DirectHttpClient::new(local.dynamodb().engine(), wire.clone());
        let over = |client: SharedHttpClient| {
            let config = local.sdk_config().to_builder().http_client(client);
            Client::new(&config.build())
        };
        Self {
            file: over(SharedHttpClient::new(direct)),
            port: over(wire),
            local,
            _folder: folder,
        }
    }

    fn rows(&self) -> std::sync::Arc<Rows> {
        self.local.dynamodb().engine().rows().unwrap()
    }

    async fn put(&self, table: &str, item: Item) {
        let put = self.port.put_item().table_name(table).set_item(Some(item));
        put.send().await.unwrap();
    }
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn key(pk: &str, sk: &str) -> Item {
    HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}

/// An item with a value of every type, and text that JSON and SQL must not take for their own.
fn item(pk: &str, sk: &str) -> Item {
    let mut item = key(pk, sk);
    let one = || HashMap::from([("a".to_owned(), AttributeValue::Null(true))]);
    item.extend([
        (
            "text".to_owned(),
            text("\"quoted\" \\ 'and' \u{0}\u{1f}\n Zoë 名 🦀"),
        ),
        ("empty".to_owned(), text("")),
        ("number".to_owned(), AttributeValue::N("-12.50".to_owned())),
        (
            "bytes".to_owned(),
            AttributeValue::B(Blob::new(vec![0, 159, 146, 150])),
        ),
        ("yes".to_owned(), AttributeValue::Bool(true)),
        (
            "list".to_owned(),
            AttributeValue::L(vec![text("x"), AttributeValue::M(one())]),
        ),
        ("set".to_owned(), AttributeValue::Ss(vec!["only".to_owned()])),
    ]);
    item
}

async fn batch(client: &Client, keys: &[(&str, Vec<Item>)]) -> Result<BatchGetItemOutput, (String, String)> {
    let mut request = client.batch_get_item();
    for (table, keys) in keys {
        let keys = KeysAndAttributes::builder().set_keys(Some(keys.clone()));
        request = request.request_items(*table, keys.consistent_read(true).build().unwrap());
    }
    request.send().await.map_err(|error| {
        let error = error.into_service_error();
        let word = |word: Option<&str>| word.unwrap_or_default().to_owned();
        (word(error.code()), word(error.message()))
    })
}

#[tokio::test]
async fn items_are_the_same_both_ways() {
    let ways = Ways::start();
    for (pk, sk) in [("T#1", "."), ("T#\"'1", "S:%_é"), ("T#1", "other")] {
        ways.put("Directory", item(pk, sk)).await;
        ways.put("Ephemeral", key(pk, sk)).await;
    }
    let wanted = || vec![key("T#1", "other"), key("T#1", "nothing"), key("T#\"'1", "S:%_é")];
    let keys = [("Directory", wanted()), ("Ephemeral", wanted())];
    let [file, port] = [&ways.file, &ways.port].map(async |client| batch(client, &keys).await.unwrap());
    let (file, port) = (file.await, port.await);
    assert_eq!(file.responses, port.responses);
    assert_eq!(file.responses.unwrap()["Directory"].len(), 2);
    assert!(file.unprocessed_keys.unwrap().is_empty());
}

#[tokio::test]
async fn chosen_attributes_are_the_same_both_ways() {
    let ways = Ways::start();
    ways.put("Directory", item("T#1", ".")).await;
    ways.put("Directory", key("T#1", "bare")).await;
    for (projection, names) in [
        ("#a, #b,#c", ["text", "list", "absent"]),
        ("#c,#a,#b", ["number", "pk", "bytes"]),
        ("#a, #b, #c", ["absent", "none", "nothing"]),
    ] {
        let keys = KeysAndAttributes::builder()
            .set_keys(Some(vec![key("T#1", "."), key("T#1", "bare")]))
            .projection_expression(projection)
            .expression_attribute_names("#a", names[0])
            .expression_attribute_names("#b", names[1])
            .expression_attribute_names("#c", names[2]);
        let keys = keys.build().unwrap();
        let asked = async |client: &Client| {
            let request = client.batch_get_item().request_items("Directory", keys.clone());
            request.send().await.unwrap().responses.unwrap()
        };
        let found = asked(&ways.file).await;
        assert_eq!(found, asked(&ways.port).await);
        assert_eq!(found["Directory"].len(), 2);
    }
}

#[tokio::test]
async fn what_is_no_plain_request_is_left_to_the_engine() {
    let ways = Ways::start();
    let rows = ways.rows();
    let one = json!({ "pk": { "S": "T#1" }, "sk": { "S": "." } });
    let batch = |request: Value| rows.batch_get_item(request.to_string().as_bytes());
    let asked = |keys: Value| json!({ "RequestItems": { "Directory": { "Keys": keys } } });
    assert_eq!(
        batch(asked(json!([one]))).unwrap(),
        br#"{"Responses":{"Directory":[]},"UnprocessedKeys":{}}"#
    );
    let many = (0..101).map(|n| json!({ "pk": { "S": "T#1" }, "sk": { "S": n.to_string() } }));
    for keys in [
        json!([]),
        json!([one, one]),
        many.collect(),
        json!([{ "pk": { "S": "T#1" } }]),
        json!([{ "pk": { "S": "" }, "sk": { "S": "." } }]),
        json!([{ "pk": { "N": "1" }, "sk": { "S": "." } }]),
        json!([{ "pk": { "S": "T#1" }, "sk": { "S": "." }, "x": { "S": "." } }]),
        json!([{ "pk": { "S": "p".repeat(2049) }, "sk": { "S": "." } }]),
        json!([{ "pk": { "S": "T#1" }, "sk": { "S": "s".repeat(1025) } }]),
    ] {
        assert_eq!(batch(asked(keys)), None);
    }
    for table in ["Elsewhere", "_dynoxide_meta", "Directory\" --"] {
        assert_eq!(
            batch(json!({ "RequestItems": { table: { "Keys": [one] } } })),
            None
        );
    }
    let mut counted = asked(json!([one]));
    counted["ReturnConsumedCapacity"] = "TOTAL".into();
    assert_eq!(batch(counted), None);
    assert_eq!(batch(json!({ "RequestItems": {} })), None);
    let chosen = |projection: &str, names: Value| {
        let of =
            json!({ "Keys": [one], "ProjectionExpression": projection, "ExpressionAttributeNames": names });
        batch(json!({ "RequestItems": { "Directory": of } }))
    };
    assert!(chosen("#a, #b", json!({ "#a": "doc", "#b": "ttl" })).is_some());
    for (projection, names) in [
        ("doc", json!({})),
        ("", json!({})),
        ("#a, doc", json!({ "#a": "ttl" })),
        ("#a.#b", json!({ "#a": "doc", "#b": "ttl" })),
        ("#a, #a", json!({ "#a": "doc" })),
        ("#a, #b", json!({ "#a": "doc", "#b": "doc" })),
        ("#a", json!({ "#a": "doc", "#b": "ttl" })),
        ("#a", json!({ "#a": "" })),
        ("a", json!({ "a": "doc" })),
        ("#a[0]", json!({ "#a[0]": "doc" })),
    ] {
        assert_eq!(chosen(projection, names), None, "{projection}");
    }
    let mut named = asked(json!([one]));
    named["RequestItems"]["Directory"]["ExpressionAttributeNames"] = json!({});
    assert_eq!(batch(named), None);
}

#[tokio::test]
async fn what_is_refused_is_refused_in_the_same_words() {
    let ways = Ways::start();
    for keys in [
        [("Directory", vec![key("T#1", "."), key("T#1", ".")])],
        [("Directory", vec![key("", ".")])],
        [("Directory", vec![key("T#1", &"s".repeat(1025))])],
        [("Elsewhere", vec![key("T#1", ".")])],
    ] {
        let refused = batch(&ways.file, &keys).await.unwrap_err();
        assert_eq!(refused, batch(&ways.port, &keys).await.unwrap_err());
        assert!(!refused.0.is_empty());
    }
}

#[tokio::test]
async fn more_than_16_megabytes_are_left_to_be_asked_again() {
    let ways = Ways::start();
    let sks: Vec<_> = (0..45).map(|n| format!("{n:02}")).collect();
    for sk in &sks {
        let mut item = key("T#1", sk);
        item.insert("large".to_owned(), text("x".repeat(390_000)));
        ways.put("Directory", item).await;
    }
    let keys = [("Directory", sks.iter().map(|sk| key("T#1", sk)).collect())];
    let (file, port) = (
        batch(&ways.file, &keys).await.unwrap(),
        batch(&ways.port, &keys).await.unwrap(),
    );
    assert_eq!(file.responses, port.responses);
    assert_eq!(file.unprocessed_keys, port.unprocessed_keys);
    assert!(!file.unprocessed_keys.unwrap().is_empty());
}

/// An acknowledged write is read by whoever asks next, whichever way it was written.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_acknowledged_is_read() {
    let ways = Ways::start();
    let tasks = (0..4).map(|own: u32| {
        let (file, port) = (ways.file.clone(), ways.port.clone());
        tokio::spawn(async move {
            for n in 0..100_u32 {
                let writer = if n % 2 == 0 { &file } else { &port };
                let mut item = key("T#1", &own.to_string());
                item.insert("n".to_owned(), AttributeValue::N(n.to_string()));
                let put = writer.put_item().table_name("Directory").set_item(Some(item));
                put.send().await.unwrap();
                let keys = [("Directory", vec![key("T#1", &own.to_string())])];
                let read = batch(&file, &keys).await.unwrap().responses.unwrap();
                assert_eq!(read["Directory"][0]["n"].as_n().unwrap(), &n.to_string());
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}
