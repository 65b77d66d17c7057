//! Writes `src/parser.c` and what belongs to it from `grammar.js`: `cargo run --example generate`.

#[path = "../tests/grammar/generation.rs"]
mod generation;

fn main() {
    generation::into(&generation::root().join("src"));
}
