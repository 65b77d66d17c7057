use super::*;

fn of(declared: &Declared, variables: &[(&str, &str)]) -> Result<Option<Settings>, BadSetting> {
    let find =
        |name: &str| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
    Settings::of(declared, "desk", &find)
}

fn urls(variables: &[(&str, &str)]) -> (Option<String>, Option<String>) {
    let settings = of(&Declared::default(), variables).unwrap().unwrap();
    (settings.traces.map(|signal| signal.url), settings.metrics.map(|signal| signal.url))
}

#[test]
fn nothing_is_sent_unless_somebody_says_where() {
    assert_eq!(of(&Declared::default(), &[]), Ok(None));
    let declared = Declared { endpoint: Some("http://c:4318/".into()), ..Declared::default() };
    let settings = of(&declared, &[]).unwrap().unwrap();
    assert_eq!(settings.traces.unwrap().url, "http://c:4318/v1/traces");
    assert_eq!(settings.resource[0], ("service.name".into(), "desk".into()));
    assert_eq!(of(&declared, &[("OTEL_SDK_DISABLED", "true")]), Ok(None));
}

#[test]
fn variables_win_and_those_of_one_signal_win_over_those_of_all() {
    let all = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318");
    assert_eq!(
        urls(&[all]),
        (Some("http://c:4318/v1/traces".into()), Some("http://c:4318/v1/metrics".into()))
    );
    let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://t/x");
    assert_eq!(urls(&[all, own]).0, Some("https://t/x".into()), "as it is");
    assert_eq!(urls(&[all, ("OTEL_METRICS_EXPORTER", "none")]).1, None);
    let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20abc, x-team = ops");
    let settings = of(&Declared::default(), &[all, headers]).unwrap().unwrap();
    let expected = [("authorization".into(), "Basic abc".into()), ("x-team".into(), "ops".into())];
    assert_eq!(settings.metrics.unwrap().headers, expected);
}

#[test]
fn the_share_and_the_name_come_from_the_environment() {
    let declared =
        Declared { endpoint: Some("http://c".into()), service: Some("shop".into()), sample: Some(0.5) };
    let settings = of(&declared, &[]).unwrap().unwrap();
    assert_eq!((settings.sample, settings.resource[0].1.as_str()), (0.5, "shop"));
    let ratio = [
        ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ("OTEL_SERVICE_NAME", "till"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=prod,service.version=7"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
    ];
    let settings = of(&declared, &ratio).unwrap().unwrap();
    assert_eq!((settings.sample, settings.interval), (0.25, Duration::from_millis(500)));
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let expected =
        [pair("service.name", "till"), pair("deployment.environment", "prod"), pair("service.version", "7")];
    assert_eq!(settings.resource, expected);
}

#[test]
fn what_makes_no_sense_is_said_without_a_secret() {
    let refused = |variables: &[(&str, &str)]| {
        let declared = Declared { endpoint: Some("http://c".into()), ..Declared::default() };
        of(&declared, variables).unwrap_err().to_string()
    };
    assert!(refused(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]).contains("http/protobuf is"));
    assert!(refused(&[("OTEL_TRACES_EXPORTER", "zipkin")]).contains("neither"));
    assert!(refused(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "c:4317")]).contains("no http address"));
    assert!(refused(&[("OTEL_TRACES_SAMPLER", "dice")]).contains("dice"));
    assert!(refused(&[("OTEL_EXPORTER_OTLP_TIMEOUT", "soon")]).contains("ms"));
    let secret = refused(&[("OTEL_EXPORTER_OTLP_HEADERS", "hunter2")]);
    assert!(!secret.contains("hunter2"), "{secret}");
}
