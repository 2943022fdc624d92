"""Sources of models: what ships with the program."""

import pytest
import torch

from renderer.errors import RenderError
from renderer.messages import BUNDLED_SOURCES, UNTRAINED
from renderer.models import load_model


@pytest.mark.parametrize("source", BUNDLED_SOURCES)
def test_every_bundled_generator_draws(source: str) -> None:
    reports: list[float] = []
    model = load_model(source, "cpu", lambda fraction, _text: reports.append(fraction))
    assert reports == sorted(reports)
    assert reports[-1] == 1.0
    assert model.info.label == source.removeprefix("bundled:")
    assert model.info.untrained == (source == UNTRAINED)
    assert bool(model.info.sha256) == (source != UNTRAINED)
    z = torch.randn(2, model.info.z_dim, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        images = model.generator(z)
    assert images.shape == (2, 3, model.info.img_resolution, model.info.img_resolution)
    assert float(images.std()) > 0.1
    assert not torch.allclose(images[0], images[1], atol=0.1)


def test_a_name_that_does_not_ship_is_refused_with_those_that_do() -> None:
    with pytest.raises(RenderError, match=UNTRAINED):
        load_model("bundled:nobody", "cpu", lambda _fraction, _text: None)
