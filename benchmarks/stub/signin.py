"""Sign-in without a user pool: a key of our own, tokens as Cognito makes them, a certificate."""

import time
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from jose import jwk, jwt

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_benchmark"
CLIENT_ID = "benchmark"
_KEY_ID = "benchmark-1"
_LIFETIME_S = 3600


class SignIn:
    """One issuer: its public keys, and tokens that it signs."""

    def __init__(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._private = _pem(key)
        public = jwk.construct(self._private, "RS256").public_key().to_dict()
        self.keys: dict[str, Any] = {"keys": [{**public, "kid": _KEY_ID, "use": "sig"}]}

    def token(self, user: str) -> str:
        """An access token of ``user``, who is any name at all, good for an hour."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "sub": user,
            "client_id": CLIENT_ID,
            "token_use": "access",
            "scope": "openid email profile",
            "username": user,
            "iat": now,
            "exp": now + _LIFETIME_S,
        }
        made: str = jwt.encode(claims, self._private, "RS256", headers={"kid": _KEY_ID})
        return made


def certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1, its own authority, with its key in one file of ``folder``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stub of AWS")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), True
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "stub.pem"
    path.write_bytes(_pem(key).encode() + made.public_bytes(serialization.Encoding.PEM))
    return path


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
