//! The binding generator, at the version of the library: `uniffi-bindgen generate target/debug/libswitchboard_ffi.so …`.

fn main() {
    uniffi::uniffi_bindgen_main();
}
