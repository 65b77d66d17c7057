//! A map that shares what it does not change.
//!
//! Facts and liveness give every vertex a map that differs from its neighbour's by an entry or two. Copies would
//! take quadratic memory on long flows. This is a big-endian Patricia tree (Okasaki and Gill, 1998): changing
//! one entry copies at most 32 nodes, and combining two maps costs as much as they differ.

use std::sync::Arc;

/// A map from numbers, cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Trie<V>(Link<V>);

type Link<V> = Option<Arc<Fork<V>>>;

#[derive(Debug)]
enum Fork<V> {
    Leaf(u32, V),
    /// All keys agree above `bit`, the highest one in which they differ; `left` has it clear.
    Branch {
        prefix: u32,
        bit: u32,
        left: Arc<Fork<V>>,
        right: Arc<Fork<V>>,
    },
}

impl<V> Default for Trie<V> {
    fn default() -> Self {
        Self(None)
    }
}

impl<V: Clone + PartialEq> Trie<V> {
    /// The value of a key.
    pub(crate) fn get(&self, key: u32) -> Option<&V> {
        let mut at = self.0.as_deref()?;
        loop {
            match at {
                Fork::Leaf(other, value) => return (*other == key).then_some(value),
                Fork::Branch { bit, left, right, .. } => at = if key & bit == 0 { left } else { right },
            }
        }
    }

    /// Sets the value of a key.
    pub(crate) fn insert(&mut self, key: u32, value: V) {
        if self.get(key) != Some(&value) {
            self.0 = Some(insert(self.0.as_ref(), key, value));
        }
    }

    /// Forgets a key.
    pub(crate) fn remove(&mut self, key: u32) {
        if self.get(key).is_some() {
            self.0 = self.0.as_ref().and_then(|root| remove(root, key));
        }
    }

    /// Whether both are the same map in memory. May be false for equal maps, never true for unequal ones.
    pub(crate) fn same(&self, other: &Self) -> bool {
        same(self.0.as_ref(), other.0.as_ref())
    }

    /// Keys of both maps, with `merge` of their values; `None` drops the key. `merge(a, a)` must be `a`.
    ///
    /// Gives `self` itself when nothing changed.
    pub(crate) fn common(&self, other: &Self, merge: &impl Fn(&V, &V) -> Option<V>) -> Self {
        let (Some(left), Some(right)) = (&self.0, &other.0) else { return Self(None) };
        Self(common(left, right, merge))
    }

    /// Keys of either map; values of `self` win. Gives `self` itself when nothing is added.
    pub(crate) fn union(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (Some(left), Some(right)) => Self(Some(union(left, right))),
            (Some(_), None) => self.clone(),
            (None, _) => other.clone(),
        }
    }

    /// All entries, by key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &V)> {
        let mut todo: Vec<&Fork<V>> = self.0.as_deref().into_iter().collect();
        std::iter::from_fn(move || {
            loop {
                match todo.pop()? {
                    Fork::Leaf(key, value) => return Some((*key, value)),
                    Fork::Branch { left, right, .. } => todo.extend([right.as_ref(), left.as_ref()]),
                }
            }
        })
    }
}

fn same<V>(left: Option<&Arc<Fork<V>>>, right: Option<&Arc<Fork<V>>>) -> bool {
    match (left, right) {
        (None, None) => true,
        (Some(left), Some(right)) => Arc::ptr_eq(left, right),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

/// The bits of `key` above `bit`.
fn above(key: u32, bit: u32) -> u32 {
    key & !(bit | (bit - 1))
}

fn key_of<V>(fork: &Fork<V>) -> u32 {
    match fork {
        Fork::Leaf(key, _) => *key,
        Fork::Branch { prefix, .. } => *prefix,
    }
}

/// Joins two trees whose keys differ somewhere above both.
fn fork<V>(left: Arc<Fork<V>>, right: Arc<Fork<V>>) -> Arc<Fork<V>> {
    let (a, b) = (key_of(&left), key_of(&right));
    let bit = 1 << (31 - (a ^ b).leading_zeros());
    let prefix = above(a, bit);
    let (left, right) = if a & bit == 0 { (left, right) } else { (right, left) };
    Arc::new(Fork::Branch { prefix, bit, left, right })
}

fn insert<V: Clone>(root: Option<&Arc<Fork<V>>>, key: u32, value: V) -> Arc<Fork<V>> {
    let Some(root) = root else { return Arc::new(Fork::Leaf(key, value)) };
    match root.as_ref() {
        Fork::Leaf(other, _) if *other == key => Arc::new(Fork::Leaf(key, value)),
        Fork::Branch { prefix, bit, left, right } if above(key, *bit) == *prefix => {
            let (prefix, bit) = (*prefix, *bit);
            let (left, right) = if key & bit == 0 {
                (insert(Some(left), key, value), right.clone())
            } else {
                (left.clone(), insert(Some(right), key, value))
            };
            Arc::new(Fork::Branch { prefix, bit, left, right })
        }
        Fork::Leaf(..) | Fork::Branch { .. } => fork(root.clone(), Arc::new(Fork::Leaf(key, value))),
    }
}

fn remove<V>(root: &Arc<Fork<V>>, key: u32) -> Link<V> {
    match root.as_ref() {
        Fork::Leaf(other, _) => (*other != key).then(|| root.clone()),
        Fork::Branch { prefix, bit, left, right } => {
            let (left, right) = if key & bit == 0 {
                (remove(left, key), Some(right.clone()))
            } else {
                (Some(left.clone()), remove(right, key))
            };
            branch(*prefix, *bit, left, right)
        }
    }
}

fn branch<V>(prefix: u32, bit: u32, left: Link<V>, right: Link<V>) -> Link<V> {
    match (left, right) {
        (Some(left), Some(right)) => Some(Arc::new(Fork::Branch { prefix, bit, left, right })),
        (left, right) => left.or(right),
    }
}

/// How two trees lie to each other.
enum Meet<'a, V> {
    /// At least one is a leaf.
    Leaf,
    /// Both branch at the same place.
    Equal(u32, u32, [&'a Arc<Fork<V>>; 4]),
    /// The right one lies wholly in the left or right half of the left one.
    Inside(u32, u32, &'a Arc<Fork<V>>, &'a Arc<Fork<V>>, bool),
    /// The left one lies wholly in a half of the right one.
    Outside(&'a Arc<Fork<V>>, &'a Arc<Fork<V>>, bool),
    /// No key can be in both.
    Apart,
}

fn meet<'a, V>(a: &'a Arc<Fork<V>>, b: &'a Arc<Fork<V>>) -> Meet<'a, V> {
    let (
        Fork::Branch { prefix, bit, left, right },
        Fork::Branch { prefix: prefix_b, bit: bit_b, left: left_b, right: right_b },
    ) = (a.as_ref(), b.as_ref())
    else {
        return Meet::Leaf;
    };
    if bit == bit_b && prefix == prefix_b {
        Meet::Equal(*prefix, *bit, [left, right, left_b, right_b])
    } else if bit > bit_b && above(*prefix_b, *bit) == *prefix {
        Meet::Inside(*prefix, *bit, left, right, prefix_b & bit == 0)
    } else if bit < bit_b && above(*prefix, *bit_b) == *prefix_b {
        Meet::Outside(left_b, right_b, prefix & bit_b == 0)
    } else {
        Meet::Apart
    }
}

fn get<V>(mut at: &Arc<Fork<V>>, key: u32) -> Option<&V> {
    loop {
        match at.as_ref() {
            Fork::Leaf(other, value) => return (*other == key).then_some(value),
            Fork::Branch { bit, left, right, .. } => at = if key & bit == 0 { left } else { right },
        }
    }
}

fn common<V: Clone + PartialEq>(
    a: &Arc<Fork<V>>,
    b: &Arc<Fork<V>>,
    merge: &impl Fn(&V, &V) -> Option<V>,
) -> Link<V> {
    if Arc::ptr_eq(a, b) {
        return Some(a.clone());
    }
    let (prefix, bit, [left, right, left_b, right_b]) = match meet(a, b) {
        Meet::Leaf => return common_leaf(a, b, merge),
        Meet::Apart => return None,
        Meet::Inside(_, _, left, right, is_left) => {
            return common(if is_left { left } else { right }, b, merge);
        }
        Meet::Outside(left, right, is_left) => return common(a, if is_left { left } else { right }, merge),
        Meet::Equal(prefix, bit, halves) => (prefix, bit, halves),
    };
    let (new_left, new_right) = (common(left, left_b, merge), common(right, right_b, merge));
    if same(new_left.as_ref(), Some(left)) && same(new_right.as_ref(), Some(right)) {
        return Some(a.clone());
    }
    branch(prefix, bit, new_left, new_right)
}

fn common_leaf<V: Clone + PartialEq>(
    a: &Arc<Fork<V>>,
    b: &Arc<Fork<V>>,
    merge: &impl Fn(&V, &V) -> Option<V>,
) -> Link<V> {
    if let Fork::Leaf(key, value) = a.as_ref() {
        let merged = merge(value, get(b, *key)?)?;
        return if merged == *value { Some(a.clone()) } else { Some(Arc::new(Fork::Leaf(*key, merged))) };
    }
    let Fork::Leaf(key, value) = b.as_ref() else { return None };
    merge(get(a, *key)?, value).map(|merged| Arc::new(Fork::Leaf(*key, merged)))
}

fn union<V: Clone + PartialEq>(a: &Arc<Fork<V>>, b: &Arc<Fork<V>>) -> Arc<Fork<V>> {
    if Arc::ptr_eq(a, b) {
        return a.clone();
    }
    match meet(a, b) {
        Meet::Leaf => union_leaf(a, b),
        Meet::Apart => fork(a.clone(), b.clone()),
        Meet::Inside(prefix, bit, left, right, is_left) => {
            let new = if is_left { union(left, b) } else { union(right, b) };
            let old = if is_left { left } else { right };
            if Arc::ptr_eq(&new, old) {
                return a.clone();
            }
            let (left, right) = if is_left { (new, right.clone()) } else { (left.clone(), new) };
            Arc::new(Fork::Branch { prefix, bit, left, right })
        }
        Meet::Outside(left, right, is_left) => {
            if is_left {
                fork(union(a, left), right.clone())
            } else {
                fork(left.clone(), union(a, right))
            }
        }
        Meet::Equal(prefix, bit, [left, right, left_b, right_b]) => {
            let (new_left, new_right) = (union(left, left_b), union(right, right_b));
            if Arc::ptr_eq(&new_left, left) && Arc::ptr_eq(&new_right, right) {
                return a.clone();
            }
            Arc::new(Fork::Branch { prefix, bit, left: new_left, right: new_right })
        }
    }
}

fn union_leaf<V: Clone + PartialEq>(a: &Arc<Fork<V>>, b: &Arc<Fork<V>>) -> Arc<Fork<V>> {
    match (a.as_ref(), b.as_ref()) {
        (_, Fork::Leaf(key, value)) => {
            if get(a, *key).is_some() {
                a.clone()
            } else {
                insert(Some(a), *key, value.clone())
            }
        }
        (Fork::Leaf(key, value), _) => insert(Some(b), *key, value.clone()),
        (Fork::Branch { .. }, Fork::Branch { .. }) => a.clone(),
    }
}

#[cfg(test)]
mod tests;
