"""A passkey in software: what a browser and its authenticator would send (WebAuthn, 6.1 and 6.5)."""

import json
import re
import secrets
import struct
from dataclasses import dataclass, field
from hashlib import sha256
from html import unescape
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256, CoseKey
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
ALGORITHM = 3  # where a key says its own (RFC 9052, 7.1)


@dataclass
class Authenticator:
    """Holds one passkey; each field may be set to something wrong before it answers."""

    origin: str = "http://localhost"
    rp_id: str = "localhost"
    verifies: bool = True  # whether it has asked for a fingerprint or the like
    count: int = 0  # of signatures; synced passkeys stay at 0
    algorithm: int = ES256.ALGORITHM
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def credential(self) -> AttestedCredentialData:
        """What servers keep of it."""
        public_key = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call]  # of fido2
        key = CoseKey({**public_key, ALGORITHM: self.algorithm})
        return AttestedCredentialData.create(Aaguid.NONE, self.id, key)

    def register(self, options: dict[str, Any]) -> str:
        """Answer to `navigator.credentials.create()`, as JSON."""
        data = self._data(ATTESTED) + self.credential()
        attestation = AttestationObject.create("none", AuthenticatorData(data), {})
        return self._answer(
            clientDataJSON=self._client_data("webauthn.create", options), attestationObject=attestation
        )

    def sign(self, options: dict[str, Any]) -> str:
        """Answer to `navigator.credentials.get()`, as JSON."""
        client_data, data = self._client_data("webauthn.get", options), self._data()
        signature = self.key.sign(data + sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(clientDataJSON=client_data, authenticatorData=data, signature=signature)

    def _data(self, flags: int = 0) -> bytes:
        flags |= PRESENT | VERIFIED * self.verifies
        return sha256(self.rp_id.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return json.dumps(said).encode()

    def _answer(self, **response: bytes) -> str:
        credential_id = websafe_encode(self.id)
        parts = {name: websafe_encode(part) for name, part in response.items()}
        return json.dumps(
            {
                "id": credential_id,
                "rawId": credential_id,
                "type": "public-key",
                "response": parts,
                "clientExtensionResults": {},
            }
        )


def asked(page: str, kind: str = "get") -> tuple[dict[str, Any], str]:
    """What a page asks of passkeys, and the signed challenge that goes back with the answer."""
    challenge = r'name="(?:challenge|registration)" value="([^"]*)"'
    form = re.search(rf'data-passkey="{kind}" data-options="([^"]*)".*?{challenge}', page, re.S)
    assert form, "the page asks for no passkey"
    return json.loads(unescape(form[1])), form[2]
