//! About names, imports, settings and the manifest (FL0004, FL0005, FL0017 to FL0027).
