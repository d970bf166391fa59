"""Turns what the compiler said, or raised, into the response object."""

from __future__ import annotations

import re
from typing import Any

GIB = 2**30
UNITS = {"": 1.0, "B": 1.0, "K": 2.0**10, "M": 2.0**20, "G": 2.0**30, "T": 2.0**40}
SIZE = r"([\d.]+)\s*([KMGT]?)i?B?"
HBM_PATTERNS = (
    # Ran out of memory in memory space hbm. Used 31.22G of 15.75G hbm.
    re.compile(rf"Used {SIZE} of {SIZE} hbm", re.IGNORECASE),
    # total memory required for HLO temporaries (31.22G) exceeds available HBM (15.75G)
    re.compile(rf"total memory required[^(]*\({SIZE}\) exceeds available HBM \({SIZE}\)", re.IGNORECASE),
    # total memory needed by arguments (31.22G) exceeds available HBM (15.75G), and its kin
    re.compile(rf"\({SIZE}\)\s*(?:exceeds|is larger than)[^(]*HBM[^(]*\({SIZE}\)", re.IGNORECASE),
)
EXCEEDED = re.compile(rf"Exceeded hbm capacity by {SIZE}", re.IGNORECASE)
PADDED = 1.01
OUT_OF_MEMORY = ("CompileTimeHbmOom", "RESOURCE_EXHAUSTED", "Ran out of memory in memory space hbm")


def out_of_memory(message: str) -> tuple[float, float] | None:
    """(required GiB, available GiB) of a compile-time out-of-memory error, or None when it is another error.

    The largest total the message reports counts. Available is 0 where the message does not say it.
    """
    if not any(mark in message for mark in OUT_OF_MEMORY):
        return None
    found = [
        (_gib(match.group(1), match.group(2)), _gib(match.group(3), match.group(4)))
        for pattern in HBM_PATTERNS
        for match in pattern.finditer(message)
    ]
    if found:
        return max(found)
    exceeded = EXCEEDED.search(message)
    if exceeded:
        return _gib(exceeded.group(1), exceeded.group(2)), 0.0
    return None


def _gib(number: str, unit: str) -> float:
    return float(number.rstrip(".")) * UNITS[unit.upper()] / GIB


def hbm_peak(analysis: Any) -> tuple[int, bool]:
    """(bytes of a device's HBM at their peak, whether that is exact or an upper bound).

    The compiler's peak_memory_in_bytes is all arguments, those on the host too, and the larger of two heaps: the device's and the
    host's. Where the host's is the larger, the device's is known only to be no larger than it and than its temporaries.
    """
    peak = analysis.peak_memory_in_bytes - analysis.host_argument_size_in_bytes
    heap = peak - analysis.argument_size_in_bytes
    # the host's heap is its temporaries with some padding
    if analysis.host_temp_size_in_bytes == 0 or heap > PADDED * analysis.host_temp_size_in_bytes:
        return peak, True
    return analysis.argument_size_in_bytes + min(heap, analysis.temp_size_in_bytes), False


def memory_parts(analysis: Any) -> dict[str, float]:
    """A program's memory_analysis() of one device, in GiB; `peak_gib` is the HBM's."""
    parts = {
        "arguments_gib": analysis.argument_size_in_bytes,
        "outputs_gib": analysis.output_size_in_bytes,
        "temporaries_gib": analysis.temp_size_in_bytes,
        "aliased_gib": analysis.alias_size_in_bytes,
        "generated_code_gib": analysis.generated_code_size_in_bytes,
        "host_gib": analysis.host_argument_size_in_bytes + analysis.host_temp_size_in_bytes,
        "peak_gib": hbm_peak(analysis)[0],
    }
    return {name: round(size / GIB, 4) for name, size in parts.items()}
