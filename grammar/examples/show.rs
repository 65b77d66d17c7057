fn main() {
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path).unwrap();
        let source = flow_grammar::decode(&bytes);
        let started = std::time::Instant::now();
        let parsed = flow_grammar::parse(&source);
        let took = started.elapsed();
        println!(
            "{path}: {} items, {} errors, {} bytes {:?} {:.1} MB/s",
            parsed.file.items.len(),
            parsed.errors.len(),
            source.len(),
            took,
            source.len() as f64 / 1e6 / took.as_secs_f64()
        );
        for e in parsed.errors.iter().take(40) {
            let line = source[..e.span.start as usize].matches('\n').count() + 1;
            let ls = source[..e.span.start as usize].rfind('\n').map_or(0, |i| i + 1);
            println!(
                "  {line}:{} {:?} {:?} fix {:?}",
                e.span.start as usize - ls + 1,
                &source[e.span.range()].chars().take(30).collect::<String>(),
                e.kind,
                e.fix.as_ref().map(|f| (f.span, f.text.clone()))
            );
        }
    }
}
