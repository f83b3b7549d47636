//! `crowd` fills stores with a million sessions and tells what a read costs then, and while half of them are swept.

fn main() -> anyhow::Result<()> {
    bench::crowd::main()
}
