//! The graph of a flow, and what can be known about it before it runs.
