//! A server of actix-web within a program that has another runtime.

use std::thread;

use actix_web::body::MessageBody;
use actix_web::dev::{ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::rt::System;
use actix_web::{App, Error, HttpServer};
use tokio::sync::oneshot;

use super::Server;

/// Ends its server, and with it the server's threads.
struct Running(ServerHandle);

/// Serves what `make` makes, once for each of two workers, on a free port.
///
/// A connection that the client closes is closed, as hyper does it. By default actix-web takes the client to have closed
/// its own half alone, and lets the handler go on.
pub(super) async fn run<T, B>(make: impl Fn() -> App<T> + Clone + Send + 'static) -> Server
where
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    let (started, start) = oneshot::channel();
    thread::spawn(|| {
        System::new().block_on(async {
            let server = HttpServer::new(make).workers(2).h1_allow_half_closed(false);
            let server = server.disable_signals().bind(("127.0.0.1", 0)).unwrap();
            let address = server.addrs()[0];
            let server = server.run();
            started.send((address, server.handle())).unwrap();
            server.await.unwrap();
        });
    });
    let (address, handle) = start.await.expect("the server starts");
    Server::new(address, Running(handle))
}

impl Drop for Running {
    fn drop(&mut self) {
        // The call asks for it; nobody needs to wait until it is done.
        drop(self.0.stop(false));
    }
}
