use std::fs;
use std::path::{Path, PathBuf};

use super::{Package, Target};

fn write(root: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn modules(package: &Package) -> Vec<&str> {
    package.files.iter().map(|file| file.module.as_str()).collect()
}

#[test]
fn a_package_is_found_upwards_and_ends_at_the_next_manifest() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        &[
            ("flow.toml", "[package]\nname = \"a\"\n"),
            ("main.flow", ""),
            ("deep/er.flow", ""),
            ("deep/other/flow.toml", "[package]\nname = \"b\"\n"),
            ("deep/other/main.flow", ""),
            (".hidden/x.flow", ""),
            (".gitignore", "skip.flow\n"),
            ("skip.flow", ""),
            ("notes.txt", ""),
        ],
    );
    for start in ["", "deep", "deep/er.flow", "main.flow"] {
        let package = Package::at(&dir.path().join(start)).unwrap();
        assert_eq!(modules(&package), ["deep/er", "main"], "from `{start}`");
    }
    let both = Package::all(&[dir.path().join("main.flow"), dir.path().join("deep/other")]).unwrap();
    assert_eq!(both.len(), 2);
}

#[test]
fn a_directory_above_packages_means_all_of_them() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        &[
            ("x/flow.toml", "[package]\nname = \"x\"\n"),
            ("x/main.flow", ""),
            ("x/models.flow", ""),
            ("y/flow.toml", "[package]\nname = \"y\"\n"),
            ("y/main.flow", ""),
            ("loose.flow", ""),
        ],
    );
    let found = Package::all(&[dir.path().to_owned()]).unwrap();
    let names: Vec<Vec<&str>> = found.iter().map(modules).collect();
    assert_eq!(names, [vec!["loose"], vec!["main", "models"], vec!["main"]]);
}

#[test]
fn what_is_not_there_is_said_plainly() {
    let dir = tempfile::tempdir().unwrap();
    let missing = Package::at(&dir.path().join("nope")).unwrap_err();
    assert!(missing.message.starts_with("there is no `"), "{}", missing.message);
    let empty = Package::all(&[dir.path().to_owned()]).unwrap_err();
    assert!(empty.message.starts_with("there is no package at `"), "{}", empty.message);
}

#[test]
fn a_flow_is_named_behind_a_colon() {
    let check = |text: &str, path: &str, flow: Option<&str>| {
        let wanted = Target { path: PathBuf::from(path), flow: flow.map(str::to_owned) };
        assert_eq!(Target::parse(text).unwrap(), wanted, "{text}");
    };
    check("examples/estate", "examples/estate", None);
    check("examples/estate:handle", "examples/estate", Some("handle"));
    check(":handle", ".", Some("handle"));
    check("C:\\flows", "C:\\flows", None);
    assert!(Target::parse("src:Handle").is_err());
}
