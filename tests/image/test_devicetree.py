"""What a card reader needs before it works, found in a device tree."""

import struct
from pathlib import Path

import pytest

from image.steps.devicetree import compatibles, needed, read_tree
from image.steps.initramfs import Aliases, boot_modules

CARD = "mmc@1000"


def word(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}I", *numbers)


def blob(tree: dict[str, object]) -> bytes:
    """Return a device tree: a dict in a dict is a node, bytes are a property."""
    strings = bytearray()
    body = bytearray()

    def node(name: str, content: dict[str, object]) -> None:
        body.extend(word(1) + name.encode() + bytes(4 - len(name) % 4))
        for key, value in content.items():
            if isinstance(value, bytes):
                body.extend(word(3, len(value), len(strings)) + value + bytes(-len(value) % 4))
                strings.extend(key.encode() + b"\0")
        for key, value in content.items():
            if isinstance(value, dict):
                node(key, value)
        body.extend(word(2))

    node("", tree)
    body.extend(word(9))
    header = word(0xD00DFEED, 0, 40, 40 + len(body), 40, 17, 16, 0, len(strings), len(body))
    return header + bytes(body) + bytes(strings)


def board() -> dict[str, object]:
    return {
        "compatible": b"maker,board\0",
        "soc": {
            "compatible": b"simple-bus\0",
            CARD: {
                "compatible": b"maker,reader-2\0maker,reader\0",
                "vmmc-supply": word(1),
                "clocks": word(2, 7, 4),
                "pinctrl-0": word(5),
                "cd-gpios": word(3, 5, 1),
            },
            "clock@1": {
                "compatible": b"maker,clock\0", "phandle": word(2), "#clock-cells": word(1),
            },
            "oscillator": {
                "compatible": b"fixed-clock\0", "phandle": word(4), "#clock-cells": word(0),
            },
            "gpio@2": {
                "compatible": b"maker,gpio\0", "phandle": word(3), "#gpio-cells": word(2),
            },
            "pinctrl@3": {
                "compatible": b"maker,pins\0", "card-pins": {"phandle": word(5)},
            },
            "sound@9": {"compatible": b"maker,sound\0", "phandle": word(9)},
        },
        "supply": {
            "compatible": b"regulator-gpio\0", "phandle": word(1), "gpios": word(3, 4, 0),
        },
    }  # fmt: skip


def test_all_that_the_card_needs_is_found_and_nothing_else() -> None:
    names = [node[0] for node in compatibles(needed(read_tree(blob(board())), CARD))]
    assert sorted(names) == [
        "maker,board", "maker,clock", "maker,gpio", "maker,pins", "maker,reader-2",
        "regulator-gpio",
    ]  # fmt: skip


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="no node usb@1"):
        needed(read_tree(blob(board())), "usb@1")


def test_another_file_is_no_device_tree() -> None:
    with pytest.raises(ValueError, match="no device tree"):
        read_tree(bytes(64))


def kernel(folder: Path, *missing: str) -> Aliases:
    modules = {"maker,reader": "reader", "maker,gpio": "gpio_maker", "regulator-gpio": "reg_gpio"}
    built_in = {"maker,clock": "clk", "maker,pins": "pins", "maker,board": "board"}
    (folder / "modules.alias").write_text(
        "# aliases\n"
        + "".join(
            f"alias of:N*T*C{name}{end} {module}\n"
            for name, module in modules.items()
            for end in ("", "C*")
            if name not in missing
        )
    )
    (folder / "modules.builtin.modinfo").write_bytes(
        b"\0".join(
            f"{module}.alias=of:N*T*C{name}".encode()
            for name, module in built_in.items()
            if name not in missing
        )
    )
    return Aliases(folder)


def test_a_driver_by_the_second_name_counts(tmp_path: Path) -> None:
    found, nobody = boot_modules(kernel(tmp_path), blob(board()), CARD)
    assert found == ["gpio_maker", "reader", "reg_gpio"]
    assert nobody == []


@pytest.mark.parametrize("missing", ["regulator-gpio", "maker,clock", "maker,gpio"])
def test_a_missing_driver_is_told(tmp_path: Path, missing: str) -> None:
    assert boot_modules(kernel(tmp_path, missing), blob(board()), CARD)[1] == [missing]
