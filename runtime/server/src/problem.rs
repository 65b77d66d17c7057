//! Errors as they are told to callers.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flow_ir::units::ErrorClass;
use flow_runtime::home::durable::{AnswerError, Refused};
use serde_json::{Value as Json, json};

/// Seconds after which a refused caller may try again.
const RETRY_AFTER: u32 = 1;

/// An error that a caller is told. Never holds a secret, a prompt, a reply, or whether something of another tenant
/// exists.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    /// A word for programs.
    pub(crate) class: &'static str,
    /// For people.
    pub(crate) message: String,
    /// Where in the input, as in `$.mail.subject`.
    pub(crate) at: Option<String>,
    /// More about the run that it happened in.
    pub(crate) run: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, class: &'static str, message: impl Into<String>) -> Self {
        Self { status, class, message: message.into(), at: None, run: None }
    }

    pub(crate) fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NotFound", message)
    }

    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Malformed", message)
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message)
    }

    pub(crate) fn denied(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Denied", message)
    }

    pub(crate) fn bug(message: &str) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Failed", message)
    }

    pub(crate) fn of_class(class: ErrorClass, message: &str) -> Self {
        let status = match class {
            ErrorClass::Denied => StatusCode::FORBIDDEN,
            ErrorClass::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorClass::Budget | ErrorClass::Overload => StatusCode::TOO_MANY_REQUESTS,
            ErrorClass::Timeout | ErrorClass::Refused | ErrorClass::Expired | ErrorClass::Failed => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        Self::new(status, class.name(), message)
    }

    pub(crate) fn at(self, place: impl Into<String>) -> Self {
        Self { at: Some(place.into()), ..self }
    }

    pub(crate) fn json(&self) -> Json {
        let mut error = json!({ "class": self.class, "message": self.message });
        if let Some(fields) = error.as_object_mut() {
            fields.extend(self.at.as_ref().map(|at| ("at".to_owned(), json!(at))));
            fields.extend(self.run.as_ref().map(|run| ("run".to_owned(), json!(run))));
        }
        json!({ "error": error })
    }

    /// With a body of another shape.
    pub(crate) fn respond(&self, body: &Json) -> Response {
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::TOO_MANY_REQUESTS || self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.respond(&self.json())
    }
}

impl From<axum::extract::rejection::QueryRejection> for Problem {
    fn from(rejected: axum::extract::rejection::QueryRejection) -> Self {
        Self::malformed(rejected.body_text())
    }
}

impl From<flow_store::runs::Error> for Problem {
    fn from(error: flow_store::runs::Error) -> Self {
        // The path of the file is nobody's business outside.
        tracing::error!(%error, "the store cannot be used");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Unavailable", "the store cannot be used now")
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full => Self::new(StatusCode::TOO_MANY_REQUESTS, "Overload", refused.to_string()),
            Refused::Draining => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "Unavailable", refused.to_string())
            }
            Refused::Bundle(why) => Self::bug(&why),
            Refused::Store(error) => error.into(),
        }
    }
}

impl From<AnswerError> for Problem {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::Unknown => Self::not_found("there is no such question"),
            AnswerError::Closed => Self::new(StatusCode::CONFLICT, "Closed", error.to_string()),
            AnswerError::Denied(why) => Self::denied(why),
            AnswerError::Invalid(_) => Self::invalid(error.to_string()),
            AnswerError::Store(error) => error.into(),
        }
    }
}

impl From<flow_eval::json::DecodeError> for Problem {
    fn from(error: flow_eval::json::DecodeError) -> Self {
        Self::invalid(error.message.to_string()).at(error.path.to_string())
    }
}

impl From<flow_eval::Invalid> for Problem {
    fn from(error: flow_eval::Invalid) -> Self {
        Self::invalid(error.message.to_string())
    }
}
