//! Every line of the protocol, and of its other editions, to a value and back.

use super::*;

#[test]
fn replies_are_read_and_written() {
    let table: &[(&[u8], Reply<'_>)] = &[
        (b"HELLO ann", Reply::Hello { name: b"ann" }),
        (b"IN-USE", Reply::InUse),
        (b"BUSY", Reply::Busy),
        (b"LIST-OK ann,bob", Reply::ListOk { names: b"ann,bob" }),
        (b"LIST-OK ", Reply::ListOk { names: b"" }),
        (b"SEND-OK", Reply::SendOk),
        (b"BAD-DEST-USER", Reply::BadDestUser),
        (b"DELIVERY ann hi", Reply::Delivery { from: b"ann", text: b"hi" }),
        (b"DELIVERY ann  \t hi \r\0\xff ", Reply::Delivery { from: b"ann", text: b" \t hi \r\0\xff " }),
        (b"DELIVERY ann ", Reply::Delivery { from: b"ann", text: b"" }),
        (b"BAD-RQST-HDR", Reply::BadRqstHdr),
        (b"BAD-RQST-BODY", Reply::BadRqstBody),
    ];
    for (line, reply) in table {
        assert_eq!(Reply::parse(line), Some(*reply));
        let mut written = Vec::new();
        reply.write(&mut written);
        assert_eq!(written, [line, &b"\n"[..]].concat());
    }
}

#[test]
fn what_is_no_reply_is_refused() {
    let table: &[&[u8]] = &[
        b"",
        b" ",
        b"\r",
        b"hello ann",
        b"HELLO\r\r",
        b"HELLOann",
        b"HELLO-FROM ann",
        b"LIST",
        b"SEND ann hi",
        b"IN-USE\r\r",
        b"IN-USE\tann",
        b"SEND-OKSEND-OK",
        b"SEND_OK",
        b"BAD_DEST_USER",
        b"BAD-RQST_HDR",
        b"LIST-OK",
        b"LIST-OK\r",
        b"LIST-OKann",
        b"DELIVERY",
        b"DELIVERY ",
        b"DELIVERY ann",
        b"DELIVERY ann\r",
        b"DELIVERY  hi",
        b" DELIVERY ann hi",
        b"DELIVERYann hi",
        b"\xff\0",
        b"BUSYBUSY",
        b"BUSY\rBUSY",
    ];
    for line in table {
        assert_eq!(Reply::parse(line), None, "{}", line.escape_ascii());
    }
}

/// Spec W5.
#[test]
fn replies_of_other_editions_are_understood() {
    let table: &[(&[u8], Reply<'_>)] = &[
        (b"HELLO ann\r", Reply::Hello { name: b"ann" }),
        (b"HELLO ann\r\r", Reply::Hello { name: b"ann\r" }),
        (b"HELLO", Reply::Hello { name: b"" }),
        (b"HELLO ", Reply::Hello { name: b"" }),
        (b"HELLO \r", Reply::Hello { name: b"" }),
        (b"IN-USE\r", Reply::InUse),
        (b"IN-USE ", Reply::InUse),
        (b"IN-USE ann", Reply::InUse),
        (b"BUSY\r", Reply::Busy),
        (b"BUSY try later\r", Reply::Busy),
        (b"LIST-OK ann,bob\r", Reply::ListOk { names: b"ann,bob" }),
        (b"LIST-OK \r", Reply::ListOk { names: b"" }),
        (b"SEND-OK\r", Reply::SendOk),
        (b"SEND-OK bob", Reply::SendOk),
        (b"BAD-DEST-USER bob", Reply::BadDestUser),
        (b"BAD-RQST-HDR\r", Reply::BadRqstHdr),
        (b"BAD_RQST_HDR", Reply::BadRqstHdr),
        (b"BAD_RQST_HDR\r", Reply::BadRqstHdr),
        (b"BAD-RQST-BODY no text", Reply::BadRqstBody),
        (b"BAD_RQST_BODY", Reply::BadRqstBody),
        (b"DELIVERY ann hi\r", Reply::Delivery { from: b"ann", text: b"hi\r" }),
        (b"DELIVERY ann \r", Reply::Delivery { from: b"ann", text: b"\r" }),
        (b"DELIVERY a\r hi", Reply::Delivery { from: b"a\r", text: b"hi" }),
    ];
    for (line, reply) in table {
        assert_eq!(Reply::parse(line), Some(*reply), "{}", line.escape_ascii());
    }
}

#[test]
fn requests_are_read_and_written() {
    let table: &[(&[u8], Request<'_>)] = &[
        (b"HELLO-FROM ann", Request::HelloFrom { name: b"ann" }),
        (b"HELLO-FROM ", Request::HelloFrom { name: b"" }),
        (b"LIST", Request::List),
        (b"SEND ann hi", Request::Send { to: b"ann", text: b"hi" }),
        (b"SEND ann  hi \r", Request::Send { to: b"ann", text: b" hi \r" }),
    ];
    for (line, request) in table {
        assert_eq!(Request::parse(line), Ok(*request));
        let mut written = Vec::new();
        request.write(&mut written);
        assert_eq!(written, [line, &b"\n"[..]].concat());
    }
}

/// Spec W5.
#[test]
fn requests_of_other_editions_are_understood() {
    let table: &[(&[u8], Request<'_>)] = &[
        (b"HELLO-FROM ann\r", Request::HelloFrom { name: b"ann" }),
        (b"HELLO-FROM \r", Request::HelloFrom { name: b"" }),
        (b"HELLO-FROM  ann", Request::HelloFrom { name: b" ann" }),
        (b"LIST\r", Request::List),
        (b"SEND  ann hi", Request::Send { to: b"ann", text: b"hi" }),
        (b"SEND   ann  hi", Request::Send { to: b"ann", text: b" hi" }),
        (b"SEND ann hi\r", Request::Send { to: b"ann", text: b"hi\r" }),
        (b"SEND ann \r", Request::Send { to: b"ann", text: b"\r" }),
    ];
    for (line, request) in table {
        assert_eq!(Request::parse(line), Ok(*request), "{}", line.escape_ascii());
    }
}

#[test]
fn bad_requests_say_what_is_bad() {
    let table: &[(&[u8], BadRequest)] = &[
        (b"", BadRequest::Header),
        (b"\r", BadRequest::Header),
        (b"list\r", BadRequest::Header),
        (b"LIST\r\r", BadRequest::Header),
        (b"HELLO-FROM\r", BadRequest::LogInBody),
        (b"LIST \r", BadRequest::Body),
        (b"SEND\r", BadRequest::Body),
        (b"SEND ann\r", BadRequest::Body),
        (b"SEND  ", BadRequest::Body),
        (b"SEND   ann", BadRequest::Body),
        (b" ", BadRequest::Header),
        (b"list", BadRequest::Header),
        (b"LISTS", BadRequest::Header),
        (b"HELLO ann", BadRequest::Header),
        (b"\xff\xfe", BadRequest::Header),
        (b"HELLO-FROM", BadRequest::LogInBody),
        (b"HELLO-FROM \xff", BadRequest::LogInBody),
        (b"LIST ", BadRequest::Body),
        (b"LIST all", BadRequest::Body),
        (b"SEND", BadRequest::Body),
        (b"SEND ", BadRequest::Body),
        (b"SEND ann", BadRequest::Body),
        (b"SEND ann ", BadRequest::Body),
        (b"SEND  hi", BadRequest::Body),
        (b"SEND ann \xff", BadRequest::Body),
    ];
    for (line, bad) in table {
        assert_eq!(Request::parse(line), Err(*bad), "{}", line.escape_ascii());
    }
}

#[test]
fn names_hold_none_of_the_forbidden_bytes() {
    for name in [&b"ann"[..], b"a", "søren".as_bytes(), b"\xff", b"a.b-c_d", b"a\r"] {
        assert!(is_valid_name(name));
    }
    assert!(!is_valid_name(b""));
    for byte in b"!@#$%^&*, \n" {
        assert!(!is_valid_name(&[b'a', *byte]));
    }
}

#[test]
fn empty_names_are_none() {
    assert_eq!(names(b"ann,,bob,").collect::<Vec<_>>(), [b"ann", b"bob"]);
    assert_eq!(names(b"").count(), 0);
    assert_eq!(names(b" , ").count(), 0);
}

#[test]
fn one_carriage_return_is_dropped() {
    assert_eq!(without_carriage_return(b"a\r"), b"a");
    assert_eq!(without_carriage_return(b"a\r\r"), b"a\r");
    assert_eq!(without_carriage_return(b"\ra"), b"\ra");
}

/// Spec W5.
#[test]
fn spaces_around_names_do_not_count() {
    assert_eq!(names(b" ann,  bob ,c d, ").collect::<Vec<_>>(), [&b"ann"[..], b"bob", b"c d"]);
    assert_eq!(names(b"\tann,bob\r").collect::<Vec<_>>(), [&b"\tann"[..], b"bob\r"]);
}
