//! Vectors without a model: for tests and recorded runs.

use crate::index::words;

/// Of every vector made here.
pub const DIMENSIONS: usize = 256;

/// A vector of length 1 that says which words and which three-letter pieces a text has. Texts with common words
/// are near each other; meaning is not seen. Equal on every machine.
///
/// ```
/// # use flow_store::{cosine, hashing_vector};
/// let near = cosine(&hashing_vector("reset the router"), &hashing_vector("how do I reset my router?"));
/// let far = cosine(&hashing_vector("reset the router"), &hashing_vector("opening hours"));
/// assert!(near > far + 0.2);
/// ```
#[must_use]
pub fn hashing_vector(text: &str) -> Vec<f32> {
    let mut vector = vec![0.0_f32; DIMENSIONS];
    for word in words(text) {
        add(&mut vector, &word, 1.0);
        let letters: Vec<char> = word.chars().collect();
        for piece in letters.windows(3) {
            add(&mut vector, &piece.iter().collect::<String>(), 0.3);
        }
    }
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
    vector
}

fn add(vector: &mut [f32], feature: &str, weight: f32) {
    let hash = blake3::hash(feature.as_bytes());
    let [low, high, sign, ..] = *hash.as_bytes();
    let position = usize::from(u16::from_le_bytes([low, high])) % DIMENSIONS;
    if let Some(x) = vector.get_mut(position) {
        *x += if sign & 1 == 0 { weight } else { -weight };
    }
}
