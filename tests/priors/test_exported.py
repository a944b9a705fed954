"""The prior that a RAVE export brings along."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from appliance.cli.latents import latents
from appliance.decoders.importer import import_model
from appliance.decoders.library import Library
from appliance.errors import ModelError
from appliance.priors import Cancelled, ExportedPrior, open_prior
from tests.decoders.rave_export import make_rave


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("exports")
    bell = make_rave(home / "bell.ts", "v1", ratios=(2,), encoded=False, wrapper="combined")
    plain = make_rave(home / "plain.ts", "v1", ratios=(2,), encoded=False, wrapper="trace")
    for source in (bell, plain):
        import_model(source, home / "models", precision="fp32")
    return home / "models"


def test_the_prior_is_kept_beside_the_rebuilt_decoder(folder: Path) -> None:
    library = Library([folder])
    card = library.card("bell")
    assert (card.runtime, card.prior) == ("onnx", "prior.ts")
    assert (folder / "bell" / card.prior).is_file()
    assert any("Has a prior" in note for note in card.notes)
    assert library.card("plain").prior == ""
    with pytest.raises(ModelError, match=r"There is no prior for 'plain' \(there are for: .*bell"):
        open_prior(library, "plain")


def test_its_latents_come_from_the_seed_and_the_spread(folder: Path) -> None:
    prior = open_prior(Library([folder]), "bell")
    assert isinstance(prior, ExportedPrior)
    first, again, other = (prior.generate(40, seed) for seed in (1, 1, 2))
    assert first.shape == (8, 40)
    assert np.array_equal(first, again)
    assert np.abs(first - other).max() > 0.1
    assert np.abs(first[:, 16] - 0.9 * first[:, 15]).max() < 5  # parts follow one another
    calm = prior.generate(40, 1, spread=0.1)
    assert np.allclose(calm, 0.1 * first, atol=1e-4)


def test_what_it_cannot_do(folder: Path) -> None:
    prior = open_prior(Library([folder]), "bell")
    with pytest.raises(ModelError, match="cannot continue other latents"):
        prior.generate(4, 0, after=np.zeros((8, 3), np.float32))
    with pytest.raises(Cancelled):
        prior.generate(4, 0, cancelled=lambda: True)


def test_the_command_makes_latents_with_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEURAL_SYNTH_MODELS", str(folder))
    out = tmp_path / "made.npy"
    arguments = ["generate", "--model", "bell", "--seconds", "0.5", str(out)]
    done = CliRunner().invoke(latents, arguments)
    assert done.exit_code == 0, done.output
    assert np.load(out).shape[0] == 8
