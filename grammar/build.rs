//! Turns `src/syntax.lalrpop` into a parser.

fn main() {
    let done =
        lalrpop::Configuration::new().use_cargo_dir_conventions().emit_rerun_directives(true).process();
    if let Err(error) = done {
        // A conflict in the grammar has been printed by LALRPOP; stop the build with it.
        println!("cargo::error=the grammar does not build: {error}");
    }
}
