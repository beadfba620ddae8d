//! Tokens, one-time codes and passwords: what is secret is made here, and only its hash is kept.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::StoreError;

/// Letters of a one-time code: no vowels that make words, none that look like a digit (Crockford's base 32).
const CODE_LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 20 letters of 5 bits: 100 bits, which nobody guesses within a day at any rate that a network allows.
const CODE_LENGTH: usize = 20;

/// A new token of 256 random bits: 43 letters.
pub fn new_token() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// Whether a text has the form of our tokens; others are not worth a look-up.
pub fn is_token(text: &str) -> bool {
    text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok()
}

/// What is kept of a token or code. They are random, so one pass of SHA-256 is enough.
pub fn secret_hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Compares hashes in constant time.
pub fn same_hash(a: &[u8], b: &[u8]) -> bool {
    bool::from(a.ct_eq(b))
}

/// A new one-time code, grouped for reading aloud: `ABCDE-FGHJK-…`.
pub fn new_code() -> String {
    let letters: String = rand::random::<[u8; CODE_LENGTH]>()
        .iter()
        .map(|byte| char::from(CODE_LETTERS[usize::from(byte % 32)]))
        .collect();
    let groups: Vec<&str> = (0..CODE_LENGTH).step_by(5).filter_map(|at| letters.get(at..at + 5)).collect();
    groups.join("-")
}

/// A code as typed, brought to the form that was hashed: spaces, hyphens and case do not matter, and neither do the
/// letters that people take for digits.
pub fn normal_code(typed: &str) -> Option<String> {
    let code: String = typed
        .chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '-')
        .take(CODE_LENGTH + 1)
        .map(|letter| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    (code.len() == CODE_LENGTH && code.bytes().all(|letter| CODE_LETTERS.contains(&letter))).then_some(code)
}

fn argon2() -> Result<Argon2<'static>, StoreError> {
    // OWASP's parameters for argon2id: 19 MiB, two passes, one lane.
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|error| StoreError::Unexpected(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The hash of a password. Takes 20 ms and 19 MiB: call it on a blocking thread, a few at a time.
pub fn hash_password(password: &str) -> Result<String, StoreError> {
    let hash =
        argon2()?.hash_password(password.as_bytes()).map_err(|error| StoreError::Unexpected(error.to_string()))?;
    Ok(hash.to_string())
}

/// Whether the password is the one that was hashed. The same cost as [`hash_password`].
pub fn verify_password(password: &str, hash: &str) -> bool {
    let Ok(argon2) = argon2() else { return false };
    PasswordHash::new(hash).is_ok_and(|hash| argon2.verify_password(password.as_bytes(), &hash).is_ok())
}

/// A hash of nothing that anybody knows: verified for users that do not exist, so that they cost the same time.
pub fn dummy_hash() -> Result<String, StoreError> {
    hash_password(&new_token())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_verified_and_another_is_not() {
        let hash = hash_password("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify_password("correct horse", &hash));
        assert!(!verify_password("correct hors", &hash));
        assert!(!verify_password("correct horse", "no hash"));
    }

    #[test]
    fn codes_are_read_as_people_type_them() {
        let code = new_code();
        let plain = code.replace('-', "");
        assert_eq!(plain.len(), 20);
        assert_eq!(normal_code(&code), Some(plain.clone()));
        assert_eq!(normal_code(&format!(" {} ", code.to_lowercase().replace('-', " "))), Some(plain.clone()));
        assert_eq!(normal_code("OIL00-00000-00000-00000"), Some("01100000000000000000".into()));
        for wrong in ["", "ABC", "ÄBCDE-FGHJK-MNPQR-STVWX", &format!("{plain}0"), "UUUUU-UUUUU-UUUUU-UUUUU"] {
            assert_eq!(normal_code(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn tokens_have_one_form() {
        assert!(is_token(&new_token()));
        assert!(!is_token("") && !is_token(&"!".repeat(43)) && !is_token(&new_token()[1..]));
    }
}
