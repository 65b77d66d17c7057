//! Who may import whom.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// Our crates from the bottom up: a crate may depend only on those before it in its row.
const ALLOWED: &[(&str, &[&str])] = &[
    ("flow-grammar", &[]),
    ("flow-stdlib", &[]),
    ("flow-diagnostics", &[]),
    ("flow-ir", &[]),
    ("flow-compiler", &["flow-grammar", "flow-stdlib", "flow-diagnostics", "flow-ir"]),
    ("flow-ide", &["flow-grammar", "flow-stdlib", "flow-diagnostics", "flow-ir", "flow-compiler"]),
    ("flow-lsp", &["flow-grammar", "flow-diagnostics", "flow-ide"]),
    ("flow-model", &["flow-ir"]),
    ("flow-policy", &["flow-ir"]),
    ("flow-eval", &["flow-ir"]),
    ("flow-store", &["flow-ir", "flow-eval"]),
    ("flow-registry", &["flow-ir"]),
    ("flow-providers", &["flow-ir", "flow-eval", "flow-model", "flow-policy"]),
    ("flow-server", &["flow-ir", "flow-eval", "flow-store", "flow-runtime"]),
    ("flow-runtime", &["flow-ir", "flow-eval", "flow-model", "flow-policy", "flow-store", "flow-providers"]),
    ("flow-telemetry", &["flow-ir", "flow-model", "flow-store", "flow-providers", "flow-runtime"]),
];

/// Outside crates that only some of ours may name, and why.
const RESERVED: &[(&str, &[&str], &str)] = &[
    (
        "tokio",
        &["flow-lsp", "flow-providers", "flow-runtime", "flow-server", "flow-telemetry", "flowc"],
        "the compiler and the policies are pure",
    ),
    ("reqwest", &["flow-providers"], "bytes leave the process in one place"),
    ("miette", &["flow-diagnostics"], "data is not rendering"),
    ("tower-lsp-server", &["flow-lsp"], "the protocol is a view"),
    ("lalrpop-util", &["flow-grammar"], "one parser"),
    ("logos", &["flow-grammar"], "one lexer"),
    ("cranelift-jit", &["flow-eval"], "one place to audit"),
    ("cranelift-codegen", &["flow-eval"], "one place to audit"),
    ("anyhow", &["flowc", "xtask"], "libraries have errors with codes"),
];

/// Crates that stand above the layers: the binary, tests, benches and chores.
const ABOVE: &[&str] = &["flowc", "flow-tests", "flow-benches", "xtask", "flow-fuzz"];

/// Every dependency that the tables above do not allow, as a line for people.
pub(crate) fn violations() -> anyhow::Result<Vec<String>> {
    let metadata = MetadataCommand::new().no_deps().exec().context("cargo metadata")?;
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        ALLOWED.iter().map(|(name, below)| (*name, below.iter().copied().collect())).collect();
    let ours: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let mut found = Vec::new();
    for package in &metadata.packages {
        check_ours(package, &ours, &allowed, &mut found);
        check_reserved(package, &mut found);
    }
    Ok(found)
}

/// Names of a package's dependencies that end up in the product: no dev-dependencies.
fn shipped(package: &Package) -> impl Iterator<Item = &str> {
    let shipped =
        package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
    shipped.map(|dependency| dependency.name.as_str())
}

fn check_ours(
    package: &Package,
    ours: &BTreeSet<&str>,
    allowed: &BTreeMap<&str, BTreeSet<&str>>,
    found: &mut Vec<String>,
) {
    let name = package.name.as_str();
    if ABOVE.contains(&name) {
        return;
    }
    let Some(below) = allowed.get(name) else {
        found.push(format!("{name}: has no row in the table of layers"));
        return;
    };
    let upward =
        shipped(package).filter(|dependency| ours.contains(dependency) && !below.contains(dependency));
    found.extend(upward.map(|dependency| format!("{name}: must not depend on {dependency}")));
}

fn check_reserved(package: &Package, found: &mut Vec<String>) {
    let name = package.name.as_str();
    if ["flow-tests", "flow-benches"].contains(&name) {
        return;
    }
    for dependency in shipped(package) {
        let row = RESERVED.iter().find(|(reserved, _, _)| *reserved == dependency);
        if let Some((_, _, why)) = row.filter(|(_, owners, _)| !owners.contains(&name)) {
            found.push(format!("{name}: must not depend on {dependency}: {why}"));
        }
    }
}
