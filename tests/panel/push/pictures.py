"""`python -m tests.panel.push.pictures`: docs/push.md and a picture for each scene, drawn anew."""

from pathlib import Path

from PIL import Image

from appliance.panel.push.buttons import UNUSED, USES
from appliance.panel.push.controls import PUSH1, PUSH2, PUSH3
from appliance.panel.push.drawing.picture import draw
from appliance.panel.push.pages import PAGES
from tests.panel.push.scenes import SCENES, scene, wave

DOCS = Path(__file__).parents[3] / "docs"
FOLDER = DOCS / "push"
_COLOURS = 160

_INTRODUCTION = """\
# The Push

Plug a Push 1, 2 or 3 (3 as a controller: connect it to a computer) into USB and play: it is found
within a second, at any time, and found again when the cable was pulled. A Push 2 wants its own
power supply: on USB power alone it stays dim, and says so. A Push 1 shows the same as text.

Nothing on the Push can stop the sound: the panel is a process of its own, and its display has a
thread of its own.

Everywhere:

- the buttons above the display pick a page, those right of the pads what its encoders turn;
- touch an encoder to read its value and range, turn it with **Shift** for fine steps, touch it with
  **Delete** held for its default;
- the strip plays the open page's expression; with the latch off (Setup) it springs back;
- **Session** lays the presets on the pads of any page, **Note** the page's own;
- **Undo** takes the last edit back, with **Shift** it does it again;
- press a mute shortly to keep it, hold it for a moment's silence;
- hold **Setup** for the help of the page.

The pictures are drawn by the renderer that feeds the display; this page is written by
`python -m tests.panel.push.pictures`.
"""


def picture(name: str) -> Image.Image:
    """Return the picture of a scene, RGB."""
    return draw(scene(name).face().screen, wave())


def page() -> str:
    """Return the text of docs/push.md."""
    lines = [_INTRODUCTION]
    for name, each in PAGES.items():
        lines += [f"## {each.title}", "", f"![{each.title}](push/{name}.png)", ""]
        lines += [f"- {where}: {what}" for where, what in each.help]
        lines.append("")
    lines += ["## At other moments", ""]
    lines += [f"![{name}](push/{name}.png)\n" for name in SCENES if name not in PAGES]
    lines += ["## Every button", "", "| button | does | on |", "|---|---|---|"]
    models = {"1": PUSH1, "2": PUSH2, "3": PUSH3}
    names = {n: {button.name for button in model.buttons} for n, model in models.items()}
    for name, use in USES.items():
        on = ", ".join(n for n, known in names.items() if name in known)
        lines.append(f"| {name.replace('_', ' ')} | {use.text} | Push {on} |")
    lines += ["", "Left alone on purpose:", ""]
    lines += [f"- {name.replace('_', ' ')}: {why}" for name, why in UNUSED.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write page and pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in SCENES:
        small = picture(name).quantize(
            _COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        )
        small.save(FOLDER / f"{name}.png", optimize=True)
    (DOCS / "push.md").write_text(page())


if __name__ == "__main__":
    main()
