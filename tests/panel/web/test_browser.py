"""Headless Chromium plays the instrument: by mouse, by keys, by file, at a phone's width."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from tests.engine.tiny import write_model
from tests.panel.test_intake import latents
from tests.panel.web.browser import Browser, Instrument, browser, instrument, until

PAGES = ("play", "presets", "parameters", "scope", "files", "status")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Browser, Instrument]]:
    """Return a browser with the page of a playing instrument."""
    models = tmp_path_factory.mktemp("models")
    write_model(models, "slow", ratio=1024, seed=1)
    write_model(models, "fast", ratio=256, seed=2)
    folder = tmp_path_factory.mktemp("box")
    with instrument(folder, models) as played, browser(tmp_path_factory.mktemp("chrome")) as page:
        played.wait()
        page.open(played.url)
        until(lambda: page.find("#link.on"))
        until(lambda: page.find(".push[data-frame]"))
        yield page, played


@pytest.fixture(autouse=True)
def quiet_console(played: tuple[Browser, Instrument]) -> Iterator[None]:
    """See that no test makes the page complain."""
    yield
    assert played[0].complaints() == []


def go(page: Browser, name: str) -> None:
    page.find(f'#tabs a[href="#{name}"]').click()
    until(lambda: page.find(f"#page-{name}").is_displayed())


def test_an_encoder_turns_by_mouse_wheel_and_keys_and_the_display_follows(
    played: tuple[Browser, Instrument],
) -> None:
    page, box = played
    go(page, "play")
    knobs = page.driver.find_elements(By.CSS_SELECTOR, ".encoders .encoder")
    assert len(knobs) == 8
    before, picture = box.get("/offset/1/value"), page.picture()
    hands = ActionChains(page.driver)
    hands.click_and_hold(knobs[0]).move_by_offset(0, -40).move_by_offset(0, -40).release().perform()
    until(lambda: box.get("/offset/1/value") > before + 0.05)
    until(lambda: page.picture() != picture)
    before = box.get("/offset/2/value")
    page.run("arguments[0].dispatchEvent(new WheelEvent('wheel', {deltaY: -200}))", knobs[1])
    until(lambda: box.get("/offset/2/value") > before)
    page.run("document.activeElement.blur()")
    ActionChains(page.driver).send_keys("3").send_keys(Keys.ARROW_DOWN * 9).perform()
    until(lambda: box.get("/offset/3/value") < 0)
    assert page.driver.switch_to.active_element == knobs[2]
    until(lambda: str(knobs[2].get_attribute("aria-valuetext")).startswith("-"))
    ActionChains(page.driver).send_keys(Keys.DELETE).perform()
    until(lambda: box.get("/offset/3/value") == 0)


def test_a_pad_recalls_a_preset_and_keys_undo_it(played: tuple[Browser, Instrument]) -> None:
    page, box = played
    go(page, "play")
    page.find('[data-name="session"]').click()
    until(lambda: page.find('.pad[aria-label^="3 "]').get_attribute("data-level") != "0")
    page.find('.pad[aria-label^="3 "]').click()
    until(lambda: box.status()["presets"]["current"] == 3)
    page.find('.pad[aria-label^="1 "]').send_keys(Keys.ARROW_RIGHT)
    page.driver.switch_to.active_element.send_keys(Keys.SPACE)
    until(lambda: box.status()["presets"]["current"] == 2)
    page.run("document.activeElement.blur()")
    ActionChains(page.driver).key_down(Keys.CONTROL).send_keys("z").key_up(Keys.CONTROL).perform()
    until(lambda: box.status()["presets"]["current"] == 3)
    page.find('[data-name="note"]').click()


def test_a_preset_is_uploaded_renamed_recalled_and_cleared(
    played: tuple[Browser, Instrument], tmp_path: Path
) -> None:
    page, box = played
    go(page, "presets")
    file = tmp_path / "sent.yaml"
    file.write_text("format: 1\nname: Sent\nparameters: {/offset/5/value: 0.75}\n")
    page.find('.slot[data-slot="40"]').click()
    page.find("#preset-file").send_keys(str(file))
    slot = page.find('.slot[data-slot="40"]')
    until(lambda: "Sent" in slot.text)
    name = page.find(".detail input[maxlength]")
    until(lambda: name.get_attribute("value") == "Sent")
    name.send_keys(Keys.CONTROL, "a")
    name.send_keys("Night bells", Keys.ENTER)
    until(lambda: "Night bells" in slot.text)
    page.find(".detail .strong").click()
    until(lambda: box.get("/offset/5/value") == 0.75)
    page.find(".detail .danger").click()
    until(lambda: "Night bells" not in slot.text)
    file.write_text("name: [broken")
    page.find("#preset-file").send_keys(str(file))
    until(lambda: "preset.yaml, line" in page.find(".notice.bad").text)
    assert [e for e in page.complaints() if "400" not in e] == []


def test_a_parameter_is_searched_typed_and_reset(played: tuple[Browser, Instrument]) -> None:
    page, box = played
    go(page, "parameters")
    page.find("#page-parameters input[type=search]").send_keys("noise frequency 4")
    until(lambda: len(page.driver.find_elements(By.CSS_SELECTOR, ".rows .row")) == 1)
    exact = page.find(".rows .exact")
    exact.send_keys(Keys.CONTROL, "a")
    exact.send_keys("12.5", Keys.ENTER)
    until(lambda: box.get("/noise/4/frequency") == 12.5)
    page.find(".rows .changed .reset").click()
    until(lambda: box.get("/noise/4/frequency") == 10)


def test_latents_go_up_and_into_a_jam_slot(
    played: tuple[Browser, Instrument], tmp_path: Path
) -> None:
    page, box = played
    go(page, "files")
    (tmp_path / "breath.npy").write_bytes(latents())
    page.find("#choose").send_keys(str(tmp_path / "breath.npy"))
    Select(page.find(".list select")).select_by_visible_text("jam 2")
    until(lambda: box.status()["jam"]["slots"][1]["file"] == "latents/breath.npy")


def test_the_sound_is_heard_here_without_gaps(played: tuple[Browser, Instrument]) -> None:
    page, _ = played
    page.find("#listen").click()
    until(lambda: "ms" in page.find("#listen").text)
    assert 5 < float(page.find("#listen").get_attribute("data-latency") or 0) < 1500
    page.find("#listen").click()
    until(lambda: page.find("#listen").text == "Listen here")


DRIFT = """
const done = arguments[arguments.length - 1];
import('/static/jitter.js').then(({ Jitter }) => {
  // A sender 0.1 % too fast or slow whose messages come up to 20 ms late, heard at 48 kHz.
  const results = [1.001, 0.999].map((speed) => {
    const jitter = new Jitter(44100);
    const left = new Float32Array(128), right = new Float32Array(128);
    let sent = 0, late = 0, worst = 0, last = 0, fills = 0, count = 0, chance = 1;
    for (let block = 0; block < 375 * 60; block += 1) {
      const due = ((block * 128) / 48000) * 44100 * speed - late;
      if (due - sent >= 441) {
        chance = (chance * 16807) % 2147483647;
        late = ((chance % 1000) / 1000) * 882;
        const frames = Math.floor(due - sent);
        const samples = new Int16Array(2 * frames);
        for (let n = 0; n < frames; n += 1) {
          samples[2 * n] = samples[2 * n + 1] = 16000 * Math.sin((sent + n) * 0.05);
        }
        jitter.push(samples);
        sent += frames;
      }
      jitter.pull(left, right, 48000);
      if (block < 375 * 5) { last = left[127]; continue; }
      for (const sample of left) {
        worst = Math.max(worst, Math.abs(sample - last));
        last = sample;
      }
      fills += jitter.fill; count += 1;
    }
    return { gaps: jitter.gaps, worst, ms: fills / count / 44.1 };
  });
  done(results);
});
"""


def test_the_buffer_follows_a_sender_whose_clock_drifts(
    played: tuple[Browser, Instrument],
) -> None:
    page, _ = played
    page.driver.set_script_timeout(30)
    for result in page.driver.execute_async_script(DRIFT):
        assert result["gaps"] <= 2
        assert result["worst"] < 0.03  # a sine of this pitch moves by 0.0245 at most
        assert 20 < result["ms"] < 120


NAMELESS = """
const named = (e) => e.getAttribute('aria-label') || e.textContent.trim() || e.title
  || (e.labels && e.labels.length) || e.placeholder;
return [...document.querySelectorAll('button, input, select, a, [role=slider], canvas')]
  .filter((e) => e.getAttribute('aria-hidden') !== 'true' && !named(e)).map((e) => e.outerHTML);
"""


def test_everything_has_a_name_and_the_focus_is_seen(played: tuple[Browser, Instrument]) -> None:
    page, box = played
    for name in PAGES:
        go(page, name)
        until(lambda: page.run(NAMELESS) == [], 10)
    page.open("about:blank")
    page.open(box.url)
    until(lambda: page.find("#link.on") and page.find(".push[data-frame]"))
    reached: list[str] = []
    for _ in range(16):
        ActionChains(page.driver).send_keys(Keys.TAB).perform()
        focus = page.run(
            "const e = document.activeElement; const s = getComputedStyle(e);"
            "return [e.className || e.id || e.hash || e.tagName, s.outlineStyle, s.outlineWidth]"
        )
        assert focus[1] != "none" and focus[2] != "0px", focus
        reached.append(focus[0])
    assert "skip" in reached and any("encoder" in each for each in reached)


def test_every_page_fits_a_phone(played: tuple[Browser, Instrument]) -> None:
    page, _ = played
    size = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    for name in PAGES:
        page.run(f"location.hash = '{name}'")
        until(lambda name=name: page.find(f"#page-{name}").is_displayed())
        until(lambda: page.run("return document.documentElement.scrollWidth <= innerWidth"), 5)
    page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
