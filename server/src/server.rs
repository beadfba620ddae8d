//! A running server: its start, its face to those who run it in their own process, and its stop.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::admin::Admin;
use crate::app::App;
use crate::config::{Config, ConfigError};
use crate::passwords::Passwords;
use crate::store::{self, Store, StoreError, notices};
use crate::ws::registry::{Publisher, Registry};
use crate::{http, jobs};

/// Why a server does not start, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The configuration is not valid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The listener cannot be used.
    #[error("cannot listen: {0}")]
    Listen(#[from] std::io::Error),
}

/// A running server. Dropping it without [`Server::stop`] leaves its tasks to the runtime.
pub struct Server {
    app: Arc<App>,
    address: SocketAddr,
    close_listener: oneshot::Sender<()>,
    listening: JoinHandle<std::io::Result<()>>,
    jobs: Vec<JoinHandle<()>>,
}

/// Runs a server until `shutdown` ends, and then stops it in good order.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let mut server = Server::start(config, listener).await?;
    tokio::select! {
        () = shutdown => server.stop().await,
        // The listener ends by itself only when it is broken.
        ended = &mut server.listening => match ended {
            Ok(result) => Ok(result?),
            Err(error) => Err(ServeError::Listen(std::io::Error::other(error))),
        },
    }
}

impl Server {
    /// Opens the store and begins to serve.
    pub async fn start(config: Config, listener: TcpListener) -> Result<Server, ServeError> {
        config.check()?;
        let address = listener.local_addr()?;
        config.check_listen(address)?;
        let proxies = config.proxies()?;
        let registry = Arc::new(Registry::default());
        let publish = store::Role::Server(Box::new(Publisher::new(registry.clone())));
        let (storage, clock) = (config.storage(), config.clock.clone());
        let store = tokio::task::spawn_blocking(move || Store::open(&storage, &clock, publish))
            .await
            .map_err(std::io::Error::other)??;
        let store = Arc::new(store);
        let told = store.readers.read(notices::newest).await?;
        let app = Arc::new(App::new(config, store, registry, Passwords::new(), proxies, told));

        let (close_listener, closed) = oneshot::channel();
        let router = http::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let listener = listener.tap_io(|stream| {
            // Frames are small and must not wait for more to come.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY is not to be had");
            }
        });
        let serving = axum::serve(listener, router).with_graceful_shutdown(async {
            // An error means that the server was dropped: it ends as well.
            drop(closed.await);
        });
        let listening = tokio::spawn(async move { serving.await });
        let jobs = vec![
            tokio::spawn(jobs::follow_notices(app.clone())),
            tokio::spawn(jobs::timers(app.clone())),
            tokio::spawn(jobs::prune(app.clone())),
        ];
        tracing::info!(%address, "serving");
        Ok(Server { app, address, close_listener, listening, jobs })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The calls of admins, in this process.
    pub fn admin(&self) -> Admin {
        Admin::of(self.app.store.clone(), self.app.passwords.clone(), self.app.config.clock.clone())
    }

    /// How many sockets are open, of phones and widgets.
    pub fn sockets(&self) -> usize {
        self.app.registry.len()
    }

    /// Stops in good order: nobody new is let in, what is at work ends and is answered, everybody is told when to come
    /// back, and the log is emptied into the database.
    pub async fn stop(self) -> Result<(), ServeError> {
        let Server { app, close_listener, mut listening, jobs, .. } = self;
        tracing::info!("stopping");
        app.begin_stop();
        // An error means that the listener ended already.
        let _ = close_listener.send(());
        app.registry.stop(app.config.limits.restart_spread_ms);
        let most = Duration::from_millis(app.config.limits.stop_timeout_ms);
        let ended = tokio::time::timeout(most, async {
            app.registry.emptied().await;
            (&mut listening).await
        });
        match ended.await {
            Ok(Ok(result)) => result?,
            Ok(Err(error)) => tracing::error!(%error, "the listener's task failed"),
            Err(_) => {
                tracing::warn!(sockets = app.registry.len(), "some connections did not end in time; they are cut");
                listening.abort();
            }
        }
        for job in jobs {
            job.abort();
        }
        app.store.close().await;
        tracing::info!("stopped");
        Ok(())
    }
}
