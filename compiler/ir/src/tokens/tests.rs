use super::{count, front, seam};
use proptest::prelude::*;

#[test]
fn counts_by_class() {
    let cases = [
        ("", 0),
        ("hello", 2),
        ("hello world", 3),
        ("123456", 2),
        ("getName", 3),
        ("  ", 1),
        ("你好", 2),
        ("----------------------------------------", 2),
    ];
    for (text, wanted) in cases {
        assert_eq!(count(text), wanted, "{text:?}");
    }
}

/// o200k's own counts of these texts.
#[test]
fn is_near_a_real_tokenizer() {
    let english = "The committee will review your application within ten working days. If we need further information, a member of our team is going to contact you by telephone or e-mail. ";
    let russian = "Здравствуйте, я хотел бы узнать, доступна ли ещё квартира, которую вы показывали на прошлой неделе. ";
    for (text, exact) in [(english, 34.0), (russian, 24.0)] {
        let ratio = count(text) as f64 / exact;
        assert!((0.8..1.35).contains(&ratio), "{ratio} of {text}");
    }
}

proptest! {
    #[test]
    fn front_is_the_longest_that_fits(text in "\\PC{0,80}", max in 0_u64..30) {
        let kept = front(&text, max);
        prop_assert!(text.starts_with(kept));
        prop_assert!(count(kept) <= max);
        if let Some(next) = text[kept.len()..].chars().next() {
            let longer = format!("{kept}{next}");
            prop_assert!(count(&longer) > max);
        }
    }

    #[test]
    fn more_text_never_has_fewer_tokens(a in "\\PC{0,40}", b in "\\PC{0,40}") {
        let both = format!("{a}{b}");
        prop_assert!(count(&both) >= count(&a));
    }

    #[test]
    fn a_seam_is_all_that_joining_adds(a in "[a-zéß ก-ฮ0-9\\n\\-]{0,30}", b in "[a-zéß ก-ฮ0-9\\n\\-]{0,30}") {
        let apart = count(&a) + count(&b);
        let joined = count(&format!("{a}{b}"));
        for letter in a.chars().next_back().into_iter().chain(b.chars().next()) {
            prop_assert!(joined <= apart + seam(letter), "{a:?} {b:?} {joined} {apart}");
        }
    }

    #[test]
    fn a_letter_counts_at_most_one_and_a_half(text in "\\PC{0,60}") {
        let letters = text.chars().count() as u64;
        prop_assert!(count(&text) <= (letters * 3).div_ceil(2));
    }
}
