"""Who may come in: rebinding, forgery and guessing are refused before anything is looked at."""

import http.client
import json
import stat
from pathlib import Path

import pytest

from appliance.panel.settings import WebConfig
from appliance.panel.web.guard import COOKIE
from appliance.panel.web.token import FILE, token_in
from tests.panel.web.conftest import Host, Site

ELSEWHERE = WebConfig(host="0.0.0.0", token="open sesame")  # noqa: S104, S106


def ask(
    site: Site, path: str, method: str = "GET", body: str | None = None, **headers: str
) -> tuple[int, dict[str, str], str]:
    """Return status, headers and text of one request; `Host` is as given, else right."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    connection.request(method, path, body, {"Host": f"127.0.0.1:{site.port}"} | named)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, dict(answer.getheaders()), text


def upgrade(**more: str) -> dict[str, str]:
    return {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec_WebSocket_Version": "13",
        **more,
    }


def test_the_page_comes_with_headers_that_hold_it_in(site: Site) -> None:
    status, headers, text = ask(site, "/")
    assert status == 200 and "neural synth" in text
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy
    assert "unsafe" not in policy and f"ws://127.0.0.1:{site.port}" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    for path in ("/api/parameters", "/static/main.js", "/nothing", "/static/../part.py"):
        assert "default-src 'none'" in ask(site, path)[1]["Content-Security-Policy"]


@pytest.mark.parametrize(
    "name",
    ["evil.example", "127.0.0.1.evil.example", "evil.example:80", "192.168.1.5", "[::", "", "a b"],
)
def test_another_name_for_the_box_is_refused(site: Site, name: str) -> None:
    """A page of evil.example whose name leads to 127.0.0.1 gets nothing."""
    for path in ("/", "/api/parameters", "/static/main.js"):
        assert ask(site, path, Host=name)[0] in (400, 421)


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST.", "[::1]", "127.0.0.2", "stage"])
def test_the_box_s_own_names_are_taken(host: Host, name: str) -> None:
    site = host.serve(WebConfig(names=["stage"]))
    assert ask(site, "/api/parameters", Host=f"{name}:{site.port}")[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_another_page_s_requests_change_nothing(site: Site, headers: dict[str, str]) -> None:
    path = "/api/files/sample/a.wav"
    assert ask(site, path, "PUT", "x", **headers)[0] == 403
    assert ask(site, path, "DELETE", **headers)[0] == 403
    assert ask(site, "/live", **upgrade(**headers))[0] == 403
    assert ask(site, "/listen", **upgrade(**headers))[0] == 403


def test_a_socket_without_an_origin_is_refused_and_ours_is_taken(site: Site) -> None:
    assert ask(site, "/live", **upgrade())[0] == 403
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    named = {k.replace("_", "-"): v for k, v in upgrade(Origin=site.origin).items()}
    connection.request("GET", "/live", headers=named)
    assert connection.getresponse().status == 101
    connection.close()


def test_from_elsewhere_the_token_is_asked_for(host: Host) -> None:
    site = host.serve(ELSEWHERE)
    assert ask(site, "/")[0] == 200
    assert ask(site, "/static/main.js")[0] == 200
    assert ask(site, "/login")[2] == '{"admitted": false}'
    for path in ("/api/parameters", "/api/files", "/api/files/sample/a.wav", "/listen"):
        assert ask(site, path)[0] == 401
    assert ask(site, "/live", **upgrade(Origin=site.origin))[0] == 401
    assert ask(site, "/api/parameters", Cookie=f"{COOKIE}=open sesame")[0] == 401
    status, headers, _ = ask(site, "/login", "POST", json.dumps({"token": "open sesame"}))
    assert status == 200
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "sesame" not in cookie
    assert ask(site, "/api/parameters", Cookie=cookie.split(";")[0])[0] == 200
    other = host.serve(ELSEWHERE)
    assert ask(other, "/api/parameters", Cookie=cookie.split(";")[0])[0] == 401


def test_guessing_ends_after_ten_wrong_tokens(host: Host) -> None:
    site = host.serve(ELSEWHERE)
    wrong = [json.dumps({"token": t}) for t in ("", "open sesam", "open sesamé", "open sesame ")]
    wrong += ["[]", json.dumps({"token": 7}), "{}", json.dumps({"token": None})]
    for body in wrong:
        assert ask(site, "/login", "POST", body)[0] == 403
    assert ask(site, "/login", "POST", "no json")[0] == 400
    for _ in range(2):
        assert ask(site, "/login", "POST", "{}")[0] == 403
    right = json.dumps({"token": "open sesame"})
    assert ask(site, "/login", "POST", right)[0] == 429


def test_the_token_is_made_once_and_kept_for_its_owner(tmp_path: Path) -> None:
    folder = tmp_path / "player"
    token = token_in(folder)
    assert len(token) >= 16 and token_in(folder) == token
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    (folder / FILE).write_text("short")
    assert token_in(folder) not in (token, "short")
