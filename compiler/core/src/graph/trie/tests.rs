//! The trie against `BTreeMap`.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::Trie;

fn build(entries: &[(u32, u8)]) -> (Trie<u8>, BTreeMap<u32, u8>) {
    let mut trie = Trie::default();
    let mut map = BTreeMap::new();
    for (key, value) in entries {
        trie.insert(*key, *value);
        map.insert(*key, *value);
    }
    (trie, map)
}

fn entries() -> impl Strategy<Value = Vec<(u32, u8)>> {
    let key = prop_oneof![0..20_u32, any::<u32>(), (0..32_u32).prop_map(|bit| 1 << bit)];
    proptest::collection::vec((key, 0..3_u8), 0..40)
}

fn listed(trie: &Trie<u8>) -> Vec<(u32, u8)> {
    trie.iter().map(|(key, value)| (key, *value)).collect()
}

proptest! {
    #[test]
    fn behaves_like_a_sorted_map(a in entries(), b in entries(), gone in proptest::collection::vec(0..20_u32, 0..10)) {
        let (mut trie, mut map) = build(&a);
        for key in gone {
            trie.remove(key);
            map.remove(&key);
        }
        prop_assert_eq!(listed(&trie), map.clone().into_iter().collect::<Vec<_>>());
        let (other, other_map) = build(&b);
        let mut union = other_map.clone();
        union.extend(map.clone());
        prop_assert_eq!(listed(&trie.union(&other)), union.into_iter().collect::<Vec<_>>());
        let larger = |a: &u8, b: &u8| (a.max(b) > &0).then_some(*a.max(b));
        let kept = |a: &u8, b: &u8| if a == b { Some(*a) } else { larger(a, b) };
        let both = |keep: &dyn Fn(&u8, &u8) -> Option<u8>| -> Vec<(u32, u8)> {
            map.iter().filter_map(|(k, v)| Some((*k, keep(v, other_map.get(k)?)?))).collect()
        };
        prop_assert_eq!(listed(&trie.common(&other, &kept)), both(&kept));
        prop_assert!(trie.union(&trie.clone()).same(&trie));
        prop_assert!(trie.common(&trie.union(&other), &|a: &u8, b: &u8| Some(*a.min(b).max(a))).same(&trie));
    }
}
