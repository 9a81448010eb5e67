"""Windows of simulated sessions on the device, as the contour network sees them.

Owns their way there: everything is laid on the device once, and a batch is put together there. The
same arithmetic as :func:`classifier.acoustic.contour.contour_input`, for tensors.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from classifier.acoustic.contour import BANDS, ENERGY, FARTHEST, VOICED_ONLY
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.layout import ANALYSIS_FRAMES
from classifier.training.learning.contour_network import Part
from classifier.training.learning.device import DEVICE
from classifier.training.learning.population import Population
from classifier.training.learning.sessions import Simulated
from classifier.training.material.examples import Examples

_VOICED_ONLY: Final = torch.from_numpy(VOICED_ONLY).to(DEVICE)


class ContourRows:
    """The windows of simulated sessions; called with numbers of rows, it gives them."""

    def __init__(self, examples: Examples, population: Population, sessions: Simulated) -> None:
        """Lay everything on the device.

        Args:
            examples: what the sessions are made of.
            population: what is average.
            sessions: whose windows are the rows.
        """
        speech, voiced = examples.marks(np.arange(len(examples.begin)))
        usual = population.in_own_units(sessions.usual)
        self._frames, self._begin = _there(examples.frames), _there(examples.begin)
        self._speech, self._voiced = _there(speech), _there(voiced)
        self._picked = _there(sessions.picked)
        self._mean, self._deviation = _there(usual.mean), _there(usual.deviation)
        self._whole = _there(sessions.whole[:, WIDTH:])
        self._newest = _there(sessions.recent[:, WIDTH:])
        self._loudness_step = float(population.frame_scale[ENERGY])

    def __call__(self, rows: torch.Tensor) -> Part:
        """Some rows, whose numbers lie on the device."""
        window = self._picked[rows]
        at = torch.arange(ANALYSIS_FRAMES, device=DEVICE)
        frames = self._frames[self._begin[window][:, None] + at].float()
        seen = contour_of(
            frames,
            self._speech[window],
            self._voiced[window],
            self._mean[rows],
            self._deviation[rows],
            self._loudness_step,
        )
        return Part(seen, self._whole[rows], self._newest[rows])


def contour_of(
    frames: torch.Tensor,
    speech: torch.Tensor,
    voiced: torch.Tensor,
    mean: torch.Tensor,
    deviation: torch.Tensor,
    loudness_step: float,
) -> torch.Tensor:
    """What the network sees of windows; see :func:`classifier.acoustic.contour.contour_input`."""
    energy = frames[:, :, ENERGY]
    loud = (energy * speech).sum(1) / speech.sum(1)
    centre, step = mean.clone(), deviation.clone()
    centre[:, BANDS] += (loud - mean[:, ENERGY])[:, None]
    centre[:, ENERGY], step[:, ENERGY] = loud, loudness_step
    columns = ((frames - centre[:, None]) / step[:, None]).clamp(-FARTHEST, FARTHEST)
    counts = speech[:, :, None] & (voiced[:, :, None] | ~_VOICED_ONLY)
    marks = torch.stack([speech, voiced], dim=1).float()
    return torch.cat([(columns * counts).transpose(1, 2), marks], dim=1)


def _there(values: NDArray[np.generic]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(DEVICE)
