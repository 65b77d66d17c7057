//! Writes the pictures of messages into the book: `cargo xtask pictures`.

use std::path::Path;
use std::process::ExitCode;

use flow_tests::pictures;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks on its streams")]
fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = root.join("docs/src/pictures");
    let written = pictures::all(&root).and_then(|pictures| {
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        for picture in &pictures {
            let path = folder.join(&picture.name);
            std::fs::write(&path, &picture.svg).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(pictures.len())
    });
    match written {
        Ok(count) => {
            println!("{count} pictures written");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
