//! Errors, always as `{"error": {"code", "message"}}`.

use std::time::Duration;

use axum::{
    Json,
    extract::{FromRequest, Request, rejection::JsonRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use crate::{
    accounts::{AccountError, WeakPassword},
    live::NotTold,
    store::StoreError,
};

/// Everything that can be answered instead of what was asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error("There is no such call.")]
    NoSuchCall,
    #[error("This code means no call, or its time is over.")]
    NoSuchClaim,
    #[error("There is no such callback.")]
    NoSuchCallback,
    #[error("This callback is being placed, or is over.")]
    CallbackOver,
    #[error("There is no such message of a caller.")]
    NoSuchVoicemail,
    #[error("Somebody has dealt with this message.")]
    VoicemailDone,
    #[error("There is no such webhook.")]
    NoSuchWebhook,
    #[error("No such message was given up.")]
    NoSuchMessage,
    #[error("There is no such receipt.")]
    NoSuchReceipt,
    #[error("This call goes on.")]
    CallLive,
    #[error("There is no such flow.")]
    NoSuchFlow,
    #[error("That cannot be done right now; try again.")]
    NotNow,
    #[error("There is no such agent.")]
    NoSuchAgent,
    #[error("There is no such address.")]
    NoSuchAddress,
    #[error("This call has no recording, or not yet.")]
    NoRecording,
    #[error("This call has no event log.")]
    NoLog,
    #[error("This call is over.")]
    CallEnded,
    #[error("This call is not offered to this agent now.")]
    NotOffered,
    #[error("Nothing is asked of anybody in this call, or not any more.")]
    NotAsked,
    #[error("No agent has this caller now.")]
    NoConversation,
    #[error("Your account has no telephone: it works as no agent.")]
    NoPhone,
    #[error("This agent may not call this number.")]
    MayNotCall,
    #[error("The call takes no requests right now; try again.")]
    CallBusy,
    #[error("Too many live event streams.")]
    TooManyStreams,
    #[error("{0}")]
    BadRequest(String),
    #[error("This address does not take this method.")]
    MethodNotAllowed,
    #[error("The body is too large.")]
    TooLarge,
    #[error("The body must be JSON, and Content-Type must say so.")]
    NotJson,
    #[error("Requests to this host name are not answered.")]
    ForeignHost,
    #[error("Requests from pages of another origin change nothing here.")]
    ForeignOrigin,
    #[error("A call needs a fresh token of this gateway.")]
    NoToken,
    #[error("Nobody answers this number.")]
    NobodyAnswers,
    #[error("The session description offers nothing that this gateway can do.")]
    NotAcceptable,
    #[error("Nobody is signed in here.")]
    NotSignedIn,
    #[error("Your account does not allow that.")]
    NotAllowed,
    #[error("Name or password is wrong, or the account is locked.")]
    WrongPassword,
    #[error("Too many tries; wait for {} s.", .0.as_secs() + 1)]
    TryLater(Duration),
    #[error(transparent)]
    WeakPassword(#[from] WeakPassword),
    #[error("This link has been used, or its time is over.")]
    LinkGone,
    #[error("There are no accounts here.")]
    NoAccounts,
    #[error("There is no such account.")]
    NoSuchAccount,
    #[error("Another account has this name.")]
    NameTaken,
    #[error("Somebody must be able to administer the gateway.")]
    LastAdministrator,
    #[error("There are too many of them already.")]
    TooMany,
    #[error("The record cannot be read right now.")]
    StoreUnavailable,
}

/// The body of an error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    error: ErrorInfo,
}

#[derive(Debug, Serialize, ToSchema)]
struct ErrorInfo {
    /// A word for programs.
    code: &'static str,
    /// A sentence for people.
    message: String,
}

impl ApiError {
    const fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NoSuchCall => (StatusCode::NOT_FOUND, "no_such_call"),
            Self::NoSuchCallback => (StatusCode::NOT_FOUND, "no_such_callback"),
            Self::NoSuchClaim => (StatusCode::NOT_FOUND, "no_such_claim"),
            Self::CallbackOver => (StatusCode::CONFLICT, "callback_over"),
            Self::NoSuchVoicemail => (StatusCode::NOT_FOUND, "no_such_voicemail"),
            Self::VoicemailDone => (StatusCode::CONFLICT, "voicemail_done"),
            Self::NoSuchWebhook => (StatusCode::NOT_FOUND, "no_such_webhook"),
            Self::NoSuchMessage => (StatusCode::NOT_FOUND, "no_such_message"),
            Self::NoSuchReceipt => (StatusCode::NOT_FOUND, "no_such_receipt"),
            Self::CallLive => (StatusCode::CONFLICT, "call_live"),
            Self::NoSuchFlow => (StatusCode::NOT_FOUND, "no_such_flow"),
            Self::NotNow => (StatusCode::SERVICE_UNAVAILABLE, "not_now"),
            Self::NoSuchAgent => (StatusCode::NOT_FOUND, "no_such_agent"),
            Self::NoSuchAddress => (StatusCode::NOT_FOUND, "no_such_address"),
            Self::NoRecording => (StatusCode::NOT_FOUND, "no_recording"),
            Self::NoLog => (StatusCode::NOT_FOUND, "no_log"),
            Self::CallEnded => (StatusCode::CONFLICT, "call_ended"),
            Self::NotOffered => (StatusCode::CONFLICT, "not_offered"),
            Self::NotAsked => (StatusCode::CONFLICT, "not_asked"),
            Self::NoConversation => (StatusCode::CONFLICT, "no_conversation"),
            Self::NoPhone => (StatusCode::CONFLICT, "no_phone"),
            Self::MayNotCall => (StatusCode::FORBIDDEN, "may_not_call"),
            Self::CallBusy => (StatusCode::SERVICE_UNAVAILABLE, "call_busy"),
            Self::TooManyStreams => (StatusCode::SERVICE_UNAVAILABLE, "too_many_streams"),
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "bad_request"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json"),
            Self::ForeignHost => (StatusCode::MISDIRECTED_REQUEST, "foreign_host"),
            Self::ForeignOrigin => (StatusCode::FORBIDDEN, "foreign_origin"),
            Self::NoToken => (StatusCode::UNAUTHORIZED, "no_token"),
            Self::NobodyAnswers => (StatusCode::NOT_FOUND, "nobody_answers"),
            Self::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, "not_acceptable"),
            Self::NotSignedIn => (StatusCode::UNAUTHORIZED, "not_signed_in"),
            Self::NotAllowed => (StatusCode::FORBIDDEN, "not_allowed"),
            Self::WrongPassword => (StatusCode::UNAUTHORIZED, "wrong_password"),
            Self::TryLater(_) => (StatusCode::TOO_MANY_REQUESTS, "try_later"),
            Self::WeakPassword(_) => (StatusCode::BAD_REQUEST, "weak_password"),
            Self::LinkGone => (StatusCode::GONE, "link_gone"),
            Self::NoAccounts => (StatusCode::NOT_FOUND, "no_accounts"),
            Self::NoSuchAccount => (StatusCode::NOT_FOUND, "no_such_account"),
            Self::NameTaken => (StatusCode::CONFLICT, "name_taken"),
            Self::LastAdministrator => (StatusCode::CONFLICT, "last_administrator"),
            Self::TooMany => (StatusCode::CONFLICT, "too_many"),
            Self::StoreUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable"),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = self.status_and_code();
        let body = Json(ErrorBody { error: ErrorInfo { code, message: self.to_string() } });
        match self {
            Self::TryLater(wait) => (status, [(header::RETRY_AFTER, (wait.as_secs() + 1).to_string())], body).into_response(),
            _ => (status, body).into_response(),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::debug!(%error, "the record cannot be read");
        Self::StoreUnavailable
    }
}

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Wrong => Self::WrongPassword,
            AccountError::Wait(wait) => Self::TryLater(wait),
            AccountError::Weak(why) => Self::WeakPassword(why),
            AccountError::LinkGone => Self::LinkGone,
            AccountError::NotFound => Self::NoSuchAccount,
            AccountError::NameTaken => Self::NameTaken,
            AccountError::BadName => Self::BadRequest("A name has 1 to 64 characters.".to_owned()),
            AccountError::LastAdministrator => Self::LastAdministrator,
            AccountError::TooMany => Self::TooMany,
            AccountError::Beyond => Self::NotAllowed,
            AccountError::Store(error) => error.into(),
        }
    }
}

impl From<NotTold> for ApiError {
    fn from(why: NotTold) -> Self {
        match why {
            NotTold::NotLive => Self::CallEnded,
            NotTold::NotOffered => Self::NotOffered,
            NotTold::NotAsked => Self::NotAsked,
            NotTold::Busy => Self::CallBusy,
        }
    }
}

/// The answer to a method that an address does not have.
pub(super) async fn method_not_allowed() -> ApiError {
    ApiError::MethodNotAllowed
}

/// A JSON body whose faults are answered in our form.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(ApiError::NotJson),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(ApiError::TooLarge),
            Err(rejection) => Err(ApiError::BadRequest(rejection.body_text())),
        }
    }
}
