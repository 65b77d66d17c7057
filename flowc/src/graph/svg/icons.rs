//! Small drawings: what kind of work a box does, and the shield of approval. 14 by 14, drawn here, so that no font
//! is needed.

use super::super::Kind;

/// The lines of a kind's drawing.
pub(super) const fn of(kind: Kind) -> Option<&'static str> {
    match kind {
        // A speech bubble.
        Kind::Prompt => Some("M2 2.5h10v7.2H6.6L4 12V9.7H2z"),
        // A bolt: something happens.
        Kind::Tool => Some("M8.2 1.2L3 8h3.6l-.8 4.8L11 6H7.4z"),
        // A head and shoulders.
        Kind::Human => Some(
            "M7 6.6a2.7 2.7 0 1 0 0-5.4a2.7 2.7 0 0 0 0 5.4zM1.9 12.8c.5-2.9 2.5-4.2 5.1-4.2s4.6 1.3 5.1 4.2",
        ),
        // A drum.
        Kind::Resource => Some(
            "M2.5 3.4v7.2c0 1.1 2 2 4.5 2s4.5-.9 4.5-2V3.4M7 5.4c2.5 0 4.5-.9 4.5-2s-2-2-4.5-2s-4.5.9-4.5 2s2 2 4.5 2z",
        ),
        // One box above two.
        Kind::Flow => Some("M5 1.5h4v3H5zM1.5 9.5h4v3h-4zM8.5 9.5h4v3h-4zM7 4.5V7M3.5 9.5V7h7v2.5"),
        // One sheet on another.
        Kind::Many => Some("M4.5 4.5h8v8h-8zM1.5 9.5v-8h8"),
        // A diamond, as in old flowcharts.
        Kind::Router => Some("M7 1.5L12.5 7L7 12.5L1.5 7z"),
        // Equal signs.
        Kind::Pure => Some("M2.5 5h9M2.5 9h9"),
        Kind::Start | Kind::Return | Kind::Fail => None,
    }
}

/// The outline of the shield, around its middle.
pub(super) const SHIELD: &str = "M0-7L6-5V-.4C6 3.2 3.4 5.6 0 7C-3.4 5.6-6 3.2-6-.4V-5z";
/// The tick on it.
pub(super) const TICK: &str = "M-2.7-.3L-.7 1.8L2.9-2.2";
