//! A small plot as SVG: the horizontal axis by powers of ten, the vertical one from zero.

use std::fmt::Write as _;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 320.0;
const MARGIN: f64 = 48.0;
const COLOURS: [&str; 3] = ["#1f77b4", "#d62728", "#2ca02c"];

/// Points that belong together.
pub(crate) struct Curve {
    pub(crate) name: &'static str,
    /// Positive abscissas, ordinates from zero.
    pub(crate) points: Vec<(f64, f64)>,
}

/// Draws curves in one frame.
pub(crate) fn plot(title: &str, curves: &[Curve]) -> String {
    let all = || curves.iter().flat_map(|curve| curve.points.iter().copied());
    let (first, last) = all().fold((f64::MAX, 1.0_f64), |(first, last), (x, _)| (first.min(x), last.max(x)));
    let top = all().fold(0.0_f64, |top, (_, y)| top.max(y)) * 1.1;
    let across =
        |x: f64| MARGIN + (x.log10() - first.log10()) / (last.log10() - first.log10()).max(1e-9) * (WIDTH - 2.0 * MARGIN);
    let up = |y: f64| HEIGHT - MARGIN - y / top.max(1e-9) * (HEIGHT - 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n<text x=\"{MARGIN}\" y=\"24\" font-size=\"14\">{title}</text>\n"
    );
    // Writing to a string does not fail.
    for step in 0..=4 {
        let (y, at) = (top * f64::from(step) / 4.0, up(top * f64::from(step) / 4.0));
        let _ = writeln!(svg, "<path d=\"M{MARGIN} {at:.1}H{}\" stroke=\"#ddd\"/>", WIDTH - MARGIN);
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{y:.2}</text>", MARGIN - 6.0, at + 4.0);
    }
    for (x, _) in curves.first().into_iter().flat_map(|curve| &curve.points) {
        let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{x}</text>", across(*x), HEIGHT - MARGIN + 18.0);
    }
    for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        let line: Vec<String> = curve.points.iter().map(|&(x, y)| format!("{:.1},{:.1}", across(x), up(y))).collect();
        let _ = writeln!(svg, "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>", line.join(" "));
        if let Some(&(x, y)) = curve.points.last() {
            let (x, y) = (across(x), up(y) - 8.0);
            let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"end\" fill=\"{colour}\">{}</text>", curve.name);
        }
    }
    svg + "</svg>\n"
}
