//! `cargo xtask bench`: everything, and what is written of it.

use anyhow::Result;

use crate::document::Document;
use crate::fill::Much;
use crate::options::{AllOptions, QueueOptions};
use crate::{footprint, growth, queue};

/// Measures, prints as it goes, and writes it up.
pub(crate) fn run(options: &AllOptions) -> Result<()> {
    let quick = options.queue.quick;
    let queue_options = queue::sized(options.queue.clone());
    let sizes = if quick { vec![1_000, 20_000] } else { options.growth.clone() };
    let footprint = footprint::measure(&queue_options)?;
    println!("{footprint}");
    let growth = measured_growth(&sizes, &queue_options)?;
    let report = queue::run(&queue_options)?;
    let document = Document { report, growth, footprint };
    if let Some(file) = &options.queue.json {
        document.report.write(file)?;
    }
    options.out.as_deref().map_or(Ok(()), |folder| document.write(folder))
}

fn measured_growth(sizes: &[u64], options: &QueueOptions) -> Result<Vec<growth::Size>> {
    let ends = [sizes.first(), sizes.last()].into_iter().flatten().copied();
    let others = [Much::Conversations, Much::Workers, Much::Events];
    let sized = |much| ends.clone().map(move |number| (much, number));
    let all = sizes.iter().map(|&number| (Much::Messages, number)).chain(others.into_iter().flat_map(sized));
    all.map(|(much, number)| {
        let size = growth::measure(much, number, options)?;
        println!("{size}");
        Ok(size)
    })
    .collect()
}
