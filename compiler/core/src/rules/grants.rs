//! FL0607: a tool needs what the package is not granted.

use flow_diagnostics::Diagnostic;
use flow_ir::ToolId;

use crate::names::Item;
use crate::report;
use crate::trust::Places;

/// Reports tools whose `needs` are not in `[grants]`.
pub(super) fn check(places: &Places<'_>, out: &mut Vec<Diagnostic>) {
    let manifest = places.pkg.manifest;
    if super::is_alone(manifest) {
        return;
    }
    let granted = manifest.grants.iter().filter(|(package, _)| *package == manifest.package);
    let granted: Vec<&String> = granted.flat_map(|(_, grants)| grants).collect();
    for (index, tool) in (0_u32..).zip(&places.bundle.tools) {
        for need in tool.needs.iter().filter(|need| !granted.iter().any(|grant| *grant == need.as_str())) {
            let Some((at, setup)) = places.setup(Item::Tool(ToolId(index))) else { continue };
            let setting = setup.settings.iter().find(|setting| setting.name.text == "needs");
            let span = at.span(setting.map_or(setup.name.span, |setting| setting.span));
            out.push(report::rules::not_granted(span, &tool.name, need, &manifest.package));
        }
    }
}
