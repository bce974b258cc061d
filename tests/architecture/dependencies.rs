//! deny.toml, enforced: licences, sources, bans, duplicate versions of the default build.
//!
//! `cargo tree` tells what is compiled with the default features, which `cargo metadata` and Cargo.lock do not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

use super::none;
use super::source::{self, root};

fn toml(path: &str) -> Value {
    basic_toml::from_str(&fs::read_to_string(root().join(path)).unwrap()).unwrap()
}

/// A package of the default build: name, version, licence.
struct Package {
    name: String,
    version: String,
    licence: String,
}

static DEFAULT_BUILD: LazyLock<Vec<Package>> = LazyLock::new(|| {
    let what = [
        "tree",
        "--workspace",
        "--offline",
        "--locked",
        "--edges",
        "normal,build,dev",
    ];
    let how = ["--prefix", "none", "--format", "{p}|{l}|"];
    let output = Command::new(env!("CARGO"))
        .args(what)
        .args(how)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "cargo tree: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    // What comes again is marked by `(*)` after the last bar.
    let lines: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.rsplit_once('|'))
        .map(|(line, _)| line)
        .collect();
    assert!(lines.len() > 200, "only {} packages", lines.len());
    lines.into_iter().map(package).collect()
});

fn package(line: &str) -> Package {
    let (package, licence) = line.split_once('|').unwrap();
    let mut words = package.split(' ');
    let name = words.next().unwrap().to_owned();
    let version = words.next().unwrap().trim_start_matches('v').to_owned();
    Package {
        name,
        version,
        licence: licence.to_owned(),
    }
}

/// What is compiled with the default features.
fn default_build() -> &'static [Package] {
    &DEFAULT_BUILD
}

#[test]
fn licences_are_allowed() {
    let deny = toml("deny.toml");
    let allowed: Vec<&str> = deny["licenses"]["allow"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    let packages = default_build();
    let wrong: Vec<String> = packages
        .iter()
        .filter(|package| !may_be_linked(&package.licence, &allowed))
        .map(|package| format!("{} {}: {}", package.name, package.version, package.licence))
        .collect();
    none("licences that deny.toml does not allow", &wrong);
    let unused: Vec<String> = allowed
        .iter()
        .filter(|name| {
            !packages
                .iter()
                .any(|package| words(&package.licence).iter().any(|word| word == *name))
        })
        .map(|&name| name.to_owned())
        .collect();
    none("licences that nothing has", &unused);
}

/// Names and brackets of an SPDX expression; the old `A/B` is `A OR B`.
fn words(expression: &str) -> Vec<String> {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    spaced.split_whitespace().map(str::to_owned).collect()
}

/// SPDX: `OR` binds weaker than `AND`; `X WITH exception` is a name of its own.
fn may_be_linked(expression: &str, allowed: &[&str]) -> bool {
    let words = words(expression);
    let mut position = 0;
    !words.is_empty() && any(&words, &mut position, allowed) && position == words.len()
}

fn any(words: &[String], position: &mut usize, allowed: &[&str]) -> bool {
    let mut holds = all(words, position, allowed);
    while words.get(*position).is_some_and(|word| word == "OR") {
        *position += 1;
        holds |= all(words, position, allowed);
    }
    holds
}

fn all(words: &[String], position: &mut usize, allowed: &[&str]) -> bool {
    let mut holds = one(words, position, allowed);
    while words.get(*position).is_some_and(|word| word == "AND") {
        *position += 1;
        holds &= one(words, position, allowed);
    }
    holds
}

fn one(words: &[String], position: &mut usize, allowed: &[&str]) -> bool {
    let Some(word) = words.get(*position) else {
        return false;
    };
    *position += 1;
    if word == "(" {
        let holds = any(words, position, allowed);
        *position += 1;
        return holds;
    }
    let mut name = word.clone();
    if words.get(*position).is_some_and(|word| word == "WITH") {
        name = format!(
            "{name} WITH {}",
            words.get(*position + 1).map_or("", String::as_str)
        );
        *position += 2;
    }
    allowed.contains(&name.as_str())
}

#[test]
fn licence_expressions_are_evaluated() {
    let allowed = ["MIT", "ISC", "Apache-2.0"];
    for yes in [
        "MIT",
        "GPL-3.0 OR MIT",
        "MIT/GPL-3.0",
        "(GPL-3.0 OR MIT) AND ISC",
        "ISC AND MIT OR GPL-3.0",
    ] {
        assert!(may_be_linked(yes, &allowed), "{yes}");
    }
    for no in [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "Apache-2.0 WITH LLVM-exception",
        "(MIT",
        "MIT ISC",
    ] {
        assert!(!may_be_linked(no, &allowed), "{no}");
    }
}

#[test]
fn packages_come_from_the_default_index() {
    let lock = toml("Cargo.lock");
    let ours: Vec<String> = source::packages()
        .iter()
        .map(|folder| {
            toml(&format!("{folder}/Cargo.toml"))["package"]["name"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let mut sources = BTreeSet::new();
    let mut wrong = Vec::new();
    for package in lock["package"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        match package.get("source").and_then(Value::as_str) {
            Some(source) => {
                sources.insert(source.to_owned());
                if package.get("checksum").is_none() {
                    wrong.push(format!("{name} has no checksum"));
                }
            }
            None if ours.contains(&name.to_owned()) => {}
            None => wrong.push(format!("{name} comes from a path outside the workspace")),
        }
    }
    none("packages without a proper source", &wrong);
    assert!(
        sources.iter().all(|source| source.starts_with("registry+")),
        "{sources:?}"
    );
    assert_eq!(sources.len(), 1, "one index only: {sources:?}");
}

#[test]
fn banned_crates_are_not_in_the_default_build() {
    let deny = toml("deny.toml");
    let banned: Vec<&str> = deny["bans"]["deny"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["crate"].as_str().unwrap())
        .collect();
    for name in ["ring", "native-tls", "openssl", "openssl-sys", "reqwest"] {
        assert!(banned.contains(&name), "deny.toml no longer bans {name}");
    }
    let wrong: Vec<String> = default_build()
        .iter()
        .filter(|package| banned.contains(&package.name.as_str()))
        .map(|package| {
            format!(
                "{} {}: `cargo tree -i {}`",
                package.name, package.version, package.name
            )
        })
        .collect();
    none("banned crates in the default build", &wrong);
}

#[test]
fn duplicate_versions_are_known() {
    let deny = toml("deny.toml");
    let skipped: BTreeSet<String> = deny["bans"]["skip"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            assert!(
                entry["reason"].as_str().is_some_and(|reason| !reason.is_empty()),
                "{entry} has no reason"
            );
            entry["crate"].as_str().unwrap().to_owned()
        })
        .collect();
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in default_build() {
        versions
            .entry(&package.name)
            .or_default()
            .insert(&package.version);
    }
    let (mut wrong, mut needed) = (Vec::new(), BTreeSet::new());
    for (name, versions) in &versions {
        let known: Vec<String> = versions
            .iter()
            .map(|version| format!("{name}@{version}"))
            .filter(|id| skipped.contains(id))
            .collect();
        if versions.len() - known.len() > 1 {
            wrong.push(format!("{name}: {versions:?}"));
        }
        if versions.len() > 1 {
            needed.extend(known);
        }
    }
    none("several versions of one crate, not listed in deny.toml", &wrong);
    let stale: Vec<String> = skipped.difference(&needed).cloned().collect();
    none("entries of deny.toml that nothing needs", &stale);
}

/// Young crates that security rests on are pinned to the version that was read.
#[test]
fn young_crates_are_pinned_exactly() {
    let workspace = toml("Cargo.toml");
    for name in [
        "bergshamra",
        "kryptering",
        "uppsala",
        "samael",
        "dynoxide-rs",
        "phonenumber",
    ] {
        let version = workspace["workspace"]["dependencies"][name]["version"]
            .as_str()
            .or_else(|| workspace["workspace"]["dependencies"][name].as_str())
            .unwrap();
        assert!(version.starts_with('='), "{name} = \"{version}\" is not pinned");
    }
}
