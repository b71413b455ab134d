"""A connection to a Trimtab service: JSON over HTTP, one request at a time, kept alive between them."""

from __future__ import annotations

import http.client
import json
import os
from typing import Any, Dict, Optional
from urllib.parse import urlsplit

DEFAULT_URL = "http://127.0.0.1:8080"


class TrimtabError(RuntimeError):
    """Raised when the service refuses a request; says what it expected and what it found."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Client:
    """Asks one service. `TRIMTAB_URL` and `TRIMTAB_TOKEN` stand in for what is not given."""

    def __init__(self, url: Optional[str] = None, token: Optional[str] = None, timeout_s: float = 60.0) -> None:
        self.url = (url or os.environ.get("TRIMTAB_URL") or DEFAULT_URL).rstrip("/")
        self._token = token or os.environ.get("TRIMTAB_TOKEN")
        self._timeout_s = timeout_s
        self._connection: Optional[http.client.HTTPConnection] = None

    def ask(self, method: str, path: str, body: Optional[Dict[str, Any]] = None) -> Any:
        """The answer as JSON data; None where there is none. Raises TrimtabError when the service refuses."""
        try:
            status, text = self._exchange(method, path, body)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            # The service closes connections that were idle for long; nothing was answered, so nothing was done.
            self.close()
            status, text = self._exchange(method, path, body)
        if status == 204:
            return None
        answer = json.loads(text)
        if status >= 400:
            raise TrimtabError(status, str(answer.get("code", "")), str(answer.get("detail", text)))
        return answer

    def close(self) -> None:
        """Closes the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(self, method: str, path: str, body: Optional[Dict[str, Any]]) -> "tuple[int, str]":
        connection = self._open()
        headers = {"accept": "application/json"}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        payload = None
        if body is not None:
            payload = json.dumps(body)
            headers["content-type"] = "application/json"
        connection.request(method, path, payload, headers)
        response = connection.getresponse()
        return response.status, response.read().decode("utf8")

    def _open(self) -> http.client.HTTPConnection:
        if self._connection is None:
            parts = urlsplit(self.url)
            kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
            self._connection = kind(parts.hostname or "127.0.0.1", parts.port, timeout=self._timeout_s)
        return self._connection
