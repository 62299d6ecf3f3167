"""TLS: the trusted authorities, the client's certificate, and the hints of failed handshakes."""

from __future__ import annotations

import functools
import os
import ssl
from pathlib import Path
from typing import Final

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.http.response import Hints

# The codes of OpenSSL (x509_vfy.h).
_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
_SELF_SIGNED: Final = 18
_WITHOUT_AUTHORITY: Final = (2, 19, 20, 21)
_OTHER_HOST: Final = (62, 64)  # a name, an IP address
_PLACES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")  # variables that name other authorities
_NO_TLS: Final = ("HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "WRONG_VERSION_NUMBER")
_OF_CLIENTS: Final = ("ACCESS_DENIED", "CERTIFICATE", "HANDSHAKE_FAILURE", "UNKNOWN_CA")  # alerts
_MISMATCHED: Final = ("KEY_TYPE_MISMATCH", "KEY_VALUES_MISMATCH")


def tls_context(
    ca_file: Path | None = None, cert_file: Path | None = None, key_file: Path | None = None
) -> ssl.SSLContext:
    """Return a context that trusts the authorities in `ca_file`, or else the system's or SSL_CERT_FILE's.

    With `cert_file` it presents that certificate; its key is in `key_file`, or else in the same file. Raises
    UserError if a file cannot be used.
    """
    if ca_file is None and cert_file is None:
        return _system_context(*map(os.environ.get, _PLACES))
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # including ssl.SSLError
        reason = error.strerror if not isinstance(error, ssl.SSLError) else "it contains no certificate"
        raise UserError(
            f"`{ca_file}` cannot be used: {reason}", "name a file of certificates in PEM"
        ) from None
    if cert_file is not None:
        _present(context, cert_file, key_file or cert_file)
    return context


@functools.cache
def _system_context(*_places: str | None) -> ssl.SSLContext:
    """Return the context that trusts the system's authorities; loading them takes some 30 ms."""
    return ssl.create_default_context()


def _present(context: ssl.SSLContext, cert_file: Path, key_file: Path) -> None:
    def no_password() -> str:
        hint = "decrypt it into a file that only you may read: openssl pkey -in KEY -out PLAIN_KEY"
        raise UserError(f"the key in `{key_file}` is encrypted", hint)

    for each in (cert_file, key_file):
        try:
            each.open("rb").close()
        except OSError as error:
            raise UserError(f"`{each}` cannot be read: {error.strerror}", "correct its path") from None
    try:
        context.load_cert_chain(cert_file, key_file, no_password)
    except ssl.SSLError as error:
        if error.reason in _MISMATCHED:
            message = f"`{key_file}` does not contain the key of the certificate in `{cert_file}`"
        else:
            message = f"`{cert_file}` and `{key_file}` do not contain a certificate and its key"
        raise UserError(message, "name both in PEM: `cert_file: FILE` and `key_file: FILE`") from None


def handshake_failure(error: BaseException, hints: Hints) -> tuple[str, str] | None:
    """Return the reason and the hint of an error that a TLS handshake caused; None for any other error."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        reason = f"its certificate cannot be verified: {cause.verify_message}"
        return reason, _verification_hint(cause.verify_code, hints)
    if not isinstance(cause, ssl.SSLError) or not cause.reason:
        return None
    if cause.reason in _NO_TLS:
        return "it does not speak TLS at this port", "write `http://` in place of `https://`, or another port"
    _, alert, refusal = cause.reason.partition("ALERT_")
    if not alert:
        return None
    is_about_client = any(each in refusal for each in _OF_CLIENTS)
    hint = hints.certificate if is_about_client else "look into the log of the server"
    return f"it refuses the connection: {refusal.replace('_', ' ').lower()}", hint


def _verification_hint(code: int, hints: Hints) -> str:
    if code == _EXPIRED:
        return "renew it, or correct the clock of this machine"
    if code == _NOT_YET_VALID:
        return "wait until it is valid, or correct the clock of this machine"
    if code in _OTHER_HOST:
        return "name the host by a name in the certificate, or add this one to its `subjectAltName`"
    if code == _SELF_SIGNED:
        return f"it is self-signed: if it is the right one, trust it: {hints.authority}"
    if code in _WITHOUT_AUTHORITY:
        return f"name the authority that issued it: {hints.authority}"
    return "correct the certificate of the server"
