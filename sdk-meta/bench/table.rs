//! Medians, and how two sides are printed.

/// The middle of the values. Machines are noisy, and a mean would keep the noise.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What was measured of both sides of a row, round by round.
#[derive(Debug, Default)]
pub(crate) struct Sides {
    ours: Vec<f64>,
    theirs: Vec<f64>,
}

impl Sides {
    pub(crate) fn add(&mut self, ours: f64, theirs: f64) {
        self.ours.push(ours);
        self.theirs.push(theirs);
    }

    /// Prints the medians and how many times the second is of the first. The ratio is taken within a round: what slows the
    /// machine down slows both sides of it.
    pub(crate) fn print(&mut self, name: &str, rival: &str) {
        let mut ratios: Vec<f64> = self.ours.iter().zip(&self.theirs).map(|(ours, theirs)| theirs / ours).collect();
        let (ours, theirs, ratio) = (median(&mut self.ours), median(&mut self.theirs), median(&mut ratios));
        let (least, most) = (ratios[0], ratios[ratios.len() - 1]);
        println!("{name}: acd-meta {ours:.1}, {rival} {theirs:.1}, {ratio:.1} times ({least:.1} to {most:.1})");
    }
}
