"""Opens imported models as decoders and encoders."""

from collections.abc import Sequence

from appliance.decoders.card import Card, EncoderCard, read_card
from appliance.decoders.catalogue import Catalogue
from appliance.decoders.decoder import Decoder
from appliance.decoders.encoder import Encoder
from appliance.decoders.onnx_decoder import OnnxDecoder
from appliance.decoders.onnx_encoder import OnnxEncoder
from appliance.decoders.split_decoder import BOTH, SplitDecoder
from appliance.errors import ModelError


class Library(Catalogue):
    """A catalogue whose models can be played."""

    def open(
        self,
        name: str,
        seeds: Sequence[int],
        *,
        precision: str = "auto",
        device: str = "cpu",
        channels: Sequence[int] = (),
    ) -> Decoder:
        """Return a decoder with one row per seed; raises ModelError if it cannot be opened.

        On the device "cuda" a rebuilt model is calculated in float32, whatever the precision.
        `channels` gives each row's channel, see `SplitDecoder`; without it all play the mean.
        """
        folder = self.folder(name)
        card = read_card(folder)
        if any(channel != BOTH for channel in channels):
            if not card.split:
                raise ModelError(
                    f"Model '{name}' has no left and right channel to play apart. Use "
                    "'channel: both' (two slots with different seeds differ as its channels "
                    "would), or import it again if its file has two."
                )
            return SplitDecoder(folder / _file(card, name, precision), seeds, channels)
        if card.runtime == "torchscript":
            try:
                from appliance.decoders.torchscript import TorchScriptDecoder  # noqa: PLC0415
            except ImportError:
                raise ModelError(
                    f"Model '{name}' plays through TorchScript, which needs torch. "
                    "Install it with 'pip install neural-synth-appliance[models]'."
                ) from None
            return TorchScriptDecoder(folder / card.variants[card.precision].file, seeds)
        if device != "cpu" and not card.split:
            from appliance.decoders.torch_decoder import TorchDecoder  # noqa: PLC0415

            return TorchDecoder(folder / card.variants["fp32"].file, seeds, device=device)
        return OnnxDecoder(folder / _file(card, name, precision), seeds)

    def open_encoder(self, name: str, *, precision: str = "auto", seed: int = 0) -> Encoder:
        """Return a model's encoder; raises ModelError if it has none or it cannot be opened.

        `seed` starts the random numbers that a `temperature` above 0 calls for.
        """
        folder = self.folder(name)
        card = read_card(folder)
        if card.encoder is None:
            raise ModelError(
                f"Model '{name}' has no encoder, so it cannot turn sound into latents. "
                "'neural-synth models list' shows those that encode."
            )
        return OnnxEncoder(folder / _file(card.encoder, name, precision), seed=seed)


def _file(card: Card | EncoderCard, name: str, precision: str) -> str:
    wanted = card.precision if precision == "auto" else precision
    if wanted not in card.variants:
        raise ModelError(
            f"Model '{name}' has no precision '{wanted}', only {', '.join(card.variants)}. "
            "Use 'auto' or one of these."
        )
    return card.variants[wanted].file
