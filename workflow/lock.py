"""Write requirements.lock and requirements-test.lock: the exact versions of what is installed here.

Plain `name==version` lines. The libraries that torch brings for one platform only (CUDA's) are left out: torch
pins their versions itself, and the lock then serves every platform.
"""

import re
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

PLATFORM_ONLY = re.compile(r"(nvidia|cuda|triton).*")
INSTALLER = "setuptools"  # builds the editable install without network access


def closure(name: str, extra: str = "") -> set[str]:
    """Installed distributions that `name[extra]` needs, directly or not."""
    found: set[str] = set()
    pending = [(name, extra)]
    while pending:
        current, extras = pending.pop()
        for line in distribution(current).requires or ():
            requirement = Requirement(line)
            needed = re.sub(r"[-_.]+", "-", requirement.name).lower()
            applies = requirement.marker is None or requirement.marker.evaluate({"extra": extras})
            if applies and needed not in found and not PLATFORM_ONLY.fullmatch(needed):
                found.add(needed)
                pending += [(needed, part) for part in ("", *requirement.extras)]
    return found


def main() -> None:
    """Write both locks beside pyproject.toml."""
    run = closure("gradnoise") | {INSTALLER}
    test = closure("gradnoise", "test") - run
    for path, names in (("requirements.lock", run), ("requirements-test.lock", test)):
        lines = [f"{name}=={distribution(name).version}\n" for name in sorted(names)]
        Path(path).write_text("".join(lines))


if __name__ == "__main__":
    main()
