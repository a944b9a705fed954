"""Files over HTTP: the real bank and the player's folders; whatever the path, nothing escapes."""

import random
import socket
import string
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from appliance.decoders.card import CARD_FILE
from tests.panel.test_intake import GOOD, PRESET, latents, sound
from tests.panel.web.conftest import Host, Site
from tests.panel.web.test_guard import ask
from tests.presets.box import Box as Presets


def put(site: Site, path: str, data: bytes) -> tuple[int, dict[str, Any]]:
    status, _, text = ask(site, path, "PUT", data.decode("latin-1").encode("latin-1"))  # type: ignore[arg-type]
    return status, msgspec.json.decode(text)


def told(site: Site, path: str) -> Any:
    status, _, text = ask(site, path)
    assert status == 200, text
    return msgspec.json.decode(text)


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@pytest.fixture
def banked(host: Host, tmp_path: Path) -> Iterator[tuple[Site, Presets]]:
    """Return a site whose engine has a real bank."""
    presets = Presets(tmp_path / "bank")
    presets.keeper.start()
    lock = threading.Lock()

    def perform(address: str, arguments: Any, reply: Any) -> None:
        from appliance.presets.commands import perform  # noqa: PLC0415

        with lock:
            perform(presets.keeper, address, arguments, reply)

    host.engine.server._commands["preset"] = perform
    yield host.serve(), presets
    presets.keeper.stop()


def test_a_preset_goes_up_and_comes_down_as_it_was(banked: tuple[Site, Presets]) -> None:
    site, presets = banked
    names = {each["slot"]: each["name"] for each in told(site, "/api/presets")}
    assert names == {1: "Factory 1", 2: "Factory 2", 3: "Factory 3", 7: "Factory 7"}
    status, answer = put(site, "/api/presets/9", PRESET)
    assert status == 200 and answer["said"] == "Bells, 1 settings"
    assert presets.keeper.bank[9].preset.name == "Bells"
    status, headers, text = ask(site, "/api/presets/9")
    assert status == 200 and "/offset/1/value: 0.5" in text
    assert headers["Content-Disposition"] == 'attachment; filename="09-bells.yaml"'
    for slot in (0, 65, 10**30):
        assert put(site, f"/api/presets/{slot}", PRESET)[0] == 400
    status, answer = put(site, "/api/presets/9", b"name: [")
    assert status == 400 and "preset.yaml, line" in answer["error"]
    assert put(site, "/api/presets/9", b"")[0] == 400
    assert presets.keeper.bank[9].preset.name == "Bells"
    assert told(site, "/api/presets/1/versions") == []


def test_a_bank_goes_down_and_comes_up(banked: tuple[Site, Presets]) -> None:
    site, presets = banked
    connection = socket.create_connection(("127.0.0.1", site.port))
    connection.sendall(b"GET /api/bank HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, archive = answer.partition(b"\r\n\r\n")
    assert b"200 OK" in head and archive.startswith(b"PK")
    presets.keeper.bench.clear(1)
    status, said = put(site, "/api/bank", archive)
    assert status == 200 and said["said"] == "4 presets"
    assert presets.keeper.bank[1].preset.name == "Factory 1"
    assert put(site, "/api/bank", archive[:100])[0] == 400
    assert files(site.folder) == []


def test_samples_and_latents_are_kept_listed_sent_and_removed(site: Site) -> None:
    kinds = told(site, "/api/files")["kinds"]
    for kind in ("sample", "latents"):
        name, data, _ = GOOD[kind]
        assert kinds[kind]["folder"] in ("samples", "latents")
        path = f"/api/files/{kind}/{quote('é ' + name)}"
        assert put(site, path, data)[0] == 200
        status, answer = put(site, path, data)
        assert status == 400 and "Replace it" in answer["error"]
        assert put(site, f"{path}?replace=1", data)[0] == 200
        (listed,) = told(site, "/api/files")["files"][kind]
        assert listed["name"] == f"é {name}" and listed["size"] == len(data)
        assert ask(site, path, "HEAD")[0] in (200, 405)
        assert ask(site, path, "DELETE")[0] == 200
    assert files(site.folder) == []
    assert put(site, "/api/files/model/x.ts", GOOD["model"][1])[0] == 400
    assert put(site, "/api/files/sample/x.wav", latents())[0] == 400


def test_models_are_listed_with_what_they_cost(site: Site) -> None:
    models = {model["name"]: model for model in told(site, "/api/files")["models"]}
    assert models["choir-wave"]["ratio"] == 1024
    status, headers, _ = ask(site, "/api/models/..%2F..")
    assert status in (400, 404)
    assert "zip" not in headers.get("Content-Disposition", "")


def test_a_model_comes_down_whole(site: Site) -> None:
    connection = socket.create_connection(("127.0.0.1", site.port))
    connection.sendall(
        b"GET /api/models/choir-spectral HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    )
    answer = b"".join(iter(lambda: connection.recv(1 << 20), b""))
    assert f"choir-spectral/{CARD_FILE}".encode() in answer
    assert files(site.folder) == []


def test_a_model_waits_in_the_queue_is_cancelled_and_forgotten(site: Site) -> None:
    status, answer = put(site, "/api/imports/my%20voice.ts", GOOD["model"][1])
    assert status == 200 and "TorchScript" in answer["said"]
    (job,) = told(site, "/api/imports")
    assert (job["name"], job["state"]) == ("my-voice", "waiting")
    path = f"/api/imports/{job['number']}"
    assert ask(site, f"{path}/forget", "POST")[0] == 400
    assert ask(site, f"{path}/cancel", "POST")[0] == 200
    assert ask(site, f"{path}/explode", "POST")[0] == 404
    assert ask(site, "/api/imports/77/cancel", "POST")[0] == 400
    assert put(site, "/api/imports/x.ts", b"PK nothing")[0] == 400
    assert put(site, "/api/imports/x.wav", GOOD["model"][1])[0] == 400
    assert len(told(site, "/api/imports")) == 1
    assert not list((site.folder / "incoming").iterdir())


def test_a_body_that_is_too_large_is_refused_at_its_head(site: Site) -> None:
    connection = socket.create_connection(("127.0.0.1", site.port))
    connection.sendall(
        b"PUT /api/presets/3 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n\r\nx"
    )
    assert b" 400 " in connection.recv(4096).partition(b"\r\n")[0]
    connection.close()


def test_a_thousand_hostile_paths_reach_nothing(site: Site) -> None:
    """Raw requests, as no browser would send them."""
    (site.folder.parent / "secret.wav").write_bytes(sound())
    chance = random.Random(11)  # noqa: S311
    bits = ["..", "%2e%2e", "/", "%2f", "\\", "%5c", "%00", "secret.wav", "%252e%252e%252f", "é"]
    bits += ["samples", "incoming", ".", "~", ";", "?", "#", "\t", "%", "%ff", "a" * 500, ":", "*"]
    roots = ["/api/files/sample/", "/api/files/", "/static/", "/api/models/", "/api/presets/", "/"]
    methods = ["GET", "PUT", "DELETE", "HEAD", "POST", "OPTIONS"]
    connection = socket.create_connection(("127.0.0.1", site.port))
    for _ in range(1200):
        path = chance.choice(roots) + "".join(
            chance.choice([*bits, *string.ascii_lowercase]) for _ in range(chance.randrange(1, 7))
        )
        path += chance.choice(["", ".wav", "/secret.wav", "%2fsecret.wav"])
        method = chance.choice(methods)
        body = sound() if method == "PUT" else b""
        request = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}"
        try:
            connection.sendall(f"{request}\r\n\r\n".encode() + body)
            answer = connection.recv(1 << 16)
        except ConnectionError:
            answer = b""
        assert b" 500 " not in answer.partition(b"\r\n")[0], path
        assert b"RIFF" not in answer or method == "GET"
        closed = b"close" in answer or not answer or b" 40" in answer.partition(b"\r\n")[0]
        if closed:
            connection.close()
            connection = socket.create_connection(("127.0.0.1", site.port))
    connection.close()
    kept = files(site.folder)
    assert all(name.startswith("samples/") and name.count("/") == 1 for name in kept)
    assert files(site.folder.parent) == sorted(["secret.wav", *(f"player/{n}" for n in kept)])
    assert (site.folder.parent / "secret.wav").read_bytes() == sound()
