"""The card for people: the same facts as the JSON, as a page of Markdown."""

from __future__ import annotations

from classifier.acoustic.card import Card
from classifier.acoustic.smoothing import SLACK


def render(card: Card) -> str:
    """The page."""
    lines = [
        f"# Weights `{card.name}`, version {card.version}",
        "",
        "What it hears: how a voice sounds, from pitch, voice quality, spectrum and pace over the",
        "last three seconds of speech and over the newest one alone, compared with an average",
        "voice and with the voice's own habit so far. It does not hear words.",
        "",
        f"- Licence: {card.licence}",
        f"- SHA-256 of the weights: `{card.weights_sha256}`",
        f"- Feature layout: {card.layout_version}",
        f"- An affect is named from a confidence of {card.floor:g} on, and kept down to",
        f"  {card.floor - SLACK:g}; below that nothing is said.",
        "",
        "## Made of",
        "",
        *(f"- {line}" for line in card.data),
        "",
        "## What its classes are called on the wire",
        "",
        "| class | affect | odds | arousal | valence | dominance |",
        "|---|---|---|---|---|---|",
    ]
    for name in card.classes:
        place = " | ".join(f"{value:+.2f}" for value in card.coordinates[name])
        lines.append(f"| {name} | {card.affects[name]} | {card.odds[name]:g} | {place} |")
    lines += [
        "",
        "Odds: in training all classes are as frequent, in conversation most speech is neutral. A",
        "word is chosen by the network's probabilities times these, half way (geometric mean)",
        "between both, after the shares of MELD (Poria et al. 2019).",
        "",
        "Coordinates after Russell and Mehrabian (1977); a reading is their mean under the class",
        "probabilities, less what is undecided among them.",
        "",
        f"Never named, for want of evidence: {', '.join(card.never)}.",
        "",
        "## Measured",
        "",
    ]
    if card.measured:
        lines += [f"- {name}: {value}" for name, value in card.measured.items()]
    else:
        lines.append("Nothing yet: run `python -m classifier.training.evaluate`.")
    lines += ["", "## Limits", "", *(f"- {line}" for line in card.limits), ""]
    return "\n".join(lines)
