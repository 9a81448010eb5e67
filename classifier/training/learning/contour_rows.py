"""Windows of simulated sessions on the device, as the contour network sees them.

Owns their way there: everything is laid on the device once, and a batch is put together there. The
same arithmetic as :func:`classifier.acoustic.contour.contour_input`, for tensors.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from classifier.acoustic.contour import BANDS, CONTOUR_WIDTH, ENERGY, FARTHEST, VOICED_ONLY
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.layout import ANALYSIS_FRAMES
from classifier.training.learning.contour_network import Part
from classifier.training.learning.device import DEVICE
from classifier.training.learning.population import Population
from classifier.training.learning.sessions import Simulated
from classifier.training.material.examples import Examples

_VOICED_ONLY: Final = tuple(np.flatnonzero(VOICED_ONLY).tolist())


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
        self._begin = _there(examples.begin)
        frames = _there(examples.frames)
        # One row for every window there could be, which all share their memory.
        self._windows = frames.as_strided(
            (len(frames) - ANALYSIS_FRAMES + 1, ANALYSIS_FRAMES * CONTOUR_WIDTH), (CONTOUR_WIDTH, 1)
        )
        self._speech, self._voiced = _there(speech), _there(voiced)
        self._picked = _there(sessions.picked)
        self._mean, self._deviation = _there(usual.mean), _there(usual.deviation)
        self._whole = _there(sessions.whole[:, WIDTH:])
        self._newest = _there(sessions.recent[:, WIDTH:])
        self._loudness_step = float(population.frame_scale[ENERGY])

    def __call__(self, rows: torch.Tensor) -> Part:
        """Some rows, whose numbers lie on the device."""
        window = self._picked[rows]
        frames = self._windows.index_select(0, self._begin[window])
        seen = contour_of(
            frames.view(-1, ANALYSIS_FRAMES, CONTOUR_WIDTH).float(),
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
    """What the network sees of windows; see :func:`classifier.acoustic.contour.contour_input`.

    The frames are worked on where they lie, and are lost.
    """
    energy = frames[:, :, ENERGY]
    loud = (energy * speech).sum(1) / speech.sum(1)
    centre, step = mean.clone(), deviation.clone()
    centre[:, BANDS] += (loud - mean[:, ENERGY])[:, None]
    centre[:, ENERGY], step[:, ENERGY] = loud, loudness_step
    columns = frames.sub_(centre[:, None]).mul_(1.0 / step[:, None]).clamp_(-FARTHEST, FARTHEST)
    columns *= speech[:, :, None]
    for column in _VOICED_ONLY:
        columns[:, :, column] *= voiced
    marks = torch.stack([speech, voiced], dim=2).float()
    return torch.cat([columns, marks], dim=2)


def _there(values: NDArray[np.generic]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(DEVICE)
