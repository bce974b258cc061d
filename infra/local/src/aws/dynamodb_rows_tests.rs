//! The same requests to the file's rows and to the engine.

use dynoxide::Database;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Rows;
use crate::{Local, Options};

/// Both ways to one file, which is gone at the end.
struct Ways {
    rows: std::sync::Arc<Rows>,
    engine: Database,
    _local: Local,
    _folder: tempfile::TempDir,
}

impl Ways {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let local = Local::start(&Options::in_folder(folder.path())).unwrap();
        let engine = local.dynamodb().engine();
        Self {
            rows: engine.rows().unwrap(),
            engine: engine.database().unwrap(),
            _local: local,
            _folder: folder,
        }
    }

    fn put(&self, table: &str, item: &Value) {
        let put = json!({ "TableName": table, "Item": item });
        self.engine.put_item(read(&put)).unwrap();
    }

    fn rows(&self, request: &Value) -> Option<Value> {
        let answer = self.rows.batch_get_item(request.to_string().as_bytes())?;
        Some(serde_json::from_slice(&answer).unwrap())
    }

    /// The answer of both.
    fn both(&self, request: &Value) -> Value {
        let answer = self.rows(request).expect("an answer from the rows");
        let engine = self.engine.batch_get_item(read(request)).unwrap();
        assert_eq!(answer, written(&engine), "{request}");
        answer
    }
}

fn read<T: DeserializeOwned>(request: &Value) -> T {
    serde_json::from_value(request.clone()).unwrap()
}

fn written(answer: &impl Serialize) -> Value {
    serde_json::to_value(answer).unwrap()
}

fn key(pk: &str, sk: &str) -> Value {
    json!({ "pk": { "S": pk }, "sk": { "S": sk } })
}

fn of_directory(keys: &Value) -> Value {
    json!({ "RequestItems": { "Directory": { "Keys": keys, "ConsistentRead": true } } })
}

/// An item with values of every type, and text that neither JSON nor SQL may take for its own.
fn item(pk: &str, sk: &str) -> Value {
    json!({
        "pk": { "S": pk },
        "sk": { "S": sk },
        "text": { "S": "\"quoted\" \\ 'and' \u{0}\u{1f}\n Zoë 名 🦀" },
        "empty": { "S": "" },
        "number": { "N": "-12.50" },
        "large": { "N": "12345678901234567890123456789012345678" },
        "bytes": { "B": "AJ+Skg==" },
        "yes": { "BOOL": true },
        "nothing": { "NULL": true },
        "list": { "L": [{ "S": "x" }, { "M": { "a": { "NS": ["10", "9", "1E2"] } } }] },
        "no list": { "L": [] },
        "no map": { "M": {} },
        "texts": { "SS": ["b", "a", "ä"] },
        "numbers": { "NS": ["10", "9", "-1", "1.0"] },
        "many bytes": { "BS": ["AQ==", "AA=="] },
    })
}

#[test]
fn items_are_the_same_both_ways() {
    let ways = Ways::start();
    let places = [
        ("T#1", "."),
        ("T#\"'1", "S:%_é"),
        ("T\u{0}1", "\\"),
        ("T#1", "other"),
    ];
    for (pk, sk) in places {
        ways.put("Directory", &item(pk, sk));
        ways.put("Ephemeral", &key(pk, sk));
    }
    let mut odd = item("T#1", "odd");
    odd["a \"quoted\" \\ name"] = json!({ "S": "value" });
    ways.put("Directory", &odd);
    let updated = json!({
        "TableName": "Directory", "Key": key("T#1", "updated"),
        "UpdateExpression": "SET #a = :list, n = :n ADD s :set", "ExpressionAttributeNames": { "#a": "a.b" },
        "ExpressionAttributeValues": {
            ":list": { "L": [{ "N": "007" }] }, ":n": { "N": "1.10" }, ":set": { "SS": ["z", "y"] },
        },
    });
    ways.engine.update_item(read(&updated)).unwrap();
    let put = json!({ "Put": { "TableName": "Directory", "Item": item("T#1", "transacted") } });
    let transaction = json!({ "TransactItems": [put] });
    ways.engine.transact_write_items(read(&transaction)).unwrap();
    let keys: Vec<_> = places.iter().map(|(pk, sk)| key(pk, sk)).collect();
    let more = ["odd", "updated", "transacted", "absent"].map(|sk| key("T#1", sk));
    let all: Vec<_> = keys.iter().chain(&more).collect();
    let found = ways.both(&json!({ "RequestItems": {
        "Directory": { "Keys": all, "ConsistentRead": true }, "Ephemeral": { "Keys": keys },
    } }));
    let count = |table: &str| found["Responses"][table].as_array().unwrap().len();
    assert_eq!((count("Directory"), count("Ephemeral")), (7, 4));
}

#[test]
fn chosen_attributes_are_the_same_both_ways() {
    let ways = Ways::start();
    ways.put("Directory", &item("T#1", "."));
    ways.put("Directory", &key("T#1", "bare"));
    for (projection, names) in [
        ("#a, #b,#c", ["text", "list", "absent"]),
        ("#c,#a,#b", ["numbers", "pk", "bytes"]),
        (" #a ,\t#b,\n#c", ["absent", "no list", "no map"]),
        ("#a, #b, #c", ["absent", "none", "nowhere"]),
    ] {
        let mut request = of_directory(&json!([key("T#1", "."), key("T#1", "bare")]));
        let of = &mut request["RequestItems"]["Directory"];
        of["ProjectionExpression"] = json!(projection);
        of["ExpressionAttributeNames"] = json!({ "#a": names[0], "#b": names[1], "#c": names[2] });
        let found = ways.both(&request);
        assert_eq!(found["Responses"]["Directory"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn other_keys_and_tables_are_for_the_engine() {
    let ways = Ways::start();
    let one = key("T#1", ".");
    ways.both(&of_directory(&json!([one])));
    let many = (0..101).map(|n| key("T#1", &n.to_string())).collect::<Vec<_>>();
    for keys in [
        json!([]),
        json!([one, one]),
        json!(many),
        json!([{ "pk": { "S": "T#1" } }]),
        json!([key("", ".")]),
        json!([{ "pk": { "N": "1" }, "sk": { "S": "." } }]),
        json!([{ "pk": { "S": "T#1" }, "sk": { "S": "." }, "x": { "S": "." } }]),
        json!([key(&"p".repeat(2049), ".")]),
        json!([key("T#1", &"s".repeat(1025))]),
    ] {
        assert_eq!(ways.rows(&of_directory(&keys)), None);
    }
    for table in ["Elsewhere", "directory", "_dynoxide_meta", "Directory\" --"] {
        let request = json!({ "RequestItems": { table: { "Keys": [one] } } });
        assert_eq!(ways.rows(&request), None, "{table}");
    }
    assert_eq!(ways.rows(&json!({ "RequestItems": {} })), None);
    let mut counted = of_directory(&json!([one]));
    counted["ReturnConsumedCapacity"] = "TOTAL".into();
    assert_eq!(ways.rows(&counted), None);
}

#[test]
fn other_projections_are_for_the_engine() {
    let ways = Ways::start();
    let chosen = |projection: Option<&str>, names: Value| {
        let mut request = of_directory(&json!([key("T#1", ".")]));
        let of = &mut request["RequestItems"]["Directory"];
        of["ExpressionAttributeNames"] = names;
        of["ProjectionExpression"] = json!(projection);
        ways.rows(&request)
    };
    assert!(chosen(Some("#a, #b"), json!({ "#a": "doc", "#b": "ttl" })).is_some());
    let long = format!("#a{}", " ".repeat(5_000));
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
        ("#a,\u{a0}#b", json!({ "#a": "doc", "#b": "ttl" })),
        (&long, json!({ "#a": "doc" })),
    ] {
        assert_eq!(chosen(Some(projection), names), None, "{projection}");
    }
    assert_eq!(chosen(None, json!({})), None);
}

#[test]
fn more_than_16_megabytes_are_for_the_engine() {
    let ways = Ways::start();
    let sks: Vec<_> = (0..45).map(|n| format!("{n:02}")).collect();
    for sk in &sks {
        let mut item = key("T#1", sk);
        item["large"] = json!({ "S": "x".repeat(390_000) });
        ways.put("Directory", &item);
    }
    let keys: Vec<_> = sks.iter().map(|sk| key("T#1", sk)).collect();
    assert_eq!(ways.rows(&of_directory(&json!(keys))), None);
    ways.both(&of_directory(&json!(keys[..40])));
}

/// A file that is no longer what it was is for the engine to speak about.
#[test]
fn a_failure_of_sqlite_is_for_the_engine() {
    let ways = Ways::start();
    let request = of_directory(&json!([key("T#1", ".")]));
    ways.both(&request);
    let dropped = json!({ "TableName": "Directory" });
    ways.engine.delete_table(read(&dropped)).unwrap();
    assert_eq!(ways.rows(&request), None);
    assert!(ways.engine.batch_get_item(read(&request)).is_err());
}

/// What the engine has acknowledged is read by whoever asks next, amid the writes of others.
#[test]
fn what_was_acknowledged_is_read() {
    let ways = Ways::start();
    std::thread::scope(|threads| {
        for own in ["0", "1", "2", "3"] {
            let ways = &ways;
            threads.spawn(move || {
                for n in 0..100 {
                    let mut item = key("T#1", own);
                    item["n"] = json!({ "N": n.to_string() });
                    ways.put("Directory", &item);
                    let found = ways.rows(&of_directory(&json!([key("T#1", own)]))).unwrap();
                    assert_eq!(found["Responses"]["Directory"], json!([item]));
                }
            });
        }
    });
}
