//! Literate specs, scripted runs, command-line and end-to-end tests.
