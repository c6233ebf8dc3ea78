//! Every face, by name.

mod plain;

use super::{Face, Visit};
use crate::web::Reply;

const fn face(
    name: &'static str,
    prefix: &'static str,
    start: &'static str,
    serve: fn(&Visit<'_>) -> Reply,
) -> Face {
    Face {
        name,
        prefix,
        start,
        serve,
    }
}

/// The faces in no order that matters: a request goes to the longest prefix of its path.
pub(crate) static FACES: &[Face] = &[
    face("simple", "/simple/", "start?app=aws", plain::simple),
    face("otp", "/otp/", "start?app=aws", plain::simple),
];
