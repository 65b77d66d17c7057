//! Colours and letters, for light and dark.
//!
//! Which of them is the choice of the reader's system, or of the page around the picture: inside of an element with
//! `data-theme="dark"` or `"light"` it is that one.

use std::fmt::Write as _;

/// A variable, and its colour on light and on dark ground.
const COLOURS: [(&str, &str, &str); 19] = [
    ("paper", "#ffffff", "#16181d"),
    ("ink", "#1c2130", "#e8eaf0"),
    ("soft", "#5b6478", "#a3abbd"),
    ("line", "#7d879b", "#79839a"),
    ("error", "#cf3f36", "#ff7b72"),
    ("dear", "#f2a516", "#d9941a"),
    ("safe", "#1f8f54", "#3fbf7f"),
    ("prompt", "#3d63dd", "#7da2ff"),
    ("prompt-fill", "#eff3ff", "#1b2440"),
    ("tool", "#c26a00", "#f0a04b"),
    ("tool-fill", "#fff5e8", "#33261a"),
    ("human", "#c42d64", "#ff7fab"),
    ("human-fill", "#fff0f5", "#381c28"),
    ("resource", "#1f8f54", "#56c98d"),
    ("resource-fill", "#ecf8f1", "#17301f"),
    ("flow", "#7145c9", "#b394f5"),
    ("flow-fill", "#f5f0ff", "#271f3d"),
    ("pure", "#7d879b", "#79839a"),
    ("pure-fill", "#f6f7fa", "#21242c"),
];

const RULES: &str = "\
text{font-family:ui-sans-serif,system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:var(--ink)}\
.t{font-size:13px;font-weight:600}.d{font-size:11px;fill:var(--soft)}.c{font-size:10.5px;fill:var(--soft)}\
.w{font-weight:600;fill:var(--ink)}.l{font-size:10.5px}.k{font-size:10.5px;fill:var(--soft)}\
.p{fill:var(--paper)}\
.b{stroke-width:1.4;stroke:var(--pure);fill:var(--pure-fill)}.icon{fill:none;stroke:var(--pure);stroke-width:1.4;\
stroke-linecap:round;stroke-linejoin:round}\
.start .b{fill:var(--ink);stroke:var(--ink)}.start .t,.start .w{fill:var(--paper)}.start .d,.start .c{fill:var(--paper);opacity:.75}\
.return .b{fill:var(--resource-fill);stroke:var(--safe)}.fail .b{fill:var(--paper);stroke:var(--error)}\
.fail .t{fill:var(--error)}.return .t{fill:var(--safe)}\
.a{fill:none;stroke:var(--line);stroke-width:1.4}.e{stroke:var(--error);stroke-dasharray:5 4}\
.m{stroke-width:4.6}.i{fill:none;stroke:var(--paper);stroke-width:1.8}\
.tip{fill:var(--line)}.tip-e{fill:var(--error)}\
.h{fill:none;stroke:var(--dear);stroke-width:8;stroke-linecap:round;opacity:.38}\
.r{fill:none;stroke:var(--dear);stroke-width:3}.bar{fill:var(--dear)}.v{font-size:10px;font-weight:700;text-anchor:middle;fill:#1c2130}\
.s{fill:var(--safe)}.s-in{fill:none;stroke:var(--paper);stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round}";

/// Kinds that have a colour of their own, and the name of it.
const KINDS: [(&str, &str); 6] = [
    ("prompt", "prompt"),
    ("tool", "tool"),
    ("human", "human"),
    ("resource", "resource"),
    ("flow", "flow"),
    ("many", "prompt"),
];

/// The whole style sheet.
pub(super) fn sheet() -> String {
    let (light, dark) = (variables(|(_, light, _)| light), variables(|(_, _, dark)| dark));
    let mut text = format!(
        "svg,[data-theme=light] svg{{{light}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}[data-theme=dark] svg{{{dark}}}"
    );
    text.push_str(RULES);
    for (kind, colour) in KINDS {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            ".{kind} .b{{stroke:var(--{colour});fill:var(--{colour}-fill)}}.{kind} .icon{{stroke:var(--{colour})}}"
        );
    }
    text
}

fn variables<'c>(shade: impl Fn((&'c str, &'c str, &'c str)) -> &'c str) -> String {
    COLOURS.iter().map(|colour| format!("--{}:{};", colour.0, shade(*colour))).collect()
}
