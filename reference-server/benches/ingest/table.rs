//! The table of figures, in Markdown.

/// Its head.
pub(super) fn title() {
    println!("| ours | median | beside it | median | ratio of medians | wanted |");
    println!("|---|---:|---|---:|---:|---:|");
}

/// A line of it.
pub(super) fn row(ours: &str, beside: &str, our: &[f64], their: &[f64], wanted: &str) {
    let (our, their) = (median(our), median(their));
    println!("| {ours} | {our:.0} | {beside} | {their:.0} | {:.2} | {wanted} |", our / their);
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
