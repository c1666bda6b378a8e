//! What tests print besides their results: lines that two boots are compared by, and measured figures.
//!
//! Both are diagnostic lines of KTAP, so that a log says everything by itself:
//! `# prints: TEXT` and `# figure: NAME VALUE UNIT` (one line for each measurement).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::median;

/// One quantity with all its measurements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// Name.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// Measurements in the order of the log.
    pub values: Vec<f64>,
}

impl Figure {
    /// The middle of the measurements.
    pub fn median(&self) -> f64 {
        median(&self.values).unwrap_or(f64::NAN)
    }

    /// The smallest and the largest measurement.
    pub fn range(&self) -> (f64, f64) {
        let fold = |with: fn(f64, f64) -> f64| self.values.iter().copied().reduce(with);
        (
            fold(f64::min).unwrap_or(f64::NAN),
            fold(f64::max).unwrap_or(f64::NAN),
        )
    }
}

/// The lines of a test's log that two boots are compared by.
pub fn prints(log: &[String]) -> Vec<String> {
    let lines = log.iter();
    let texts = lines.filter_map(|line| line.trim_start().strip_prefix("# prints: "));
    texts.map(str::to_owned).collect()
}

/// The figures in a test's log.
///
/// # Errors
/// Names a line that begins like a figure and is none.
pub fn figures(log: &[String]) -> Result<Vec<Figure>, String> {
    let mut figures: Vec<Figure> = Vec::new();
    for line in log {
        let Some(text) = line.trim_start().strip_prefix("# figure: ") else {
            continue;
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        let &[name, value, unit] = words.as_slice() else {
            return Err(format!("no figure: {text}"));
        };
        let value: f64 = value
            .parse()
            .ok()
            .filter(|value: &f64| value.is_finite())
            .ok_or_else(|| format!("no figure: {text}"))?;
        match figures.iter_mut().find(|figure| figure.name == name) {
            Some(figure) => figure.values.push(value),
            None => figures.push(Figure {
                name: name.to_owned(),
                unit: unit.to_owned(),
                values: vec![value],
            }),
        }
    }
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn measurements_of_one_name_belong_together() {
        let log = log(&[
            "        # figure: reads 300 1/s",
            "# prints: x",
            "# figure: writes 7.5 1/s",
            "# figure: reads 100 1/s",
        ]);
        let found = figures(&log).unwrap();
        assert_eq!(found[0].values, [300.0, 100.0]);
        assert_eq!(
            (found[0].median(), found[0].range()),
            (200.0, (100.0, 300.0))
        );
        assert_eq!(found[1].name, "writes");
        assert_eq!(prints(&log), ["x"]);
    }

    #[test]
    fn a_figure_that_is_none_is_named() {
        for line in [
            "# figure: reads",
            "# figure: reads many 1/s",
            "# figure: reads inf 1/s",
        ] {
            assert!(figures(&log(&[line])).is_err(), "{line}");
        }
    }
}
