"""Imports as jobs: order, progress, ends, power cuts, limits."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from appliance.decoders.card import read_card
from appliance.errors import ModelError
from appliance.imports import queue as queue_module
from appliance.imports import runner as runner_module
from appliance.imports.job import STEP_FILE, Job, State, write_job
from appliance.imports.queue import ImportQueue
from appliance.imports.runner import ImportRunner
from appliance.imports.steps import STEPS, share_of
from tests.decoders.small_models import Tone, save
from tests.decoders.vschaos2_export import make_vschaos2


@pytest.fixture
def queue(tmp_path: Path) -> ImportQueue:
    return ImportQueue(tmp_path / "imports", tmp_path / "models")


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    return save(Tone(), tmp_path / "a tone.ts")


def ran(queue: ImportQueue) -> list[Job]:
    ImportRunner(queue).drain()
    return queue.status()


def until(true: Callable[[], bool]) -> None:
    for _ in range(600):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it never came true")


def test_a_file_becomes_a_model(queue: ImportQueue, tone: Path) -> None:
    number = queue.submit(tone)
    (waiting,) = queue.status()
    assert (waiting.number, waiting.state, waiting.file) == (number, State.WAITING, "a tone.ts")
    tone.unlink()  # the stick is pulled
    (job,) = ran(queue)
    assert (job.state, job.share, job.reason) == (State.DONE, 1.0, "'a-tone' plays as torchscript")
    assert read_card(queue.models / "a-tone").source.file == "a tone.ts"
    assert not (queue.home(number) / "a tone.ts").exists()  # the space is free again


def test_a_failure_leaves_the_file_and_the_reason(queue: ImportQueue, tmp_path: Path) -> None:
    song = tmp_path / "song.ts"
    song.write_text("la la la")
    number = queue.submit(song, name="bell")
    (job,) = ran(queue)
    assert job.state is State.FAILED
    assert job.reason.startswith("song.ts is not a TorchScript file")  # not where its copy lies
    assert (queue.home(number) / "song.ts").read_text() == "la la la"
    assert not (queue.models / "bell").exists()
    queue.retry(number)
    assert queue.job(number).state is State.WAITING
    assert ran(queue)[0].state is State.FAILED
    queue.forget(number)
    assert queue.status() == [] and not queue.home(number).exists()


def test_the_same_file_is_not_imported_again(
    queue: ImportQueue, tone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.submit(tone)
    ran(queue)
    queue.submit(tone)
    assert queue.status()[1].state is State.DONE
    assert queue.status()[1].reason == "it was imported before"
    monkeypatch.setattr(queue_module, "REVISION", 99)  # after an upgrade
    queue.submit(tone)
    assert queue.status()[2].state is State.WAITING


def test_cancelling(queue: ImportQueue, tone: Path, tmp_path: Path) -> None:
    waiting = queue.submit(tone)
    queue.cancel(waiting)
    assert [job.state for job in ran(queue)] == [State.CANCELLED]
    queue.cancel(waiting)  # it is over: nothing happens
    running = queue.submit(tone)
    runner = ImportRunner(queue)
    thread = threading.Thread(target=runner.serve)
    thread.start()
    until(lambda: queue.job(running).state is State.RUNNING)
    queue.cancel(running)
    until(lambda: queue.job(running).state.ended)
    runner.stopping.set()
    thread.join(10)
    assert queue.job(running).state is State.CANCELLED
    assert not list(queue.models.glob("*"))


def test_a_model_on_other_axes_is_another_model(queue: ImportQueue, tmp_path: Path) -> None:
    voice = make_vschaos2(tmp_path / "voice.ts", "small")
    queue.submit(voice, precision="fp32", projection="PCA")
    queue.submit(voice, name="odd", projection="UMAP")
    done, refused = ran(queue)
    assert done.state is State.DONE, done.reason
    assert read_card(queue.models / "voice").projection == "PCA"
    assert refused.state is State.FAILED and "no projection 'UMAP'" in refused.reason
    queue.submit(voice, projection="PCA")
    queue.submit(voice, projection="ICA")
    assert [job.state for job in queue.status()[2:]] == [State.DONE, State.WAITING]


def test_an_import_ends_with_its_runner(queue: ImportQueue, tone: Path) -> None:
    queue.submit(tone)
    command = [sys.executable, "-c", "import sys\nfrom pathlib import Path\n"
               "from appliance.imports.queue import ImportQueue as Q\n"
               "from appliance.imports.runner import ImportRunner as R\n"
               "R(Q(Path(sys.argv[1]), Path(sys.argv[2]))).drain()"]  # fmt: skip
    runner = subprocess.Popen([*command, str(queue.folder), str(queue.models)])
    until(lambda: queue.status()[0].step != "")
    home = str(queue.home(1))
    until(lambda: bool(_reading(home)))
    runner.kill()
    runner.wait()
    until(lambda: not _reading(home))


def _reading(home: str) -> list[Path]:
    """Return the processes that were started on a file in `home`."""
    found: list[Path] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if home in path.read_text():
                found.append(path)
    return found


def test_a_runner_that_stops_leaves_its_job_waiting(queue: ImportQueue, tone: Path) -> None:
    number = queue.submit(tone)
    runner = ImportRunner(queue)
    thread = threading.Thread(target=runner.serve)
    thread.start()
    until(lambda: queue.job(number).state is State.RUNNING)
    runner.stopping.set()
    thread.join(10)
    job = queue.job(number)
    assert (job.state, job.attempts) == (State.WAITING, 0)
    assert ran(queue)[0].state is State.DONE


def test_after_a_power_cut_it_goes_on(queue: ImportQueue, tone: Path) -> None:
    number = queue.submit(tone)
    job = queue.job(number)
    job.state, job.attempts = State.RUNNING, 1
    write_job(job, queue.home(number))
    (queue.home(number) / STEP_FILE).write_text("0.45 measuring")
    assert (queue.job(number).share, queue.job(number).step) == (0.45, "measuring")
    assert ran(queue)[0].state is State.DONE


def test_what_is_cut_off_every_time_fails(queue: ImportQueue, tone: Path) -> None:
    number = queue.submit(tone)
    job = queue.job(number)
    job.state, job.attempts = State.RUNNING, 3
    write_job(job, queue.home(number))
    (after,) = ran(queue)
    assert after.state is State.FAILED
    assert after.reason == "The import of a tone.ts was cut off 3 times."


def test_memory_is_limited(queue: ImportQueue, tmp_path: Path) -> None:
    class Large(Tone):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("much", torch.zeros(200 << 18))  # 200 MB

    queue.submit(save(Large(), tmp_path / "large.ts"))
    ImportRunner(queue, memory_mb=150).drain()
    (job,) = queue.status()
    assert job.state is State.FAILED
    assert "150 MB of memory" in job.reason
    assert not list(queue.models.glob("*/card.yaml"))


def test_a_child_that_dies_or_hangs(
    queue: ImportQueue, tone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for program, words in (
        ("import os; os.abort()", "ended without a word"),
        ("import time; print('step measuring', flush=True); time.sleep(60)", "more than 1 s"),
    ):
        number = queue.submit(tone)
        monkeypatch.setattr(runner_module, "_PATIENCE", 1.0)
        popen = runner_module.subprocess.Popen
        monkeypatch.setattr(
            runner_module.subprocess, "Popen",
            lambda command, program=program, popen=popen, **rest: popen(
                [command[0], "-c", program], **rest
            ),
        )  # fmt: skip
        ran(queue)
        monkeypatch.undo()
        assert queue.job(number).state is State.FAILED
        assert words in queue.job(number).reason


def test_two_who_submit_get_two_numbers(queue: ImportQueue, tone: Path) -> None:
    numbers: list[int] = []
    threads = [
        threading.Thread(target=lambda: numbers.append(queue.submit(tone))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 9))
    assert len(queue.status()) == 8


def test_no_room(queue: ImportQueue, tone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: os.terminal_size((0, 0)) and _Usage())
    with pytest.raises(ModelError, match=r"the box has 1 MB, of which 256 MB stay free"):
        queue.submit(tone)
    assert queue.status() == []


class _Usage:
    free = 1 << 20


def test_what_is_not_there(queue: ImportQueue, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is not there"):
        queue.submit(tmp_path / "absent.ts")
    for ask in (queue.cancel, queue.retry, queue.forget, queue.job):
        with pytest.raises(ModelError, match=r"There is no import 7 \(known: none\)"):
            ask(7)


def test_damaged_jobs_are_passed_over(queue: ImportQueue, tone: Path) -> None:
    number = queue.submit(tone)
    for name, text in (("00002", "{"), ("00003", "number: x"), ("00004", "")):
        (queue.folder / name).mkdir()
        (queue.folder / name / "job.yaml").write_text(text)
    assert [job.number for job in queue.status()] == [number]
    assert queue.submit(tone) == 5


def test_every_step_of_an_import_is_known(tone: Path, tmp_path: Path) -> None:
    from appliance.decoders.importer import import_model  # noqa: PLC0415

    heard: list[str] = []
    import_model(tone, tmp_path / "models", progress=heard.append)
    assert heard and set(heard) <= set(STEPS)
    shares = [share_of(step) for step in heard]
    assert shares == sorted(shares) and share_of("what is this") == 0
