//! How far the estimate of tokens is from a real tokenizer, o200k, over more than a megabyte of mixed text.
//!
//! Markdown and source code are those of this repository; prose and JSON are made of sentences by chance, always the
//! same. The figures are those that `flow_ir::tokens` states.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed expectation is a failed test")]

use std::path::{Path, PathBuf};

use flow_ir::tokens::count;

const ENGLISH: [&str; 12] = [
    "The committee will review your application within ten working days.",
    "If we need further information, a member of our team is going to contact you by telephone or e-mail.",
    "I bought the lamp on Tuesday, and by Friday the switch had already come off in my hand.",
    "Please note that the lease ends in March; the deposit is returned once the keys have been handed over.",
    "Nobody expected the third quarter to be this strong, least of all the people who had set the targets.",
    "She asked whether the flat on Elm Street was still available and whether pets were allowed.",
    "We apologise for the inconvenience and have refunded the full amount to your card.",
    "Turn the valve clockwise until the pressure gauge reads 1.5 bar, then wait for thirty seconds.",
    "It was raining when the train finally left, forty minutes late and half empty.",
    "Our records show that invoice 20418 was paid twice, once in January and once in February.",
    "Could you tell me how to reset the device without losing the photographs on it?",
    "The new rules apply to all contracts signed after the first of June, including renewals.",
];

const GERMAN: [&str; 10] = [
    "Der Ausschuss prüft Ihren Antrag innerhalb von zehn Werktagen.",
    "Falls wir weitere Angaben benötigen, meldet sich eine Mitarbeiterin telefonisch oder per E-Mail bei Ihnen.",
    "Ich habe die Lampe am Dienstag gekauft, und am Freitag hatte ich den Schalter schon in der Hand.",
    "Bitte beachten Sie, dass der Mietvertrag im März endet; die Kaution wird nach Übergabe der Schlüssel erstattet.",
    "Niemand hatte erwartet, dass das dritte Quartal so stark ausfallen würde.",
    "Sie fragte, ob die Wohnung in der Ulmenstraße noch frei sei und ob Haustiere erlaubt seien.",
    "Wir bitten um Entschuldigung und haben Ihnen den vollen Betrag gutgeschrieben.",
    "Drehen Sie das Ventil im Uhrzeigersinn, bis der Druckmesser 1,5 bar anzeigt.",
    "Die Geschwindigkeitsbegrenzung auf der Umgehungsstraße gilt seit Montag.",
    "Könnten Sie mir sagen, wie ich das Gerät zurücksetze, ohne die Fotos zu verlieren?",
];

const CHINESE: [&str; 10] = [
    "委员会将在十个工作日内审核您的申请。",
    "如果我们需要更多信息，工作人员会通过电话或电子邮件与您联系。",
    "我星期二买的台灯，到星期五开关就已经掉下来了。",
    "请注意，租约将于三月到期，交还钥匙后退还押金。",
    "谁也没有料到第三季度的业绩会这么好。",
    "她问榆树街的那套公寓是否还在出租，能不能养宠物。",
    "给您带来不便，我们深表歉意，款项已全额退回您的银行卡。",
    "顺时针转动阀门，直到压力表显示一点五巴，然后等待三十秒。",
    "火车终于开动的时候正在下雨，晚点了四十分钟，车厢里空了一半。",
    "请问怎样重置设备而不丢失里面的照片？",
];

/// Paragraphs of sentences in an order by chance.
fn prose(sentences: &[&str], bytes: usize, seed: u64) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut text = String::new();
    while text.len() < bytes {
        for _ in 0..random.usize(2..7) {
            text.push_str(sentences[random.usize(..sentences.len())]);
            if sentences[0].is_ascii() || sentences[0].contains(' ') {
                text.push(' ');
            }
        }
        text.push_str("\n\n");
    }
    text
}

/// Records as an interface would send them.
fn json(bytes: usize) -> String {
    let mut random = fastrand::Rng::with_seed(3);
    let mut text = String::new();
    while text.len() < bytes {
        let status = ["open", "paid", "shipped", "returned"][random.usize(..4)];
        let note = ENGLISH[random.usize(..ENGLISH.len())];
        let record = serde_json::json!({
            "id": format!("ord-{}", random.u32(10_000..99_999)),
            "customer": { "name": "Ann Miller", "email": "ann.miller@example.com", "vip": random.bool() },
            "amount": { "amount": format!("{}.{:02}", random.u32(..2_000), random.u32(..100)), "currency": "EUR" },
            "status": status,
            "note": note,
            "tags": ["urgent", "gift"],
            "createdAt": format!("2026-{:02}-{:02}T{:02}:15:00Z", random.u32(1..13), random.u32(1..29), random.u32(..24)),
        });
        text.push_str(&record.to_string());
        text.push('\n');
    }
    text
}

/// Files of the repository with this ending, in order, up to so many bytes.
fn files(folder: &str, ending: &str, bytes: usize) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let mut found = Vec::new();
    let mut todo: Vec<PathBuf> = vec![root];
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    let mut text = String::new();
    for path in found {
        if text.len() >= bytes {
            break;
        }
        text.push_str(&std::fs::read_to_string(path).unwrap());
    }
    text
}

#[test]
fn the_estimate_is_as_near_to_a_real_tokenizer_as_it_says() {
    let real = tiktoken_rs::o200k_base().unwrap();
    let texts = [
        ("English", prose(&ENGLISH, 200_000, 1)),
        ("German", prose(&GERMAN, 200_000, 2)),
        ("Chinese", prose(&CHINESE, 200_000, 4)),
        ("Markdown", files("docs", "md", 200_000)),
        ("Rust", files("runtime", "rs", 200_000)),
        (".flow", files("examples", "flow", 200_000)),
        ("JSON", json(200_000)),
    ];
    let bytes: usize = texts.iter().map(|(_, text)| text.len()).sum();
    assert!(bytes > 1_000_000, "only {bytes} bytes");
    let (mut said, mut meant) = (0, 0);
    let mut far = Vec::new();
    for (name, text) in &texts {
        let (estimate, exact) = (count(text), real.encode_ordinary(text).len() as u64);
        let error = estimate as f64 / exact as f64 - 1.0;
        if error.abs() > 0.12 {
            far.push(format!("{name}: {estimate} for {exact}, {:+.1} %", error * 100.0));
        }
        (said, meant) = (said + estimate, meant + exact);
    }
    assert!(far.is_empty(), "{far:#?}");
    let error = said as f64 / meant as f64 - 1.0;
    assert!(error.abs() < 0.06, "{:+.1} % over all", error * 100.0);
    // What bounds count for another model: the default factor covers the estimate's error.
    assert!(error > -0.26, "a factor of 1.35 is not enough");
}
