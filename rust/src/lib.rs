//! The C ABI of the `tokenizers` crate, documented in include/hies_tokenizer.h.

mod class;
mod components;
mod pieces;
mod pipeline;

use pipeline::Pipeline;
use std::any::Any;
use std::ffi::{c_char, c_int, CString};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Once;

const OK: c_int = 0;
const BAD_INPUT: c_int = 1;
const BUG: c_int = 2;

/// `hies_tokenizer_encoding` of the C ABI. Ids, type ids and ends have the length and capacity `count`; ends may be null.
#[repr(C)]
pub struct CEncoding {
    ids: *mut i32,
    type_ids: *mut i32,
    ends: *mut usize,
    count: usize,
    truncated: i32,
}

/// Runs `body`. If it returns an error or panics, writes the message to `*error` as one line and returns its code.
unsafe fn guarded(error: *mut *mut c_char, body: impl FnOnce() -> Result<(), String>) -> c_int {
    static SILENCE: Once = Once::new();
    // The default panic hook prints to stderr, but this library must not print.
    SILENCE.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    let (code, message) = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return OK,
        Ok(Err(message)) => (BAD_INPUT, message),
        Err(panic) => (BUG, panic_message(panic.as_ref())),
    };
    let line: String = message
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    // The line has no control characters, so no NUL, and the conversion cannot fail.
    *error = CString::new(line).unwrap_or_default().into_raw();
    code
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        (*text).to_string()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "panic without a message".to_string()
    }
}

unsafe fn utf8<'a>(data: *const c_char, size: usize, what: &str) -> Result<&'a str, String> {
    if size == 0 {
        return Ok("");
    }
    std::str::from_utf8(std::slice::from_raw_parts(data.cast::<u8>(), size))
        .map_err(|e| format!("{what} is not valid UTF-8 at byte {}", e.valid_up_to()))
}

fn leak(values: &[u32]) -> *mut i32 {
    let values: Box<[i32]> = values.iter().map(|&v| v as i32).collect();
    Box::into_raw(values).cast::<i32>()
}

/// # Safety
/// Pointers have to be valid as documented in include/hies_tokenizer.h.
#[no_mangle]
pub unsafe extern "C" fn hies_tokenizer_new(
    document: *const c_char,
    document_size: usize,
    overrides: *const c_char,
    overrides_size: usize,
    tokenizer: *mut *mut Pipeline,
    error: *mut *mut c_char,
) -> c_int {
    guarded(error, || {
        let document = utf8(document, document_size, "the document")?;
        let overrides = utf8(overrides, overrides_size, "the overrides")?;
        *tokenizer = Box::into_raw(Box::new(Pipeline::new(document, overrides)?));
        Ok(())
    })
}

/// # Safety
/// `tokenizer` is null or comes from `hies_tokenizer_new` and is not used again.
#[no_mangle]
pub unsafe extern "C" fn hies_tokenizer_free(tokenizer: *mut Pipeline) {
    if !tokenizer.is_null() {
        drop(Box::from_raw(tokenizer));
    }
}

/// # Safety
/// Pointers have to be valid as documented in include/hies_tokenizer.h.
#[no_mangle]
pub unsafe extern "C" fn hies_tokenizer_encode(
    tokenizer: *const Pipeline,
    text: *const c_char,
    text_size: usize,
    pair: *const c_char,
    pair_size: usize,
    max_length: usize,
    special_tokens: c_int,
    encoding: *mut CEncoding,
    error: *mut *mut c_char,
) -> c_int {
    guarded(error, || {
        let text = utf8(text, text_size, "the text")?;
        let pair = match pair.is_null() {
            true => None,
            false => Some(utf8(pair, pair_size, "the second text")?),
        };
        let (result, truncated) =
            (*tokenizer).encode(text, pair, max_length, special_tokens != 0)?;
        *encoding = CEncoding {
            ids: leak(result.get_ids()),
            type_ids: leak(result.get_type_ids()),
            ends: std::ptr::null_mut(),
            count: result.len(),
            truncated: truncated.into(),
        };
        Ok(())
    })
}

/// # Safety
/// Pointers have to be valid as documented in include/hies_tokenizer.h.
#[no_mangle]
pub unsafe extern "C" fn hies_tokenizer_encode_text(
    tokenizer: *const Pipeline,
    text: *const c_char,
    text_size: usize,
    threads: usize,
    encoding: *mut CEncoding,
    error: *mut *mut c_char,
) -> c_int {
    guarded(error, || {
        let text = utf8(text, text_size, "the text")?;
        let (ids, ends) = (*tokenizer).encode_text(text, threads)?;
        *encoding = CEncoding {
            ids: leak(&ids),
            type_ids: leak(&vec![0; ids.len()]),
            count: ends.len(),
            ends: Box::into_raw(ends.into_boxed_slice()).cast::<usize>(),
            truncated: 0,
        };
        Ok(())
    })
}

/// # Safety
/// `encoding` was filled by `hies_tokenizer_encode` and is not freed twice.
#[no_mangle]
pub unsafe extern "C" fn hies_tokenizer_encoding_free(encoding: *mut CEncoding) {
    for data in [(*encoding).ids, (*encoding).type_ids] {
        let slice = std::ptr::slice_from_raw_parts_mut(data, (*encoding).count);
        drop(Box::from_raw(slice));
    }
    if !(*encoding).ends.is_null() {
        let slice = std::ptr::slice_from_raw_parts_mut((*encoding).ends, (*encoding).count);
        drop(Box::from_raw(slice));
    }
}

/// # Safety
/// `error` is null or was set by one of these functions, and is not used again.
#[no_mangle]
pub unsafe extern "C" fn hies_tokenizer_error_free(error: *mut c_char) {
    if !error.is_null() {
        drop(CString::from_raw(error));
    }
}

/// # Safety
/// `tokenizer` comes from `hies_tokenizer_new`, `token` as include/hies_tokenizer.h says.
#[no_mangle]
pub unsafe extern "C" fn hies_tokenizer_id_of(
    tokenizer: *const Pipeline,
    token: *const c_char,
    token_size: usize,
) -> i32 {
    match utf8(token, token_size, "the token") {
        Ok(token) => (*tokenizer).id_of(token).map_or(-1, |id| id as i32),
        Err(_) => -1,
    }
}

/// # Safety
/// `tokenizer` comes from `hies_tokenizer_new`, `buffer` has room for `capacity` bytes.
#[no_mangle]
pub unsafe extern "C" fn hies_tokenizer_token_of(
    tokenizer: *const Pipeline,
    id: i32,
    buffer: *mut c_char,
    capacity: usize,
) -> usize {
    let token = u32::try_from(id)
        .ok()
        .and_then(|id| (*tokenizer).token_of(id))
        .unwrap_or_default();
    copy(&token, buffer, capacity)
}

unsafe fn copy(text: &str, buffer: *mut c_char, capacity: usize) -> usize {
    if capacity > 0 {
        let count = text.len().min(capacity);
        std::ptr::copy_nonoverlapping(text.as_ptr(), buffer.cast::<u8>(), count);
    }
    text.len()
}

/// # Safety
/// `tokenizer` comes from `hies_tokenizer_new`, `buffer` has room for `capacity` bytes.
#[no_mangle]
pub unsafe extern "C" fn hies_tokenizer_differences(
    tokenizer: *const Pipeline,
    buffer: *mut c_char,
    capacity: usize,
) -> usize {
    copy((*tokenizer).differences(), buffer, capacity)
}

/// # Safety
/// `tokenizer` comes from `hies_tokenizer_new`.
#[no_mangle]
pub unsafe extern "C" fn hies_tokenizer_vocabulary_size(tokenizer: *const Pipeline) -> usize {
    (*tokenizer).vocabulary_size()
}

/// # Safety
/// `tokenizer` comes from `hies_tokenizer_new`.
#[no_mangle]
pub unsafe extern "C" fn hies_tokenizer_id_bound(tokenizer: *const Pipeline) -> usize {
    (*tokenizer).id_bound()
}
