//! `faults` breaks real servers under load and tells what the visitors saw.

fn main() -> anyhow::Result<()> {
    bench::faults::main()
}
