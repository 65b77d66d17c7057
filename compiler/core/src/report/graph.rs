//! About graphs: arrows, reachability, errors (FL02xx).
