"""Figures on the page, each with its title and caption."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path


def plates(
    paths: Sequence[Path], runs: Sequence[str], captions: Sequence[Mapping[str, str]]
) -> list[dict[str, str]]:
    """All figures, those of a run together, in the order of the captions.

    Args:
        paths: PNG files named `{run}-{figure}.png`.
        runs: names of runs, in their order.
        captions: `name`, `title` and `caption` of every figure, in their order.
    """
    drawn = [plate(path, runs, captions) for path in paths]
    names = [one["name"] for one in captions]
    return sorted(drawn, key=lambda one: (_place(one["run"], runs), _place(one["name"], names)))


def plate(path: Path, runs: Sequence[str], captions: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """A PNG as a data URI, with title, caption and alternative text; arguments as in `plates`."""
    run = max((name for name in runs if path.stem.startswith(f"{name}-")), key=len, default="")
    name = path.stem.removeprefix(f"{run}-")
    about = next((one for one in captions if one["name"] == name), None)
    title = about["title"] if about else name.replace("_", " ").capitalize()
    caption = about["caption"] if about else ""
    encoded = base64.b64encode(path.read_bytes()).decode()
    return {
        "run": run,
        "name": name,
        "title": title,
        "caption": caption,
        "alternative": f"{title}, run {run}. {caption}",
        "image": f"data:image/png;base64,{encoded}",
    }


def _place(name: str, known: Sequence[str]) -> int:
    return list(known).index(name) if name in known else len(known)
