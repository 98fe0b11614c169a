"""Versions of what computed a result."""

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from platform import python_version

# What may change the bits of a stored sample.
PACKAGES = ("numpy", "torch", "zarr", "gradnoise")


def versions(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Version of Python and of those packages that are installed, by name.

    >>> sorted(versions(["numpy", "no-such-package"]))
    ['numpy', 'python']
    """
    found = {"python": python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
