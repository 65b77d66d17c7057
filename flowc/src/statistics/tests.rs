use super::{
    bootstrap, bootstrap_difference, mean, means_differ, nearest_rank, of_quantile, shares_differ, sign_test,
    wilson,
};

fn near(found: Option<f64>, wanted: f64, by: f64) {
    let found = found.unwrap_or(f64::NAN);
    assert!((found - wanted).abs() <= by, "{found} is not {wanted}");
}

/// Newcombe, *Two-sided confidence intervals for the single proportion*, 1998, table I.
#[test]
fn shares_have_the_intervals_of_the_literature() {
    for (hits, n, low, high) in
        [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
    {
        let found = wilson(hits, n);
        near(found.low, low, 5e-5);
        near(found.high, high, 5e-5);
    }
    assert_eq!(wilson(0, 0).low, None);
}

#[test]
fn a_bootstrap_is_near_the_exact_interval_and_the_same_each_time() {
    // Of 1..=100: mean 50.5, standard error 2.9; ± 5.7.
    let values: Vec<f64> = (1..=100).map(f64::from).collect();
    let found = bootstrap(&values, 7);
    near(found.low, 44.8, 0.6);
    near(found.high, 56.2, 0.6);
    assert_eq!(found, bootstrap(&values, 7));
    assert_ne!(found, bootstrap(&values, 8));
    assert_eq!(bootstrap(&[3.0], 1).low, None);
}

/// With 16 values, the median lies between the 4th and the 13th with 97.9 % (Conover, table A3).
#[test]
fn quantiles_lie_between_ranks() {
    let values: Vec<f64> = (1..=16).map(f64::from).collect();
    let found = of_quantile(&values, 50.0);
    assert_eq!((found.low, found.high), (Some(4.0), Some(13.0)));
    let few: Vec<f64> = (1..=20).map(f64::from).collect();
    assert_eq!(of_quantile(&few, 95.0).high, None, "20 rows cannot say where p95 ends");
    let many: Vec<f64> = (1..=1000).map(f64::from).collect();
    near(of_quantile(&many, 95.0).low, 936.0, 1.0);
    near(of_quantile(&many, 95.0).high, 963.0, 1.0);
}

#[test]
fn ranks_are_the_nearest() {
    let values: Vec<f64> = (1..=10).map(f64::from).collect();
    assert_eq!(nearest_rank(&values, 50.0), Some(5.0));
    assert_eq!(nearest_rank(&values, 95.0), Some(10.0));
    assert_eq!(nearest_rank(&values, 1.0), Some(1.0));
    assert_eq!(nearest_rank(&[], 50.0), None);
    assert_eq!(mean(&[]), None);
}

#[test]
fn pairs_are_compared_exactly() {
    near(Some(sign_test(9, 1)), 22.0 / 1024.0, 1e-12);
    near(Some(sign_test(5, 5)), 1.0, 1e-12);
    near(Some(sign_test(0, 0)), 1.0, 1e-12);
    near(Some(sign_test(120, 80)), 0.005_685, 1e-5);
}

/// Fisher's lady tasting tea, and the tables of Agresti, *Categorical Data Analysis*, 2002, 3.5.
#[test]
fn tables_are_as_uneven_as_the_literature_says() {
    near(Some(shares_differ((3, 4), (1, 4))), 0.4857, 5e-5);
    near(Some(shares_differ((4, 4), (0, 4))), 0.0286, 5e-5);
    near(Some(shares_differ((21, 23), (15, 18))), 0.6384, 5e-4);
    assert_eq!(shares_differ((0, 0), (0, 0)), 1.0);
    assert_eq!(shares_differ((0, 9), (0, 1)), 1.0);
    near(Some(shares_differ((2_000, 100_000), (2_600, 100_000))), 0.0, 1e-12);
}

#[test]
fn means_that_chance_does_not_bring_about_differ() {
    let low: Vec<f64> = (0..40).map(|n| f64::from(n % 10)).collect();
    let high: Vec<f64> = low.iter().map(|n| n + 4.0).collect();
    assert!(means_differ(&low, &high, 3) < 0.001);
    assert_eq!(means_differ(&low, &low, 3), 1.0);
    assert_eq!(means_differ(&low, &[], 3), 1.0);
    // Both sides of three values each: 2 of the 20 ways are as far apart.
    near(Some(means_differ(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0], 3)), 0.1, 0.03);
    let found = bootstrap_difference(&low, &high, 3);
    assert!(found.low.is_some_and(|low| low > 2.0) && found.high.is_some_and(|high| high < 6.0), "{found:?}");
}
