//! Describes the service in Rust, so that no compiler of `.proto` files is needed. With one, `tonic-prost-build` makes the
//! same code.

use tonic_build::manual::{Builder, Method, Service};

fn main() {
    let method = |name: &str, route: &str, input: &str, output: &str| {
        let method = Method::builder().name(name).route_name(route);
        let method = method.input_type(format!("crate::{input}"));
        let method = method.output_type(format!("crate::{output}"));
        method.codec_path("tonic_prost::ProstCodec").build()
    };
    let counter = Service::builder()
        .package("example")
        .name("Counter")
        .method(method("look", "Look", "Nothing", "Count"))
        .method(method("add", "Add", "Amount", "Count"))
        .method(method("sign_in", "SignIn", "Name", "Nothing"))
        .method(method("who", "Who", "Nothing", "Name"))
        .method(method("sign_out", "SignOut", "Nothing", "Nothing"))
        .build();
    Builder::new().compile(&[counter]);
}
