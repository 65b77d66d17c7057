//! Where to send, how much, under which name: what the package declares, and the variables of OpenTelemetry.

use std::time::Duration;

use percent_encoding::percent_decode_str;

/// Of one attempt, as the specification has it.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Between two exports of metrics.
const INTERVAL: Duration = Duration::from_secs(60);

/// What a package says in `[telemetry]`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Declared {
    /// The collector: `http://localhost:4318`.
    pub endpoint: Option<String>,
    /// The name of the service; the package's if none is said.
    pub service: Option<String>,
    /// The share of runs whose traces are sent, 0 to 1.
    pub sample: Option<f64>,
}

/// What is sent to one address.
#[derive(Clone, PartialEq, Debug)]
pub struct Signal {
    /// `http://localhost:4318/v1/traces`.
    pub url: String,
    /// Names and values; values may be secrets.
    pub headers: Vec<(String, String)>,
    /// Of one attempt.
    pub timeout: Duration,
}

/// Where to send, how much, under which name.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// `None` sends none.
    pub traces: Option<Signal>,
    /// `None` sends none.
    pub metrics: Option<Signal>,
    /// Between two exports of metrics.
    pub interval: Duration,
    /// The share of runs whose traces are sent, 0 to 1.
    pub sample: f64,
    /// Attributes of the process, `service.name` first.
    pub resource: Vec<(String, String)>,
}

/// A setting that makes no sense.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{name}: {why}")]
pub struct BadSetting {
    /// Of the variable, or in `flow.toml`.
    pub name: String,
    /// For people; holds no value of a header.
    pub why: String,
}

impl BadSetting {
    fn new(name: &str, why: impl Into<String>) -> Self {
        Self { name: name.to_owned(), why: why.into() }
    }
}

impl Settings {
    /// What is declared, unless a variable says otherwise; `None` if nothing is to be sent anywhere.
    ///
    /// # Errors
    /// See [`BadSetting`].
    pub fn of(
        declared: &Declared,
        package: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, BadSetting> {
        let read = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let disabled = read("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let traces = signal(declared, "TRACES", &read)?;
        let metrics = signal(declared, "METRICS", &read)?;
        if disabled || (traces.is_none() && metrics.is_none()) {
            return Ok(None);
        }
        let interval = match read("OTEL_METRIC_EXPORT_INTERVAL") {
            Some(text) => millis("OTEL_METRIC_EXPORT_INTERVAL", &text)?,
            None => INTERVAL,
        };
        let sample = sample(declared, &read)?;
        Ok(Some(Self { traces, metrics, interval, sample, resource: resource(declared, package, &read)? }))
    }
}

type Read<'a> = dyn Fn(&str) -> Option<String> + 'a;

fn signal(declared: &Declared, kind: &str, read: &Read<'_>) -> Result<Option<Signal>, BadSetting> {
    let exporter = format!("OTEL_{kind}_EXPORTER");
    match read(&exporter).as_deref() {
        None | Some("otlp") => {}
        Some("none") => return Ok(None),
        Some(other) => {
            return Err(BadSetting::new(&exporter, format!("`{other}` is neither `otlp` nor `none`")));
        }
    }
    // What is said of one kind wins over what is said of all.
    let either = |what: &str| {
        let names = [format!("OTEL_EXPORTER_OTLP_{kind}_{what}"), format!("OTEL_EXPORTER_OTLP_{what}")];
        names.into_iter().find_map(|name| read(&name).map(|value| (name, value)))
    };
    if let Some((name, protocol)) = either("PROTOCOL").filter(|(_, protocol)| protocol != "http/protobuf") {
        return Err(BadSetting::new(&name, format!("`{protocol}` is not spoken here; http/protobuf is")));
    }
    let own = format!("OTEL_EXPORTER_OTLP_{kind}_ENDPOINT");
    let all = "OTEL_EXPORTER_OTLP_ENDPOINT";
    let below = |base: String| format!("{}/v1/{}", base.trim_end_matches('/'), kind.to_lowercase());
    let found = read(&own).map(|url| (own.as_str(), url));
    let found = found.or_else(|| read(all).map(|base| (all, below(base))));
    let found = found.or_else(|| declared.endpoint.clone().map(|base| ("[telemetry] endpoint", below(base))));
    let Some((name, url)) = found else { return Ok(None) };
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(BadSetting::new(name, format!("`{url}` is no http address")));
    }
    let headers = either("HEADERS").map(|(name, text)| pairs(&name, &text)).transpose()?.unwrap_or_default();
    let timeout = either("TIMEOUT").map(|(name, text)| millis(&name, &text)).transpose()?.unwrap_or(TIMEOUT);
    Ok(Some(Signal { url, headers, timeout }))
}

fn millis(name: &str, text: &str) -> Result<Duration, BadSetting> {
    let ms = text.trim().parse().ok().filter(|ms| *ms > 0);
    ms.map(Duration::from_millis).ok_or_else(|| BadSetting::new(name, format!("`{text}` is no number of ms")))
}

/// `a=b,c=d`, percent-encoded. The error never shows a value.
fn pairs(name: &str, text: &str) -> Result<Vec<(String, String)>, BadSetting> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(String::from);
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let pair = |part: &str| {
        let bad = || BadSetting::new(name, "write `name=value`, with `,` between several");
        let (key, value) = part.split_once('=').ok_or_else(bad)?;
        let key = key.trim();
        if key.is_empty() {
            Err(bad())
        } else {
            Ok((key.to_owned(), decoded(value.trim()).map_err(|_| bad())?))
        }
    };
    parts.map(pair).collect()
}

fn sample(declared: &Declared, read: &Read<'_>) -> Result<f64, BadSetting> {
    let name = "OTEL_TRACES_SAMPLER";
    let share = match read(name).as_deref() {
        None => declared.sample.unwrap_or(1.0),
        Some("always_on" | "parentbased_always_on") => 1.0,
        Some("always_off" | "parentbased_always_off") => 0.0,
        Some("traceidratio" | "parentbased_traceidratio") => {
            let name = "OTEL_TRACES_SAMPLER_ARG";
            let text = read(name).unwrap_or_else(|| "1".to_owned());
            text.trim().parse().map_err(|_| BadSetting::new(name, format!("`{text}` is no share")))?
        }
        Some(other) => {
            return Err(BadSetting::new(name, format!("`{other}` is no sampler that is known here")));
        }
    };
    if (0.0..=1.0).contains(&share) {
        return Ok(share);
    }
    Err(BadSetting::new("sample", format!("`{share}` is not between 0 and 1")))
}

fn resource(
    declared: &Declared,
    package: &str,
    read: &Read<'_>,
) -> Result<Vec<(String, String)>, BadSetting> {
    let name = "OTEL_RESOURCE_ATTRIBUTES";
    let given = read(name).map(|text| pairs(name, &text)).transpose()?.unwrap_or_default();
    let said = |key: &str| given.iter().find(|(own, _)| own == key).map(|(_, value)| value.clone());
    let package = if package.is_empty() { "flowc" } else { package };
    let service = read("OTEL_SERVICE_NAME").or_else(|| said("service.name"));
    let service = service.or_else(|| declared.service.clone()).unwrap_or_else(|| package.to_owned());
    let mut all = vec![("service.name".to_owned(), service)];
    if said("service.version").is_none() {
        all.push(("service.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()));
    }
    all.extend(given.into_iter().filter(|(key, _)| key != "service.name"));
    Ok(all)
}

#[cfg(test)]
mod tests;
