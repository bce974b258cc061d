//! One folder = one Lambda = one package, named alike everywhere.

use std::fs;

use serde_json::Value;

use super::none;
use super::source::{self, functions, root};

fn manifest(folder: &str) -> Value {
    let path = root().join(folder).join("Cargo.toml");
    basic_toml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn folder_package_and_span_have_one_name() {
    let mut wrong = Vec::new();
    for name in functions() {
        let package = manifest(&format!("functions/{name}"))["package"]["name"]
            .as_str()
            .unwrap()
            .to_owned();
        if package != name {
            wrong.push(format!("functions/{name}: package is `{package}`"));
        }
        let folder = root().join("functions").join(&name).join("src");
        let Ok(library) = fs::read_to_string(folder.join("lib.rs")) else {
            wrong.push(format!("functions/{name}: no src/lib.rs"));
            continue;
        };
        // The router is wrapped by the edge under the function's own name, which becomes the span; a function that a
        // stream or a schedule starts opens its span itself.
        let squeezed: String = library.split_whitespace().collect();
        let routes = squeezed.contains("edge::wrap(") && squeezed.contains(&format!(",\"{name}\")"));
        let handles = squeezed.contains(&format!("telemetry::invocation(\"{name}\")"));
        if !routes && !handles {
            wrong.push(format!(
                "functions/{name}: neither edge::wrap(…, \"{name}\") nor telemetry::invocation(\"{name}\") in lib.rs"
            ));
        }
        let main = fs::read_to_string(folder.join("main.rs")).unwrap_or_default();
        let entry = if routes { "router" } else { "handle" };
        if !main.contains(&format!("{name}::{entry}(")) {
            wrong.push(format!("functions/{name}: main.rs does not run {name}::{entry}"));
        }
    }
    none("functions that are not named alike", &wrong);
}

/// `main.rs` is the cold start, and nothing else.
#[test]
fn main_is_the_cold_start_only() {
    let mut wrong = Vec::new();
    for name in functions() {
        let main = fs::read_to_string(root().join("functions").join(&name).join("src/main.rs")).unwrap();
        if main.lines().count() > 25 || main.matches("fn ").count() != 1 {
            wrong.push(format!(
                "functions/{name}/src/main.rs: {} lines",
                main.lines().count()
            ));
        }
    }
    none("main.rs with more than a cold start", &wrong);
}

#[test]
fn no_function_depends_on_another() {
    let names = functions();
    let mut wrong = Vec::new();
    for name in &names {
        let manifest = manifest(&format!("functions/{name}"));
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(table) = manifest.get(table).and_then(Value::as_object) else {
                continue;
            };
            for dependency in table.keys() {
                if names.contains(&dependency.replace('-', "_")) || dependency == "gatehouse-local" {
                    wrong.push(format!("functions/{name} → {dependency}"));
                }
            }
        }
    }
    none("functions that depend on a function", &wrong);
}

/// The common crate depends on no package of ours.
#[test]
fn the_common_crate_is_the_bottom() {
    let manifest = manifest("shared");
    let ours: Vec<String> = functions()
        .into_iter()
        .chain(["gatehouse-local".into(), "gatehouse-tests".into()])
        .collect();
    for table in ["dependencies", "dev-dependencies"] {
        for dependency in manifest[table].as_object().unwrap().keys() {
            assert!(!ours.contains(dependency), "shared → {dependency}");
        }
    }
}

#[test]
fn every_package_takes_the_workspace_lints() {
    for package in source::packages() {
        let manifest = manifest(&package);
        assert_eq!(
            manifest["lints"]["workspace"].as_bool(),
            Some(true),
            "{package} has lints of its own"
        );
    }
}
