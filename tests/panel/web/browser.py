"""A real browser on a real instrument, for the tests of the page."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from selenium.common.exceptions import JavascriptException, StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from appliance.engine.client import Client
from tests.panel.web.conftest import free_port, listening

_QUIET = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required"),
)
ROOT = Path(__file__).parents[3]


@contextmanager
def instrument(folder: Path, models: Path) -> Generator["Instrument"]:
    """Play two tiny decoders and serve the page, in processes of their own."""
    osc, port = free_port(), free_port()
    (folder / "config.yaml").write_text(
        yaml.safe_dump(
            {
                "osc": {"port": osc},
                "audio": {"output": "null"},
                "decoders": [{"model": "slow", "seed": 1}, {"model": "fast", "seed": 2}],
                "panel": {
                    "web": {"port": port},
                    **{part: {"on": False} for part in ("push", "footswitch")},
                },
            }
        )
    )
    environment = {
        **os.environ,
        "HOME": str(folder),
        "NEURAL_SYNTH_DATA": str(folder / "data"),
        "NEURAL_SYNTH_MODELS": str(models),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "appliance", "play", "--panel", "--config", "config.yaml"]
    with (folder / "said.log").open("w") as said:
        engine = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
    try:
        yield Instrument(engine, osc, port, folder / "said.log")
    finally:
        engine.terminate()
        engine.wait(20)


class Instrument:
    """What plays behind the page at `url`."""

    def __init__(self, engine: subprocess.Popen[bytes], osc: int, port: int, said: Path) -> None:
        self.url = f"http://127.0.0.1:{port}/"
        self._engine, self._osc, self._port, self._said = engine, osc, port, said

    def wait(self) -> None:
        """Wait until the page is served."""
        until(lambda: self._engine.poll() is not None or listening(self._port), 90)
        assert self._engine.poll() is None, self._said.read_text()

    def get(self, address: str) -> float:
        """Return a parameter's value, from the engine itself."""
        with Client(port=self._osc, timeout=5) as client:
            return client.get(address)

    def status(self) -> dict[str, Any]:
        """Return the engine's status, from the engine itself."""
        with Client(port=self._osc, timeout=5) as client:
            return client.status()


class Browser:
    """Headless Chromium on one page."""

    def __init__(self, folder: Path) -> None:
        options = Options()
        options.binary_location = shutil.which("chromium") or ""
        for argument in (*_QUIET, f"--user-data-dir={folder}", "--window-size=1280,1000"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))

    def open(self, url: str) -> None:
        """Load a page."""
        self.driver.get(url)

    def find(self, selector: str) -> WebElement:
        """Return the first element that fits, once there is one."""
        until(lambda: self.driver.find_elements(By.CSS_SELECTOR, selector))
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def run(self, script: str, *arguments: object) -> Any:
        """Run a script in the page and return what it returns."""
        return self.driver.execute_script(script, *arguments)

    def picture(self) -> str:
        """Return all pixels of the virtual Push's display."""
        return self.run(
            "return [...document.querySelectorAll('.glass canvas')].map(c => c.toDataURL()).join()"
        )

    def complaints(self) -> list[str]:
        """Return what the console has said that is worse than a remark."""
        return [
            entry["message"]
            for entry in self.driver.get_log("browser")
            if entry["level"] in ("SEVERE", "WARNING")
        ]


@contextmanager
def browser(folder: Path) -> Generator[Browser]:
    """Open a browser; the test is skipped where there is none."""
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("chromium and chromium-driver are not installed")
    opened = Browser(folder)
    try:
        yield opened
    finally:
        opened.driver.quit()


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait for a condition; a page that is being redrawn is looked at again."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except (StaleElementReferenceException, JavascriptException):
            pass
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)
