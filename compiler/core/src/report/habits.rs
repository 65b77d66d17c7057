//! What settings are called elsewhere.

use smol_str::SmolStr;

use super::names::Candidate;

/// Names that other tools and the providers' own interfaces use, and ours.
const SETTINGS: &[(&str, &str)] = &[
    ("max_tokens", "output"),
    ("max_output_tokens", "output"),
    ("max_completion_tokens", "output"),
    ("system_prompt", "system"),
    ("instructions", "system"),
    ("prompt", "user"),
    ("template", "user"),
    ("messages", "turns"),
    ("history", "turns"),
    ("functions", "tools"),
    ("max_turns", "rounds"),
    ("max_iterations", "rounds"),
    ("max_retries", "retry"),
    ("retries", "retry"),
    ("num_retries", "retry"),
    ("timeout_ms", "timeout"),
    ("deadline", "timeout"),
    ("fallbacks", "fallback"),
    ("api_key", "auth"),
    ("token", "auth"),
    ("context_window", "context"),
    ("context_length", "context"),
    ("capabilities", "can"),
    ("input_cost", "price_in"),
    ("output_cost", "price_out"),
    ("permissions", "needs"),
    ("scopes", "needs"),
    ("idempotent", "once"),
    ("assignee", "role"),
    ("ttl", "keep"),
];

/// Our name for a setting that `known` has.
pub(super) fn setting<'k>(name: &str, known: &'k [Candidate]) -> Option<&'k SmolStr> {
    let (_, ours) = SETTINGS.iter().find(|(theirs, _)| *theirs == name)?;
    known.iter().map(|(known, _)| known).find(|known| known == ours)
}
