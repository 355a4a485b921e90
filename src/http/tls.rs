//! TLS under the pages, if there is a certificate. The handshake is a part of the connection's own reading and writing, so that nobody else waits for it.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::{Accept, TlsAcceptor, server::TlsStream};

use crate::http::listener::Connection;

/// What is shown to those who connect.
pub type Tls = Arc<rustls::ServerConfig>;

/// A connection, with or without TLS.
pub(super) enum Wire {
    Plain(Connection),
    /// It shakes hands still.
    Shaking(Box<Accept<Connection>>),
    Secure(Box<TlsStream<Connection>>),
}

impl Wire {
    pub(super) fn new(connection: Connection, tls: Option<Tls>) -> Self {
        match tls {
            Some(tls) => Self::Shaking(Box::new(TlsAcceptor::from(tls).accept(connection))),
            None => Self::Plain(connection),
        }
    }

    pub(super) const fn is_secure(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Shaking(_) | Self::Secure(_) => true,
        }
    }

    /// The stream of bytes, as soon as there is one.
    fn stream(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Pin<&mut dyn Stream>>> {
        if let Self::Shaking(accept) = self {
            match Pin::new(accept.as_mut()).poll(context) {
                Poll::Ready(Ok(stream)) => *self = Self::Secure(Box::new(stream)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(match self {
            Self::Plain(connection) => Ok(Pin::new(connection as &mut dyn Stream)),
            Self::Secure(stream) => Ok(Pin::new(stream.as_mut() as &mut dyn Stream)),
            Self::Shaking(_) => Err(io::ErrorKind::NotConnected.into()),
        })
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

/// The stream, or what is to be answered instead.
macro_rules! ready {
    ($wire:expr, $context:expr) => {
        match $wire.get_mut().stream($context) {
            Poll::Ready(Ok(stream)) => stream,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => return Poll::Pending,
        }
    };
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(self, context).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self, context).poll_write(context, bytes)
    }

    fn poll_write_vectored(self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        ready!(self, context).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self, context).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self, context).poll_shutdown(context)
    }
}
