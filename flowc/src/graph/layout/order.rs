//! The order within layers: each cell goes to the mean place of what it is joined to, alternately seen from
//! above and from below; the tangle with the fewest crossings wins.

use super::layers::Layers;

/// More sweeps change little.
const SWEEPS: usize = 12;

/// Puts the cells of every layer in a good order.
pub(super) fn untangle(layers: &mut Layers) {
    let mut best = (crossings(layers), layers.rows.clone());
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        let rows = layers.rows.len();
        for step in 0..rows {
            let row = if down { step } else { rows - 1 - step };
            reorder(layers, row, down);
        }
        let found = crossings(layers);
        if found < best.0 {
            best = (found, layers.rows.clone());
        }
    }
    layers.rows = best.1;
}

fn reorder(layers: &mut Layers, row: usize, down: bool) {
    let places = places(layers);
    let Some(cells) = layers.rows.get(row).cloned() else {
        return;
    };
    let wish = |cell: usize| {
        let joined = if down { layers.above(cell) } else { layers.below(cell) };
        mean(joined.iter().map(|other| place(&places, *other))).unwrap_or_else(|| place(&places, cell))
    };
    let mut wished: Vec<(f64, usize)> = cells.into_iter().map(|cell| (wish(cell), cell)).collect();
    // Stable, so that equal wishes keep the order of the source.
    wished.sort_by(|a, b| a.0.total_cmp(&b.0));
    if let Some(row) = layers.rows.get_mut(row) {
        *row = wished.into_iter().map(|(_, cell)| cell).collect();
    }
}

fn places(layers: &Layers) -> Vec<usize> {
    let mut places = vec![0; layers.cells()];
    for row in &layers.rows {
        for (at, cell) in row.iter().enumerate() {
            if let Some(place) = places.get_mut(*cell) {
                *place = at;
            }
        }
    }
    places
}

fn place(places: &[usize], cell: usize) -> f64 {
    places.get(cell).copied().unwrap_or_default() as f64
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0));
    if n > 0.0 { Some(sum / n) } else { None }
}

/// How many pairs of arrows cross between neighbouring layers.
fn crossings(layers: &Layers) -> usize {
    let places = places(layers);
    let mut all = 0;
    for row in &layers.rows {
        let mut ends: Vec<usize> = Vec::new();
        for cell in row {
            let mut below: Vec<usize> =
                layers.below(*cell).iter().filter_map(|other| places.get(*other).copied()).collect();
            below.sort_unstable();
            // An arrow crosses every earlier one that ends further right.
            all += below.iter().map(|end| ends.iter().filter(|other| *other > end).count()).sum::<usize>();
            ends.extend(below);
        }
    }
    all
}
