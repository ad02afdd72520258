"""Names that Windows keeps for devices."""

from __future__ import annotations

_DEVICES = frozenset(
    [
        "CON",
        "PRN",
        "AUX",
        "NUL",
        "CONIN$",
        "CONOUT$",
        *(f"{name}{digit}" for name in ("COM", "LPT") for digit in "0123456789¹²³"),
    ]
)


def is_device(name: str) -> bool:
    """Whether Windows takes a file or a folder of this name for a device, in whatever folder and in any case."""
    # It looks only at what stands before the first point: NUL.x.xlsx means the device, too.
    return name.partition(".")[0].strip().upper() in _DEVICES
