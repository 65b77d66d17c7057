//! Ways through a graph, as messages tell them.

/// So many names of a way are shown.
const SHOWN: usize = 12;

/// `start → sort → escalate`; the middle of a very long way is left out.
pub(crate) fn told(names: impl IntoIterator<Item = String>) -> String {
    let mut names: Vec<String> = names.into_iter().collect();
    if names.len() > SHOWN {
        let tail = names.split_off(names.len() - SHOWN / 2);
        let left_out = names.len() - SHOWN / 2;
        names.truncate(SHOWN / 2);
        names.push(format!("… {left_out} more …"));
        names.extend(tail);
    }
    names.join(" → ")
}
