//! A process that the crash test kills: it drives the runs of one file, and ends itself with SIGKILL at the n-th
//! moment where a crash matters.

fn main() {
    flow_tests::crash::child();
}
