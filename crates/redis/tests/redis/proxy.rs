//! A connection's way to a server, that can lead nowhere or elsewhere.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Stands before a server.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    pub(crate) url: String,
    target: Arc<Mutex<SocketAddr>>,
    frozen: watch::Sender<u32>,
}

impl Proxy {
    pub(crate) async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let target = Arc::new(Mutex::new(SocketAddr::from(([127, 0, 0, 1], port))));
        let proxy = Self { url, target, frozen: watch::channel(0).0 };
        tokio::spawn(proxy.clone().serve(listener));
        proxy
    }

    /// Leads new connections to another server.
    pub(crate) fn lead_to(&self, port: u16) {
        self.target.lock().unwrap().set_port(port);
    }

    /// Lets the connections that are there lead nowhere: they stay, and nothing comes through.
    pub(crate) fn freeze(&self) {
        self.frozen.send_modify(|times| *times += 1);
    }

    async fn serve(self, listener: TcpListener) {
        loop {
            let (mut here, _) = listener.accept().await.unwrap();
            let target = *self.target.lock().unwrap();
            let mut frozen = self.frozen.subscribe();
            tokio::spawn(async move {
                let mut there = TcpStream::connect(target).await.unwrap();
                tokio::select! {
                    _ = copy_bidirectional(&mut here, &mut there) => {}
                    _ = frozen.changed() => std::future::pending().await,
                }
            });
        }
    }
}
